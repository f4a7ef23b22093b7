package policy_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/highwater-sam/highwater/policy"
)

const hour = policy.Duration(time.Hour)

func TestNoPolicyMakesAnAgentIdleOrBusyForGood(t *testing.T) {
	for _, p := range []policy.Policy{
		{},
		{Inventory: policy.Inventory{Every: 1, Window: 1000 * hour}, Check: policy.Check{Every: 1}},
		{Inventory: policy.Inventory{Every: 1e18, Window: -5}, Check: policy.Check{Every: 1e18}},
		{Inventory: policy.Inventory{Every: -1}, Check: policy.Check{Every: -1}},
	} {
		n := p.Normal()
		if n.Inventory.Every < hour || n.Inventory.Every > 7*24*hour || n.Inventory.Window < 0 || n.Inventory.Window > n.Inventory.Every ||
			n.Check.Every < hour/12 || n.Check.Every > hour || len(n.Check.Ignore) == 0 {
			t.Errorf("%+v became %+v", p, n)
		}
		if diff := cmp.Diff(n, n.Normal()); diff != "" {
			t.Errorf("normal twice differs: %s", diff)
		}
	}
	if policy.Default().Check.On {
		t.Error("checks are on by default")
	}
}

func TestAnIgnoreListOfItsOwnReplacesTheDefault(t *testing.T) {
	own := policy.Policy{Check: policy.Check{Ignore: []string{"hardware.disks"}}}.Normal().Check
	if own.Ignores("hardware.clock_mhz") || !own.Ignores("hardware.disks.bytes") || own.Ignores("hardware.disksize") {
		t.Errorf("%v", own.Ignore)
	}
	if empty := (policy.Policy{Check: policy.Check{Ignore: []string{}}}).Normal().Check; empty.Ignores("hardware.clock_mhz") {
		t.Error("an empty list of its own became the default")
	}
}

func TestPoliciesReadAsTheyAreWritten(t *testing.T) {
	want := policy.Policy{Revision: 7, Inventory: policy.Inventory{Every: 12 * hour, Window: hour, Missed: policy.Never},
		Check: policy.Check{On: true, Every: hour / 2, Ignore: []string{"hardware.disks"}}, Servers: []policy.Server{{URL: "https://a", Priority: 1}}}
	b, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got policy.Policy
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{`{"check":{"every":30}}`, `{"check":{"every":"soon"}}`} {
		if err := json.Unmarshal([]byte(bad), &got); err == nil {
			t.Errorf("%s was accepted", bad)
		}
	}
}

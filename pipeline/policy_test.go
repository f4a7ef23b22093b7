package pipeline_test

import (
	"crypto/ed25519"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/highwater-sam/highwater/assign"
	"github.com/highwater-sam/highwater/deliver"
	"github.com/highwater-sam/highwater/estate"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/inventory/inventorytest"
	"github.com/highwater-sam/highwater/pipeline"
	"github.com/highwater-sam/highwater/policy"
	"github.com/highwater-sam/highwater/store"
	"github.com/highwater-sam/highwater/store/storetest"
)

// asking is one agent that asks for its policy and follows only what is not older.
type asking struct {
	s    *server
	id   string
	key  ed25519.PrivateKey
	last policy.Issued
	tag  string
}

func (s *server) asking(seed uint64) *asking {
	return &asking{s: s, id: inventorytest.Document(inventorytest.Options{Seed: seed}).Header.AgentID, key: inventorytest.Key(seed)}
}

func (a *asking) question() deliver.PolicyQuestion {
	q := deliver.PolicyQuestion{Agent: a.id, SentAt: start.UnixMicro(), Have: a.tag}
	q.Sign(a.key)
	return q
}

// ask asks once; it is an error to be given something older than before.
func (a *asking) ask() policy.Policy {
	a.s.t.Helper()
	answer, err := a.s.Policy(a.s.t.Context(), a.question())
	if err != nil {
		a.s.t.Fatal(err)
	}
	if answer.Body == nil {
		if answer.Tag != a.tag {
			a.s.t.Fatalf("nothing new, under the tag %s", answer.Tag)
		}
		return a.last.Policy
	}
	i, err := policy.Open(answer.Body, a.id, a.s.Key.Public().(ed25519.PublicKey))
	if err != nil {
		a.s.t.Fatal(err)
	}
	if i.Older(a.last) {
		a.s.t.Fatalf("%+v is older than %+v", i, a.last)
	}
	a.last, a.tag = i, answer.Tag
	return i.Policy
}

func (s *server) set(settings policy.Settings) {
	s.t.Helper()
	o, _, err := s.store.ConfigurationObject(s.t.Context(), store.SettingConfiguration, pipeline.PolicySetting, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	c := store.Change{Kind: store.SettingConfiguration, Key: pipeline.PolicySetting, Revision: o.Revision, Value: settings, Author: "test", Reason: "test"}
	if err := s.store.SaveConfiguration(s.t.Context(), c); err != nil {
		s.t.Fatal(err)
	}
}

// withMQ is a run of a device on which IBM MQ is installed, or not.
func (s *server) withMQ(seed uint64, at time.Time, mq bool) *inventory.Document {
	s.t.Helper()
	d := inventorytest.Document(inventorytest.Options{Seed: seed, At: at})
	var packages []inventory.Package
	for _, p := range d.Evidence.Packages {
		if !strings.HasPrefix(p.Name, "MQSeries") {
			packages = append(packages, p)
		}
	}
	if mq {
		packages = append(packages, inventory.Package{Source: "rpm", Name: "MQSeriesServer", Version: "9.3.0-5", Arch: "x86_64", Publisher: "IBM"})
	}
	d.Evidence.Packages = packages
	d.Canonical()
	if err := s.send(d, inventorytest.Key(seed)); err != nil {
		s.t.Fatal(err)
	}
	return d
}

func (s *server) license(l assign.License) {
	s.t.Helper()
	o, _, err := s.store.ConfigurationObject(s.t.Context(), store.LicenseConfiguration, string(l.ID), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	c := store.Change{Kind: store.LicenseConfiguration, Key: string(l.ID), Revision: o.Revision, Value: l, Author: "test", Reason: "test"}
	if err := s.store.SaveConfiguration(s.t.Context(), c); err != nil {
		s.t.Fatal(err)
	}
}

func mqLicense() assign.License {
	return assign.License{ID: "mq", Name: "IBM MQ", Publisher: "IBM", Metric: string(estate.PVU), Products: []assign.LicensedProduct{{Product: "ibm-mq"}}}
}

// The automatic target: a device is in it from the first document that shows the software, long before a reconciliation,
// and leaves it when the software is gone or the license does not take the device.
func TestSoftwareOfASubCapacityLicenseSwitchesChecksOn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newServer(t, st)
		s.license(mqLicense())
		for seed := range uint64(3) {
			s.enroll(seed)
		}
		with, without, silent := s.asking(0), s.asking(1), s.asking(2)
		if p := silent.ask(); p.Check.On || p.Revision != 0 || p.Ask != policy.Duration(15*time.Minute) {
			t.Errorf("nothing is recorded: %+v", p)
		}
		s.withMQ(0, start, true)
		s.withMQ(1, start, false)
		if with.ask().Check.On {
			t.Error("the switch is off, and checks are on")
		}
		s.set(policy.Settings{HighFrequency: policy.HighFrequency{On: true}})
		if !with.ask().Check.On || without.ask().Check.On || silent.ask().Check.On {
			t.Errorf("with the software %v, without %v, never inventoried %v", with.last.Policy.Check.On, without.last.Policy.Check.On, silent.last.Policy.Check.On)
		}
		if p, why, err := s.ExplainPolicy(t.Context(), with.id); err != nil || !p.Check.On || !strings.Contains(why, "IBM MQ is linked") {
			t.Errorf("%+v because %q, %v", p, why, err)
		}

		s.withMQ(1, start.Add(time.Hour), true)
		s.withMQ(0, start.Add(time.Hour), false)
		if with.ask().Check.On || !without.ask().Check.On {
			t.Error("the next question after intake is not answered by what was taken in")
		}
		if with.last.Change == 0 || with.last.Policy.Revision != 1 {
			t.Errorf("the change is not counted: %+v", with.last)
		}
		s.withMQ(0, start.Add(2*time.Hour), true)
		if !with.ask().Check.On {
			t.Error("installed again, and checks are off")
		}

		// A reconciliation finds that the license takes no device but those in Paris.
		if err := st.SaveConfiguration(t.Context(), store.Change{Kind: store.LocationConfiguration, Key: "paris", Value: store.Location{ID: "paris"}, Author: "test"}); err != nil {
			t.Fatal(err)
		}
		only := mqLicense()
		only.Locations = []string{"paris"}
		s.license(only)
		if _, err := s.Reconcile(t.Context(), pipeline.Cause{Text: "test", Author: "test"}, nil); err != nil {
			t.Fatal(err)
		}
		if with.ask().Check.On {
			t.Error("the license does not take the device, and checks are on")
		}
		full := mqLicense()
		full.Rules.Capacity = estate.Full
		s.license(full)
		other := newServer(t, st) // which has not read the licenses yet
		if p, why, err := other.ExplainPolicy(t.Context(), without.id); err != nil || p.Check.On {
			t.Errorf("a full-capacity license: %s, %v", why, err)
		}
	})
}

func TestTargetsAskAboutWhatIsKnown(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newServer(t, st)
		s.enroll(7)
		d := s.withMQ(7, start, true)
		for _, l := range []store.Location{{ID: "europe"}, {ID: "paris", Parent: "europe"}} {
			if err := st.SaveConfiguration(t.Context(), store.Change{Kind: store.LocationConfiguration, Key: l.ID, Value: l, Author: "test"}); err != nil {
				t.Fatal(err)
			}
		}
		c := store.Change{Kind: store.DeviceConfiguration, Key: store.DeviceKey(s.deviceOf(d)), Value: store.DeviceSettings{Location: "paris"}, Author: "test"}
		if err := st.SaveConfiguration(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		a := s.asking(7)
		for condition, want := range map[policy.Condition]bool{
			{Name: "srv-*"}:                             true,
			{Name: "srv-000007.example.net"}:            true,
			{Name: "web*"}:                              false,
			{Subnet: "10.0.0.0/24"}:                     true,
			{Subnet: "10.0.1.0/24"}:                     false,
			{Location: "europe"}:                        true,
			{Location: "asia"}:                          false,
			{Product: "ibm-mq"}:                         true,
			{Product: "oracle-*"}:                       false,
			{Product: "ibm-*", Location: "paris"}:       true,
			{Product: "ibm-*", Subnet: "172.16.0.0/12"}: false,
		} {
			s.set(policy.Settings{HighFrequency: policy.HighFrequency{On: true, Targets: []policy.Target{{Name: "t", Include: []policy.Condition{condition}}}}})
			if got := a.ask().Check.On; got != want {
				t.Errorf("%s: %v, want %v", condition, got, want)
			}
		}
	})
}

// The answer is a function of the database and the key: another server gives the same to the byte, and a question after
// that is answered with "nothing new".
func TestEveryServerGivesTheSamePolicy(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		one := newServer(t, st)
		one.enroll(0)
		one.license(mqLicense())
		one.set(policy.Settings{HighFrequency: policy.HighFrequency{On: true}})
		one.withMQ(0, start, false)
		p, err := pipeline.New(pipeline.Config{Store: st, Key: one.Key, Clock: func() time.Time { return start.AddDate(0, 1, 7) }})
		if err != nil {
			t.Fatal(err)
		}
		two := &pipeline.Receiver{Pipeline: p, Name: "two"}
		a := one.asking(0)
		for round, mq := range []bool{true, false, true} {
			one.withMQ(0, start.Add(time.Duration(round+1)*time.Hour), mq)
			was := a.tag
			a.ask()
			if a.tag == was || a.last.Policy.Check.On != mq {
				t.Errorf("round %d: %+v", round, a.last)
			}
			other, err := two.Policy(t.Context(), a.question())
			if err != nil || other.Tag != a.tag || other.Body != nil {
				t.Errorf("round %d: the other server gives %q, %v", round, other.Body, err)
			}
			if err := one.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		agent, _, err := st.Agent(t.Context(), a.id)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff("1.2 high-frequency", agent.PolicyRevision); diff != "" || agent.LastContact.IsZero() {
			t.Errorf("what was given is shown as (-want +got) %s; last contact %s", diff, agent.LastContact)
		}
	})
}

func TestPoliciesAreForEnrolledAgents(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newServer(t, st)
		s.enroll(0)
		unknown := s.asking(1)
		if _, err := s.Policy(t.Context(), unknown.question()); fault.KindOf(err) != fault.Unauthorized {
			t.Errorf("an unknown agent: %v", err)
		}
		impostor := s.asking(0)
		impostor.key = inventorytest.Key(1)
		if _, err := s.Policy(t.Context(), impostor.question()); fault.KindOf(err) != fault.Unauthorized {
			t.Errorf("another key: %v", err)
		}
		known := s.asking(0)
		known.ask()
		if err := st.RevokeAgent(t.Context(), known.id, "test"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Policy(t.Context(), known.question()); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("a revoked agent: %v", err)
		}
	})
}

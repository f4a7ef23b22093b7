package cloudpak

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/highwater-sam/highwater/catalog"
)

func TestTermsOfCloudPakForIntegration(t *testing.T) {
	var got []string
	for _, p := range Terms("Cloud Pak for Integration", "2020.1.1", Production) {
		got = append(got, fmt.Sprintf("%s %s:%s", p.Product, p.Ratio.VPC, p.Ratio.Entitlements))
	}
	want := []string{"ibm-api-connect 1:1", "ibm-app-connect-enterprise 1:3", "ibm-aspera-hsts 1:2", "ibm-datapower-gateway 1:1", "ibm-event-streams 1:1",
		"ibm-mq 4:1", "ibm-mq-advanced 2:1", "ibm-mq-advanced-ha-replica 10:1", "ibm-mq-ha-replica 20:1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNonProductionDoublesTheProgramSide(t *testing.T) {
	production := map[catalog.ProductID]string{}
	for _, p := range Terms("Cloud Pak for Integration", "2020.1.1", Production) {
		production[p.Product] = string(p.Ratio.VPC) + ":" + string(p.Ratio.Entitlements)
	}
	for _, p := range Terms("Cloud Pak for Integration", "2020.1.1", NonProduction) {
		if got := string(p.Ratio.VPC) + ":" + string(p.Ratio.Entitlements); got == production[p.Product] {
			t.Errorf("%s: %s in both", p.Product, got)
		}
	}
}

func TestRatiosBelongToATextsVersion(t *testing.T) {
	if got := Terms("Cloud Pak for Integration", "16.1", Production); got != nil {
		t.Errorf("a text that is not known has terms: %v", got)
	}
}

func TestRows(t *testing.T) {
	if len(Rows()) != 134 {
		t.Errorf("%d rows", len(Rows()))
	}
	seen := map[string]bool{}
	for _, r := range Rows() {
		if r.Source == "" {
			t.Errorf("%s, %s: no source", r.Pak, r.Program)
		}
		if r.Product == "" {
			continue
		}
		if _, ok := catalog.Library().Product(r.Product); !ok || r.Unit != VPC {
			t.Errorf("%s in %s, counted by %s", r.Product, r.Pak, r.Unit)
		}
		key := fmt.Sprint(r.Pak, r.TextVersion, r.Product, r.Environment)
		if seen[key] {
			t.Errorf("%s is there twice", key)
		}
		seen[key] = true
	}
}

func TestParseNamesTheLine(t *testing.T) {
	head := strings.Join(columns, ",") + "\n"
	for _, tc := range []struct{ text, want string }{
		{"a\n", "wrong number of fields"},
		{strings.ToUpper(head), "the columns are"},
		{head + ",1,P,p,VPC,production,1,1,,s\n", "own:2: no pak"},
		{head + "K,1,P,p,VPC,test,1,1,,s\n", `own:2: environment "test"`},
		{head + "K,1,P,p,VPC,production,0,1,,s\n", `own:2: program_units: "0" is no decimal above 0`},
		{head + "K,1,P,p,VPC,production,1,x,,s\n", `pak_units: "x"`},
	} {
		if _, err := Parse("own", strings.NewReader(tc.text)); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%q: %v, want %q", tc.text, err, tc.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(text[:1500])
	f.Fuzz(func(t *testing.T, s string) {
		if rows, err := Parse("f", strings.NewReader(s)); err == nil {
			for _, r := range rows {
				if r.Ratio().VPC.Rat().Sign() <= 0 {
					t.Errorf("%+v", r)
				}
			}
		}
	})
}

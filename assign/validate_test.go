package assign

import (
	"math/big"
	"strings"
	"testing"

	"github.com/highwater-sam/highwater/estate"
)

func good() License {
	return License{ID: "L", Metric: "ibm-pvu", Products: []LicensedProduct{{Product: "ibm-db2"}}, Purchases: []Purchase{{Reference: "po1", Quantity: "70", Date: now}}}
}

func TestValidate(t *testing.T) {
	l := good()
	if err := l.Validate(); err != nil {
		t.Fatal(err)
	}
	whole := good()
	whole.MinProducts = 1
	whole.Rules.Exemptions = []estate.Exemption{{Device: "a", Reason: "tried out"}}
	whole.Rules.Overridden = []estate.Overridden{{Device: "b", Points: "7"}}
	pak := License{ID: "P", Metric: "ibm-vpc", Rules: estate.License{Bundle: estate.PerProduct}, Products: []LicensedProduct{{Product: "ibm-mq", Ratio: &estate.Ratio{VPC: "4", Entitlements: "1"}}}}
	for _, l := range []License{whole, pak} {
		if err := l.Validate(); err != nil {
			t.Error(err)
		}
	}
	before := now.AddDate(0, 0, -1)
	for _, tc := range []struct {
		change func(*License)
		want   string
	}{
		{func(l *License) { l.ID = "" }, "it has no id"},
		{func(l *License) { l.Metric = "ibm-pvv" }, `metric "ibm-pvv" is not known`},
		{func(l *License) { l.Products = nil }, "it covers no product"},
		{func(l *License) { l.Products = append(l.Products, l.Products[0]) }, `product "ibm-db2" has no id, or is there twice`},
		{func(l *License) { l.Products[0].Supplementary = true }, "all its products are supplementary"},
		{func(l *License) { l.Products[0].Ratio = &estate.Ratio{VPC: "1", Entitlements: "1"} }, "a ratio of its own belongs to ibm-vpc counted per product only"},
		{func(l *License) {
			l.Metric, l.Rules.Bundle = "ibm-vpc", estate.PerProduct
			l.Products[0].Ratio = &estate.Ratio{VPC: "0", Entitlements: "1"}
		}, "the ratio 0:1 needs two decimals, the first above 0"},
		{func(l *License) { l.Purchases[0].Quantity = "-1" }, `purchase po1: quantity "-1" is not a decimal`},
		{func(l *License) { l.Purchases[0].Expires = &before }, "purchase po1: it expires before it begins"},
		{func(l *License) { l.Limit = "none" }, `limit "none"`},
		{func(l *License) { l.Allocations = []Allocation{{Device: "a"}, {Device: "a"}} }, "the device is allocated twice"},
		{func(l *License) { l.Allocations = []Allocation{{Device: "a", Kind: "ever"}} }, `kind "ever"`},
		{func(l *License) { l.Extra = "x" }, `extra: "x" is not a decimal`},
		{func(l *License) { l.MinProducts = 2 }, "min_products is 2; the license covers 1 products"},
		{func(l *License) { l.UsageDays = -1 }, "not negative"},
		{func(l *License) { l.MaxCores = -1 }, "not negative"},
		{func(l *License) { l.MaxProcessors = -1 }, "not negative"},
		{func(l *License) {
			l.Metric = "ibm-vpc"
			l.Products[0].Ratio = &estate.Ratio{VPC: "1", Entitlements: "1"}
		}, "a ratio of its own belongs to ibm-vpc counted per product only"},
		{func(l *License) { l.NamedUsers = []string{"ann"} }, "named_users belong to the metric named-user only"},
		{func(l *License) { l.Bands = []Band{{"", "1"}, {"5", "1"}} }, "band 1 has no end and is not the last"},
		{func(l *License) { l.Bands = []Band{{"5", "1"}, {"5", "1"}} }, "band 2 ends before the one below it"},
		{func(l *License) { l.Bands = []Band{{"5", ""}} }, "band 1"},
		{func(l *License) { l.Rules.Ratio = &estate.Ratio{VPC: "1", Entitlements: "1"} }, "ratio"},
		{func(l *License) { l.Rules.Capacity = "half" }, "capacity"},
		{func(l *License) { l.Rules.Points = []estate.PointsRule{{PerCore: "x"}} }, "per_core"},
		{func(l *License) { l.Rules.Exemptions = []estate.Exemption{{Device: "a"}, {Device: "a"}} }, "exemptions"},
	} {
		l := good()
		tc.change(&l)
		if err := l.Validate(); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%v, want %q", err, tc.want)
		}
	}
}

func TestCase62SplitAndShare(t *testing.T) {
	split := func(a, b estate.Decimal) []License {
		return []License{{ID: "A", Purchases: []Purchase{{Reference: "po1", Quantity: a, Bought: "70", Date: now}}},
			{ID: "B", Purchases: []Purchase{{Reference: "po1", Quantity: b, Bought: "70", Date: now}}}}
	}
	ls := split("40", "30")
	if err := ValidateTogether(ls); err != nil || ls[0].Entitlements(now) != "40" || ls[1].Entitlements(now) != "30" {
		t.Errorf("split: %v", err)
	}
	if err := ValidateTogether(split("40", "30.5")); err == nil || !strings.Contains(err.Error(), "purchase po1: 70.5 are given to licenses, and 70 were bought") {
		t.Error(err)
	}
	shared := []License{{ID: "A", Purchases: []Purchase{{Reference: "po1", Quantity: "70", Date: now}}}, {ID: "B", Purchases: []Purchase{{Reference: "po1", Quantity: "70", Date: now}}}}
	if err := ValidateTogether(shared); err != nil || shared[1].Entitlements(now) != "70" {
		t.Errorf("share: %v", err)
	}
	if err := ValidateTogether([]License{{ID: "A"}, {ID: "A"}}); err == nil {
		t.Error("two licenses of one id")
	}
}

func TestStand(t *testing.T) {
	past := now.AddDate(0, -1, 0)
	with := func(change func(*License)) License {
		l := good()
		change(&l)
		return l
	}
	for _, tc := range []struct {
		name     string
		license  License
		consumed *big.Rat
		measured bool
		missing  int
		want     Standing
		reason   RiskReason
		text     string
	}{
		{"within", good(), big.NewRat(70, 1), true, 0, Compliant, "", "0 of 70 entitlements are free"},
		{"the peak is over", good(), big.NewRat(283, 4), true, 0, AtRisk, PeakOver, "exceeds the 70 entitlements by 0.75"},
		{"the count is over", good(), big.NewRat(72, 1), false, 0, AtRisk, OverConsumed, "by 2"},
		{"true-up", with(func(l *License) { l.Limit = LimitTrueUp }), big.NewRat(72, 1), false, 0, TrueUp, "", "2 beyond"},
		{"true-up within", with(func(l *License) { l.Limit = LimitTrueUp }), big.NewRat(70, 1), false, 0, Compliant, "", "0 of 70"},
		{"case 48: unlimited", with(func(l *License) { l.Limit = LimitUnlimited }), big.NewRat(500, 1), false, 0, Unlimited, "", ""},
		{"enterprise", with(func(l *License) { l.Metric = "enterprise" }), nil, false, 0, Unlimited, "", ""},
		{"nothing recorded", with(func(l *License) { l.Purchases = nil }), big.NewRat(1, 1), true, 0, NotTracked, "", ""},
		{"not counted", good(), nil, true, 0, Unknown, "", ""},
		{"expired and in use", with(func(l *License) { l.Purchases[0].Date, l.Purchases[0].Expires = past.AddDate(-1, 0, 0), &past }), big.NewRat(1, 1), true, 0, AtRisk, ExpiredRight, "expired"},
		{"expired and not used", with(func(l *License) { l.Purchases[0].Date, l.Purchases[0].Expires = past.AddDate(-1, 0, 0), &past }), new(big.Rat), true, 0, Compliant, "", ""},
		{"devices of unknown size", good(), big.NewRat(1, 1), false, 3, AtRisk, CountMissing, "3 devices"},
	} {
		p := tc.license.Stand(now, tc.consumed, tc.measured, tc.missing)
		if p.Standing != tc.want || p.Reason != tc.reason || !strings.Contains(p.Text, tc.text) || p.Text == "" {
			t.Errorf("%s: %+v", tc.name, p)
		}
	}
}

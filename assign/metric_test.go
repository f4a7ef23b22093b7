package assign

import (
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/highwater-sam/highwater/estate"
)

func n(v int64) *int64 { return &v }

// site is an input with one license L for product foo, which every device has.
func site(l License, devices ...Device) Input {
	l.ID = "L"
	if l.Products == nil {
		l.Products = []LicensedProduct{{Product: "foo"}}
	}
	if l.Purchases == nil {
		l.Purchases = []Purchase{{Quantity: "1000000", Date: now}}
	}
	in := Input{At: now, Licenses: []License{l}, Devices: devices}
	for _, d := range devices {
		in.Installations = append(in.Installations, Installation{Device: d.ID, Product: "foo"})
	}
	return in
}

func consumed(t *testing.T, in Input, want estate.Decimal) Consumption {
	t.Helper()
	c := Assign(in).Consumption("L")
	if c.Consumed != want {
		t.Errorf("consumed %q, want %q: %+v", c.Consumed, want, c)
	}
	return c
}

func several(count int, d Device) []Device {
	var out []Device
	for i := range count {
		d.ID = fmt.Sprintf("d%02d", i)
		out = append(out, d)
	}
	return out
}

func TestCase46SecondUse(t *testing.T) {
	l := License{Metric: "device", SecondUse: true}
	desktop, laptop := Device{ID: "desk", User: "ann"}, Device{ID: "lap", User: "ann", Portable: true}
	in := site(l, desktop, laptop)
	consumed(t, in, "1")
	for _, x := range Assign(in).Tried {
		if x.Device == "lap" && (x.Status != Exempt || x.Reason != SecondUse) {
			t.Errorf("%+v", x)
		}
	}
	vm := Device{ID: "lap", Kind: "vm", User: "ann", Portable: true}
	consumed(t, site(l, desktop, vm), "2")
	consumed(t, site(l, desktop, Device{ID: "lap", User: "bob", Portable: true}), "2")
	consumed(t, site(License{Metric: "device"}, desktop, laptop), "2")
}

func TestCase47MultipleUse(t *testing.T) {
	l := License{Metric: "device", Products: []LicensedProduct{{Product: "foo-9"}, {Product: "foo-10"}}}
	in := site(l, Device{ID: "a"})
	in.Installations = []Installation{{Device: "a", Product: "foo-9"}, {Device: "a", Product: "foo-10"}}
	consumed(t, in, "1")
	in.Licenses[0].EachInstallation = true
	consumed(t, in, "2")
}

func TestCase49Users(t *testing.T) {
	ann := Device{User: "ann"}
	devices := several(3, ann)
	in := site(License{Metric: "user"}, devices...)
	consumed(t, in, "1")
	in = site(License{Metric: "user"}, append(devices, Device{ID: "x"}, Device{ID: "y"})...)
	consumed(t, in, "3")
	in.Installations[0].Users = []string{"ann", "cid"}
	consumed(t, in, "4")
	retired := several(3, Device{User: "ann", UserInactive: true})
	consumed(t, site(License{Metric: "user"}, retired...), "3")
}

func TestCase50NamedUsers(t *testing.T) {
	in := site(License{Metric: "named-user", NamedUsers: []string{"sam", "jan"}}, Device{ID: "a", User: "sam"}, Device{ID: "b", User: "jan"}, Device{ID: "c", User: "mary"})
	consumed(t, in, "2")
	r := Assign(in)
	if len(r.Unlicensed) != 1 || r.Unlicensed[0].Device != "c" {
		t.Errorf("%+v", r.Unlicensed)
	}
}

func TestCase51CorePoints(t *testing.T) {
	rules := func(r ...estate.PointsRule) License {
		return License{Metric: "core-points", Rules: estate.License{Points: r}}
	}
	consumed(t, site(rules(estate.PointsRule{PerCore: "120"}), Device{ID: "a", Cores: n(32)}), "3840")
	consumed(t, site(rules(estate.PointsRule{PerCore: "30"}), several(16, Device{Cores: n(8)})...), "3840")
	two := rules(estate.PointsRule{Processor: estate.Text("*Xeon*"), PerCore: "70"}, estate.PointsRule{Processor: estate.Text("*Xeon*Gold*"), PerCore: "50"},
		estate.PointsRule{Processor: estate.Text("*Xeon*"), OS: estate.Text("aix"), PerCore: "1"})
	gold := Device{ID: "a", Cores: n(2), Processor: "Intel(R) Xeon(R) Gold 6226R", OS: "linux"}
	consumed(t, site(two, gold), "100") // the most specific rule that fits
	consumed(t, site(two, Device{ID: "a", Cores: n(2), Processor: "Intel(R) Xeon(R) Silver"}), "140")
	consumed(t, site(two, Device{ID: "a", Kind: "vm", Cores: n(2), Threads: n(4), Processor: "Intel(R) Xeon(R) Silver"}), "280")
	consumed(t, site(rules(estate.PointsRule{PerCore: "15.25"}), Device{ID: "a", Cores: n(7)}), "106.75") // fractions stay
	unmatched := Assign(site(two, Device{ID: "a", Cores: n(2), Processor: "Alpha"}))
	if len(unmatched.Unlicensed) != 1 || unmatched.Tried[0].Reason != PointsUnmatched {
		t.Errorf("%+v", unmatched.Tried)
	}
}

func TestCase56Bands(t *testing.T) {
	l := License{Metric: "ibm-rvu", Quantity: "2.2", Bands: []Band{{"0.5", "100"}, {"1", "130"}, {"2", "74"}, {"3", "46"}}}
	if got := Marginal(l.Quantity.Rat(), l.Bands).FloatString(1); got != "198.2" {
		t.Error(got)
	}
	consumed(t, site(l), "199")
	consumed(t, site(License{Metric: "ibm-rvu", Bands: l.Bands}), "")        // nobody stated the quantity: unknown, not zero
	consumed(t, site(License{Metric: "ibm-auvu", Quantity: "100"}), "85")    // 20 + 30 × 0.83 + 50 × 0.8 = 84.9
	consumed(t, site(License{Metric: "ibm-euvu", Quantity: "5000"}), "4500") // 2,500 + 2,500 × 0.8
	consumed(t, site(License{Metric: "authorized-user", Quantity: "77"}), "77")
}

func TestMarginalIsTheSumOfItsParts(t *testing.T) {
	bands := UserBands["ibm-xuvu"]
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.Int64Range(0, 1_000_000_000).Draw(t, "a")
		// The naive twin walks the bands from the top down.
		want, rest := new(big.Rat), a
		for i := len(bands) - 1; i >= 0; i-- {
			from := int64(0)
			if i > 0 {
				from = bands[i-1].UpTo.Rat().Num().Int64()
			}
			if rest > from {
				want.Add(want, new(big.Rat).Mul(new(big.Rat).SetInt64(rest-from), bands[i].PerUnit.Rat()))
				rest = from
			}
		}
		if got := Marginal(new(big.Rat).SetInt64(a), bands); got.Cmp(want) != 0 {
			t.Fatalf("%d: %s, want %s", a, got, want)
		}
	})
}

func TestCase57OracleProcessor(t *testing.T) {
	l := License{Metric: "oracle-processor", Rules: estate.License{Points: []estate.PointsRule{
		{Processor: estate.Text("*Xeon*"), PerCore: "0.5"}, {Processor: estate.Text("*T4*"), PerCore: "0.75"}}}}
	c := consumed(t, site(l, Device{ID: "a", Cores: n(5), Processor: "Xeon"}, Device{ID: "b", Cores: n(3), Processor: "SPARC-T4"}), "6")
	if diff := cmp.Diff([]CountRow{{"a", "2.5"}, {"b", "2.25"}}, c.Rows); diff != "" {
		t.Error(diff)
	}
	// Guests are limited to their host, whose processor decides.
	host := Device{ID: "h", Kind: "host", Cores: n(8), Processor: "Xeon"}
	in := site(l, Device{ID: "v1", Kind: "vm", Host: "h", Cores: n(6)}, Device{ID: "v2", Kind: "vm", Host: "h", Cores: n(6)})
	in.Devices = append(in.Devices, host)
	consumed(t, in, "4")
	c = consumed(t, site(l, Device{ID: "a"}), "0")
	if len(c.Missing) != 1 {
		t.Errorf("a device without cores is not told: %+v", c)
	}
	consumed(t, site(l, Device{ID: "a", Cores: n(3), Processor: "Alpha"}), "3") // no factor fits: one for each core
}

func TestCase58NamedUserPlus(t *testing.T) {
	l := License{Metric: "oracle-nup", MinUsersPerProcessor: "25", Rules: estate.License{Points: []estate.PointsRule{{PerCore: "0.5"}}}}
	in := site(l, Device{ID: "a", Cores: n(4)})
	consumed(t, in, "50")
	in.Accounts = []Account{{"a", "foo", "app", 30}}
	consumed(t, in, "50")
	in.Accounts = []Account{{"a", "foo", "app", 80}}
	consumed(t, in, "80")
	in = site(License{Metric: "oracle-nup"}, Device{ID: "a", Cores: n(4)}, Device{ID: "b", Cores: n(4)})
	in.Accounts = []Account{{"a", "foo", "app", 6}, {"b", "foo", "app", 13}, {"c", "foo", "app", 99}}
	consumed(t, in, "13")
}

func TestCase59MicrosoftServerAndManagementCore(t *testing.T) {
	l := License{Metric: "microsoft-server-management-core"}
	host := Device{ID: "h", Kind: "host", Processors: n(2), Cores: n(12)}
	guests := []Device{{ID: "v1", Kind: "vm", Host: "h"}, {ID: "v2", Kind: "vm", Host: "h"}, {ID: "v3", Kind: "vm", Host: "h"}}
	in := site(l, guests...)
	in.Devices = append(in.Devices, host)
	consumed(t, in, "32")
	in.Installations[1].Edition = "Datacenter"
	consumed(t, in, "16")
	consumed(t, site(l, Device{ID: "a", Processors: n(1), Cores: n(4)}), "16")
	consumed(t, site(l, Device{ID: "a", Processors: n(4), Cores: n(4)}), "32")
	if c := consumed(t, site(l, Device{ID: "a"}), "0"); len(c.Missing) != 1 {
		t.Errorf("%+v", c)
	}
}

func TestCase60OverriddenConsumption(t *testing.T) {
	l := License{Metric: "core", Rules: estate.License{Overridden: []estate.Overridden{{Device: "d00", Points: "30"}, {Device: "d01", Points: "60"}, {Device: "d02", Points: "0"}}}}
	consumed(t, site(l, several(3, Device{Cores: n(50)})...), "140")
}

func TestCase61UsageWindow(t *testing.T) {
	used := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	in := site(License{Metric: "device", UsageDays: 90}, Device{ID: "a"})
	in.Licenses[0].Purchases[0].Date = used.AddDate(-1, 0, 0)
	in.Installations[0].LastUsed = &used
	in.At = time.Date(2026, 7, 29, 0, 0, 0, 0, time.UTC)
	consumed(t, in, "1")
	in.At = time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)
	consumed(t, in, "0")
	if x := Assign(in).Tried[0]; x.Status != Exempt || x.Reason != NoUsage {
		t.Errorf("%+v", x)
	}
	in.Licenses[0].UsageDays = 0 // usage does not matter
	consumed(t, in, "1")
	in.Licenses[0].UsageDays = 90
	in.Installations[0].LastUsed = nil // not known: it counts
	consumed(t, in, "1")
}

func TestCase66AllocatedWithoutInstallation(t *testing.T) {
	l := License{Metric: "core", Allocations: []Allocation{{Device: "a", Kind: Permanent}}}
	in := site(l, Device{ID: "a", Cores: n(64)})
	in.Installations = nil
	consumed(t, in, "1")
	in.Licenses[0].Rules.Overridden = []estate.Overridden{{Device: "a", Points: "120"}}
	consumed(t, in, "120")
}

func TestMetricsAreKnownByOneNameEach(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range Metrics {
		if seen[m.ID] || m.Name == "" || engineMetric(m.ID) {
			t.Errorf("%+v", m)
		}
		seen[m.ID] = true
	}
}

// TestRowsAddUp: for metrics without rounding of groups, the rows are the consumption.
func TestRowsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		r := Assign(in)
		for _, l := range in.Licenses {
			c := r.Consumption(l.ID)
			if m, _ := metricOf(l.Metric); m.unit == nil {
				continue
			}
			sum := new(big.Rat)
			for _, row := range c.Rows {
				sum.Add(sum, row.Count.Rat())
			}
			if sum.Cmp(c.Consumed.Rat()) != 0 || c.Devices != len(c.Rows)+len(c.Missing) {
				t.Fatalf("%+v", c)
			}
		}
	})
}

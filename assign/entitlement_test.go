package assign

import (
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/highwater-sam/highwater/catalog"
	"github.com/highwater-sam/highwater/estate"
)

func TestEntitlements(t *testing.T) {
	day := func(month time.Month, d int) time.Time { return time.Date(2026, month, d, 0, 0, 0, 0, time.UTC) }
	ends := func(t time.Time) *time.Time { return &t }
	for _, tc := range []struct {
		name      string
		purchases []Purchase
		extra     estate.Decimal
		at        time.Time
		want      estate.Decimal
		expired   bool
	}{
		{"nothing recorded is unknown, not zero", nil, "", day(4, 1), "", false},
		{"purchases add up", []Purchase{{Quantity: "70", Date: day(1, 1)}, {Quantity: "30", Date: day(2, 1)}}, "", day(4, 1), "100", false},
		{"fractions are exact", []Purchase{{Quantity: "0.1", Date: day(1, 1)}, {Quantity: "0.2", Date: day(1, 1)}}, "", day(4, 1), "0.3", false},
		{"a purchase counts from its date on", []Purchase{{Quantity: "70", Date: day(4, 1)}}, "", day(4, 1), "70", false},
		{"and not a moment before", []Purchase{{Quantity: "70", Date: day(4, 1)}}, "", day(4, 1).Add(-1), "0", false},
		{"case 62: a subscription past its expiry counts nothing", []Purchase{{Quantity: "70", Date: day(1, 1), Expires: ends(day(4, 1))}}, "", day(4, 1), "0", true},
		{"a subscription counts to its last moment", []Purchase{{Quantity: "70", Date: day(1, 1), Expires: ends(day(4, 1))}}, "", day(4, 1).Add(-1), "70", false},
		{"renewed", []Purchase{{Quantity: "70", Date: day(1, 1), Expires: ends(day(4, 1))}, {Quantity: "80", Date: day(4, 1)}}, "", day(4, 1), "80", false},
		{"case 62: an upgrade gives nothing more", []Purchase{{Quantity: "10", Date: day(1, 1)}, {Quantity: "10", Effective: "0", Date: day(2, 1)}}, "", day(4, 1), "10", false},
		{"a bundle of five", []Purchase{{Quantity: "1", Effective: "5", Date: day(1, 1)}}, "", day(4, 1), "5", false},
		{"a disabled line does not count", []Purchase{{Quantity: "10", Date: day(1, 1), Disabled: true}}, "", day(4, 1), "0", false},
		{"extra entitlements", []Purchase{{Quantity: "10", Date: day(1, 1)}}, "2.5", day(4, 1), "12.5", false},
		{"only extra", nil, "7", day(4, 1), "7", false},
	} {
		l := License{Purchases: tc.purchases, Extra: tc.extra}
		if got := l.Entitlements(tc.at); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
		if got := l.Expired(tc.at); got != tc.expired {
			t.Errorf("%s: expired %v", tc.name, got)
		}
	}
}

func TestDecimalsOfSumsAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sum := new(big.Rat)
		var l License
		for range rapid.IntRange(1, 5).Draw(t, "purchases") {
			q := estate.Decimal(rapid.StringMatching(`[0-9]{1,12}(\.[0-9]{1,9})?`).Draw(t, "quantity"))
			l.Purchases = append(l.Purchases, Purchase{Quantity: q, Date: now})
			sum.Add(sum, q.Rat())
		}
		got := l.Entitlements(now)
		if !got.Valid() || got.Rat().Cmp(sum) != 0 || got != got.Canonical() {
			t.Fatalf("%s, want %s", got, sum)
		}
	})
}

// TestTheEstateHoldsWhatEachLicenseTook builds an estate of two licenses that share a product and checks that it is one the
// engine accepts, in which each installation belongs to one license.
func TestTheEstateHoldsWhatEachLicenseTook(t *testing.T) {
	in := Input{At: now, Locations: []Location{{ID: "emea"}, {ID: "amer"}},
		Devices:       []Device{{ID: "a", Location: "emea"}, {ID: "b", Location: "amer"}},
		Installations: []Installation{{Device: "a", Product: "ibm-db2"}, {Device: "b", Product: "ibm-db2"}, {Device: "b", Product: "ibm-mq"}},
		Licenses: []License{
			{ID: "db2-emea", Metric: "ibm-pvu", Products: []LicensedProduct{{Product: "ibm-db2"}}, Locations: []string{"emea"},
				Purchases: []Purchase{{Quantity: "280", Date: now}},
				Rules:     estate.License{Exemptions: []estate.Exemption{{Device: "gone", Reason: "test"}, {Device: "a"}}}},
			{ID: "db2-world", Metric: "ibm-vpc", Products: []LicensedProduct{{Product: "ibm-db2"}}, Priority: 1},
			{ID: "mq", Metric: "ibm-pvu", Products: []LicensedProduct{{Product: "ibm-mq"}}},
		}}
	r := Assign(in)
	known := func(d string) bool { return d == "a" || d == "b" }
	e := &estate.Estate{Format: estate.Format, AsOf: estate.At(now), Periods: []estate.Period{{Name: "q", From: estate.At(now.AddDate(0, -3, 0))}},
		Devices: []estate.Device{{ID: "a", Kind: estate.Computer}, {ID: "b", Kind: estate.Computer}}}
	var remarks []string
	for _, l := range in.Licenses {
		el, more := r.EstateLicense(l, now, known)
		e.Licenses = append(e.Licenses, el)
		remarks = append(remarks, more...)
	}
	for _, c := range r.Counted {
		e.Installations = append(e.Installations, estate.Installation{Device: c.Device, Product: c.As, From: estate.At(now.AddDate(0, -3, 0))})
	}
	if err := estate.Validate(e); err != nil {
		t.Fatal(err)
	}
	if len(remarks) != 1 {
		t.Errorf("remarks %q", remarks)
	}
	want := map[catalog.ProductID]string{"ibm-mq": "ibm-mq"}
	for _, c := range r.Counted {
		as := want[c.Product]
		if as == "" {
			as = string(c.Product) + "@" + string(c.License)
		}
		if c.As != as {
			t.Errorf("%+v, want %q", c, as)
		}
	}
	first := e.Licenses[0]
	if first.Entitlements != "280" || first.Products[0].Product != "ibm-db2@db2-emea" || len(first.Points) < 100 || *first.UnmatchedPoints != DefaultUnmatchedPoints {
		t.Errorf("%+v", first)
	}
	if vpc := e.Licenses[1]; vpc.Points != nil || vpc.UnmatchedPoints != nil || vpc.Entitlements.Stated() {
		t.Errorf("%+v", vpc)
	}
}

func TestRulesStatedByTheLicenseAreKept(t *testing.T) {
	null := estate.Decimal("")
	l := License{ID: "x", Metric: "ibm-pvu", Rules: estate.License{ID: "other", Capacity: estate.Full, UnmatchedPoints: &null,
		Points: []estate.PointsRule{{PerCore: "15.25"}}}}
	e, _ := Assign(Input{At: now, Licenses: []License{l}}).EstateLicense(l, now, func(string) bool { return true })
	if e.ID != "x" || e.Capacity != estate.Full || e.UnmatchedPoints.Stated() || len(e.Points) != 1 {
		t.Errorf("%+v", e)
	}
}

func TestPermanentAllocationsCountWithoutInstallation(t *testing.T) {
	// Cases 44 and 66.
	in := Input{At: now, Devices: []Device{{ID: "a"}, {ID: "b"}, {ID: "c"}}, Licenses: []License{{ID: "L", Metric: "core", Products: []LicensedProduct{{Product: "foo"}},
		Allocations: []Allocation{{Device: "a", Kind: Permanent}, {Device: "b", Kind: Awaiting}, {Device: "c"}}}}}
	if got := Assign(in).Consumption("L"); got.Consumed != "1" || got.Devices != 1 {
		t.Errorf("%+v", got)
	}
	sixteen := int64(16)
	in.Devices[1].Cores = &sixteen
	in.Installations = []Installation{{Device: "b", Product: "foo"}}
	if got := Assign(in).Consumption("L"); got.Consumed != "17" || got.Devices != 2 {
		t.Errorf("%+v", got)
	}
}

func TestKnownMetrics(t *testing.T) {
	for metric, want := range map[string]bool{"ibm-pvu": true, "ibm-vpc": true, "ibm-rvu-mapc": true, "device": true, "ibm-pvv": false, "": false} {
		if KnownMetric(metric) != want {
			t.Errorf("%q", metric)
		}
	}
}

func BenchmarkAssign(b *testing.B) {
	in := Input{At: now, Locations: []Location{{ID: "emea"}}}
	for i := range 200 {
		in.Licenses = append(in.Licenses, License{ID: LicenseID(string(rune('a'+i%26)) + string(rune('a'+i/26))), Metric: "ibm-pvu",
			Products: []LicensedProduct{{Product: catalog.ProductID(rune('a' + i%100))}}, Priority: i})
	}
	for i := range 10_000 {
		d := string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676))
		in.Devices = append(in.Devices, Device{ID: d, Location: "emea"})
		for j := range 5 {
			in.Installations = append(in.Installations, Installation{Device: d, Product: catalog.ProductID(rune('a' + (i+j*7)%100))})
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		Assign(in)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(in.Installations)), "ns/installation")
}

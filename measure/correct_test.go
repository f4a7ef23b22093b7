package measure_test

import (
	"flag"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/highwater-sam/highwater/estate"
	"github.com/highwater-sam/highwater/measure"
)

// TestCorrectionsAreFullMeasurements makes corrections one after the other, and compares each result, and that of a
// preview, with a full measurement of the corrected estate.
func TestCorrectionsAreFullMeasurements(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { correctInSequence(t, 20) })
}

// TestAThousandCorrectionsInSequence: an engine that has been corrected for a long time is still right.
func TestAThousandCorrectionsInSequence(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	once(t)
	rapid.Check(t, func(t *rapid.T) { correctInSequence(t, 1000) })
}

// once lets the next property run on one random input instead of a hundred.
func once(t *testing.T) {
	t.Helper()
	checks := flag.Lookup("rapid.checks")
	before := checks.Value.String()
	if err := checks.Value.Set("1"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := checks.Value.Set(before); err != nil {
			t.Error(err)
		}
	})
}

func correctInSequence(t *rapid.T, corrections int) {
	e := anEstate(t)
	if rapid.Bool().Draw(t, "large numbers") {
		e = withLargeNumbers(e)
	}
	engine, err := measure.New(e)
	if err != nil {
		t.Fatal(err)
	}
	g := newDraws(t)
	for made := 0; made < corrections; made++ {
		if len(e.Devices) == 0 {
			t.Skip("an estate without devices has nothing to correct")
		}
		c, corrected := g.correction(e)
		for c == nil { // it drew what this estate has none of
			c, corrected = g.correction(e)
		}
		want, err := measure.Run(corrected)
		if err != nil {
			t.Fatalf("%#v:\n%v", c, err)
		}
		before, after, d, err := engine.Preview(c)
		if err != nil {
			t.Fatalf("%#v:\n%v", c, err)
		}
		if diff := cmp.Diff(want, after); diff != "" {
			t.Fatalf("preview of %#v: full (-), incremental (+):\n%s\n%s", c, diff, text(t, corrected))
		}
		if diff := cmp.Diff(before, engine.Measured()); diff != "" {
			t.Fatalf("the preview of %#v stayed: %s", c, diff)
		}
		if d.Empty() != cmp.Equal(consumed(before), consumed(after)) {
			t.Fatalf("the difference says %v", d)
		}
		got, err := engine.Correct(c)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%#v: full (-), incremental (+):\n%s\n%s", c, diff, text(t, corrected))
		}
		e = corrected
	}
	if diff := cmp.Diff(engine.Measured(), engine.Measure()); diff != "" {
		t.Fatalf("corrected (-), the same measured in full (+):\n%s", diff)
	}
}

// consumed is a measurement less the regions in which nothing was consumed, which a difference does not tell of.
func consumed(m *measure.Measurement) []measure.License {
	var list []measure.License
	for _, l := range m.Licenses {
		c := *l
		c.Current.Regions = without(c.Current.Regions, func(r measure.RegionValue) bool { return r.Value == "0" })
		c.Periods = slices.Clone(c.Periods)
		for i := range c.Periods {
			c.Periods[i].Regions = without(c.Periods[i].Regions, func(r measure.RegionPeak) bool { return r.Exact == "0" })
		}
		list = append(list, c)
	}
	return list
}

// withLargeNumbers makes a first license whose values leave int64, so that corrections meet both ways of measuring.
func withLargeNumbers(e *estate.Estate) *estate.Estate {
	large := *e
	unmatched := estate.Decimal("1000000000000000000000")
	large.Licenses = append(slices.Clone(e.Licenses), estate.License{
		ID: "large", Metric: estate.PVU, Products: []estate.LicenseProduct{{Product: products[0]}}, UnmatchedPoints: &unmatched,
	})
	return &large
}

// correction draws one correction, and makes it in a copy of the estate too; nil when the estate offers none.
func (g *draws) correction(e *estate.Estate) (measure.Correction, *estate.Estate) {
	if len(e.Devices) == 0 {
		return nil, nil
	}
	c := *e
	c.Devices, c.Locations, c.Licenses = slices.Clone(e.Devices), slices.Clone(e.Locations), slices.Clone(e.Licenses)
	d := &c.Devices[g.n("device", 0, len(c.Devices)-1)]
	l := &c.Licenses[g.n("license", 0, len(c.Licenses)-1)]
	switch g.n("correction", 0, 7) {
	case 0:
		d.Overrides = nil
		for g.overrides(d); d.Overrides == nil && g.chance("some override", 80); {
			g.overrides(d)
		}
		return measure.SetOverrides{Device: d.ID, Overrides: d.Overrides}, &c
	case 1:
		if len(c.Locations) > 0 {
			d.Moves = nil
			for _, s := range g.spans("move", 2) {
				d.Moves = append(d.Moves, estate.Move{From: s.from, To: s.to, Location: c.Locations[g.n("to", 0, len(c.Locations)-1)].ID})
			}
			return measure.SetMoves{Device: d.ID, Moves: d.Moves}, &c
		}
	case 2:
		d.Location = g.location(&c)
		return measure.SetLocation{Device: d.ID, Location: d.Location}, &c
	case 3:
		if len(c.Locations) > 0 {
			place := &c.Locations[g.n("location", 0, len(c.Locations)-1)]
			place.Region = estate.Region(g.n("region", 0, 3))
			return measure.SetRegion{Location: place.ID, Region: place.Region}, &c
		}
	case 4:
		var list []estate.Exemption
		for _, s := range g.maybeDated("exempt") {
			list = append(list, estate.Exemption{Device: d.ID, From: s.from, To: s.to, Reason: "drawn"})
		}
		l.Exemptions = append(without(l.Exemptions, func(x estate.Exemption) bool { return x.Device == d.ID }), list...)
		return measure.SetExemptions{License: l.ID, Device: d.ID, Exemptions: list}, &c
	case 5:
		if l.Metric != estate.RVU {
			var list []estate.Overridden
			for _, s := range g.maybeDated("overridden") {
				list = append(list, estate.Overridden{Device: d.ID, From: s.from, To: s.to, Points: one(g, "points", estate.Decimal("0"), "7", "480", "0.125", "33.3333")})
			}
			l.Overridden = append(without(l.Overridden, func(x estate.Overridden) bool { return x.Device == d.ID }), list...)
			return measure.SetOverridden{License: l.ID, Device: d.ID, Overridden: list}, &c
		}
	case 6:
		if l.Metric == estate.VPC {
			var list []estate.MetricOverride
			for _, s := range g.maybeDated("metric") {
				list = append(list, estate.MetricOverride{Device: d.ID, From: s.from, To: s.to, Count: one(g, "count", estate.Decimal("0"), "6", "1.0625")})
			}
			l.OverriddenMetric = append(without(l.OverriddenMetric, func(x estate.MetricOverride) bool { return x.Device == d.ID }), list...)
			return measure.SetOverriddenMetric{License: l.ID, Device: d.ID, Counts: list}, &c
		}
	case 7:
		if l.Metric == estate.PVU {
			unmatched := one(g, "unmatched", estate.Decimal(""), "120", "0.0625")
			l.UnmatchedPoints, l.Points = &unmatched, nil
			for range g.n("rules", 0, 4) {
				l.Points = append(l.Points, g.rule())
			}
			return measure.SetPoints{License: l.ID, Points: l.Points, Unmatched: unmatched}, &c
		}
	}
	return g.correction(e)
}

func without[T any](list []T, drop func(T) bool) []T {
	kept := []T{}
	for _, x := range list {
		if !drop(x) {
			kept = append(kept, x)
		}
	}
	return kept
}

// TestCorrectionsThatCannotBeMade leaves everything as it was.
func TestCorrectionsThatCannotBeMade(t *testing.T) {
	e := &estate.Estate{Format: estate.Format, AsOf: estate.At(date("2026-04-01")),
		Periods:   []estate.Period{{Name: "Q1", From: estate.At(date("2026-01-01"))}},
		Locations: []estate.Location{{ID: "berlin", Region: 2}},
		Devices:   []estate.Device{{ID: "h", Kind: estate.Host, Location: "berlin"}},
		Licenses:  []estate.License{{ID: "rvu", Metric: estate.RVU, Products: []estate.LicenseProduct{{Product: "p"}}}},
	}
	engine, err := measure.New(e)
	if err != nil {
		t.Fatal(err)
	}
	before := engine.Measure()
	jan := estate.At(date("2026-01-01"))
	for name, c := range map[string]measure.Correction{
		"no such device":          measure.SetOverrides{Device: "x"},
		"a host has no partition": measure.SetOverrides{Device: "h", Overrides: []estate.HardwareChange{{Hardware: estate.Hardware{Partition: &estate.Partition{Kind: estate.Shared}}}}},
		"not a decimal":           measure.SetOverrides{Device: "h", Overrides: []estate.HardwareChange{{Hardware: estate.Hardware{Cores: "many"}}}},
		"overrides clash":         measure.SetOverrides{Device: "h", Overrides: []estate.HardwareChange{{Hardware: estate.Hardware{Cores: "1"}}, {Hardware: estate.Hardware{Cores: "2"}}}},
		"moves clash":             measure.SetMoves{Device: "h", Moves: []estate.Move{{From: jan, Location: "berlin"}, {From: jan + 1, Location: "berlin"}}},
		"no such place":           measure.SetLocation{Device: "h", Location: "mars"},
		"no such location":        measure.SetRegion{Location: "mars", Region: 1},
		"no such region":          measure.SetRegion{Location: "berlin", Region: 4},
		"no such license":         measure.SetExemptions{License: "x", Device: "h"},
		"exemptions clash":        measure.SetExemptions{License: "rvu", Device: "h", Exemptions: []estate.Exemption{{}, {}}},
		"rvu takes none":          measure.SetOverridden{License: "rvu", Device: "h", Overridden: []estate.Overridden{{Points: "1"}}},
		"rvu takes no count":      measure.SetOverriddenMetric{License: "rvu", Device: "h", Counts: []estate.MetricOverride{{Count: "1"}}},
		"rvu has no points":       measure.SetPoints{License: "rvu"},
	} {
		if _, err := engine.Correct(measure.SetRegion{Location: "berlin", Region: 1}, c); err == nil {
			t.Errorf("%s: made", name)
		}
		if _, _, _, err := engine.Preview(c); err == nil {
			t.Errorf("%s: previewed", name)
		}
	}
	if d := cmp.Diff(before, engine.Measure()); d != "" {
		t.Errorf("something stayed: %s", d)
	}
}

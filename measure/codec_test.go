package measure_test

import (
	"bytes"
	"math/big"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/highwater-sam/highwater/estate"
	"github.com/highwater-sam/highwater/measure"
)

func TestMeasurementsSurviveTheirEncoding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := measured(t, anEstate(t))
		var b bytes.Buffer
		if err := m.Encode(&b); err != nil {
			t.Fatal(err)
		}
		back, err := measure.Decode(&b)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(m, back); d != "" {
			t.Fatal(d)
		}
	})
}

func FuzzDecodeMeasurement(f *testing.F) {
	text, err := os.ReadFile("testdata/estates/00.measurement.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Add(`{"format":"highwater-measurement/1","licenses":[{"remarks":[{"code":"cores-missing","from":"2026-01-01T00:00:00Z","to":null}]}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		m, err := measure.Decode(strings.NewReader(text))
		if (m == nil) != (err != nil) {
			t.Fatal("neither a measurement nor an error, or both")
		}
	})
}

func TestNumbersAreWrittenShortestAndExact(t *testing.T) {
	for _, c := range []struct {
		a, b int64
		want measure.Number
	}{{0, 1, "0"}, {427, 4, "106.75"}, {20, 3, "20/3"}, {1, 8, "0.125"}, {10, 4, "2.5"}, {1, 6, "1/6"}, {1, 160, "0.00625"}, {7, 1, "7"}, {12, 30, "0.4"}} {
		if got := measure.NumberOf(big.NewRat(c.a, c.b)); got != c.want || got.Rat().Cmp(big.NewRat(c.a, c.b)) != 0 {
			t.Errorf("%d/%d is written %s, not %s", c.a, c.b, got, c.want)
		}
	}
	for _, text := range []measure.Number{"", "x", "1e3", "0x10", "1_000", "+1"} {
		if text.Rat() != nil {
			t.Errorf("%q is taken for a number", text)
		}
	}
}

// TestEqualMeasurementsDoNotDiffer, and every figure that is changed by hand is told of.
func TestDifferenceTellsOfEveryFigure(t *testing.T) {
	e := &estate.Estate{Format: estate.Format, AsOf: estate.At(date("2026-04-01")),
		Periods:       []estate.Period{{Name: "Q1", From: estate.At(date("2026-01-01"))}},
		Devices:       []estate.Device{{ID: "a", Kind: estate.Computer, Source: estate.Agent, Hardware: []estate.HardwareFact{{From: 1, Hardware: estate.Hardware{Cores: "8"}}}}},
		Installations: []estate.Installation{{Device: "a", Product: "db2", From: 1}},
		Licenses:      []estate.License{{ID: "db2", Metric: estate.VPC, Products: []estate.LicenseProduct{{Product: "db2"}}}},
	}
	before := measured(t, e)
	if d := measure.Compare(before, measured(t, e)); !d.Empty() {
		t.Errorf("the same estate differs: %v", d)
	}
	e.Devices[0].Hardware[0].Cores = "10"
	e.Licenses = append(e.Licenses, estate.License{ID: "new", Metric: estate.VPC, Products: []estate.LicenseProduct{{Product: "db2"}}})
	d := measure.Compare(before, measured(t, e))
	want := &measure.Change{Before: "8", After: "10", By: "2"}
	if len(d.Licenses) != 2 || d.Licenses[1].Only != "after" || d.Licenses[1].ID != "new" {
		t.Fatalf("%v", d)
	}
	l := d.Licenses[0]
	if diff := cmp.Diff(measure.LicenseDifference{
		ID: "db2", Current: want, Regions: []measure.RegionDifference{{Exact: want}},
		Periods: []measure.PeriodDifference{{Name: "Q1", Peak: want, Regions: []measure.RegionDifference{{Exact: want, Peak: want}}}},
	}, l); diff != "" {
		t.Error(diff)
	}
	if back := measure.Compare(measured(t, e), before); len(back.Licenses) != 2 || back.Licenses[0].Current.By != "-2" || back.Licenses[1].Only != "before" {
		t.Errorf("%v", back)
	}
}

package report

import (
	"bytes"
	"encoding/csv"
	"flag"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/highwater-sam/highwater/measure"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestListsAreWellFormed(t *testing.T) {
	names := map[string]bool{}
	for _, g := range Lists() {
		if names[g.Name] {
			t.Errorf("two lists are named %s", g.Name)
		}
		names[g.Name] = true
		keys := map[string]bool{}
		for _, c := range g.Columns {
			if keys[c.Key] {
				t.Errorf("%s has two columns %s", g.Name, c.Key)
			}
			keys[c.Key] = true
			if c.Title == "" || c.Kind == "" {
				t.Errorf("%s.%s has no title or kind", g.Name, c.Key)
			}
			if (c.Kind == Choice) != (len(c.Values) > 0) {
				t.Errorf("%s.%s: values belong to a choice", g.Name, c.Key)
			}
		}
		for _, s := range g.Sort {
			if g.Column(s.Key) == nil {
				t.Errorf("%s is sorted by %s, which it does not have", g.Name, s.Key)
			}
		}
		for _, c := range g.Columns {
			if i := strings.IndexByte(c.Link, '{'); i >= 0 {
				key := c.Link[i+1 : strings.IndexByte(c.Link, '}')]
				if !keys[key] && key != "id" {
					t.Errorf("%s.%s links by %s, which it does not have", g.Name, c.Key, key)
				}
			}
		}
		if g.Noun == "" || g.Title == "" || len(g.Sort) == 0 || g.Columns[0].Hidden {
			t.Errorf("%s lacks a noun, a title, an order or a first column", g.Name)
		}
		if ListByName(g.Name) != g {
			t.Errorf("%s is not found by name", g.Name)
		}
	}
}

func TestPositions(t *testing.T) {
	for _, test := range []struct{ peak, entitled, status, left, percent string }{
		{"8098", "8000", StatusOver, "−98", "101.2"},
		{"8000", "8000", StatusNear, "0", "100.0"},
		{"7200", "8000", StatusNear, "800", "90.0"},
		{"7199", "8000", StatusWithin, "801", "90.0"}, // 89.9875: within, although it is written 90.0
		{"420", "0", StatusNotEntitled, "−420", ""},
		{"420", "", StatusNotEntitled, "−420", ""},
		{"0", "", StatusWithin, "0", ""},
		{"0", "100", StatusWithin, "100", "0.0"},
		{"", "100", StatusNotMeasured, "", ""},
		{"107", "106.75", StatusOver, "−0.25", "100.2"},
		{"99999", "100000", StatusNear, "1", "99.9"}, // 99.999 is not written 100.0
		{"100001", "100000", StatusOver, "−1", "100.1"},
	} {
		p, ok := PositionOf(test.peak, test.entitled)
		if !ok {
			t.Errorf("%s of %s: no position", test.peak, test.entitled)
			continue
		}
		if p.Status != test.status || FormatNumber(FormatExact(p.Left)) != test.left || FormatPercent(p.Percent) != test.percent {
			t.Errorf("%s of %s: %s, %s left, %s %%; want %s, %s, %s", test.peak, test.entitled,
				p.Status, FormatNumber(FormatExact(p.Left)), FormatPercent(p.Percent), test.status, test.left, test.percent)
		}
	}
	for _, bad := range []string{"x", "1e3", "1/0", "0x10", " 1", "+1", "1_000", "."} {
		if _, ok := PositionOf(bad, "1"); ok {
			t.Errorf("%q is taken for a number", bad)
		}
		if _, ok := PositionOf("1", bad); ok {
			t.Errorf("%q is taken for an entitlement", bad)
		}
	}
}

// The status is decided by whole-number arithmetic, without any rounding.
func TestStatusAgreesWithIntegers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		peak, entitled := rapid.Int64Range(0, 1e9).Draw(t, "peak"), rapid.Int64Range(0, 1e9).Draw(t, "entitled")
		p, ok := PositionOf(big.NewInt(peak).String(), big.NewInt(entitled).String())
		want := StatusWithin
		switch {
		case peak == 0:
		case entitled == 0:
			want = StatusNotEntitled
		case peak > entitled:
			want = StatusOver
		case peak*100 >= entitled*NearPercent:
			want = StatusNear
		}
		if !ok || p.Status != want {
			t.Fatalf("%d of %d: %s, want %s", peak, entitled, p.Status, want)
		}
	})
}

func TestNumbersForPeople(t *testing.T) {
	for in, want := range map[string]string{
		"8098": "8,098", "4357.5": "4,357.5", "-98": "−98", "0": "0", "999": "999", "1000": "1,000", "-1234567.25": "−1,234,567.25",
		"1/3": "1/3", "1000/3": "333 1/3", "": "", "many": "many", "0.5": "0.5",
	} {
		if got := FormatNumber(in); got != want {
			t.Errorf("FormatNumber(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestTimesForPeople(t *testing.T) {
	at := time.Date(2026, 6, 8, 6, 30, 0, 0, time.FixedZone("CEST", 7200))
	if got := FormatInstant(at); got != "8 Jun 2026 04:30 UTC" {
		t.Errorf("FormatInstant = %q", got)
	}
	if got := FormatInstant(at.Add(7 * time.Second)); got != "8 Jun 2026 04:30:07 UTC" {
		t.Errorf("FormatInstant = %q", got)
	}
	if got := FormatDay(at); got != "8 Jun 2026" {
		t.Errorf("FormatDay = %q", got)
	}
	for d, want := range map[time.Duration]string{
		38 * time.Millisecond: "38_ms", 4 * time.Second: "4_s", 18400 * time.Millisecond: "18.4_s", 2 * time.Minute: "2_min",
		150 * time.Minute: "2_h 30_min", 35*time.Hour + 30*time.Minute: "35_h 30_min", 35 * time.Hour: "35_h",
		48 * time.Hour: "2_days", 416 * time.Hour: "17_days 8_h", -4 * time.Second: "−4_s", 0: "0_ms",
	} {
		if got := strings.ReplaceAll(FormatLength(d), "\u202f", "_"); got != want {
			t.Errorf("FormatLength(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestCSVIsExactAndDoesNotRun(t *testing.T) {
	columns := []Column{{Key: "name", Kind: Text}, {Key: "left", Kind: Exact}, {Key: "n", Kind: Number}, {Key: "at", Kind: Instant}, {Key: "day", Kind: Day}}
	var b bytes.Buffer
	w, err := NewCSV(&b, columns)
	if err != nil {
		t.Fatal(err)
	}
	micro := time.Date(2026, 6, 18, 6, 30, 0, 5000, time.UTC).UnixMicro()
	day := time.Date(2026, 6, 18, 0, 0, 0, 0, time.UTC).UnixMicro()
	for _, row := range []Row{
		{Cells: []any{"plain", "-98", int64(8000), micro, day}},
		{Cells: []any{`with "quotes", and comma`, "4357.5", int64(-1), nil, nil}},
		{Cells: []any{"=cmd|' /C calc'!A0", "1/3", nil, nil, nil}},
		{Cells: []any{"@SUM(1+1)", nil, nil, nil, nil}},
		{Cells: []any{"two\nlines", nil, nil, nil, nil}},
		{Cells: []any{" blank before", nil, nil, nil, nil}},
		{Cells: []any{"\tTab", nil, nil, nil, nil}},
	} {
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	want := "name,left,n,at,day\r\n" +
		"plain,-98,8000,2026-06-18T06:30:00.000005Z,2026-06-18\r\n" +
		"\"with \"\"quotes\"\", and comma\",4357.5,-1,,\r\n" +
		"'=cmd|' /C calc'!A0,1/3,,,\r\n" +
		"'@SUM(1+1),,,,\r\n" +
		"\"two\nlines\",,,,\r\n" +
		"\" blank before\",,,,\r\n" +
		"'\tTab,,,,\r\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if err := w.Write(Row{ID: "7", Cells: []any{"short"}}); err == nil {
		t.Error("a row with too few cells is written")
	}
}

// What is written can be read back by a standard reader, text for text.
func TestCSVReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching("[a-z ,\"\n=é;]{0,20}").Draw(t, "text")
		other := rapid.StringMatching("[a-z,\" ]{1,20}").Draw(t, "other")
		var b bytes.Buffer
		w, _ := NewCSV(&b, []Column{{Key: "a", Kind: Text}, {Key: "b", Kind: Text}})
		if err := w.Write(Row{Cells: []any{text, other}}); err != nil {
			t.Fatal(err)
		}
		_ = w.Flush()
		records, err := csv.NewReader(&b).ReadAll()
		if err != nil || len(records) != 2 {
			t.Fatalf("%q: %v %v", text, records, err)
		}
		if records[1][0] != disarm(text) || records[1][1] != other {
			t.Fatalf("wrote %q, %q; read %q", text, other, records[1])
		}
	})
}

func TestLicenseTable(t *testing.T) {
	m, err := measure.Decode(strings.NewReader(`{"format": "highwater-measurement/1", "as_of": "2026-06-18T06:30:00Z", "licenses": [
	 {"id": "was-nd", "metric": "ibm-pvu", "entitlements": "8000", "current": {"raw": "6697.5", "regions": []},
	  "periods": [{"name": "2026-Q1", "peak": "6663", "regions": []}, {"name": "2026-Q2", "peak": "8098", "regions": [
	   {"region": 1, "exact": "2480", "peak": "2480", "peak_date": "2026-04-24", "peak_start": "2026-04-24T10:00:00Z"},
	   {"region": 2, "exact": "4357.5", "peak": "4358", "peak_date": "2026-05-29", "peak_start": "2026-05-12T09:30:00Z"},
	   {"region": null, "exact": "0", "peak": "0"}]}], "remarks": []},
	 {"id": "ace", "metric": "ibm-pvu", "current": {"raw": "420", "regions": []}, "periods": [{"name": "2026-Q2", "peak": "420", "regions": [
	   {"region": 1, "exact": "420", "peak": "420", "peak_date": "2026-06-18", "peak_start": "2026-06-10T00:00:00Z"}]}], "remarks": []},
	 {"id": "rvu", "metric": "ibm-rvu-mapc", "entitlements": "5000", "current": {"raw": "0", "regions": []}, "periods": [{"name": "2026-Q2", "peak": "0", "regions": [
	   {"region": null, "exact": "0", "peak": "0"}]}], "remarks": []},
	 {"id": "old", "metric": "ibm-vpc", "entitlements": "10", "current": {"raw": "0", "regions": []}, "periods": [{"name": "2026-Q1", "peak": "9", "regions": []}], "remarks": []}]}`))
	if err != nil {
		t.Fatal(err)
	}
	name := func(id string) string {
		return map[string]string{"was-nd": "IBM WebSphere Application Server ND", "ace": "IBM App Connect Enterprise"}[id]
	}
	lines := LicenseLines(m, "2026-Q2", name)
	if len(lines) != 3 {
		t.Fatalf("%d lines: a license without the period is left out", len(lines))
	}
	var b bytes.Buffer
	if err := WriteLicenseTable(&b, lines); err != nil {
		t.Fatal(err)
	}
	golden(t, "licenses.txt", b.Bytes())
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got; -update rewrites it)\n%s", name, diff)
	}
}

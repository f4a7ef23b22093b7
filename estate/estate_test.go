package estate

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const head = `"format":"highwater-estate/1","as_of":"2026-04-01T00:00:00Z","periods":[{"name":"Q1","from":"2026-01-01T00:00:00Z"}]`

func estates(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("../measure/testdata/estates/*.estate.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no estates: %v", err)
	}
	return files
}

func TestDecodeEncodeIsAnEqualEstate(t *testing.T) {
	for _, file := range estates(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		first, err := Decode(bytes.NewReader(text))
		if err != nil {
			t.Fatalf("%s:\n%v", file, err)
		}
		var once, twice bytes.Buffer
		if err := Encode(&once, first); err != nil {
			t.Fatal(err)
		}
		second, err := Decode(bytes.NewReader(once.Bytes()))
		if err != nil {
			t.Fatalf("%s, encoded:\n%v", file, err)
		}
		if err := Encode(&twice, second); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(once.Bytes(), twice.Bytes()) {
			t.Errorf("%s: encoding is not stable", file)
		}
		if len(first.Devices) != len(second.Devices) || len(first.Installations) != len(second.Installations) {
			t.Errorf("%s: something was lost", file)
		}
	}
}

func TestEncodeKeepsEveryField(t *testing.T) {
	e := everyField()
	if err := Validate(e); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := Encode(&b, e); err != nil {
		t.Fatal(err)
	}
	back, err := Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(e, back); d != "" {
		t.Error(d)
	}
}

// everyField states every field of every type at least once.
func everyField() *Estate {
	at := func(s string) Instant {
		i, err := ParseInstant(s)
		if err != nil {
			panic(err)
		}
		return i
	}
	jan, feb := at("2026-01-01T00:00:00Z"), at("2026-02-01T00:00:00Z")
	null := Decimal("")
	hardware := Hardware{
		Processors: "2", Cores: "16", Threads: "32", MaxSockets: "2", Processor: Text("Xeon"), Model: Text(""), OS: Text("linux"),
	}
	guest := hardware
	guest.Partition = &Partition{Kind: Shared, Capped: true, Entitlement: "0.5", VirtualProcessors: "4"}
	return &Estate{
		Format: Format, AsOf: at("2026-04-01T00:00:00Z"), HighFrequency: Bool(false),
		Periods:   []Period{{Name: "Q1", From: jan, To: feb}},
		Locations: []Location{{ID: "emea", Region: EuropeAndAfrica}, {ID: "emea/berlin", Parent: "emea"}},
		Devices: []Device{
			{ID: "h", Kind: Host, Location: "emea", Source: Other,
				Moves:    []Move{{From: jan, To: feb, Location: "emea/berlin"}},
				Hardware: []HardwareFact{{From: jan, To: feb, Hardware: hardware}},
				Pools:    []Pool{{ID: "p", Cores: "4", Hard: true}, {ID: "q", Parent: "p"}}},
			{ID: "v", Kind: VM, Role: Text("test"), HostedIn: Text("aws"), Source: Agent,
				Hardware:  []HardwareFact{{From: jan, Hardware: guest}},
				Placement: []Placement{{From: jan, To: feb, Host: "h", Pool: "q"}},
				Overrides: []HardwareChange{{From: jan, To: feb, Hardware: guest}, {Hardware: Hardware{}}}},
		},
		Installations: []Installation{{Device: "v", Product: "db2", From: jan, To: feb}},
		Licenses: []License{
			{ID: "pvu", Metric: PVU, Products: []LicenseProduct{{Product: "db2", Supplementary: true}}, Capacity: Full,
				AllowOtherSources: true, UnmatchedPoints: &null, ExemptRoles: []string{"test"}, Entitlements: "1000",
				Points:     []PointsRule{{Processor: Text("*"), Model: Text("x?"), OS: Text("aix"), HostedIn: []string{}, MinSockets: "1", MaxSockets: "2", PerCore: "15.25"}},
				Exemptions: []Exemption{{Device: "v", Reason: "development", From: jan, To: feb}},
				Overridden: []Overridden{{Device: "h", Points: "480", From: jan, To: feb}}},
			{ID: "vpc", Metric: VPC, Products: []LicenseProduct{{Product: "mq"}}, Bundle: OncePerDevice, Capacity: Sub,
				Ratio:            &Ratio{VPC: "2", Entitlements: "1"},
				OverriddenMetric: []MetricOverride{{Device: "v", Count: "6", From: jan, To: feb}}},
			{ID: "pak", Metric: VPC, Products: []LicenseProduct{{Product: "mq", Ratio: &Ratio{VPC: "2", Entitlements: "1"}}}, Bundle: PerProduct},
			{ID: "rvu", Metric: RVU, Products: []LicenseProduct{{Product: "ilog"}}},
		},
	}
}

func TestDecimal(t *testing.T) {
	for text, canonical := range map[string]string{
		"0": "0", "007": "7", "15.250": "15.25", "0.0": "0", "000.5": "0.5", "100": "100",
		"123456789012345678901234567890.10": "123456789012345678901234567890.1",
	} {
		d, err := ParseDecimal(text)
		if err != nil || string(d.Canonical()) != canonical {
			t.Errorf("%s: %s, %v", text, d.Canonical(), err)
		}
		want, _ := Decimal(canonical), 0
		if d.Rat().Cmp(want.Rat()) != 0 {
			t.Errorf("%s is not %s", text, canonical)
		}
	}
	for _, text := range []string{"", ".", "1.", ".5", "-1", "+1", "1e3", "0x10", "1 ", "١", "1,5", "NaN"} {
		if d, err := ParseDecimal(text); err == nil {
			t.Errorf("%q is taken for the decimal %s", text, d)
		}
	}
	if n, scale, ok := Decimal("0015.2500").Scaled(); n != 1525 || scale != 2 || !ok {
		t.Error(n, scale, ok)
	}
	if _, _, ok := Decimal("9223372036854775808").Scaled(); ok {
		t.Error("a coefficient beyond int64 is said to fit")
	}
}

func TestInstant(t *testing.T) {
	for _, text := range []string{"0000-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2024-02-29T23:59:59Z", "9999-12-31T23:59:59Z"} {
		i, err := ParseInstant(text)
		if err != nil || i.String() != text || i <= 0 || i > lastInstant || At(i.Time()) != i {
			t.Errorf("%s: %v %s %d", text, err, i, i)
		}
	}
	for _, text := range []string{"", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01t00:00:00z", "2026-01-01T00:00:00.0Z",
		"2026-01-01T00:00:00+00:00", "2025-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:60Z", "20260-1-01T00:00:00Z"} {
		if i, err := ParseInstant(text); err == nil {
			t.Errorf("%q is taken for the instant %s", text, i)
		}
	}
}

func FuzzDecode(f *testing.F) {
	text, err := os.ReadFile(estates(f)[0])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte("{" + head + "}"))
	f.Add([]byte("{" + head + `,"licenses":[{"id":"l","metric":"ibm-pvu","products":[{"product":"p","ratio":null}],"unmatched_points":null}]}`))
	var every bytes.Buffer
	if err := Encode(&every, everyField()); err != nil {
		f.Fatal(err)
	}
	f.Add(every.Bytes())
	f.Fuzz(func(t *testing.T, text []byte) {
		e, err := Decode(bytes.NewReader(text))
		if (e == nil) != (err != nil) {
			t.Fatal("neither an estate nor an error, or both")
		}
		if err != nil {
			if len(ProblemsOf(err)) == 0 || strings.TrimSpace(err.Error()) == "" {
				t.Fatalf("no problem is named: %v", err)
			}
			return
		}
		if err := Validate(e); err != nil {
			t.Fatalf("decoded and yet not valid: %v", err)
		}
		var b bytes.Buffer
		if err := Encode(&b, e); err != nil {
			t.Fatal(err)
		}
		if _, err := Decode(&b); err != nil {
			t.Fatalf("its own encoding is not readable: %v", err)
		}
	})
}

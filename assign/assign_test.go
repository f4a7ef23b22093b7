package assign

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/highwater-sam/highwater/catalog"
	"github.com/highwater-sam/highwater/estate"
)

var now = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)

func TestAssign(t *testing.T) {
	text, err := os.ReadFile("testdata/order.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range strings.Split(string(text), "\n== ")[1:] {
		name, body, _ := strings.Cut(c, "\n")
		t.Run(name, func(t *testing.T) {
			in, want := parseCase(t, body)
			r := Assign(in)
			if diff := cmp.Diff(want, describe(in, r)); diff != "" {
				t.Errorf("wanted (-), got (+):\n%s", diff)
			}
			for _, x := range r.Tried {
				if x.Text == "" {
					t.Errorf("%+v has no reason in words", x)
				}
			}
		})
	}
}

// describe writes a result in the words of the scenario files.
func describe(in Input, r *Result) []string {
	lines := map[string][]string{}
	for _, x := range r.Tried {
		key := x.Device + " " + string(x.Product) + ":"
		lines[key] = append(lines[key], fmt.Sprintf("%s %s (%s)", x.License, x.Status, x.Reason))
	}
	cause := map[string]string{}
	for _, u := range r.Unlicensed {
		key := u.Device + " " + string(u.Product) + ":"
		cause[key] = " = " + string(u.Cause)
		if lines[key] == nil {
			lines[key] = nil
		}
	}
	var out []string
	for key, tried := range lines {
		s := key
		if len(tried) > 0 {
			s += " " + strings.Join(tried, ", ")
		}
		out = append(out, s+cause[key])
	}
	for _, l := range in.Licenses {
		if !engineMetric(l.Metric) {
			out = append(out, fmt.Sprintf("consumed %s %s", l.ID, r.Consumption(l.ID).Consumed))
		}
	}
	slices.Sort(out)
	return out
}

func parseCase(t *testing.T, body string) (Input, []string) {
	in := Input{At: now}
	var want []string
	for _, line := range strings.Split(body, "\n") {
		if strings.HasPrefix(line, "> ") {
			want = append(want, line[2:])
			continue
		}
		f := strings.Fields(line)
		if len(f) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		switch f[0] {
		case "location", "unit", "cost-center":
			l := Location{ID: f[1]}
			if len(f) > 3 {
				l.Parent = f[3]
			}
			tree := map[string]*[]Location{"location": &in.Locations, "unit": &in.Units, "cost-center": &in.CostCenters}[f[0]]
			*tree = append(*tree, l)
		case "license":
			in.Licenses = append(in.Licenses, parseLicense(t, f[1:]))
		case "device":
			in.Devices = append(in.Devices, parseDevice(t, f[1:]))
		case "has":
			in.Installations = append(in.Installations, parseInstallation(t, f[1:]))
		default:
			t.Fatalf("%q", line)
		}
	}
	slices.Sort(want)
	return in, want
}

// words walks "word value word value ..."; flags take no value.
func words(t *testing.T, f []string, flags []string, set func(word, value string)) {
	for i := 0; i < len(f); i++ {
		if slices.Contains(flags, f[i]) {
			set(f[i], "")
			continue
		}
		if i+1 == len(f) {
			t.Fatalf("%q needs a value", f[i])
		}
		set(f[i], f[i+1])
		i++
	}
}

func parseLicense(t *testing.T, f []string) License {
	l := License{ID: LicenseID(f[0]), Metric: f[1]}
	words(t, f[2:], []string{"allocated-only"}, func(word, value string) {
		number := func() int { return int(*parseInt(t, value)) }
		switch word {
		case "covers":
			for _, p := range strings.Split(value, ",") {
				l.Products = append(l.Products, parseProduct(p))
			}
		case "entitled":
			l.Purchases = []Purchase{{Quantity: estate.Decimal(value), Date: now.AddDate(-1, 0, 0)}}
		case "priority":
			l.Priority = number()
		case "in":
			l.Locations = strings.Split(value, ",")
		case "of-unit":
			l.Units = strings.Split(value, ",")
		case "of-cost-center":
			l.CostCenters = strings.Split(value, ",")
		case "prefers":
			l.Preferred = strings.Split(value, ",")
		case "hosted":
			l.HostedIn = strings.Split(value, ",")
		case "exempts":
			l.Rules.ExemptRoles = strings.Split(value, ",")
		case "exempt-device":
			l.Rules.Exemptions = []estate.Exemption{{Device: value, Reason: "tried out"}}
		case "limit":
			l.Limit = Limit(value)
		case "allocates":
			for _, d := range strings.Split(value, ",") {
				id, kind, _ := strings.Cut(d, ":")
				l.Allocations = append(l.Allocations, Allocation{Device: id, Kind: AllocationKind(kind)})
			}
		case "allocated-only":
			l.AllocatedOnly = true
		case "min-products":
			l.MinProducts = number()
		case "max-processors":
			l.MaxProcessors = int64(number())
		case "max-cores":
			l.MaxCores = int64(number())
		default:
			t.Fatalf("license %s: %q", f[0], word)
		}
	})
	return l
}

func parseProduct(s string) LicensedProduct {
	parts := strings.Split(s, ":")
	p := LicensedProduct{Product: catalog.ProductID(strings.TrimPrefix(parts[0], "+")), Supplementary: strings.HasPrefix(s, "+")}
	for _, x := range parts[1:] {
		key, value, _ := strings.Cut(x, "=")
		if key == "edition" {
			p.Editions = append(p.Editions, value)
		} else {
			p.MaxVersion = value
		}
	}
	return p
}

func parseDevice(t *testing.T, f []string) Device {
	d := Device{ID: f[0], Kind: "computer"}
	words(t, f[1:], []string{"ignored", "host", "vm", "computer"}, func(word, value string) {
		switch word {
		case "host", "vm", "computer":
			d.Kind = word
		case "ignored":
			d.Ignored = true
		case "at":
			d.Location = value
		case "of-unit":
			d.Unit = value
		case "of-cost-center":
			d.CostCenter = value
		case "role":
			d.Role = value
		case "hosted":
			d.HostedIn = value
		case "on":
			d.Host = value
		case "cores":
			d.Cores = parseInt(t, value)
		case "processors":
			d.Processors = parseInt(t, value)
		default:
			t.Fatalf("device %s: %q", f[0], word)
		}
	})
	return d
}

func parseInstallation(t *testing.T, f []string) Installation {
	in := Installation{Device: f[0], Product: catalog.ProductID(f[1])}
	words(t, f[2:], []string{"free"}, func(word, value string) {
		switch word {
		case "free":
			in.Free = true
		case "version":
			in.Version = value
		case "edition":
			in.Edition = value
		case "part-of":
			in.PartOf = catalog.ProductID(value)
		default:
			t.Fatalf("%q", word)
		}
	})
	return in
}

func parseInt(t *testing.T, s string) *int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return &n
}

// drawInput makes a site from few names, so that everything meets everything.
func drawInput(t *rapid.T) Input {
	pick := func(label string, of ...string) string { return rapid.SampledFrom(of).Draw(t, label) }
	in := Input{At: now, Locations: []Location{{"emea", ""}, {"berlin", "emea"}, {"amer", ""}}}
	products := []string{"p1", "p2", "p3", "p4"}
	for i := range rapid.IntRange(0, 4).Draw(t, "licenses") {
		l := License{ID: LicenseID(fmt.Sprint("L", i)), Metric: pick("metric", "ibm-pvu", "device", "core", "enterprise"),
			Priority: rapid.IntRange(0, 2).Draw(t, "priority"), MinProducts: rapid.IntRange(0, 2).Draw(t, "min"),
			Limit: Limit(pick("limit", "", "true-up", "unlimited"))}
		for _, p := range products {
			switch rapid.IntRange(0, 3).Draw(t, "covers") {
			case 0:
				l.Products = append(l.Products, LicensedProduct{Product: catalog.ProductID(p)})
			case 1:
				l.Products = append(l.Products, LicensedProduct{Product: catalog.ProductID(p), Supplementary: true})
			}
		}
		if pick("restricted", "y", "n") == "y" {
			l.Locations = []string{"emea"}
		}
		if pick("preferred", "y", "n", "n") == "y" {
			l.Preferred = []string{"berlin"}
		}
		if pick("allocates", "y", "n", "n") == "y" {
			l.Allocations = []Allocation{{Device: pick("to", "d0", "d1"), Kind: AllocationKind(pick("kind", "", "awaiting", "permanent"))}}
		}
		if pick("exempts", "y", "n", "n") == "y" {
			l.Rules.ExemptRoles = []string{"test"}
		}
		l.Purchases = []Purchase{{Quantity: estate.Int(rapid.Int64Range(0, 6).Draw(t, "entitled")), Date: now}}
		in.Licenses = append(in.Licenses, l)
	}
	for i := range rapid.IntRange(1, 4).Draw(t, "devices") {
		d := Device{ID: fmt.Sprint("d", i), Kind: pick("kind", "computer", "vm", "host"), Location: pick("at", "", "emea", "berlin", "amer"),
			Role: pick("role", "", "test"), Ignored: rapid.IntRange(0, 9).Draw(t, "ignored") == 0}
		if n := rapid.Int64Range(0, 3).Draw(t, "cores"); n > 0 {
			d.Cores = &n
		}
		in.Devices = append(in.Devices, d)
		for _, p := range products {
			if pick("has", "y", "n") == "y" {
				x := Installation{Device: d.ID, Product: catalog.ProductID(p), Free: rapid.IntRange(0, 9).Draw(t, "free") == 0}
				if rapid.IntRange(0, 4).Draw(t, "part") == 0 {
					x.PartOf = catalog.ProductID(pick("of", products...))
				}
				in.Installations = append(in.Installations, x)
			}
		}
	}
	return in
}

func TestEveryInstallationIsAccountedForOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		r := Assign(in)
		type pair struct {
			device  string
			product catalog.ProductID
		}
		linked, unlicensed := map[pair]LicenseID{}, map[pair]bool{}
		asked := map[pair]map[LicenseID]bool{}
		for _, x := range r.Tried {
			p := pair{x.Device, x.Product}
			if x.Text == "" || x.Reason == "" || x.Order < 1 {
				t.Fatalf("%+v", x)
			}
			if asked[p] == nil {
				asked[p] = map[LicenseID]bool{}
			}
			if asked[p][x.License] {
				t.Fatalf("license %s answers twice for %+v", x.License, p)
			}
			asked[p][x.License] = true
			if x.Status == Consumes || x.Status == Covered || x.Status == Exempt {
				if linked[p] != "" {
					t.Fatalf("%+v takes %s and %s", p, linked[p], x.License)
				}
				linked[p] = x.License
			}
		}
		for _, u := range r.Unlicensed {
			unlicensed[pair{u.Device, u.Product}] = true
		}
		for _, x := range in.Installations {
			p := pair{x.Device, x.Product}
			if got := (linked[p] != "") != unlicensed[p]; got == x.Free {
				t.Fatalf("%+v: license %q, unlicensed %v", x, linked[p], unlicensed[p])
			}
		}
	})
}

func TestTheOrderOfTheInputDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		want := Assign(in)
		shuffle := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		other := Input{At: in.At, Licenses: slices.Clone(in.Licenses), Devices: slices.Clone(in.Devices), Locations: slices.Clone(in.Locations), Installations: slices.Clone(in.Installations)}
		shuffle.Shuffle(len(other.Licenses), func(i, j int) { other.Licenses[i], other.Licenses[j] = other.Licenses[j], other.Licenses[i] })
		shuffle.Shuffle(len(other.Devices), func(i, j int) { other.Devices[i], other.Devices[j] = other.Devices[j], other.Devices[i] })
		shuffle.Shuffle(len(other.Locations), func(i, j int) {
			other.Locations[i], other.Locations[j] = other.Locations[j], other.Locations[i]
		})
		shuffle.Shuffle(len(other.Installations), func(i, j int) {
			other.Installations[i], other.Installations[j] = other.Installations[j], other.Installations[i]
		})
		got := Assign(other)
		if diff := cmp.Diff(describe(in, want), describe(in, got)); diff != "" {
			t.Fatal(diff)
		}
		if diff := cmp.Diff(want.Tried, got.Tried); diff != "" {
			t.Fatal(diff)
		}
		if diff := cmp.Diff(want.Counted, got.Counted); diff != "" {
			t.Fatal(diff)
		}
	})
}

// TestNobodyIsRefusedForWantOfEntitlements: where a license would take an installation but for its entitlements, it is over-consumed
// and the installation is not unlicensed.
func TestNobodyIsRefusedForWantOfEntitlements(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Assign(drawInput(t))
		lacking := map[string]bool{}
		for _, x := range r.Tried {
			if x.Reason == NoCapacity {
				lacking[x.Device+" "+string(x.Product)] = true
			}
		}
		for _, u := range r.Unlicensed {
			if lacking[u.Device+" "+string(u.Product)] {
				t.Fatalf("%+v", u)
			}
		}
	})
}

// TestEntitlementsOfEngineMetricsNeverDecide: for PVU, VPC and RVU the purchases change nothing about who takes what.
func TestEntitlementsOfEngineMetricsNeverDecide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		for i := range in.Licenses {
			l := &in.Licenses[i]
			l.Metric = "ibm-pvu"
			l.MinProducts = 0
			if len(l.Products) > 1 {
				l.Products = l.Products[:1] // of bundles, entitlements break ties
			}
		}
		want := Assign(in)
		for i := range in.Licenses {
			in.Licenses[i].Purchases = nil
		}
		if diff := cmp.Diff(want.Tried, Assign(in).Tried); diff != "" {
			t.Fatal(diff)
		}
	})
}

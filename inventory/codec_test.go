package inventory_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/inventory/inventorytest"
)

var update = flag.Bool("update", false, "write the golden files")

func TestWhatIsEncodedIsDecodedUnchanged(t *testing.T) {
	for seed := range uint64(10) {
		for _, kind := range []inventory.Kind{inventory.Full, inventory.HardwareOnly} {
			want := inventorytest.Document(inventorytest.Options{Seed: seed, Kind: kind})
			raw, err := inventory.Encode(want)
			if err != nil {
				t.Fatal(err)
			}
			got, err := inventory.Decode(raw)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("seed %d, %s: %s", seed, kind, diff)
			}
		}
	}
}

// A part that was looked at and holds nothing must not become one that was not looked at: the first says "nothing is
// installed", the second says nothing.
func TestAnEmptyPartStaysApartFromAMissingOne(t *testing.T) {
	d := inventorytest.Document(inventorytest.Options{Seed: 1})
	d.Evidence, d.Virtual, d.Cloud = &inventory.Evidence{}, &inventory.Virtual{}, nil
	raw, err := inventory.Encode(d)
	if err != nil {
		t.Fatal(err)
	}
	got, err := inventory.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	if got.Evidence == nil || got.Virtual == nil {
		t.Error("an empty part was read as a missing one")
	}
	if got.Cloud != nil {
		t.Error("a missing part was read as an empty one")
	}
}

func TestDecodeIsStrict(t *testing.T) {
	raw, err := inventory.Encode(inventorytest.Document(inventorytest.Options{Seed: 1}))
	if err != nil {
		t.Fatal(err)
	}
	good := string(raw)
	replace := func(old, with string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("the document has no %s", old)
		}
		return strings.Replace(good, old, with, 1)
	}
	for _, c := range []struct {
		name, raw string
		want      error
	}{
		{"unknown key of a newer agent", replace(`"hardware":{`, `"hardware":{"novel":[{"x":[1]}],`), nil},
		{"format of a newer agent", replace("highwater-inventory/1", "highwater-inventory/2"), inventory.ErrFormat},
		{"key in another case", replace(`"device_name"`, `"Device_Name"`), inventory.ErrInvalid},
		{"key twice", replace(`"header":{`, `"header":{"kind":"full",`), inventory.ErrInvalid},
		{"something behind it", good + "{}", inventory.ErrInvalid},
		{"cut off", good[:len(good)-20], inventory.ErrInvalid},
		{"empty", "", inventory.ErrInvalid},
		{"null", "null", inventory.ErrFormat},
		{"broken UTF-8", replace(`"Dell Inc."`, "\"Dell \xff\""), inventory.ErrInvalid},
		{"NUL in a text", replace(`"Dell Inc."`, `"Dell\u0000"`), inventory.ErrInvalid},
		{"cores zero", replace(`"cores":`, `"cores":0,"x":`), inventory.ErrInvalid},
		{"cores beyond any machine", replace(`"cores":`, `"cores":9999999,"x":`), inventory.ErrInvalid},
		{"cores a fraction", replace(`"cores":`, `"cores":1.5,"x":`), inventory.ErrInvalid},
		{"unknown kind of run", replace(`"kind":"full"`, `"kind":"partial"`), inventory.ErrInvalid},
		{"software in a hardware-only document", replace(`"kind":"full"`, `"kind":"hardware"`), inventory.ErrInvalid},
		{"a measured span that ends before it begins", replace(`"kind":"full"`, `"kind":"full","measured":[{"from":"2026-03-01T06:00:00Z","to":"2026-03-01T05:00:00Z","checks":2}]`), inventory.ErrInvalid},
		{"time of the epoch", replace(`2026-03-01`, `1970-01-01`), inventory.ErrInvalid},
		{"text without end", replace(`"Dell Inc."`, `"`+strings.Repeat("x", inventory.MaxText+1)+`"`), inventory.ErrTooLarge},
		{"nested without end", replace(`"hardware":{`, `"hardware":{"novel":`+strings.Repeat("[", 50)+strings.Repeat("]", 50)+","), inventory.ErrTooLarge},
		{"brackets inside a text", replace(`"Dell Inc."`, `"`+strings.Repeat("[", 50)+`\"\\\\"`), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := inventory.Decode([]byte(c.raw))
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if c.want != nil && err != nil && len(err.Error()) > 500 {
				t.Errorf("an error of %d bytes quotes its input at length", len(err.Error()))
			}
		})
	}
}

func TestCountsAreLimited(t *testing.T) {
	d := inventorytest.Document(inventorytest.Options{Seed: 1})
	for range inventory.MaxParts + 1 {
		d.Remarks = append(d.Remarks, inventory.Remark{Part: "cpu", Text: "x"})
	}
	if err := d.Validate(); !errors.Is(err, inventory.ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
}

func TestTheOrderInWhichThingsAreListedMeansNothing(t *testing.T) {
	a := inventorytest.Document(inventorytest.Options{Seed: 3})
	b := inventorytest.Document(inventorytest.Options{Seed: 3})
	p := b.Evidence.Packages
	for i, j := 0, len(p)-1; i < j; i, j = i+1, j-1 {
		p[i], p[j] = p[j], p[i]
	}
	b.Evidence.Packages = append(p, p[0])
	b.Header.CollectedAt = b.Header.CollectedAt.In(time.FixedZone("far", 3600)).Add(200)
	if diff := cmp.Diff(a.Digests(), b.Digests()); diff != "" {
		t.Error(diff)
	}
	rawA, _ := inventory.Encode(a)
	rawB, _ := inventory.Encode(b)
	if !bytes.Equal(rawA, rawB) {
		t.Error("two documents that say the same encode differently")
	}
}

func TestDigestsTellWhichPartChanged(t *testing.T) {
	base := inventorytest.Document(inventorytest.Options{Seed: 3}).Digests()
	for _, c := range []struct {
		name   string
		change func(*inventory.Document)
		want   func(*inventory.Digests) *string // the one part that differs; nil = none
	}{
		{"a core more", func(d *inventory.Document) { *d.Hardware.Cores++ }, func(g *inventory.Digests) *string { return &g.Hardware }},
		{"another guest id", func(d *inventory.Document) { d.Virtual.VMID = "x" }, func(g *inventory.Digests) *string { return &g.Virtual }},
		{"a cloud", func(d *inventory.Document) { d.Cloud = &inventory.Cloud{Provider: "aws"} }, func(g *inventory.Digests) *string { return &g.Cloud }},
		{"a package less", func(d *inventory.Document) { d.Evidence.Packages = d.Evidence.Packages[1:] }, func(g *inventory.Digests) *string { return &g.Evidence }},
		{"renamed", func(d *inventory.Document) { d.Header.DeviceName = "new" }, func(g *inventory.Digests) *string { return &g.Identity }},
		{"an attribute", func(d *inventory.Document) { d.Attributes["a"] = "b" }, func(g *inventory.Digests) *string { return &g.Attributes }},
		{"a container's interface", func(d *inventory.Document) {
			d.Hardware.Adapters = append(d.Hardware.Adapters, inventory.Adapter{Name: "veth1", Virtual: true})
		}, nil},
		{"a later run by a newer agent", func(d *inventory.Document) {
			d.Header.Version, d.Header.CollectedAt, d.Header.ID = "1.0.1", time.Now(), "x"
			d.Remarks = append(d.Remarks, inventory.Remark{Part: "rpm", Text: "late"})
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := inventorytest.Document(inventorytest.Options{Seed: 3})
			c.change(d)
			got, same := d.Digests(), base
			if c.want != nil {
				part := c.want(&got)
				if *part == *c.want(&same) {
					t.Error("the part that changed has the same digest")
				}
				*part = *c.want(&same)
			}
			if diff := cmp.Diff(base, got); diff != "" {
				t.Errorf("a part that did not change has another digest: %s", diff)
			}
		})
	}
}

func TestTextMakesForeignTextFit(t *testing.T) {
	for in, want := range map[string]string{
		" Dell Inc. \x00\x00": "Dell Inc.", "a\xffb": "a\uFFFDb", "tab\there": "tab here", "": "", "K\u00f6ln": "K\u00f6ln",
	} {
		if got := inventory.Text(in); got != want {
			t.Errorf("Text(%q) = %q, want %q", in, got, want)
		}
	}
	long := inventory.Text(strings.Repeat("\u00e4", inventory.MaxText))
	if len(long) > inventory.MaxText || strings.Trim(long, "\u00e4") != "" {
		t.Errorf("long text is not cut at a rune: %d bytes", len(long))
	}
}

func FuzzDecode(f *testing.F) {
	for _, kind := range []inventory.Kind{inventory.Full, inventory.HardwareOnly} {
		raw, err := inventory.Encode(inventorytest.Document(inventorytest.Options{Seed: 1, Packages: 5, Kind: kind}))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	if raw, err := os.ReadFile("testdata/example.json"); err == nil {
		f.Add(raw)
	}
	f.Add([]byte(`{"format":"highwater-inventory/1","header":{"id":"`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := inventory.Decode(raw)
		if err != nil {
			return
		}
		again, err := inventory.Encode(d)
		if err != nil {
			t.Fatalf("what was accepted cannot be written: %v", err)
		}
		d2, err := inventory.Decode(again)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if d.Digests() != d2.Digests() {
			t.Fatal("digests changed on the way")
		}
	})
}

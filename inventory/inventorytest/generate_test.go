package inventorytest_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/inventory/inventorytest"
)

func TestDocumentsAreValidRepeatableAndOfTheStatedSize(t *testing.T) {
	for _, c := range []struct{ packages, low, high int }{
		{inventorytest.Small, 17_000, 24_000}, {inventorytest.Large, 180_000, 230_000},
	} {
		for seed := range uint64(20) {
			o := inventorytest.Options{Seed: seed, Packages: c.packages}
			raw, err := inventory.Encode(inventorytest.Document(o))
			if err != nil {
				t.Fatal(err)
			}
			if len(raw) < c.low || len(raw) > c.high {
				t.Errorf("seed %d with %d packages: %d bytes, want %d to %d", seed, c.packages, len(raw), c.low, c.high)
			}
			again, _ := inventory.Encode(inventorytest.Document(o))
			if diff := cmp.Diff(string(raw), string(again)); diff != "" {
				t.Fatalf("seed %d is not repeatable: %s", seed, diff)
			}
		}
	}
}

func TestAChangeTouchesSoftwareOnly(t *testing.T) {
	before := inventorytest.Document(inventorytest.Options{Seed: 7})
	after := inventorytest.Document(inventorytest.Options{Seed: 7, Change: 1})
	a, b := before.Digests(), after.Digests()
	if a.Evidence == b.Evidence || a.Hardware != b.Hardware || a.Identity != b.Identity {
		t.Errorf("want only the evidence to differ: %+v, %+v", a, b)
	}
	if before.Header.ID == after.Header.ID {
		t.Error("two different documents have one id")
	}
	if len(before.Evidence.Packages) != len(after.Evidence.Packages) {
		t.Error("a change of versions changed the number of packages")
	}
}

package inventory_test

import (
	"crypto/ed25519"
	"encoding/json"
	"testing"

	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/inventory/inventorytest"
)

// BenchmarkOpen is the floor of intake: verify, decompress, parse and check one document. Beside it stand what the
// digests in the header save (verify alone), what sealing costs the agent, and the standard library's parser on the
// same JSON.
func BenchmarkOpen(b *testing.B) {
	for _, size := range []struct {
		name     string
		packages int
	}{{"20KB", inventorytest.Small}, {"200KB", inventorytest.Large}} {
		o := inventorytest.Options{Seed: 1, Packages: size.packages}
		envelope := inventorytest.Sealed(o)
		key := inventorytest.Key(1)
		public := key.Public().(ed25519.PublicKey)
		d := inventorytest.Document(o)
		raw, err := inventory.Encode(d)
		if err != nil {
			b.Fatal(err)
		}
		run := func(name string, f func() error) {
			b.Run(size.name+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(raw)))
				for b.Loop() {
					if err := f(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		run("open", func() error { _, err := inventory.Open(envelope, public); return err })
		run("verify", func() error { _, err := inventory.Verify(envelope, public); return err })
		run("decode", func() error { _, err := inventory.Decode(raw); return err })
		run("std-unmarshal", func() error { return json.Unmarshal(raw, new(inventory.Document)) })
		run("seal", func() error { _, err := inventory.Seal(d, key); return err })
		run("digests", func() error { d.Digests(); return nil })
	}
}

package device

import (
	"fmt"
	"testing"

	"github.com/highwater-sam/highwater/inventory"
)

// BenchmarkIntake shows what identity and history cost a document beside decoding it: the usual case, an unchanged document of a
// known device.
func BenchmarkIntake(b *testing.B) {
	d := doc(agent("a9f0"), named("db1", "corp.example"), serial("9XK2LM3"), uuid(u1), cores(32), threads(64), software)
	for i := range 8 {
		d.Hardware.Adapters = append(d.Hardware.Adapters, inventory.Adapter{Name: fmt.Sprint("eth", i), MAC: fmt.Sprintf("00:11:22:33:44:%02x", i), Addresses: []string{"10.0.0.1", "fe80::1"}})
		d.Hardware.Disks = append(d.Hardware.Disks, inventory.Disk{Name: fmt.Sprint("sd", i), Serial: "x"})
	}
	known := []Record{rec(1, d)}
	state := At(Changes(1, Observation{At: day(1), Document: d}, nil, Later{}).Points, day(1))
	o := Observation{At: day(2), Document: d, Evidence: []EvidencePart{part("agent:dpkg", "aa")}}
	b.Run("keys and match", func(b *testing.B) {
		for b.Loop() {
			Match(d, known)
		}
	})
	b.Run("changes", func(b *testing.B) {
		for b.Loop() {
			Changes(1, o, state, Later{})
		}
	})
}

package local

import (
	"strings"
	"testing"

	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/inventory/inventorytest"
)

func TestAFingerprintChangesWithWhatIsNotIgnored(t *testing.T) {
	print := func(ignore string, change func(*inventory.Document)) string {
		d := inventorytest.Document(inventorytest.Options{Seed: 1})
		if change != nil {
			change(d)
		}
		f, err := Fingerprint(d, func(path string) bool { return ignore != "" && strings.HasPrefix(path, ignore) })
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	for _, c := range []struct {
		name, ignore string
		change       func(*inventory.Document)
		same         bool
	}{
		{"another run", "", func(d *inventory.Document) {
			d.Header.ID, d.Evidence, d.Remarks = "x", nil, []inventory.Remark{{Part: "x"}}
		}, true},
		{"a core more", "", func(d *inventory.Document) { *d.Hardware.Cores++ }, false},
		{"cores unknown", "", func(d *inventory.Document) { d.Hardware.Cores = nil }, false},
		{"a core more, cores ignored", "hardware.cores", func(d *inventory.Document) { *d.Hardware.Cores++ }, true},
		{"another clock", "hardware.clock_mhz", func(d *inventory.Document) { d.Hardware.ClockMHz = 1 }, true},
		{"another host", "hardware.clock_mhz", func(d *inventory.Document) { d.Virtual.HostID = "h2" }, false},
		{"another address", "", func(d *inventory.Document) { d.Hardware.Adapters[0].Addresses[0] = "10.9.9.9" }, false},
		{"another address, ignored", "hardware.adapters.addresses", func(d *inventory.Document) { d.Hardware.Adapters[0].Addresses[0] = "10.9.9.9" }, true},
		{"a container started", "", func(d *inventory.Document) {
			d.Hardware.Adapters = append(d.Hardware.Adapters, inventory.Adapter{Name: "veth0", Virtual: true})
		}, true},
		{"renamed", "", func(d *inventory.Document) { d.Header.DeviceName = "other" }, false},
	} {
		if same := print(c.ignore, nil) == print(c.ignore, c.change); same != c.same {
			t.Errorf("%s: same is %v", c.name, same)
		}
	}
}

package local

import (
	"net"
	"strings"

	"github.com/highwater-sam/highwater/inventory"
)

// supported reports whether this package can look at the machine it runs on.
const supported = true

func liveName() string { return "" }

func liveArch() string { return "" }

func liveAddresses() (map[string][]string, error) { return nil, nil }

// liveAdapters lists the adapters with their lasting addresses. Adapters of partitions are virtual to the machine and
// real to the partition.
func liveAdapters(t *tree) []inventory.Adapter {
	if !t.live() {
		return nil
	}
	interfaces, err := net.Interfaces()
	if err != nil {
		t.remark("adapters", "the adapters could not be read: %v", err)
		return nil
	}
	var out []inventory.Adapter
	for _, i := range interfaces {
		if i.Flags&net.FlagLoopback != 0 {
			continue
		}
		a := inventory.Adapter{Name: i.Name, MAC: strings.ToLower(i.HardwareAddr.String())}
		list, err := i.Addrs()
		if err != nil {
			t.remark("adapters", "the addresses of %s could not be read: %v", i.Name, err)
		}
		for _, x := range list {
			if n, ok := x.(*net.IPNet); ok && !n.IP.IsLinkLocalUnicast() {
				a.Addresses = append(a.Addresses, n.IP.String())
			}
		}
		out = append(out, a)
	}
	return out
}

package local

import (
	"net"
	"os"

	"golang.org/x/sys/unix"

	"github.com/highwater-sam/highwater/inventory"
)

// supported reports whether this package can look at the machine it runs on.
const supported = true

// liveName and liveArch ask the running kernel.
func liveName() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}

func liveArch() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Machine[:])
}

// liveAddresses returns the adapters' lasting addresses: no link-local ones.
func liveAddresses() (map[string][]string, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	out := map[string][]string{}
	for _, i := range interfaces {
		list, err := i.Addrs()
		if err != nil {
			return nil, err
		}
		for _, a := range list {
			if n, ok := a.(*net.IPNet); ok && !n.IP.IsLinkLocalUnicast() && !n.IP.IsLoopback() {
				out[i.Name] = append(out[i.Name], n.IP.String())
			}
		}
	}
	return out, nil
}

// liveAdapters is for systems whose adapters are in no files.
func liveAdapters(*tree) []inventory.Adapter { return nil }

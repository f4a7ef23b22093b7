//go:build !linux && !aix

package local

import "github.com/highwater-sam/highwater/inventory"

// supported reports whether this package can look at the machine it runs on. Recorded Linux machines can be read
// anywhere.
const supported = false

func liveName() string { return "" }

func liveArch() string { return "" }

func liveAddresses() (map[string][]string, error) { return nil, nil }

func liveAdapters(*tree) []inventory.Adapter { return nil }

//go:build !linux

package local

// supported reports whether this package can look at the machine it runs on. Recorded Linux machines can be read
// anywhere.
const supported = false

func liveName() string { return "" }

func liveArch() string { return "" }

func liveAddresses() (map[string][]string, error) { return nil, nil }

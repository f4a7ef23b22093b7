//go:build !amd64

package local

// liveCPUID asks the processor; other architectures than amd64 have no such instruction for programs.
func liveCPUID() (brand, hypervisor string) { return "", "" }

package local

import "github.com/klauspost/cpuid/v2"

// liveCPUID asks the processor for its brand and for the name of the hypervisor above it.
func liveCPUID() (brand, hypervisor string) {
	return cpuid.CPU.BrandName, cpuid.CPU.HypervisorVendorString
}

package local

import (
	"strconv"
	"strings"

	"github.com/highwater-sam/highwater/inventory"
)

// readPartition fills in what PowerVM and IBM Z tell a partition about itself, and reports whether they did.
func readPartition(t *tree, v *inventory.Virtual) bool {
	if b := t.bytes("virtual", "proc/ppc64/lparcfg"); len(b) > 0 {
		return powerPartition(pairs(b, "="), v)
	}
	if b := t.bytes("virtual", "proc/sysinfo"); len(b) > 0 {
		return zPartition(pairs(b, ":"), v)
	}
	return false
}

// powerPartition reads /proc/ppc64/lparcfg, whose capacities are in hundredths of a processor. A KVM guest on POWER
// has the file too, without a partition in it.
func powerPartition(p map[string]string, v *inventory.Virtual) bool {
	if p["shared_processor_mode"] == "" || p["partition_entitled_capacity"] == "" {
		return false
	}
	v.Hypervisor = "powervm"
	v.HostID = powerSerial(p["serial_number"])
	if id := p["partition_id"]; id != "" && v.HostID != "" {
		v.VMID = strings.ToLower(v.HostID) + "/" + id
	}
	part := &inventory.Partition{Kind: "dedicated", Capped: true}
	if p["shared_processor_mode"] == "1" {
		part.Kind, part.Capped = "shared", p["capped"] != "0"
	}
	if n, err := strconv.Atoi(p["partition_entitled_capacity"]); err == nil && n > 0 {
		part.Entitlement = hundredths(n)
	}
	if n, err := strconv.Atoi(p["partition_active_processors"]); err == nil {
		part.VirtualProcessors = count(n)
	}
	v.Partition = part
	if n, err := strconv.Atoi(p["pool_capacity"]); err == nil && n > 0 && p["pool"] != "" {
		v.Pools = append(v.Pools, inventory.Pool{ID: p["pool"], Cores: hundredths(n), Hard: true})
	}
	return true
}

// zPartition reads /proc/sysinfo: the partition of the machine, and the z/VM or KVM above it, the innermost of
// which is what the system runs under.
func zPartition(p map[string]string, v *inventory.Virtual) bool {
	if p["LPAR Number"] == "" && p["VM00 Control Program"] == "" {
		return false
	}
	v.HostID = strings.ToLower(strings.Trim(p["Type"]+"-"+p["Sequence Code"], "-"))
	if kind := strings.ToLower(p["LPAR Characteristics"]); kind != "" {
		part := &inventory.Partition{Kind: "shared", Capped: strings.Contains(kind, "limited") || strings.Contains(kind, "capped")}
		if strings.Contains(kind, "dedicated") {
			part.Kind, part.Capped = "dedicated", true
		}
		if n, err := strconv.Atoi(p["LPAR CPUs Configured"]); err == nil {
			part.VirtualProcessors = count(n)
		}
		v.Partition = part
	}
	switch program := p["VM00 Control Program"]; {
	case strings.HasPrefix(program, "KVM"):
		v.Hypervisor, v.VMID = "kvm", strings.ToLower(p["VM00 UUID"])
	case program != "":
		v.Hypervisor = "z/vm"
		v.VMID = strings.ToLower(v.HostID + "/" + p["LPAR Number"] + "/" + p["VM00 Name"])
	default:
		v.Hypervisor = "pr/sm"
		v.VMID = orElse(strings.ToLower(p["LPAR UUID"]), v.HostID+"/"+p["LPAR Number"])
	}
	return true
}

// powerSerial returns the serial that is printed on a POWER machine and that AIX and the HMC show: firmware gives it to
// Linux as "IBM,0278ABC30", with the manufacturer and the fixed prefix 02 before it.
func powerSerial(s string) string {
	if _, after, ok := strings.Cut(s, ","); ok {
		s = after
	}
	if len(s) == 9 && strings.HasPrefix(s, "02") {
		return s[2:]
	}
	return s
}

// hundredths writes n hundredths of a processor as a decimal: 50 is "0.50".
func hundredths(n int) string {
	return strconv.Itoa(n/100) + "." + strconv.Itoa(n%100/10) + strconv.Itoa(n%10)
}

package local

import (
	"os"
	"slices"
	"strings"

	"github.com/highwater-sam/highwater/inventory"
)

// cpuidVendors are the names that hypervisors give themselves in CPUID.
var cpuidVendors = map[string]string{
	"KVMKVMKVM": "kvm", "VMwareVMware": "vmware", "Microsoft Hv": "hyper-v", "XenVMMXenVMM": "xen", "TCGTCGTCGTCG": "qemu",
	"bhyve bhyve": "bhyve", "prl hyperv": "parallels", " prl hyperv": "parallels", "VBoxVBoxVBox": "virtualbox", "ACRNACRNACRN": "acrn",
}

// readVirtual says what the machine runs under and in, from what the processor, the firmware and the kernel tell.
// cpuidVendor is the hypervisor's name in CPUID, "" where that cannot be asked.
func readVirtual(t *tree, h *inventory.Hardware, info cpuInfo, cpuidVendor string) *inventory.Virtual {
	v := &inventory.Virtual{Container: container(t)}
	p := readPartition(t, v)
	if v.Hypervisor == "" {
		v.Hypervisor = hypervisor(t, h, info, cpuidVendor)
	}
	if v.Hypervisor == "hyper-v" && t.exists("dev/mshv") || v.Hypervisor == "xen" && strings.Contains(t.text("virtual", "proc/xen/capabilities"), "control_d") {
		t.remark("virtual", "this system rules its host (%s); the host's guests are not read yet", v.Hypervisor)
		v.Hypervisor, v.IsHost = "", true
	}
	if v.Hypervisor != "" && v.VMID == "" {
		v.VMID = guestID(t, h, v.Hypervisor)
		if v.VMID == "" && !p {
			t.remark("virtual", "the guest's own id at its hypervisor could not be read")
		}
	}
	return v
}

// hypervisor names what the machine runs under; "" when nothing is seen.
func hypervisor(t *tree, h *inventory.Hardware, info cpuInfo, cpuidVendor string) string {
	maker, model := strings.ToLower(h.Manufacturer), strings.ToLower(h.Model)
	byFirmware := firmwareHypervisor(maker, model)
	if name := cpuidVendors[strings.TrimRight(cpuidVendor, "\x00 ")]; name != "" {
		// A KVM guest may show Hyper-V's interface to please Windows: the firmware then knows better.
		if name == "hyper-v" && byFirmware != "" {
			return byFirmware
		}
		return name
	}
	if t.text("virtual", "sys/hypervisor/type") == "xen" {
		return "xen"
	}
	if compatible := t.text("virtual", "proc/device-tree/hypervisor/compatible"); strings.Contains(compatible, "kvm") || strings.Contains(info.machine, "emulated by qemu") {
		return "kvm"
	}
	if byFirmware != "" && (info.hypervisor || info.brand == "" || !strings.Contains(info.brand, "Intel") && !strings.Contains(info.brand, "AMD")) {
		return byFirmware
	}
	if info.hypervisor {
		return orElse(byFirmware, "unknown")
	}
	return ""
}

// firmwareHypervisor names the hypervisor whose virtual firmware has this maker and model, in lower case.
func firmwareHypervisor(maker, model string) string {
	switch {
	case strings.HasPrefix(maker, "vmware"):
		return "vmware"
	case strings.HasPrefix(maker, "microsoft") && model == "virtual machine":
		return "hyper-v"
	case maker == "innotek gmbh", model == "virtualbox":
		return "virtualbox"
	case maker == "xen", strings.HasPrefix(model, "hvm domu"):
		return "xen"
	case strings.HasPrefix(maker, "parallels"):
		return "parallels"
	case maker == "nutanix" && model == "ahv":
		return "ahv"
	case maker == "amazon ec2" && strings.Contains(model, ".metal"):
		return ""
	case maker == "qemu", maker == "red hat", maker == "amazon ec2", maker == "google", maker == "alibaba cloud",
		strings.HasPrefix(maker, "openstack"), strings.HasPrefix(model, "kvm"), strings.HasPrefix(model, "standard pc"), strings.HasPrefix(model, "openstack"):
		return "kvm"
	}
	return ""
}

// guestID returns the guest's own id at its hypervisor. VMware guests say it most surely in their serial, which has the
// byte order of vCenter; elsewhere it is the system's UUID.
func guestID(t *tree, h *inventory.Hardware, hypervisor string) string {
	if hypervisor == "vmware" {
		if id := vmwareID(h.Serial); id != "" {
			return id
		}
	}
	if id := t.text("virtual", "sys/hypervisor/uuid"); id != "" && !Placeholder(id) {
		return strings.ToLower(id)
	}
	if id := t.text("virtual", "proc/device-tree/vm,uuid"); id != "" {
		return strings.ToLower(id)
	}
	if h.UUID != "" && !Placeholder(h.UUID) {
		return h.UUID
	}
	return ""
}

// vmwareID turns the serial "VMware-56 4d 4f a8 7d 1d 2c 66-8a b0 0d 3c 48 9f 36 b1" into the UUID it spells.
func vmwareID(serial string) string {
	hex, ok := strings.CutPrefix(serial, "VMware-")
	if !ok {
		return ""
	}
	hex = strings.ToLower(strings.NewReplacer(" ", "", "-", "").Replace(hex))
	if len(hex) != 32 || strings.Trim(hex, "0123456789abcdef") != "" {
		return ""
	}
	return hex[:8] + "-" + hex[8:12] + "-" + hex[12:16] + "-" + hex[16:20] + "-" + hex[20:]
}

// container names the kind of container this run is inside of; "" for none. The processors in sysfs are the machine's
// all the same; what a container's limits allow is no capacity of the machine.
func container(t *tree) string {
	environment, _ := os.ReadFile(t.path("proc/1/environ")) // closed to all but root, and the other signs suffice
	for _, part := range strings.Split(string(environment), "\x00") {
		if kind, ok := strings.CutPrefix(part, "container="); ok && kind != "" {
			return kind
		}
	}
	if kind := t.text("virtual", "run/systemd/container"); kind != "" {
		return kind
	}
	switch {
	case t.exists("run/.containerenv"):
		return "podman"
	case t.exists(".dockerenv") && layeredRoot(t): // a machine made from an image keeps the file
		return "docker"
	}
	groups := t.text("virtual", "proc/1/cgroup")
	for _, c := range []struct{ mark, kind string }{
		{"/kubepods", "kubernetes"}, {"/docker", "docker"}, {"/libpod", "podman"}, {"/lxc", "lxc"}, {"/containerd", "containerd"},
	} {
		if strings.Contains(groups, c.mark) {
			return c.kind
		}
	}
	return ""
}

// layeredRoot reports whether the root file system is one that container engines stack, not a disk's.
func layeredRoot(t *tree) bool {
	for line := range strings.Lines(string(t.bytes("virtual", "proc/self/mountinfo"))) {
		before, after, ok := strings.Cut(line, " - ")
		f, kind := strings.Fields(before), strings.Fields(after)
		if ok && len(f) > 4 && f[4] == "/" && len(kind) > 0 {
			return slices.Contains([]string{"overlay", "fuse-overlayfs", "fuse.fuse-overlayfs", "aufs", "btrfs", "zfs"}, kind[0])
		}
	}
	return false
}

// hiddenByLXCFS reports whether a container's file system stands in front of the processors' folders.
func hiddenByLXCFS(t *tree) bool {
	for line := range strings.Lines(string(t.bytes("cpu", "proc/self/mountinfo"))) {
		fields := strings.Fields(line)
		if len(fields) > 6 && strings.HasPrefix("/"+cpuFolder+"/", fields[4]+"/") && strings.Contains(line, " fuse.lxcfs ") {
			return true
		}
	}
	return false
}

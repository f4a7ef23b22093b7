package local

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/highwater-sam/highwater/inventory"
)

const cpuFolder = "sys/devices/system/cpu"

// topology counts what sysfs shows of the processors.
type topology struct {
	sockets, cores, threads int // of the CPUs that are online
	perCore                 int // threads of the largest core that is online
	offline                 int // CPUs that are present and offline: their core and socket are not shown
	online                  int
}

// readTopology counts sockets, cores and threads from the CPUs' own folders. These are the machine's (for a guest: the
// virtual machine's), whatever limits a container or a cgroup sets; the lists beside them ("online") may be
// rewritten inside a container and are not used. A socket is a distinct set of CPUs that share a package, a core a
// distinct set that shares a core, as lscpu counts them.
func readTopology(t *tree) (topology, bool) {
	var top topology
	sockets, cores := map[string]bool{}, map[string]int{}
	for _, name := range t.names("cpu", cpuFolder) {
		number, ok := strings.CutPrefix(name, "cpu")
		if _, err := strconv.Atoi(number); !ok || err != nil {
			continue
		}
		folder := cpuFolder + "/" + name
		socket, core := cpuPlace(t, folder+"/topology", number)
		if state, known := t.number("cpu", folder+"/online"); known && state == 0 || core == "" {
			top.offline++
			continue
		}
		top.online++
		sockets[socket] = true
		cores[core]++
	}
	for _, n := range cores {
		top.perCore = max(top.perCore, n)
	}
	top.sockets, top.cores, top.threads = len(sockets), len(cores), top.online
	return top, top.online > 0
}

// cpuPlace names the socket and the core a CPU belongs to: by the sets of CPUs that share them, and by their numbers
// on kernels that show no sets. Both are "" for a CPU without a topology, which is offline.
func cpuPlace(t *tree, folder, number string) (socket, core string) {
	socket = firstText(t, folder+"/package_cpus_list", folder+"/core_siblings_list")
	core = firstText(t, folder+"/core_cpus_list", folder+"/thread_siblings_list")
	pkg := t.text("cpu", folder+"/physical_package_id")
	id := t.text("cpu", folder+"/core_id")
	if socket == "" && pkg != "" {
		socket = "package " + pkg
	}
	if core == "" && id != "" {
		core = "core " + pkg + "/" + t.text("cpu", folder+"/cluster_id") + "/" + id
	}
	if core != "" && socket == "" {
		socket = "cpu " + number
	}
	return socket, core
}

func firstText(t *tree, names ...string) string {
	for _, name := range names {
		if s := t.text("cpu", name); s != "" {
			return s
		}
	}
	return ""
}

// processors fills in the processor part of the hardware. A CPU that was taken offline is still part of the machine
// and still counts: it can come back without anyone noticing.
//
// A system that rules its host (a Xen control domain) sees only the processors it was given: there the firmware alone
// knows the machine.
func processors(t *tree, h *inventory.Hardware, info cpuInfo, firmware []smbiosProcessor, v *inventory.Virtual) map[string]string {
	h.Processor, h.ClockMHz = info.brand, info.maxMHz(t)
	bare := v.Hypervisor == "" && len(firmware) > 0
	if bare {
		h.MaxSockets = count(len(firmware))
		h.Processor = orElse(h.Processor, firmware[0].version)
		if h.ClockMHz == 0 {
			h.ClockMHz = firmware[0].maxMHz
		}
	}
	top, ok := readTopology(t)
	hidden := ""
	switch {
	case hiddenByLXCFS(t):
		hidden = "this container's file system (lxcfs) hides part of the machine's processors"
	case v.IsHost:
		hidden = "this system rules its host and sees only the processors it was given"
	case !ok:
		hidden = cpuFolder + " shows no processor topology"
	}
	if hidden != "" {
		if bare {
			fromFirmware(h, firmware)
			t.remark("cpu", "%s; they are counted from the firmware (SMBIOS)", hidden)
		} else {
			t.remark("cpu", "%s; sockets, cores and threads are unknown", hidden)
		}
		return nil
	}
	sockets, cores, threads := top.sockets, top.cores, top.threads
	if top.offline > 0 {
		threads += top.offline
		var how string
		cores, how = coresWithOffline(t, top, firmware, bare)
		if bare {
			sockets = max(sockets, populated(firmware))
		}
		t.remark("cpu", "%d of %d CPUs are offline; cores are counted %s", top.offline, threads, how)
	}
	h.Processors, h.Cores, h.Threads = count(sockets), count(cores), count(threads)
	if top.offline > 0 {
		return map[string]string{"linux.cpus_online": strconv.Itoa(top.online), "linux.cpus_offline": strconv.Itoa(top.offline)}
	}
	return nil
}

// coresWithOffline returns the cores of the machine when some CPUs are offline, and in words how they were counted:
// from the firmware where it tells, else from what keeps the count from being too low.
func coresWithOffline(t *tree, top topology, firmware []smbiosProcessor, bare bool) (int, string) {
	if bare {
		enabled := 0
		for _, p := range firmware {
			enabled += p.coresEnabled
		}
		if enabled >= top.cores {
			return enabled, "from the firmware (SMBIOS)"
		}
	}
	if n := deviceTreeCores(t); n >= top.cores {
		return n, "from the firmware (device tree)"
	}
	if state := t.text("cpu", cpuFolder+"/smt/control"); state == "off" || state == "forceoff" {
		return top.cores, "as those online, because simultaneous multithreading is switched off"
	}
	more := (top.offline + top.perCore - 1) / top.perCore
	return top.cores + more, fmt.Sprintf("as %d online and %d that the offline CPUs can make up", top.cores, more)
}

// deviceTreeCores counts the cores that firmware of OpenPOWER and PowerVM machines lists; 0 elsewhere.
func deviceTreeCores(t *tree) int {
	n := 0
	for _, name := range t.names("cpu", "proc/device-tree/cpus") {
		if strings.HasPrefix(name, "PowerPC,") {
			n++
		}
	}
	return n
}

func fromFirmware(h *inventory.Hardware, firmware []smbiosProcessor) {
	var cores, threads int
	for _, p := range firmware {
		cores, threads = cores+p.coresEnabled, threads+p.threads
	}
	h.Processors, h.Cores, h.Threads = count(populated(firmware)), count(cores), count(threads)
}

func populated(firmware []smbiosProcessor) int {
	n := 0
	for _, p := range firmware {
		if p.populated {
			n++
		}
	}
	return n
}

// count returns n as a known quantity; nil, unknown, for zero.
func count(n int) *int64 {
	if n <= 0 {
		return nil
	}
	v := int64(n)
	return &v
}

func orElse(s ...string) string {
	for _, v := range s {
		if v != "" {
			return v
		}
	}
	return ""
}

// cpuInfo is what /proc/cpuinfo says in each architecture's own words.
type cpuInfo struct {
	brand      string
	hypervisor bool // x86: a hypervisor says it is there
	platform   string
	machine    string
	mhz        int64
}

func readCPUInfo(t *tree) cpuInfo { return parseCPUInfo(t.bytes("cpu", "proc/cpuinfo")) }

// parseCPUInfo reads the text of /proc/cpuinfo of x86, POWER, z and ARM.
func parseCPUInfo(b []byte) cpuInfo {
	p := pairs(b, ":")
	var c cpuInfo
	switch {
	case p["model name"] != "":
		c.brand = p["model name"]
		c.hypervisor = slices.Contains(strings.Fields(p["flags"]), "hypervisor")
	case p["cpu"] != "": // POWER: "POWER9 (architected), altivec supported"
		c.brand, _, _ = strings.Cut(p["cpu"], ",")
		c.platform, c.machine = p["platform"], p["machine"]
		c.mhz = parseMHz(p["clock"])
	case p["vendor_id"] == "IBM/S390":
		c.brand = "IBM/S390"
		if _, after, ok := strings.Cut(p["processor 0"], "machine ="); ok {
			c.brand += " " + strings.TrimSpace(after)
		}
		c.mhz = parseMHz(p["cpu MHz static"])
	case p["CPU implementer"] != "":
		c.brand = armBrand(p["CPU implementer"], p["CPU part"])
	}
	return c
}

// maxMHz returns the nominal maximum clock: cpufreq's where the kernel has it, else what the brand states.
func (c cpuInfo) maxMHz(t *tree) int64 {
	if khz, ok := t.number("cpu", cpuFolder+"/cpu0/cpufreq/cpuinfo_max_freq"); ok && khz > 0 {
		return khz / 1000
	}
	if c.mhz > 0 {
		return c.mhz
	}
	if _, stated, ok := strings.Cut(c.brand, "@ "); ok {
		if ghz, err := strconv.ParseFloat(strings.TrimSuffix(stated, "GHz"), 64); err == nil && ghz > 0 && ghz < 100 {
			return int64(ghz*1000 + 0.5)
		}
	}
	return 0
}

func parseMHz(s string) int64 {
	v, err := strconv.ParseFloat(strings.TrimSuffix(s, "MHz"), 64)
	if err != nil || v <= 0 || v > 100_000 {
		return 0
	}
	return int64(v + 0.5)
}

// armBrand names the server cores in common use; others keep the numbers that identify them.
func armBrand(implementer, part string) string {
	switch implementer + " " + part {
	case "0x41 0xd08":
		return "ARM Cortex-A72"
	case "0x41 0xd0c":
		return "ARM Neoverse-N1"
	case "0x41 0xd40":
		return "ARM Neoverse-V1"
	case "0x41 0xd49":
		return "ARM Neoverse-N2"
	case "0x41 0xd4f":
		return "ARM Neoverse-V2"
	case "0xc0 0xac3":
		return "Ampere-1"
	}
	return strings.TrimSpace("ARM implementer " + implementer + " part " + part)
}

package sample

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/highwater-sam/highwater/inventory"
)

// machine is one machine as it is at the moment; the sample changes it and reports it again.
type machine struct {
	name, domain string
	source       string // "agent", or the kind of another source
	connection   string
	hardware     inventory.Hardware
	virtual      *inventory.Virtual
	cloud        *inventory.Cloud
	software     []software // nil: this source says nothing about software
	reported     time.Time  // when it was last reported; zero = never
	silent       [2]time.Time
}

// collector is who signs the machine's documents: its own agent, or the connection that saw it.
func (m *machine) collector() string {
	if m.source == "agent" {
		return m.agentID()
	}
	return m.connection
}

func (m *machine) agentID() string { return stableID("agent", m.name) }

// document is what the collector would have sent at the instant.
func (m *machine) document(at time.Time) *inventory.Document {
	d := &inventory.Document{
		Format: inventory.Format,
		Header: inventory.Header{
			DeviceName: m.name, Domain: m.domain, Source: m.source, Connection: m.connection,
			Collector: "highwater-sample", Version: "1", CollectedAt: at, Kind: inventory.Full,
		},
		Attributes: map[string]string{"sample": "made for the demo; no such machine exists"},
	}
	d.Header.Measured = m.measured(at)
	m.reported = at
	if m.source == "agent" {
		d.Header.AgentID = m.agentID()
		d.Header.AgentInputs = m.identity()
	}
	if m.hardware.Cores != nil { // a connection that knows only the instance says nothing about hardware
		hardware := m.hardware
		hardware.Adapters = slices.Clone(hardware.Adapters)
		d.Hardware = &hardware
	}
	if m.virtual != nil {
		virtual := *m.virtual
		virtual.Guests = slices.Clone(virtual.Guests)
		virtual.Pools = slices.Clone(virtual.Pools)
		d.Virtual = &virtual
	}
	if m.cloud != nil {
		cloud := *m.cloud
		d.Cloud = &cloud
	}
	if m.software != nil {
		d.Evidence = evidenceOf(m.hardware.OS, m.software)
	} else {
		d.Header.Kind = inventory.HardwareOnly
	}
	return d
}

// measured are the checks since the last report: every half hour, but for the time in which the machine was silent.
func (m *machine) measured(at time.Time) []inventory.Span {
	switch {
	case m.reported.IsZero() || !m.reported.Before(at):
		return nil
	case m.silent[0].After(m.reported) && m.silent[1].Before(at):
		return []inventory.Span{checks(m.reported, m.silent[0]), checks(m.silent[1], at)}
	}
	return []inventory.Span{checks(m.reported, at)}
}

// checks is a span of half-hourly checks.
func checks(from, to time.Time) inventory.Span {
	return inventory.Span{From: from, To: to, Checks: int(to.Sub(from)/(30*time.Minute)) + 1}
}

func (m *machine) identity() *inventory.Identity {
	inputs := map[string]string{"host_name": m.name}
	rule := "physical"
	if m.virtual != nil && m.virtual.VMID != "" {
		rule, inputs = "virtual", map[string]string{"vm_id": m.virtual.VMID}
	} else {
		inputs["serial"] = m.hardware.Serial
	}
	if m.cloud != nil && m.cloud.InstanceID != "" {
		inputs["instance_id"] = m.cloud.InstanceID
	}
	return &inventory.Identity{Rule: rule, Inputs: maps.Clone(inputs), Counter: 0}
}

// board is a kind of server as its firmware describes it.
type board struct {
	manufacturer, model, processor, arch string
	sockets, maxSockets, cores, threads  int64 // cores and threads of all sockets together
	clock                                int64
}

// The boards of the sample; the processors decide the points rule.
var (
	r640  = board{"Dell Inc.", "PowerEdge R640", "Intel(R) Xeon(R) Gold 6226R CPU @ 2.90GHz", "x86_64", 2, 2, 32, 64, 2900}
	r6525 = board{"Dell Inc.", "PowerEdge R6525", "AMD EPYC 7302 16-Core Processor", "x86_64", 2, 2, 32, 64, 3000}
	sr650 = board{"Lenovo", "ThinkSystem SR650 V2", "Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz", "x86_64", 2, 2, 64, 128, 2000}
	dl360 = board{"HPE", "ProLiant DL360 Gen10", "Intel(R) Xeon(R) Silver 4214 CPU @ 2.20GHz", "x86_64", 2, 2, 24, 48, 2200}
	r740  = board{"Dell Inc.", "PowerEdge R740", "Intel(R) Xeon(R) Gold 6226R CPU @ 2.90GHz", "x86_64", 1, 2, 16, 32, 2900}
	e980  = board{"IBM", "IBM,9080-M9S", "POWER9 (architected), altivec supported", "ppc64le", 2, 16, 24, 192, 3900}
	s922  = board{"IBM", "IBM,9009-22A", "POWER9 (architected), altivec supported", "ppc64le", 2, 2, 16, 128, 3400}
)

// physical makes a stand-alone server or a host of this kind.
func (b board) physical(name, domain string) *machine {
	m := &machine{name: name, domain: domain, source: "agent"}
	m.hardware = inventory.Hardware{
		Processors: &b.sockets, MaxSockets: &b.maxSockets, Cores: &b.cores, Threads: &b.threads,
		Processor: b.processor, ClockMHz: b.clock, Manufacturer: b.manufacturer, Model: b.model,
		Serial: stableID("serial", name)[:7], UUID: systemUUID(name), Chassis: "rack mount chassis",
		MemoryBytes: b.cores * 16 << 30, OS: linux("Red Hat Enterprise Linux 9.6 (Plow)", "9.6", b.arch),
		Adapters: []inventory.Adapter{adapter("eno1", name)},
	}
	return m
}

// guest makes a virtual machine with this many cores on a host of this kind.
func (b board) guest(name, domain string, cores int64) *machine {
	m := b.physical(name, domain)
	one, threads := int64(1), cores
	id := systemUUID(name)
	m.hardware.Processors, m.hardware.MaxSockets, m.hardware.Cores, m.hardware.Threads = &one, nil, &cores, &threads
	m.hardware.Manufacturer, m.hardware.Model = "VMware, Inc.", "VMware7,1"
	m.hardware.Serial = vmwareSerial(id)
	m.hardware.MemoryBytes = cores * 8 << 30
	m.hardware.Chassis = "virtual"
	m.hardware.Adapters = []inventory.Adapter{adapter("ens192", name)}
	m.virtual = &inventory.Virtual{Hypervisor: "vmware", VMID: id}
	return m
}

// vmwareSerial writes a guest's UUID the way its firmware shows it.
func vmwareSerial(id string) string {
	hex := ""
	for _, c := range id {
		if c != '-' {
			hex += string(c)
		}
	}
	out := "VMware-"
	for i := 0; i < 32; i += 2 {
		switch i {
		case 0:
		case 16:
			out += "-"
		default:
			out += " "
		}
		out += hex[i : i+2]
	}
	return out
}

func linux(name, version, arch string) inventory.OS {
	return inventory.OS{Family: "linux", Name: name, Version: version, Kernel: "5.14.0-570.el9." + arch, Arch: arch}
}

// adapter gives a machine one card with an address of the documentation range.
func adapter(card, name string) inventory.Adapter {
	n := binary.BigEndian.Uint32([]byte(stableID("mac", name))[:4])
	return inventory.Adapter{
		Name: card, MAC: fmt.Sprintf("00:50:56:%02x:%02x:%02x", n>>16&0x3f, n>>8&0xff, n&0xff),
		Addresses: []string{fmt.Sprintf("198.51.100.%d", n%254+1)},
	}
}

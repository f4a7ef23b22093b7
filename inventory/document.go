// Package inventory holds what one source saw on one device at one instant: plain types and the versioned, signed
// document format in which they travel and are kept as evidence.
package inventory

import "time"

// Format names the version of the document's shape. A reader refuses a format it does not know.
const Format = "highwater-inventory/1"

// Kind says how much a run looked at, and so what the document may change.
type Kind string

// The kinds of run. A hardware-only document says nothing about software: it never erases any.
const (
	Full         Kind = "full"
	HardwareOnly Kind = "hardware"
)

// Document is one observation of one device. A nil part was not looked at and says nothing; an empty one was looked
// at and holds nothing.
type Document struct {
	Format     string            `json:"format"`
	Header     Header            `json:"header"`
	Hardware   *Hardware         `json:"hardware,omitempty"`
	Virtual    *Virtual          `json:"virtual,omitempty"`
	Cloud      *Cloud            `json:"cloud,omitempty"`
	Evidence   *Evidence         `json:"evidence,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"` // facts special to one source, e.g. "linux.kernel"
	Remarks    []Remark          `json:"remarks,omitempty"`    // what could not be read, where, and why
}

// Header says who saw what, when.
type Header struct {
	ID          string    `json:"id"`                     // UUIDv7 of this document; a repeated upload has the same
	DeviceName  string    `json:"device_name"`            // host name without domain
	Domain      string    `json:"domain,omitempty"`       // DNS or directory domain, "" when unknown
	AgentID     string    `json:"agent_id,omitempty"`     // "" for sources that are not our agent
	AgentInputs *Identity `json:"agent_inputs,omitempty"` // how the agent id was derived
	Source      string    `json:"source"`                 // "agent", or the kind of another source: "glpi", "ilmt", ...
	Connection  string    `json:"connection,omitempty"`   // which configured connection of that source, "" for the agent
	Collector   string    `json:"collector"`              // program, e.g. "highwater-agent"
	Version     string    `json:"version"`                // its version
	CollectedAt time.Time `json:"collected_at"`           // UTC, by the device's clock, when the run began
	Kind        Kind      `json:"kind"`
	// Measured are the times in which checks found the hardware as it was last reported, since the agent's last
	// document. So unmeasured time can be told from unchanged time without a document for each check.
	Measured []Span `json:"measured,omitempty"`
}

// Span is a time in which a device was checked at the agent's cadence, first and last check included.
type Span struct {
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Checks int       `json:"checks"`
}

// Identity is what an agent id was derived from, and the ids before it, so that a device can be followed through
// renames and a clone told from its original.
type Identity struct {
	Rule    string            `json:"rule"`              // "physical" or "virtual"
	Inputs  map[string]string `json:"inputs"`            // e.g. serial, uuid, host_name, vm_id, instance_id
	Counter int               `json:"counter"`           // how often the id was regenerated
	History []string          `json:"history,omitempty"` // earlier ids, oldest first
}

// Hardware is the machine as its operating system sees it. A nil or empty value is unknown, never zero.
type Hardware struct {
	Processors   *int64    `json:"processors,omitempty"`  // populated sockets
	MaxSockets   *int64    `json:"max_sockets,omitempty"` // sockets the board has, populated or not
	Cores        *int64    `json:"cores,omitempty"`       // physical cores, all sockets together
	Threads      *int64    `json:"threads,omitempty"`     // logical processors, all sockets together
	Processor    string    `json:"processor,omitempty"`   // brand string as CPUID or the firmware gives it
	ClockMHz     int64     `json:"clock_mhz,omitempty"`   // nominal maximum
	Manufacturer string    `json:"manufacturer,omitempty"`
	Model        string    `json:"model,omitempty"`
	Serial       string    `json:"serial,omitempty"`  // of the system (SMBIOS type 1)
	UUID         string    `json:"uuid,omitempty"`    // of the system, lower case with dashes
	Chassis      string    `json:"chassis,omitempty"` // type in words: "rack mount chassis", "laptop", ...
	BoardSerial  string    `json:"board_serial,omitempty"`
	MemoryBytes  int64     `json:"memory_bytes,omitempty"`
	OS           OS        `json:"os"`
	Adapters     []Adapter `json:"adapters,omitempty"`
	Disks        []Disk    `json:"disks,omitempty"`
}

// OS is the running operating system.
type OS struct {
	Family  string `json:"family,omitempty"`  // "linux", "windows", "aix", "solaris", "darwin"
	Name    string `json:"name,omitempty"`    // e.g. "Debian GNU/Linux 12 (bookworm)"
	Version string `json:"version,omitempty"` // e.g. "12"
	Kernel  string `json:"kernel,omitempty"`
	Arch    string `json:"arch,omitempty"` // as the kernel names it: "x86_64", "ppc64le", ...
}

// Adapter is one network adapter that is not purely virtual to this system.
type Adapter struct {
	Name      string   `json:"name"`
	MAC       string   `json:"mac,omitempty"` // lower case with colons
	Addresses []string `json:"addresses,omitempty"`
	Virtual   bool     `json:"virtual,omitempty"` // a bridge, tunnel or container interface: no key for matching
}

// Disk is one block device.
type Disk struct {
	Name   string `json:"name"`
	Model  string `json:"model,omitempty"`
	Serial string `json:"serial,omitempty"`
	Bytes  int64  `json:"bytes,omitempty"`
}

// Virtual says how the device takes part in virtualization: as a guest, as a host, or both.
type Virtual struct {
	Hypervisor string     `json:"hypervisor,omitempty"` // that this device runs under: "kvm", "vmware", "hyper-v", ... ; "" = none seen
	VMID       string     `json:"vm_id,omitempty"`      // the guest's own id at its hypervisor, lower case with dashes
	Container  string     `json:"container,omitempty"`  // the run was inside a container of this kind: "docker", "lxc", ...
	Partition  *Partition `json:"partition,omitempty"`
	IsHost     bool       `json:"is_host,omitempty"`
	HostID     string     `json:"host_id,omitempty"` // the host's id where the guest's hypervisor tells it
	Guests     []Guest    `json:"guests,omitempty"`  // of a host; nil = not looked at when IsHost is false
	Pools      []Pool     `json:"pools,omitempty"`
}

// Partition is a processor partition of a host (LPAR). Quantities are decimals in text: "0.5".
type Partition struct {
	Kind              string `json:"kind"` // "shared" or "dedicated"
	Capped            bool   `json:"capped"`
	Entitlement       string `json:"entitlement,omitempty"`
	VirtualProcessors *int64 `json:"virtual_processors,omitempty"`
}

// Guest is one guest as its host sees it.
type Guest struct {
	ID    string `json:"id"` // at the hypervisor; joins with the guest's own VMID or UUID
	Name  string `json:"name"`
	State string `json:"state,omitempty"` // "running", "stopped", ...
	Cores *int64 `json:"cores,omitempty"` // virtual processors assigned
	Pool  string `json:"pool,omitempty"`
}

// Pool is a resource pool of a host. Cores is a decimal in text, "" when the pool has no limit.
type Pool struct {
	ID     string `json:"id"`
	Parent string `json:"parent,omitempty"`
	Cores  string `json:"cores,omitempty"`
	Hard   bool   `json:"hard,omitempty"`
}

// Cloud is the identity of a cloud instance as its provider states it.
type Cloud struct {
	Provider   string `json:"provider"` // "aws", "azure", "google", ...
	Account    string `json:"account,omitempty"`
	Region     string `json:"region,omitempty"`
	Zone       string `json:"zone,omitempty"`
	InstanceID string `json:"instance_id,omitempty"`
	Type       string `json:"type,omitempty"`
	Image      string `json:"image,omitempty"`
	Tenancy    string `json:"tenancy,omitempty"` // "default", "dedicated", "host"; "" when unknown
	HostID     string `json:"host_id,omitempty"` // of the dedicated host the instance runs on
	State      string `json:"state,omitempty"`   // as the provider names it ("running", "stopped", "terminated"); "" from an agent
	// Identity is the provider's signed statement, kept whole where there is one (AWS: the instance identity document).
	Identity string `json:"identity,omitempty"`
}

// Evidence is what was found of software. Recognition decides what it means; nothing is dropped here.
type Evidence struct {
	Packages []Package `json:"packages,omitempty"`
	Files    []File    `json:"files,omitempty"`
	Tags     []Tag     `json:"tags,omitempty"`
	// Looked lists which sources of evidence the run read ("dpkg", "rpm", "swid", "files"). Evidence of a source that
	// is not listed is left as it was.
	Looked []string `json:"looked,omitempty"`
}

// Package is one record of a package database.
type Package struct {
	Source    string `json:"source"` // "dpkg", "rpm", "msi", ...
	Name      string `json:"name"`
	Version   string `json:"version,omitempty"`
	Arch      string `json:"arch,omitempty"`
	Publisher string `json:"publisher,omitempty"`
}

// File is one file that may prove an installation.
type File struct {
	Path    string `json:"path"`
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	Company string `json:"company,omitempty"`
	Bytes   int64  `json:"bytes,omitempty"`
}

// Tag is one software identification tag (ISO/IEC 19770-2) or IBM .swidtag/.cmptag.
type Tag struct {
	Path       string `json:"path"`
	TagID      string `json:"tag_id,omitempty"`
	Name       string `json:"name"`
	Version    string `json:"version,omitempty"`
	Edition    string `json:"edition,omitempty"`
	Publisher  string `json:"publisher,omitempty"`
	Persistent string `json:"persistent_id,omitempty"`
}

// Remark says what a run could not read, where, and why, in words for an engineer.
type Remark struct {
	Part string `json:"part"` // "smbios", "cpu", "rpm", ...
	Text string `json:"text"`
}

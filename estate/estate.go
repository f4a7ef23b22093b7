// Package estate holds the facts and the configuration that a measurement is a function of, as plain types with a
// strict JSON codec.
//
// An Estate is everything the engine may know (docs/design/engine.md). It can be read from JSON with Decode, or built
// by a program as ordinary Go values and checked with Validate: both roads find the same problems. Absent values are
// zero values throughout: an Instant of 0, a Decimal of "", a nil pointer or a nil slice mean "not stated".
//
// Nothing in this package changes an Estate it is given, so one Estate may be read from several goroutines.
package estate

// Format is the value of the field format of every estate this package reads and writes.
const Format = "highwater-estate/1"

// Estate is everything a measurement may depend on.
type Estate struct {
	Format string  `json:"format"`
	AsOf   Instant `json:"as_of"` // nothing from here on is measured
	// HighFrequency is the mode switch: false makes every device ineligible for sub-capacity unless its license
	// allows other sources. Nil means true.
	HighFrequency *bool          `json:"high_frequency,omitzero"`
	Periods       []Period       `json:"periods"`
	Locations     []Location     `json:"locations,omitzero"`
	Devices       []Device       `json:"devices,omitzero"`
	Installations []Installation `json:"installations,omitzero"`
	Licenses      []License      `json:"licenses,omitzero"`
}

// HighFrequencyOn reports the mode switch: true unless the estate says otherwise.
func (e *Estate) HighFrequencyOn() bool { return e.HighFrequency == nil || *e.HighFrequency }

// Period is a reporting period, [From, To). Without To it runs to the estate's AsOf. Periods may overlap.
type Period struct {
	Name string  `json:"name"`
	From Instant `json:"from"`
	To   Instant `json:"to,omitzero"`
}

// Region is one of IBM's three regions; 0 means not stated.
type Region int

// The regions.
const (
	Americas         Region = 1
	EuropeAndAfrica  Region = 2
	AsiaAndAustralia Region = 3
)

// Location is a node of the tree of places. Without Region it has its nearest ancestor's.
type Location struct {
	ID     string `json:"id"`
	Parent string `json:"parent,omitzero"`
	Region Region `json:"region,omitzero"`
}

// Kind says what a device is.
type Kind string

// The kinds of devices. A host carries vms; a computer stands alone.
const (
	Computer Kind = "computer"
	Host     Kind = "host"
	VM       Kind = "vm"
)

// Source says who reported a device.
type Source string

// The sources that matter to eligibility: the full local agent, or anything else. Absent means anything else.
const (
	Agent Source = "agent"
	Other Source = "other"
)

// Values that hold where a device does not state its role or where it is hosted.
const (
	DefaultRole     = "production"
	DefaultHostedIn = "on-premises"
)

// Device is one machine, with its history and the corrections made to it.
type Device struct {
	ID        string           `json:"id"`
	Kind      Kind             `json:"kind"`
	Location  string           `json:"location,omitzero"`  // "" is unassigned
	Moves     []Move           `json:"moves,omitzero"`     // dated relocations, which win over Location
	Role      *string          `json:"role,omitzero"`      // nil is DefaultRole
	HostedIn  *string          `json:"hosted_in,omitzero"` // nil is DefaultHostedIn; anything else is a cloud provider
	Source    Source           `json:"source,omitzero"`
	Hardware  []HardwareFact   `json:"hardware,omitzero"`
	Placement []Placement      `json:"placement,omitzero"` // of a vm only
	Pools     []Pool           `json:"pools,omitzero"`     // of a host only
	Overrides []HardwareChange `json:"overrides,omitzero"`
}

// RoleOr returns the device's role, DefaultRole where it states none.
func (d *Device) RoleOr() string { return textOr(d.Role, DefaultRole) }

// HostedInOr returns where the device is hosted, DefaultHostedIn where it does not say.
func (d *Device) HostedInOr() string { return textOr(d.HostedIn, DefaultHostedIn) }

func textOr(s *string, absent string) string {
	if s == nil {
		return absent
	}
	return *s
}

// Text returns a pointer to s, for the optional text fields.
func Text(s string) *string { return &s }

// Bool returns a pointer to b, for Estate.HighFrequency.
func Bool(b bool) *bool { return &b }

// Move says that a device was at Location during [From, To).
type Move struct {
	From     Instant `json:"from"`
	To       Instant `json:"to,omitzero"`
	Location string  `json:"location"`
}

// Hardware is what is known of a machine's hardware; every field may be absent.
type Hardware struct {
	Processors Decimal    `json:"processors,omitzero"` // never used to count
	Cores      Decimal    `json:"cores,omitzero"`
	Threads    Decimal    `json:"threads,omitzero"`
	MaxSockets Decimal    `json:"max_sockets,omitzero"` // sockets the model can hold
	Processor  *string    `json:"processor,omitzero"`
	Model      *string    `json:"model,omitzero"`
	OS         *string    `json:"os,omitzero"`
	Partition  *Partition `json:"partition,omitzero"` // one field: replaced whole by an override
}

// HardwareFact says that a device had this hardware during [From, To).
type HardwareFact struct {
	From Instant `json:"from"`
	To   Instant `json:"to,omitzero"`
	Hardware
}

// HardwareChange is an override: the fields it states replace what inventory says, or supply it, during [From, To);
// without dates, for all of time.
type HardwareChange struct {
	From Instant `json:"from,omitzero"`
	To   Instant `json:"to,omitzero"`
	Hardware
}

// PartitionKind says how a partition has its processors.
type PartitionKind string

// The kinds of partitions.
const (
	Shared    PartitionKind = "shared"
	Dedicated PartitionKind = "dedicated"
)

// Partition is the share of a server that a logical partition has.
type Partition struct {
	Kind              PartitionKind `json:"kind"`
	Capped            bool          `json:"capped,omitzero"`
	Entitlement       Decimal       `json:"entitlement,omitzero"`        // processors, in cores; counts when shared and capped
	VirtualProcessors Decimal       `json:"virtual_processors,omitzero"` // counts when shared and uncapped
}

// Placement says that a vm ran on Host, in that host's Pool if stated, during [From, To).
type Placement struct {
	From Instant `json:"from"`
	To   Instant `json:"to,omitzero"`
	Host string  `json:"host"`
	Pool string  `json:"pool,omitzero"`
}

// Pool is a resource pool of a host; its id is unique within the host. Pools have at most two levels.
type Pool struct {
	ID     string  `json:"id"`
	Parent string  `json:"parent,omitzero"`
	Cores  Decimal `json:"cores,omitzero"`
	Hard   bool    `json:"hard,omitzero"` // only a hard pool with Cores limits what is in it
}

// Installation says that a device had a product during [From, To).
type Installation struct {
	Device  string  `json:"device"`
	Product string  `json:"product"`
	From    Instant `json:"from"`
	To      Instant `json:"to,omitzero"`
}

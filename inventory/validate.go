package inventory

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Validate returns the first thing that makes d unfit to be kept, as an error that names its place in the document,
// or nil. It checks form and limits, not plausibility: a serial "None" is valid here and refused by device matching.
func (d *Document) Validate() error {
	if d.Format != Format {
		return fmt.Errorf("%w: format %.40q, this program reads %q", ErrFormat, d.Format, Format)
	}
	var c checker
	c.header(&d.Header)
	if d.Hardware != nil {
		c.hardware(d.Hardware)
	}
	if d.Virtual != nil {
		c.virtual(d.Virtual)
	}
	if d.Cloud != nil {
		c.cloud(d.Cloud)
	}
	if d.Evidence != nil {
		if d.Header.Kind == HardwareOnly {
			c.fail("evidence", "present in a hardware-only document, which may say nothing about software")
		}
		c.evidence(d.Evidence)
	}
	c.count("attributes", len(d.Attributes), MaxParts)
	for k, v := range d.Attributes {
		c.required("attributes", k)
		c.text("attributes."+k, v)
	}
	c.count("remarks", len(d.Remarks), MaxParts)
	for i := range d.Remarks {
		c.texts("remarks", d.Remarks[i].Part, d.Remarks[i].Text)
	}
	return c.err
}

// checker remembers the first fault it meets.
type checker struct{ err error }

func (c *checker) fail(where, format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("%w: %s: %s", ErrInvalid, where, fmt.Sprintf(format, args...))
	}
}

func (c *checker) count(where string, n, limit int) {
	if n > limit && c.err == nil {
		c.err = fmt.Errorf("%w: %s: %d entries, %d allowed", ErrTooLarge, where, n, limit)
	}
}

func (c *checker) limited(where, s string, limit int) {
	switch {
	case len(s) > limit && c.err == nil:
		c.err = fmt.Errorf("%w: %s: %d bytes of text, %d allowed", ErrTooLarge, where, len(s), limit)
	case strings.IndexByte(s, 0) >= 0:
		c.fail(where, "contains a NUL character")
	case !utf8.ValidString(s):
		c.fail(where, "is not valid UTF-8")
	}
}

func (c *checker) text(where, s string) { c.limited(where, s, MaxText) }

func (c *checker) texts(where string, list ...string) {
	for _, s := range list {
		c.limited(where, s, MaxText)
	}
}

func (c *checker) required(where, s string) {
	if s == "" {
		c.fail(where, "is empty")
	}
	c.limited(where, s, MaxName)
}

// quantity checks a counted thing: unknown is nil, and a known number is at least one.
func (c *checker) quantity(where string, n *int64) {
	if n != nil && (*n < 1 || *n > MaxCount) {
		c.fail(where, "is %d; a known number lies between 1 and %d, an unknown one is left out", *n, MaxCount)
	}
}

func (c *checker) positive(where string, n int64) {
	if n < 0 {
		c.fail(where, "is negative")
	}
}

// decimal checks a decimal number in text, such as "0.5"; "" is unknown.
func (c *checker) decimal(where, s string) {
	if s == "" {
		return
	}
	whole, fraction, point := strings.Cut(s, ".")
	if !digits(whole) || point && !digits(fraction) || len(s) > 20 {
		c.fail(where, "is %.40q, not a decimal number such as 0.5", s)
	}
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func (c *checker) header(h *Header) {
	if u, err := uuid.Parse(h.ID); err != nil || u.String() != h.ID {
		c.fail("header.id", "%.60q is not a UUID in lower case", h.ID)
	}
	c.required("header.device_name", h.DeviceName)
	c.limited("header.domain", h.Domain, MaxName)
	c.limited("header.agent_id", h.AgentID, MaxName)
	c.required("header.source", h.Source)
	c.limited("header.connection", h.Connection, MaxName)
	c.required("header.collector", h.Collector)
	c.required("header.version", h.Version)
	if y := h.CollectedAt.UTC().Year(); y < 2000 || y > 2199 {
		c.fail("header.collected_at", "%s is not a plausible time", h.CollectedAt.Format(time.RFC3339))
	}
	if h.Kind != Full && h.Kind != HardwareOnly {
		c.fail("header.kind", "%.40q is neither %q nor %q", h.Kind, Full, HardwareOnly)
	}
	c.count("header.measured", len(h.Measured), MaxSpans)
	for _, s := range h.Measured {
		if s.To.Before(s.From) || s.From.UTC().Year() < 2000 || s.To.UTC().Year() > 2199 || s.Checks < 1 {
			c.fail("header.measured", "the span from %s to %s with %d checks is none", s.From.Format(time.RFC3339), s.To.Format(time.RFC3339), s.Checks)
		}
	}
	if in := h.AgentInputs; in != nil {
		c.required("header.agent_inputs.rule", in.Rule)
		c.count("header.agent_inputs.inputs", len(in.Inputs), MaxParts)
		for k, v := range in.Inputs {
			c.texts("header.agent_inputs.inputs", k, v)
		}
		c.positive("header.agent_inputs.counter", int64(in.Counter))
		c.count("header.agent_inputs.history", len(in.History), MaxHistory)
		for _, id := range in.History {
			c.required("header.agent_inputs.history", id)
		}
	}
}

func (c *checker) hardware(h *Hardware) {
	c.quantity("hardware.processors", h.Processors)
	c.quantity("hardware.max_sockets", h.MaxSockets)
	c.quantity("hardware.cores", h.Cores)
	c.quantity("hardware.threads", h.Threads)
	c.positive("hardware.clock_mhz", h.ClockMHz)
	c.positive("hardware.memory_bytes", h.MemoryBytes)
	c.texts("hardware", h.Processor, h.Manufacturer, h.Model, h.Serial, h.UUID, h.Chassis, h.BoardSerial)
	c.texts("hardware.os", h.OS.Family, h.OS.Name, h.OS.Version, h.OS.Kernel, h.OS.Arch)
	c.count("hardware.adapters", len(h.Adapters), MaxParts)
	for i := range h.Adapters {
		a := &h.Adapters[i]
		c.texts("hardware.adapters", a.Name, a.MAC)
		c.count("hardware.adapters.addresses", len(a.Addresses), MaxParts)
		c.texts("hardware.adapters.addresses", a.Addresses...)
	}
	c.count("hardware.disks", len(h.Disks), MaxParts)
	for i := range h.Disks {
		k := &h.Disks[i]
		c.texts("hardware.disks", k.Name, k.Model, k.Serial)
		c.positive("hardware.disks.bytes", k.Bytes)
	}
}

func (c *checker) virtual(v *Virtual) {
	c.texts("virtual", v.Hypervisor, v.VMID, v.Container, v.HostID)
	if p := v.Partition; p != nil {
		if p.Kind != "shared" && p.Kind != "dedicated" {
			c.fail("virtual.partition.kind", `%.40q is neither "shared" nor "dedicated"`, p.Kind)
		}
		c.decimal("virtual.partition.entitlement", p.Entitlement)
		c.quantity("virtual.partition.virtual_processors", p.VirtualProcessors)
	}
	c.count("virtual.guests", len(v.Guests), MaxParts)
	for i := range v.Guests {
		g := &v.Guests[i]
		c.required("virtual.guests.id", g.ID)
		c.texts("virtual.guests", g.Name, g.State, g.Pool)
		c.quantity("virtual.guests.cores", g.Cores)
	}
	c.count("virtual.pools", len(v.Pools), MaxParts)
	for i := range v.Pools {
		p := &v.Pools[i]
		c.required("virtual.pools.id", p.ID)
		c.text("virtual.pools.parent", p.Parent)
		c.decimal("virtual.pools.cores", p.Cores)
	}
}

func (c *checker) cloud(k *Cloud) {
	c.required("cloud.provider", k.Provider)
	c.texts("cloud", k.Account, k.Region, k.Zone, k.InstanceID, k.Type, k.Image, k.Tenancy, k.HostID, k.State)
	c.limited("cloud.identity", k.Identity, MaxStatement)
}

func (c *checker) evidence(e *Evidence) {
	c.count("evidence.packages", len(e.Packages), MaxEvidence)
	for i := range e.Packages {
		p := &e.Packages[i]
		if p.Source == "" || p.Name == "" {
			c.fail(fmt.Sprintf("evidence.packages[%d]", i), "has no source or no name")
		}
		c.texts("evidence.packages", p.Source, p.Name, p.Version, p.Arch, p.Publisher)
	}
	c.count("evidence.files", len(e.Files), MaxEvidence)
	for i := range e.Files {
		f := &e.Files[i]
		if f.Path == "" {
			c.fail(fmt.Sprintf("evidence.files[%d]", i), "has no path")
		}
		c.texts("evidence.files", f.Path, f.Name, f.Version, f.Company)
		c.positive("evidence.files.bytes", f.Bytes)
	}
	c.count("evidence.tags", len(e.Tags), MaxEvidence)
	for i := range e.Tags {
		t := &e.Tags[i]
		c.texts("evidence.tags", t.Path, t.TagID, t.Name, t.Version, t.Edition, t.Publisher, t.Persistent)
	}
	c.count("evidence.looked", len(e.Looked), MaxParts)
	c.texts("evidence.looked", e.Looked...)
}

// Package device answers which machine a document is about, and what that machine was over time: matching, merging,
// and history as points of change.
package device

import (
	"time"

	"github.com/highwater-sam/highwater/inventory"
)

// ID names a device in the store. It is made by the application in insertion order; 0 is no device.
type ID int64

// Kind is what a device is to the engine (design/engine.md, Estate).
type Kind string

// The kinds of device.
const (
	Computer Kind = "computer"
	Host     Kind = "host"
	VM       Kind = "vm"
)

// Aspect is one independent line of a device's history. Each aspect changes by itself: at any instant a device has at
// most one value of an aspect.
type Aspect string

// The aspects the engine and the pages need.
const (
	HardwareAspect  Aspect = "hardware"  // Hardware: counts, processor, model, operating system, partition
	PlacementAspect Aspect = "placement" // Placement: the host and pool a guest runs on
	PoolsAspect     Aspect = "pools"     // Pools: the resource pools of a host
	EvidenceAspect  Aspect = "evidence"  // EvidenceSet: the software titles seen
	NameAspect      Aspect = "name"      // Name: host name and domain
	CloudAspect     Aspect = "cloud"     // inventory.Cloud, without the provider's statement
)

// Point is a point of change: from From on, the aspect of the device has the value, until the next point of the same
// aspect. Points are only ever appended. Of two points with the same device, aspect and From, the one recorded later
// counts; reading as known at an instant ignores what was recorded after it.
type Point struct {
	Device   ID
	Aspect   Aspect
	From     time.Time // when it began to hold in the world (collection time, or receive time with a remark)
	Recorded time.Time // when we learnt it; set by the store at commit
	Document string    // id of the document that shows it; "" when a person entered it
	Source   string    // "agent", or the kind of another source
	Value    Value     // nil: from From on the value is unknown (a gap, or the correction of an earlier point)
}

// Value is the value of one aspect: one of *Hardware, *Placement, *Pools, *EvidenceSet, *Name, *Cloud.
type Value interface{ Aspect() Aspect }

// Hardware is what the engine may need of a machine; nil or empty is unknown. Decimals are in text.
type Hardware struct {
	Processors *int64               `json:"processors,omitempty"`
	MaxSockets *int64               `json:"max_sockets,omitempty"`
	Cores      *int64               `json:"cores,omitempty"`
	Threads    *int64               `json:"threads,omitempty"`
	Processor  string               `json:"processor,omitempty"`
	Model      string               `json:"model,omitempty"`
	OS         string               `json:"os,omitempty"` // family: linux, windows, aix, ...
	Partition  *inventory.Partition `json:"partition,omitempty"`
	// Detail is the rest a page shows (manufacturer, serial, memory, adapters, ...); a change of it alone is a point too.
	Detail inventory.Hardware `json:"detail"`
	// Origins names the source of each property that did not come from the agent, by its name in the document.
	Origins map[string]string `json:"origins,omitempty"`
}

// Placement is where a guest runs. Host 0 means that the guest is known to run on no known host.
type Placement struct {
	Host ID     `json:"host"`
	Pool string `json:"pool,omitempty"`
}

// Pools are the resource pools of a host.
type Pools struct {
	Pools []inventory.Pool `json:"pools"`
}

// EvidenceSet is the software evidence of a device: the union of the parts that were looked at, each as its last run
// found it. A run that looks at one part leaves the others as they were.
type EvidenceSet struct {
	Hash  string         `json:"hash"`  // of the only part, or the hex SHA-256 of the parts' names and hashes
	Count int            `json:"count"` // titles in all parts together
	Parts []EvidencePart `json:"parts"` // sorted by name
}

// EvidencePart is what one place of evidence held: one package database, the tags, the files, by one source.
type EvidencePart struct {
	Part  string `json:"part"`  // source and place, e.g. "agent:dpkg", "glpi/berlin:packages"
	Hash  string `json:"hash"`  // hex SHA-256 of the sorted titles' hashes
	Count int    `json:"count"` // titles in the part
}

// Name is what the device calls itself.
type Name struct {
	Name   string `json:"name"`
	Domain string `json:"domain,omitempty"`
	// Origins names the source of the name and the domain where that is not the agent.
	Origins map[string]string `json:"origins,omitempty"`
}

// Cloud is the device's life as a cloud instance.
type Cloud struct {
	inventory.Cloud
}

// Aspect names the line of history the value belongs to.
func (*Hardware) Aspect() Aspect { return HardwareAspect }

// Aspect names the line of history the value belongs to.
func (*Placement) Aspect() Aspect { return PlacementAspect }

// Aspect names the line of history the value belongs to.
func (*Pools) Aspect() Aspect { return PoolsAspect }

// Aspect names the line of history the value belongs to.
func (*EvidenceSet) Aspect() Aspect { return EvidenceAspect }

// Aspect names the line of history the value belongs to.
func (*Name) Aspect() Aspect { return NameAspect }

// Aspect names the line of history the value belongs to.
func (*Cloud) Aspect() Aspect { return CloudAspect }

package measure

import (
	"github.com/highwater-sam/highwater/estate"
)

// facts are an estate's devices and their history, in columns. Devices are numbered so that those of a shard lie
// together; they are not changed once built.
type facts struct {
	clock  clock
	ids    *idTable
	class  []uint32 // index into classes
	events []event  // by shard, and there in ascending order of at
	idle   []event  // of devices that can never count: neither hosts, nor ever with any product
	shards []shard
	spots  []spot          // where a vm may be placed; spots[0] is nowhere
	pools  map[int32]pools // by host, of those that have any

	classes  []class
	profiles []profile // profiles[0] is hardware of which nothing is known
	profile  map[hardwareKey]uint32
	pointKey map[pointsKey]uint32
	products map[string]uint32
	names    []string // of products
	stated   int      // how many facts the estate states
}

// event is one change of one device's state. A history of facts is stored as such changes, so that a fact which
// begins when another ends is one event.
type event struct {
	at     uint32 // tick
	device uint32
	what   uint32 // the kind of the change in the upper bits, its value in the lower
}

// The kinds of events.
const (
	setHardware uint32 = iota << kindShift // to profile value
	setSpot                                // to spot value
	install                                // product value
	uninstall                              // product value

	kindShift = 30
	valueMask = 1<<kindShift - 1
)

// shard is a run of devices with their events: one or more whole clusters, which no vm ever left.
type shard struct {
	devices span
	events  span
}

type span struct{ from, to int }

// spot is where a vm is placed: on a host, and in the pool of that host at this index, -1 in none.
type spot struct {
	host int32
	pool int32
}

// pools are the resource pools of one host.
type pools struct {
	list   []pool
	limits bool // whether any of them does
}

// pool is a resource pool of a host.
type pool struct {
	id     string
	parent int32          // index into the host's pools, -1 at the top
	limit  estate.Decimal // "" where it does not limit
}

// class is what a device states beside its history.
type class struct {
	kind   estate.Kind
	role   string
	hosted string
	agent  bool
	column uint8 // which count of a profile is its own
}

// The columns of counts in a profile.
const (
	ofHost = iota
	ofMachine
	ofCloud
	columns
)

// profile is one combination of hardware values.
type profile struct {
	hardware estate.Hardware
	points   uint32 // index of what points rules look at
}

// hardwareKey is a Hardware by value.
type hardwareKey struct {
	processors, cores, threads, sockets estate.Decimal
	processor, model, os                optional
	partition                           estate.Partition
}

// pointsKey is what points rules look at.
type pointsKey struct {
	processor, model, os optional
	sockets              estate.Decimal
}

// optional is a text that may be absent, by value.
type optional struct {
	text   string
	stated bool
}

func optionalOf(s *string) optional {
	if s == nil {
		return optional{}
	}
	return optional{*s, true}
}

// profileOf returns the number of the profile with this hardware.
func (f *facts) profileOf(h *estate.Hardware) uint32 {
	k := hardwareKey{h.Processors, h.Cores, h.Threads, h.MaxSockets, optionalOf(h.Processor), optionalOf(h.Model), optionalOf(h.OS), estate.Partition{}}
	if h.Partition != nil {
		k.partition = *h.Partition
	}
	if n, ok := f.profile[k]; ok {
		return n
	}
	pk := pointsKey{k.processor, k.model, k.os, k.sockets}
	points, ok := f.pointKey[pk]
	if !ok {
		points = uint32(len(f.pointKey))
		f.pointKey[pk] = points
	}
	n := uint32(len(f.profiles))
	f.profile[k] = n
	f.profiles = append(f.profiles, profile{*h, points})
	return n
}

// overlay returns the hardware h with the fields that change states in their place.
func overlay(h, change *estate.Hardware) estate.Hardware {
	sum := *h
	for _, d := range []struct{ to, from *estate.Decimal }{
		{&sum.Processors, &change.Processors}, {&sum.Cores, &change.Cores},
		{&sum.Threads, &change.Threads}, {&sum.MaxSockets, &change.MaxSockets},
	} {
		if d.from.Stated() {
			*d.to = *d.from
		}
	}
	if change.Processor != nil {
		sum.Processor = change.Processor
	}
	if change.Model != nil {
		sum.Model = change.Model
	}
	if change.OS != nil {
		sum.OS = change.OS
	}
	if change.Partition != nil {
		sum.Partition = change.Partition
	}
	return sum
}

// countOf returns the count of rule 2 of a device with this hardware, "" when it is unknown.
func countOf(h *estate.Hardware, column int) estate.Decimal {
	if column == ofHost {
		return h.Cores
	}
	if p := h.Partition; p != nil {
		switch {
		case p.Kind == estate.Dedicated:
			return h.Cores
		case p.Capped:
			return p.Entitlement
		default:
			return p.VirtualProcessors
		}
	}
	if column == ofCloud && h.Threads.Stated() {
		return h.Threads
	}
	return h.Cores
}

package measure

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/highwater-sam/highwater/estate"
)

// Builder compiles an estate of any size from a stream, so that the estate as a whole need never be in memory.
//
// It trusts what it is given: the header, the devices and the installations must together be an estate that
// estate.Validate accepts. Devices may come in any order, before or after what refers to them.
type Builder struct {
	header  *estate.Estate
	facts   *facts
	config  *config
	place   map[string]int32
	class   map[class]uint32
	spot    map[spotKey]uint32
	defined []bool
	links   []uint32 // union-find: which devices form a cluster
	err     error

	// early and earlyInstallations wait for the clock where it needs to know every instant of change.
	waits              bool
	early              []estate.Device
	earlyInstallations []estate.Installation
}

type spotKey struct {
	host uint32
	pool string
}

// NewBuilder starts from the estate's header, which is everything in it but its devices and installations. The header
// must not be changed before the engine is no longer used.
func NewBuilder(header *estate.Estate) *Builder {
	b := &Builder{
		header: header,
		place:  make(map[string]int32, len(header.Locations)),
		class:  map[class]uint32{},
		spot:   map[spotKey]uint32{{}: 0},
	}
	for i := range header.Locations {
		b.place[header.Locations[i].ID] = int32(i)
	}
	known := true
	c := newClock(header, func(func(estate.Instant)) { known = false })
	if !known {
		b.waits = true
		return b
	}
	b.begin(c)
	return b
}

func (b *Builder) begin(c clock) {
	b.config = &config{devices: map[uint32]*deviceConfig{}}
	b.facts = &facts{
		clock:    c,
		ids:      newIDTable(1024),
		spots:    []spot{{-1, -1}},
		pools:    map[int32]pools{},
		profile:  map[hardwareKey]uint32{},
		pointKey: map[pointsKey]uint32{},
		products: map[string]uint32{},
	}
	b.facts.profileOf(&estate.Hardware{})
	b.waits = false
}

// Device adds a device. The builder keeps nothing of d but its strings, pools, moves and overrides.
func (b *Builder) Device(d *estate.Device) {
	if b.waits {
		b.early = append(b.early, *d)
		return
	}
	n := b.number(d.ID)
	if b.defined[n] {
		b.fail("the device %q is defined twice", d.ID)
		return
	}
	b.defined[n] = true
	f := b.facts
	f.class[n] = b.classOf(d)
	b.config.place[n] = b.placeOf(d.Location)
	f.stated += len(d.Hardware) + len(d.Placement)
	changes(&f.clock, d.Hardware, func(h *estate.HardwareFact) (from, to estate.Instant) { return h.From, h.To },
		func(h *estate.HardwareFact) uint32 { return f.profileOf(&h.Hardware) }, 0,
		func(at, profile uint32) { b.event(at, n, setHardware|profile) })
	changes(&f.clock, d.Placement, func(p *estate.Placement) (from, to estate.Instant) { return p.From, p.To },
		func(p *estate.Placement) uint32 {
			host := b.number(p.Host)
			b.link(n, host)
			return b.spotOf(host, p.Pool)
		}, 0, func(at, spot uint32) { b.event(at, n, setSpot|spot) })
	if len(d.Pools) > 0 {
		f.pools[int32(n)] = poolsOf(d.Pools)
	}
	if len(d.Moves) > 0 || len(d.Overrides) > 0 {
		b.config.devices[n] = &deviceConfig{moves: d.Moves, overrides: d.Overrides}
	}
}

// Installation adds an installation.
func (b *Builder) Installation(x *estate.Installation) {
	if b.waits {
		b.earlyInstallations = append(b.earlyInstallations, *x)
		return
	}
	f := b.facts
	f.stated++
	n := b.number(x.Device)
	if !f.clock.holds(x.From, x.To) {
		return
	}
	product, ok := f.products[x.Product]
	if !ok {
		product = uint32(len(f.names))
		f.products[x.Product] = product
		f.names = append(f.names, x.Product)
	}
	b.event(b.tick(x.From), n, install|product)
	if x.To != 0 && x.To < f.clock.to {
		b.event(b.tick(x.To), n, uninstall|product)
	}
}

// changes turns dated facts, which do not overlap, into the changes of the value they state; where none holds it is
// none. What changes before the window has changed at its start.
func changes[T, V any](c *clock, facts []T, dates func(*T) (from, to estate.Instant), value func(*T) V, none V, emit func(at uint32, value V)) {
	start := func(a, b T) int {
		from, _ := dates(&a)
		other, _ := dates(&b)
		return cmp.Compare(from, other)
	}
	if len(facts) > 1 && !slices.IsSortedFunc(facts, start) {
		facts = slices.Clone(facts)
		slices.SortFunc(facts, start)
	}
	for i := range facts {
		from, to := dates(&facts[i])
		if !c.holds(from, to) {
			continue
		}
		at, _ := c.tick(from)
		emit(at, value(&facts[i]))
		if to == 0 || to >= c.to {
			continue
		}
		if i+1 < len(facts) {
			if next, _ := dates(&facts[i+1]); next == to {
				continue
			}
		}
		at, _ = c.tick(to)
		emit(at, none)
	}
}

func (b *Builder) tick(i estate.Instant) uint32 {
	t, _ := b.facts.clock.tick(i)
	return t
}

func (b *Builder) event(at uint32, n uint32, what uint32) {
	b.facts.events = append(b.facts.events, event{at, n, what})
}

func (b *Builder) fail(format string, args ...any) {
	if b.err == nil {
		b.err = fmt.Errorf("compile estate: "+format, args...)
	}
}

// number returns the number of a device by the order in which ids are first mentioned.
func (b *Builder) number(id string) uint32 {
	n, added := b.facts.ids.add(id)
	if added {
		if n >= math.MaxInt32 {
			b.fail("there are more than %d devices", math.MaxInt32)
		}
		b.defined = append(b.defined, false)
		b.links = append(b.links, uint32(n))
		b.facts.class = append(b.facts.class, 0)
		b.config.place = append(b.config.place, -1)
	}
	return uint32(n)
}

func (b *Builder) classOf(d *estate.Device) uint32 {
	c := class{kind: d.Kind, role: d.RoleOr(), hosted: d.HostedInOr(), agent: d.Source == estate.Agent, column: ofMachine}
	switch {
	case d.Kind == estate.Host:
		c.column = ofHost
	case c.hosted != estate.DefaultHostedIn:
		c.column = ofCloud
	}
	n, ok := b.class[c]
	if !ok {
		n = uint32(len(b.facts.classes))
		b.class[c] = n
		b.facts.classes = append(b.facts.classes, c)
	}
	return n
}

func (b *Builder) placeOf(location string) int32 {
	if location == "" {
		return -1
	}
	n, ok := b.place[location]
	if !ok {
		b.fail("the location %q is not defined", location)
	}
	return n
}

func poolsOf(stated []estate.Pool) pools {
	var ps pools
	for i := range stated {
		p := pool{id: stated[i].ID, parent: -1}
		if stated[i].Hard {
			p.limit = stated[i].Cores
			ps.limits = ps.limits || p.limit.Stated()
		}
		for j := range stated {
			if stated[i].Parent != "" && stated[j].ID == stated[i].Parent {
				p.parent = int32(j)
			}
		}
		ps.list = append(ps.list, p)
	}
	return ps
}

// spotOf returns the number of a place on a host; its pool is looked up when all hosts are known.
func (b *Builder) spotOf(host uint32, pool string) uint32 {
	k := spotKey{host + 1, pool}
	n, ok := b.spot[k]
	if !ok {
		n = uint32(len(b.facts.spots))
		b.spot[k] = n
		b.facts.spots = append(b.facts.spots, spot{int32(host), -1})
	}
	return n
}

// link puts two devices into one cluster.
func (b *Builder) link(a, c uint32) {
	if a, c = b.root(a), b.root(c); a != c {
		b.links[max(a, c)] = min(a, c)
	}
}

func (b *Builder) root(n uint32) uint32 {
	for b.links[n] != n {
		b.links[n] = b.links[b.links[n]]
		n = b.links[n]
	}
	return n
}

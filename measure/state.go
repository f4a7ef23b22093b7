package measure

import "github.com/highwater-sam/highwater/estate"

// replay is what one worker has in hand while it goes through shards: the state of the shard's devices at the present
// instant, and the ledger of what they come to. It is used again for the next shard.
type replay struct {
	f      *facts
	c      *config
	p      *plan
	only   int32 // the one license to look at, -1 for all
	ledger bool  // whether to keep the ledger, or only the state

	shard   int
	base    int32 // number of the shard's first device
	now     uint32
	devices []device
	members []member
	adjusts []adjust
	adjust  map[adjustKey]int32

	cells      []cell
	tallies    []tally
	sums       []int64 // of what is in pools
	dense      []int32 // 1 + the cell of a host and a license, where the shard is not too large for that
	denseWidth int32

	dirtyDevices []int32
	dirtyCells   []int32
	sum          []int64 // net change of each series at the present instant
	touched      []int32
	exact        exactState

	changes []change
	remarks []remarkChange
}

// device is the state of one device of the shard.
type device struct {
	own     int64 // its count by its hardware; of a host, its cores
	profile uint32
	spot    uint32
	place   int32
	class   uint32
	cells   int32 // the first of those whose server it is, -1 when there is none
	row     int32 // in dense, -1 when it has none
	members members
	kind    deviceKind
	column  uint8 // which of a profile's counts is its own
	region  int8
	cloud   bool
	patched bool // its hardware comes from patches
	dirty   bool // its members are to be settled
}

type deviceKind uint8

const (
	isComputer deviceKind = iota
	isHost
	isVM
)

type members struct{ from, to int32 }

// member is a device with a product of one unit, at some time.
type member struct {
	unit      int32
	license   int32
	index     int32 // of the unit in the license
	installed int32 // how many installations of the unit's products hold now
	adjust    int32 // index of the license's entries about the device, -1 when there are none
	cell      int32 // where it is counted now, -1 nowhere
	tally     int32
	pool      int32 // index into sums, -1 in none that limits
	count     int64 // what it counts there, unknown
	self      bool  // it is its server itself
	spoils    bool  // it makes its server ineligible
	first     bool  // its unit is the license's first, which states the remarks
	big       bool  // its license is evaluated in rationals
	bits      uint8 // the remarks that hold about it
}

// adjust is what a license's entries about a device say now.
type adjust struct {
	device  int32
	license int32
	exempt  bool
	points  estate.Decimal
	count   estate.Decimal
	value   int64 // of points, 0 when there are none
	metric  int64 // of count, unknown
}

type adjustKey struct{ device, license int32 }

// begin makes the shard's state: nothing known, nothing installed, everyone at home.
func (r *replay) begin(s int) {
	r.shard, r.now = s, 0
	sh := r.f.shards[s]
	r.base = int32(sh.devices.from)
	n := sh.devices.to - sh.devices.from
	r.devices = grown(r.devices, n)
	rows := int32(0)
	for i := range r.devices {
		global := sh.devices.from + i
		number := r.f.class[global]
		class := &r.f.classes[number]
		d := device{class: number, cells: -1, row: -1, own: unknown, column: class.column, cloud: class.column == ofCloud}
		r.put(&d, r.c.place[global])
		switch class.kind {
		case estate.Host:
			d.kind = isHost
			d.row = rows
			rows++
		case estate.VM:
			d.kind = isVM
		}
		r.devices[i] = d
	}
	r.adjusts = r.adjusts[:0]
	clear(r.adjust)
	for i := range r.p.patches[s] {
		p := &r.p.patches[s][i]
		if p.kind == patchHardware {
			r.devices[int32(p.device)-r.base].patched = true
		}
		if p.kind >= patchExempt {
			k := adjustKey{int32(p.device) - r.base, p.license}
			if _, ok := r.adjust[k]; !ok {
				r.adjust[k] = int32(len(r.adjusts))
				r.adjusts = append(r.adjusts, adjust{device: k.device, license: k.license, metric: unknown})
			}
		}
	}
	r.enroll(r.f.events[sh.events.from:sh.events.to])
	r.beginLedger(rows)
}

// grown returns a slice of n elements, the old one if it has the room.
func grown[T any](old []T, n int) []T {
	if cap(old) < n {
		return make([]T, n, n+n/4)
	}
	return old[:n]
}

// enroll makes the members: for every device, one for each unit of which it ever has a product.
func (r *replay) enroll(events []event) {
	for i := range events {
		if e := &events[i]; e.what>>kindShift == install>>kindShift {
			r.devices[int32(e.device)-r.base].members.to += int32(len(r.p.unitsOf[e.what&valueMask]))
		}
	}
	total := int32(0)
	for i := range r.devices {
		room := r.devices[i].members.to
		r.devices[i].members = members{total, total}
		total += room
	}
	r.members = grown(r.members, int(total))
	for i := range events {
		e := &events[i]
		if e.what>>kindShift != install>>kindShift {
			continue
		}
		n := int32(e.device) - r.base
		for _, u := range r.p.unitsOf[e.what&valueMask] {
			unit := &r.p.units[u]
			if r.only >= 0 && unit.license != r.only || r.memberOf(n, u) != nil {
				continue
			}
			d, l := &r.devices[n], &r.p.licenses[unit.license]
			if r.ledger && l.exempt[d.class] {
				continue // by its role: it never counts
			}
			r.members[d.members.to] = member{
				unit: u, license: unit.license, index: unit.index, adjust: r.adjustOf(n, unit.license), cell: -1, pool: -1,
				spoils: !l.eligible[d.class], first: unit.index == 0, big: l.big,
			}
			d.members.to++
		}
	}
}

func (r *replay) memberOf(n, unit int32) *member {
	d := &r.devices[n]
	for i := d.members.from; i < d.members.to; i++ {
		if r.members[i].unit == unit {
			return &r.members[i]
		}
	}
	return nil
}

func (r *replay) adjustOf(n, license int32) int32 {
	if len(r.adjusts) == 0 {
		return -1
	}
	if i, ok := r.adjust[adjustKey{n, license}]; ok {
		return i
	}
	return -1
}

// equip gives a device its hardware.
func (r *replay) equip(d *device, profile uint32) {
	counts := &r.p.counts[profile]
	d.profile, d.own = profile, counts[d.column]
}

// put puts a device in its place.
func (r *replay) put(d *device, place int32) {
	d.place, d.region = place, int8(r.c.regionAt(place))
}

// apply takes over one event.
func (r *replay) apply(e *event) {
	n := int32(e.device) - r.base
	d := &r.devices[n]
	switch value := e.what & valueMask; e.what >> kindShift {
	case setHardware >> kindShift:
		if !d.patched {
			r.equip(d, value)
			r.changed(n)
		}
	case setSpot >> kindShift:
		d.spot = value
		r.unsettle(n)
	case install >> kindShift:
		r.install(n, value, 1)
	default:
		r.install(n, value, -1)
	}
}

func (r *replay) install(n int32, product uint32, by int32) {
	for _, u := range r.p.unitsOf[product] {
		if m := r.memberOf(n, u); m != nil {
			m.installed += by
			r.unsettle(n)
		}
	}
}

// installedNow reports whether a device has a product in the present state.
func (r *replay) installedNow(n int32, product uint32) bool {
	sh := r.f.shards[r.shard]
	count := 0
	for _, e := range r.f.events[sh.events.from:sh.events.to] {
		if e.at > r.now {
			break
		}
		if int32(e.device)-r.base == n && e.what&valueMask == product {
			switch e.what >> kindShift {
			case install >> kindShift:
				count++
			case uninstall >> kindShift:
				count--
			}
		}
	}
	return count > 0
}

// applyPatch takes over one patch.
func (r *replay) applyPatch(p *patch) {
	n := int32(p.device) - r.base
	d := &r.devices[n]
	switch p.kind {
	case patchHardware:
		r.equip(d, p.value)
	case patchPlace:
		r.put(d, int32(p.value)-1)
	default:
		if r.only >= 0 && p.license != r.only {
			return
		}
		a := &r.adjusts[r.adjust[adjustKey{n, p.license}]]
		l := &r.p.licenses[p.license]
		switch p.kind {
		case patchExempt:
			a.exempt = p.value != 0
			r.unsettleGuests(n)
		case patchPoints:
			a.points = p.amount
			if !l.big {
				a.value = l.points(p.amount)
			}
		case patchMetric:
			a.count = p.amount
			if !l.big {
				a.metric = r.p.count(p.amount)
			}
		}
	}
	r.changed(n)
}

// changed notes that a device's hardware, place or entries have changed: as a guest and as a server.
func (r *replay) changed(n int32) {
	r.unsettle(n)
	for at := r.devices[n].cells; at >= 0; at = r.cells[at].next {
		r.touch(at)
	}
	for _, license := range r.p.bigs {
		if r.only < 0 || r.only == license {
			r.exact.touch(license)
		}
	}
}

// unsettle notes that a device's members may count otherwise now.
func (r *replay) unsettle(n int32) {
	if d := &r.devices[n]; !d.dirty && d.members.from < d.members.to {
		d.dirty = true
		r.dirtyDevices = append(r.dirtyDevices, n)
	}
}

// unsettleGuests does so for all guests of a host.
func (r *replay) unsettleGuests(host int32) {
	if r.devices[host].kind != isHost {
		return
	}
	for n := range r.devices {
		if spot := r.devices[n].spot; spot != 0 && r.f.spots[spot].host-r.base == host {
			r.unsettle(int32(n))
		}
	}
}

// server returns where a device is counted now (rule 3): the device itself, or the host it is placed on, and the index
// of the pool there, -1 when it is in none.
func (r *replay) server(n int32) (server, pool int32) {
	if spot := r.devices[n].spot; spot != 0 {
		s := &r.f.spots[spot]
		return s.host - r.base, s.pool
	}
	return n, -1
}

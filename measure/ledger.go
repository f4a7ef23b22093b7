package measure

import "slices"

// cell is one server in one license, from the moment a relevant device is first counted there.
type cell struct {
	server  int32
	license int32
	next    int32 // cell of the same server, -1 at the end
	tallies int32 // the first of one for each unit of the license
	adjust  int32 // the license's entries about the server, -1 when there are none
	region  int8
	dirty   bool
	bits    uint8 // the remarks that hold about the server
	present int32 // relevant devices, as last told
	value   int64 // as last told
	weight  int64 // of one count, for the server's hardware
	// weightOf is 1 + the profile of the server that weight and weightBits are for.
	weightOf   uint32
	weightBits uint8 // the remark that goes with the weight
	plain      bool  // at sub-capacity, once per device, without entries: as most are
	tiered     bool
}

// tally adds up the devices of one unit on one server.
type tally struct {
	guests int32
	self   int32 // 1 when the software runs on the server itself
	spoils int32 // ineligible devices, the server included
	sums   int32 // the first in replay.sums of one for each pool of the server, -1 where no pool limits
	plain  int64 // counts of all guests
	free   int64 // counts of the guests in no pool
}

// denseMost is how many entries the table of cells may have before cells are found by searching their server's list.
const denseMost = 1 << 22

func (r *replay) beginLedger(rows int32) {
	r.cells, r.tallies, r.sums = r.cells[:0], r.tallies[:0], r.sums[:0]
	r.dirtyCells, r.touched = r.dirtyCells[:0], r.touched[:0]
	r.denseWidth = int32(len(r.p.licenses))
	if n := int64(rows) * int64(r.denseWidth); r.ledger && n <= denseMost {
		r.dense = grown(r.dense, int(n))
		clear(r.dense)
	} else {
		r.denseWidth = 0
	}
}

// cellOf returns the cell of a server and a license.
func (r *replay) cellOf(server, license int32) int32 {
	d := &r.devices[server]
	if d.row >= 0 && r.denseWidth > 0 {
		at := &r.dense[d.row*r.denseWidth+license]
		if *at == 0 {
			*at = 1 + r.newCell(server, license)
		}
		return *at - 1
	}
	for at := d.cells; at >= 0; at = r.cells[at].next {
		if r.cells[at].license == license {
			return at
		}
	}
	return r.newCell(server, license)
}

func (r *replay) newCell(server, license int32) int32 {
	at := int32(len(r.cells))
	l, adjust := &r.p.licenses[license], r.adjustOf(server, license)
	r.cells = append(r.cells, cell{
		server: server, license: license, next: r.devices[server].cells, tallies: int32(len(r.tallies)), adjust: adjust,
		plain: adjust < 0 && !l.full && !l.perProduct, tiered: l.tiered,
	})
	r.devices[server].cells = at
	limits := 0
	if len(r.p.limits) > 0 {
		limits = len(r.p.limits[r.base+server])
	}
	for range l.units.to - l.units.from {
		t := tally{sums: -1}
		if limits > 0 {
			t.sums = int32(len(r.sums))
			r.sums = append(r.sums, slices.Repeat([]int64{0}, limits)...)
		}
		r.tallies = append(r.tallies, t)
	}
	return at
}

func (r *replay) touch(at int32) {
	if c := &r.cells[at]; !c.dirty {
		c.dirty = true
		r.dirtyCells = append(r.dirtyCells, at)
	}
}

// settle counts a device's members where they belong now.
func (r *replay) settle(n int32) {
	d := &r.devices[n]
	d.dirty = false
	server, pool := n, int32(-1)
	if d.spot != 0 {
		s := &r.f.spots[d.spot]
		server, pool = s.host-r.base, s.pool
	}
	for i := d.members.from; i < d.members.to; i++ {
		m := &r.members[i]
		if m.big {
			r.exact.touch(m.license)
			continue
		}
		count, relevant := d.own, m.installed > 0
		if m.adjust >= 0 {
			a := &r.adjusts[m.adjust]
			relevant = relevant && !(a.exempt && d.kind != isHost)
			if a.metric != unknown {
				count = a.metric
			}
		}
		cell := int32(-1)
		if relevant {
			if row := r.devices[server].row; row >= 0 && r.denseWidth > 0 {
				cell = r.dense[row*r.denseWidth+m.license] - 1
			}
			if cell < 0 {
				cell = r.cellOf(server, m.license)
			}
		}
		if m.cell != cell || m.count != count || pool >= 0 || m.pool >= 0 {
			r.move(m, cell, server == n, pool, count)
		}
		if m.first && (count == unknown || m.adjust >= 0 || m.bits != 0) {
			r.remarkMember(n, m)
		}
	}
}

// move counts a member in another cell, or with another count.
func (r *replay) move(m *member, cell int32, self bool, pool int32, count int64) {
	at, tally := int32(-1), m.tally
	if cell >= 0 {
		tally = r.cells[cell].tallies + m.index
		if t := &r.tallies[tally]; t.sums >= 0 && pool >= 0 {
			at = t.sums + pool
		}
	}
	if m.cell == cell && m.count == count && m.pool == at {
		return
	}
	if m.cell >= 0 {
		r.add(m, -1)
		r.touch(m.cell)
	}
	m.cell, m.tally, m.self, m.pool, m.count = cell, tally, self, at, count
	if cell >= 0 {
		r.add(m, 1)
		r.touch(cell)
	}
}

// add adds the member to its tally, or takes it away.
func (r *replay) add(m *member, sign int32) {
	t := &r.tallies[m.tally]
	if m.spoils {
		t.spoils += sign
	}
	if m.self {
		t.self += sign
		return
	}
	t.guests += sign
	count := int64(sign) * max(m.count, 0)
	t.plain += count
	if m.pool >= 0 {
		r.sums[m.pool] += count
	} else {
		t.free += count
	}
}

// pooled adds up the guests of a tally through the pools of their host, from the leaves to the roots.
func (r *replay) pooled(host int32, t *tally) int64 {
	if t.sums < 0 {
		return t.plain
	}
	list := r.f.pools[r.base+host].list
	limits := r.p.limits[r.base+host]
	sums := r.sums[t.sums : int(t.sums)+len(list)]
	total := t.free
	for i := range list {
		if list[i].parent >= 0 {
			continue
		}
		in := sums[i]
		for j := range list {
			if int(list[j].parent) == i {
				in += limited(sums[j], limits[j])
			}
		}
		total += limited(in, limits[i])
	}
	return total
}

// limited returns n, at most limit where that is known.
func limited(n, limit int64) int64 {
	if limit != unknown && limit < n {
		return limit
	}
	return n
}

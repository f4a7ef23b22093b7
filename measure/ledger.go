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
	r.cells = append(r.cells, cell{
		server: server, license: license, next: r.devices[server].cells,
		tallies: int32(len(r.tallies)), adjust: r.adjustOf(server, license),
	})
	r.devices[server].cells = at
	limits := len(r.p.limits[r.base+server])
	for range r.p.licenses[license].units.to - r.p.licenses[license].units.from {
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
	server, pool := r.server(n)
	own := r.p.counts[d.profile][r.f.classes[d.class].column]
	for i := d.members.from; i < d.members.to; i++ {
		m := &r.members[i]
		l := &r.p.licenses[m.license]
		if l.big {
			r.exact.touch(m.license)
			continue
		}
		count, relevant := own, m.installed > 0 && !l.exempt[d.class]
		if m.adjust >= 0 {
			a := &r.adjusts[m.adjust]
			relevant = relevant && !(a.exempt && d.kind != isHost)
			if a.metric != unknown {
				count = a.metric
			}
		}
		cell := int32(-1)
		if relevant {
			cell = r.cellOf(server, m.license)
		}
		r.move(m, cell, server == n, pool, count)
		if m.first {
			r.remarkMember(n, m)
		}
	}
}

// move counts a member in another cell, or with another count.
func (r *replay) move(m *member, cell int32, self bool, pool int32, count int64) {
	at := int32(-1)
	tally := m.tally
	if cell >= 0 {
		tally = r.cells[cell].tallies + r.p.units[m.unit].index
		if t := &r.tallies[tally]; t.sums >= 0 && pool >= 0 {
			at = t.sums + pool
		}
	}
	if m.cell == cell && m.count == count && m.pool == at {
		return
	}
	r.add(m, -1)
	m.cell, m.tally, m.self, m.pool, m.count = cell, tally, self, at, count
	r.add(m, 1)
}

// add adds the member to its cell, or takes it away.
func (r *replay) add(m *member, sign int32) {
	if m.cell < 0 {
		return
	}
	t := &r.tallies[m.tally]
	if m.spoils {
		t.spoils += sign
	}
	if m.self {
		t.self += sign
	} else {
		t.guests += sign
		count := int64(sign) * max(m.count, 0)
		t.plain += count
		if m.pool >= 0 {
			r.sums[m.pool] += count
		} else {
			t.free += count
		}
	}
	r.touch(m.cell)
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

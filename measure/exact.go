package measure

import (
	"math/big"
	"slices"

	"github.com/highwater-sam/highwater/estate"
)

// serverAt is one server with relevant devices in one license, at one instant, evaluated in rationals with every
// intermediate figure kept. It is what an explanation shows, and what counts for a license too large for int64.
type serverAt struct {
	n        int32
	devices  []deviceAt // relevant ones: the server itself first if it is, then its guests
	own      *big.Rat   // the server's count by rule 2, nil when unknown
	cores    *big.Rat   // a host's cores, nil when unknown
	parts    []partAt
	eligible bool // over all products
	value    *big.Rat
	computed *big.Rat // the value without overridden consumption
	points   estate.Decimal
	replaced bool  // by points
	rule     int32 // of ibm-pvu: noRule or 1 + the index of the points rule
	rate     *big.Rat
	bits     uint8
}

// deviceAt is a relevant device on a server.
type deviceAt struct {
	n        int32
	pool     int32
	count    *big.Rat // nil when unknown
	metric   bool     // the count is an overridden metric
	eligible bool
	units    []int32 // those it counts for, by index in the license
	bits     uint8
}

// partAt is the evaluation of one unit on a server.
type partAt struct {
	unit     int32
	plain    *big.Rat // counts of the guests added up
	pooled   *big.Rat // the same through the pools
	pools    []*big.Rat
	sub      *big.Rat
	full     *big.Rat
	eligible bool
	chosen   *big.Rat
	weight   *big.Rat
	value    *big.Rat
	self     bool
	bits     uint8
}

// serversAt evaluates a license in the present state of the shard, in the order of the devices.
func (r *replay) serversAt(n int32) []*serverAt {
	l := &r.p.licenses[n]
	byServer := map[int32]*serverAt{}
	var list []*serverAt
	for i := range r.devices {
		d := r.deviceAt(int32(i), n, l)
		if d == nil {
			continue
		}
		at, pool := r.server(d.n)
		if r.entries(at, n).exempt { // an exemption of a host takes its guests out too
			continue
		}
		d.pool = pool
		s := byServer[at]
		if s == nil {
			s = &serverAt{n: at}
			byServer[at] = s
			list = append(list, s)
		}
		s.devices = append(s.devices, *d)
	}
	for _, s := range list {
		slices.SortStableFunc(s.devices, func(a, b deviceAt) int {
			switch s.n {
			case a.n:
				return -1
			case b.n:
				return 1
			}
			return 0
		})
		r.evaluateServer(s, n, l)
	}
	return list
}

// entries returns what a license's entries about a device say now.
func (r *replay) entries(n, license int32) adjust {
	if i := r.adjustOf(n, license); i >= 0 {
		return r.adjusts[i]
	}
	return adjust{}
}

// deviceAt returns a device as it counts in a license (rules 1 and 2), nil when it is not relevant.
func (r *replay) deviceAt(n, license int32, l *license) *deviceAt {
	d := &r.devices[n]
	a := r.entries(n, license)
	if l.exempt[d.class] || a.exempt {
		return nil
	}
	var units []int32
	for i := d.members.from; i < d.members.to; i++ {
		if m := &r.members[i]; m.license == license && m.installed > 0 {
			units = append(units, r.p.units[m.unit].index)
		}
	}
	if units == nil {
		return nil
	}
	return &deviceAt{n: n, units: units, eligible: l.eligible[d.class], count: r.countAt(n, a), metric: a.count.Stated()}
}

// countAt returns the count of a device by rule 2, nil when it is unknown.
func (r *replay) countAt(n int32, a adjust) *big.Rat {
	if a.count.Stated() {
		return a.count.Rat()
	}
	d := &r.devices[n]
	return countOf(&r.f.profiles[d.profile].hardware, int(r.f.classes[d.class].column)).Rat()
}

// evaluateServer applies the rules 4 to 10.
func (r *replay) evaluateServer(s *serverAt, license int32, l *license) {
	d := &r.devices[s.n]
	a := r.entries(s.n, license)
	s.own = r.countAt(s.n, a)
	if d.kind == isHost {
		s.cores = r.f.profiles[d.profile].hardware.Cores.Rat()
	}
	s.eligible = true
	for i := range s.devices {
		g := &s.devices[i]
		s.eligible = s.eligible && g.eligible
		if g.count == nil {
			g.bits |= bitCoresMissing
		}
		if g.n != s.n && isStatedAbove0(r.entries(g.n, license).points) {
			g.bits |= bitOverrideIgnored
		}
	}
	weights := weightsOf(l.stated)
	if l.rates != nil {
		s.rule = l.rates.of(r.f.profiles[d.profile].points, d.class)
		s.rate = weights[s.rule]
		weights = []*big.Rat{s.rate}
		if s.rule == noRule {
			s.bits |= bitPointsUnmatched
		}
	}
	s.computed = new(big.Rat)
	for i, weight := range weights {
		if l.perProduct && i == 0 {
			continue
		}
		if part, ok := r.part(s, int32(i)); ok {
			part.weight = weight
			part.value = new(big.Rat).Mul(part.chosen, weight)
			s.computed.Add(s.computed, part.value)
			s.bits |= part.bits
			s.parts = append(s.parts, part)
		}
	}
	if d.kind == isVM && r.f.classes[d.class].column != ofCloud {
		s.bits |= bitHostUnknown
	}
	s.value = s.computed
	if s.points = a.points; isStatedAbove0(a.points) {
		if s.replaced = d.kind == isComputer || !s.eligible; s.replaced {
			s.value = a.points.Rat()
		} else {
			s.bits |= bitOverrideIgnored
		}
	}
}

func isStatedAbove0(d estate.Decimal) bool { return d.Stated() && d.Rat().Sign() > 0 }

// part evaluates one unit on a server; ok is false when none of its devices is on it.
func (r *replay) part(s *serverAt, unit int32) (p partAt, ok bool) {
	p = partAt{unit: unit, plain: new(big.Rat), eligible: true}
	host := r.devices[s.n].kind == isHost
	list := r.f.pools[r.base+s.n].list
	inPool, free := make([]*big.Rat, len(list)), new(big.Rat)
	for i := range inPool {
		inPool[i] = new(big.Rat)
	}
	for i := range s.devices {
		g := &s.devices[i]
		if !slices.Contains(g.units, unit) {
			continue
		}
		ok = true
		p.eligible = p.eligible && g.eligible
		if g.n == s.n {
			p.self = true
			continue
		}
		if g.count == nil {
			continue
		}
		p.plain.Add(p.plain, g.count)
		if g.pool >= 0 {
			inPool[g.pool].Add(inPool[g.pool], g.count)
		} else {
			free.Add(free, g.count)
		}
	}
	p.pooled, p.pools = throughPools(list, inPool, free)
	if !host {
		p.sub = orZero(s.own)
		p.full, p.chosen = p.sub, p.sub
		return p, ok
	}
	switch {
	case p.self && s.own != nil:
		p.sub = s.own
	case s.cores == nil:
		p.sub = p.pooled
		p.bits |= bitHostCoresMissing
	default:
		p.sub = lesser(p.pooled, s.cores)
	}
	if p.full = s.own; s.own == nil {
		p.full = p.plain
		p.bits |= bitHostCoresMissing
	}
	p.chosen = p.full
	if p.eligible {
		p.chosen = p.sub
	}
	return p, ok
}

// throughPools adds up what is in the pools and beside them, each pool limited; it returns the sum, and what each pool
// passed on.
func throughPools(list []pool, in []*big.Rat, free *big.Rat) (sum *big.Rat, passed []*big.Rat) {
	passed = make([]*big.Rat, len(list))
	pass := func(i int) {
		passed[i] = in[i]
		if list[i].limit.Stated() {
			passed[i] = lesser(in[i], list[i].limit.Rat())
		}
	}
	for i := range list {
		if parent := list[i].parent; parent >= 0 {
			pass(i)
			in[parent].Add(in[parent], passed[i])
		}
	}
	sum = new(big.Rat).Set(free)
	for i := range list {
		if list[i].parent < 0 {
			pass(i)
			sum.Add(sum, passed[i])
		}
	}
	return sum, passed
}

func orZero(x *big.Rat) *big.Rat {
	if x == nil {
		return new(big.Rat)
	}
	return x
}

func lesser(a, b *big.Rat) *big.Rat {
	if a.Cmp(b) <= 0 {
		return a
	}
	return b
}

// exactState is what has been told of the licenses that are evaluated in rationals, in the shard in hand.
type exactState struct {
	touched []int32
	told    map[int32]*exactTold
	changes []exactChange
}

type exactTold struct {
	values [regions]*big.Rat
	counts [regions]int64
	bits   map[int32]uint8 // by device
}

// exactChange says that from at on a series is higher by by.
type exactChange struct {
	series uint32
	at     uint32
	by     *big.Rat
}

func (x *exactState) touch(license int32) {
	if !slices.Contains(x.touched, license) {
		x.touched = append(x.touched, license)
	}
}

// evaluateExactly evaluates the touched licenses anew in the present state, and notes what has changed.
func (r *replay) evaluateExactly() {
	for _, n := range r.exact.touched {
		l := &r.p.licenses[n]
		now := &exactTold{bits: map[int32]uint8{}}
		for i := range now.values {
			now.values[i] = new(big.Rat)
		}
		for _, s := range r.serversAt(n) {
			region := Unassigned
			if !l.tiered {
				region = r.c.regionAt(r.devices[s.n].place)
			}
			now.values[region].Add(now.values[region], s.value)
			now.counts[region] += int64(len(s.devices))
			now.bits[s.n] |= s.bits
			for i := range s.devices {
				now.bits[s.devices[i].n] |= s.devices[i].bits
			}
		}
		r.tellExactly(n, r.exact.told[n], now)
		r.exact.told[n] = now
	}
	r.exact.touched = r.exact.touched[:0]
}

func (r *replay) tellExactly(license int32, before, now *exactTold) {
	if before == nil {
		before = &exactTold{}
	}
	for region := range now.values {
		series := uint32(seriesOf(license, int8(region)))
		if by := new(big.Rat).Sub(now.values[region], orZero(before.values[region])); by.Sign() != 0 {
			r.exact.changes = append(r.exact.changes, exactChange{series, r.now, by})
		}
		if by := now.counts[region] - before.counts[region]; by != 0 {
			r.changes = append(r.changes, change{series + presence, r.now, by})
		}
	}
	for n, bits := range before.bits {
		if now.bits[n] == 0 && bits != 0 {
			r.remarkChanges(license, n, bits, 0)
		}
	}
	for n, bits := range now.bits {
		if bits != 0 && before.bits[n] != bits {
			r.remarkChanges(license, n, before.bits[n], bits)
		}
	}
}

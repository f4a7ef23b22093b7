package measure

// evaluate brings what has been told of a cell up to date: its value, its relevant devices, its region, its remarks.
func (r *replay) evaluate(at int32) {
	c := &r.cells[at]
	c.dirty = false
	server := &r.devices[c.server]
	first := &r.tallies[c.tallies]
	present := first.guests + first.self
	if c.adjust >= 0 && r.adjusts[c.adjust].exempt {
		present = 0 // the exemption of a host takes its guests out too
	}
	value, bits, region := int64(0), uint8(0), c.region
	if present > 0 {
		if c.weightOf != server.profile+1 {
			r.weigh(c, server)
		}
		if c.plain && server.kind == isHost && first.self == 0 && first.sums < 0 && server.own != unknown {
			// The common case of value, in short: guests of a host whose cores are known.
			cores := server.own
			if first.spoils == 0 && first.plain < cores {
				cores = first.plain
			}
			value, bits = cores*c.weight, c.weightBits
		} else {
			value, bits = r.value(c, &r.p.licenses[c.license], server, first)
		}
		if region = server.region; c.tiered {
			region = 0
		}
	}
	if region == c.region {
		series := seriesOf(c.license, region)
		r.tell(series, value-c.value)
		r.tell(series+presence, int64(present-c.present))
	} else {
		series := seriesOf(c.license, c.region)
		r.tell(series, -c.value)
		r.tell(series+presence, -int64(c.present))
		series = seriesOf(c.license, region)
		r.tell(series, value)
		r.tell(series+presence, int64(present))
	}
	c.value, c.present, c.region = value, present, region
	if bits != c.bits {
		r.remarkChanges(c.license, c.server, c.bits, bits)
		c.bits = bits
	}
}

// weigh brings up to date what one core on the server is worth (rules 8 and 9), unless each product has its own worth.
func (r *replay) weigh(c *cell, server *device) {
	c.weightOf = server.profile + 1
	l := &r.p.licenses[c.license]
	if l.rates == nil {
		c.weight = r.p.units[l.units.from].weight
		return
	}
	rule := l.rates.of(r.f.profiles[server.profile].points, server.class)
	c.weight, c.weightBits = l.rates.weights[rule], 0
	if rule == noRule {
		c.weightBits = bitPointsUnmatched
	}
}

// value applies the rules 4 to 10 to a server with relevant devices.
func (r *replay) value(c *cell, l *license, server *device, first *tally) (value int64, bits uint8) {
	own, limit := server.own, server.own
	points := int64(0)
	if c.adjust >= 0 {
		a := &r.adjusts[c.adjust]
		points = a.value
		if a.metric != unknown {
			own = a.metric
		}
	}
	sub := !l.full
	if l.perProduct {
		for i := l.units.from + 1; i < l.units.to; i++ {
			t := &r.tallies[c.tallies+int32(i-l.units.from)]
			if t.guests+t.self > 0 {
				cores, more := r.cores(c.server, server.kind, t, sub && t.spoils == 0, own, limit)
				value += cores * r.p.units[i].weight
				bits |= more
			}
		}
	} else {
		value, bits = r.cores(c.server, server.kind, first, sub && first.spoils == 0, own, limit)
		value *= c.weight
		bits |= c.weightBits
	}
	if server.kind == isVM && !server.cloud {
		bits |= bitHostUnknown
	}
	if points != 0 {
		if server.kind == isComputer || !sub || first.spoils > 0 {
			value = points
		} else {
			bits |= bitOverrideIgnored
		}
	}
	return value, bits
}

// cores applies the rules 4, 6 and 7 to one unit on a server.
func (r *replay) cores(server int32, kind deviceKind, t *tally, sub bool, own, limit int64) (cores int64, bits uint8) {
	if kind != isHost {
		return max(own, 0), 0
	}
	switch {
	case own == unknown:
		bits = bitHostCoresMissing // states rule 6, and rule 4 where the limit is unknown too
	case t.self == 0 && limit == unknown:
		bits = bitHostCoresMissing
	}
	if !sub {
		if own == unknown {
			return t.plain, bits
		}
		return own, bits
	}
	if t.self > 0 && own != unknown {
		return own, bits
	}
	return limited(r.pooled(server, t), limit), bits
}

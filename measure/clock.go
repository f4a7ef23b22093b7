package measure

import (
	"fmt"
	"math"
	"slices"

	"github.com/highwater-sam/highwater/estate"
)

// clock maps instants to the 32-bit ticks that facts are stored with. Tick 0 is the start of the measured window:
// what began earlier is true from there on, what ended earlier or begins at its end never was.
type clock struct {
	from, to estate.Instant // the window, not empty
	// table lists the instants of change where the window is too long for seconds in 32 bits (136 years); else nil.
	table []estate.Instant
}

// newClock returns the clock of an estate's window: from the earliest period, and in any case the last second before
// as_of, to as_of. instants is only called if the window is too long for seconds; it yields every instant of change.
func newClock(header *estate.Estate, instants func(yield func(estate.Instant))) clock {
	c := clock{from: header.AsOf - 1, to: header.AsOf}
	for _, p := range header.Periods {
		c.from = min(c.from, p.From)
	}
	if c.to-c.from <= math.MaxUint32 {
		return c
	}
	c.table = append(c.table, c.from)
	add := func(i estate.Instant) {
		if c.from < i && i < c.to {
			c.table = append(c.table, i)
		}
	}
	instants(add)
	for _, p := range header.Periods {
		add(p.From)
		add(p.To)
	}
	slices.Sort(c.table)
	c.table = slices.Compact(c.table)
	return c
}

// tick returns the tick of an instant inside the window; known is false when the clock has no tick for it.
func (c *clock) tick(i estate.Instant) (tick uint32, known bool) {
	i = max(i, c.from)
	if c.table == nil {
		return uint32(i - c.from), true
	}
	n, found := slices.BinarySearch(c.table, i)
	return uint32(n), found
}

// instant returns the instant of a tick.
func (c *clock) instant(tick uint32) estate.Instant {
	if c.table == nil {
		return c.from + estate.Instant(tick)
	}
	return c.table[tick]
}

// end returns the instant of a tick that may be the end of the window.
func (c *clock) end(tick int64) estate.Instant {
	if tick >= c.upTo(c.to) {
		return c.to
	}
	return c.instant(uint32(tick))
}

// upTo returns the first tick that is not before the instant, for instants anywhere.
func (c *clock) upTo(i estate.Instant) int64 {
	switch {
	case i <= c.from:
		return 0
	case c.table == nil:
		return int64(min(i, c.to) - c.from)
	default:
		n, _ := slices.BinarySearch(c.table, i)
		return int64(n)
	}
}

// holds reports whether [from, to) has an instant in common with the window; a to of 0 is for ever.
func (c *clock) holds(from, to estate.Instant) bool { return from < c.to && (to == 0 || to > c.from) }

// tells returns an error when the estate states an instant of change, inside the window, for which the clock has no tick.
func (c *clock) tells(e *estate.Estate) error {
	if c.table == nil {
		return nil
	}
	var err error
	instantsOf(e, e.Devices, nil, func(i estate.Instant) {
		if i <= c.from || i >= c.to {
			return
		}
		if _, known := c.tick(i); !known {
			err = fmt.Errorf("%s is a new instant in a history of more than 136 years: measure the corrected estate instead", i)
		}
	})
	return err
}

// instantsOf yields every instant that facts and configuration state, 0 included.
func instantsOf(header *estate.Estate, devices []estate.Device, installations []estate.Installation, yield func(estate.Instant)) {
	both := func(from, to estate.Instant) { yield(from); yield(to) }
	for i := range devices {
		for _, h := range devices[i].Hardware {
			both(h.From, h.To)
		}
		for _, p := range devices[i].Placement {
			both(p.From, p.To)
		}
		for _, m := range devices[i].Moves {
			both(m.From, m.To)
		}
		for _, o := range devices[i].Overrides {
			both(o.From, o.To)
		}
	}
	for _, x := range installations {
		both(x.From, x.To)
	}
	for i := range header.Licenses {
		l := &header.Licenses[i]
		for _, x := range l.Exemptions {
			both(x.From, x.To)
		}
		for _, x := range l.Overridden {
			both(x.From, x.To)
		}
		for _, x := range l.OverriddenMetric {
			both(x.From, x.To)
		}
	}
}

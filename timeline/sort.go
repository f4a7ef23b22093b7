package timeline

import (
	"cmp"
	"slices"
)

// order sorts deltas in place by instant: short lists by comparison, long ones by radix, in as many passes of digit bits
// as the range of the instants needs. It returns the scratch space for the next use.
func order(deltas, scratch []Delta) []Delta {
	const short, digit = 512, 11
	if len(deltas) <= short {
		slices.SortFunc(deltas, func(a, b Delta) int { return cmp.Compare(a.At, b.At) })
		return scratch
	}
	low, high, inOrder := deltas[0].At, deltas[0].At, true
	for i := range deltas {
		inOrder = inOrder && high <= deltas[i].At
		low, high = min(low, deltas[i].At), max(high, deltas[i].At)
	}
	if inOrder {
		return scratch
	}
	if cap(scratch) < len(deltas) {
		scratch = make([]Delta, len(deltas))
	}
	from, to := deltas, scratch[:len(deltas)]
	span := uint64(high) - uint64(low)
	for shift := uint(0); span>>shift != 0; shift += digit {
		var next [1 << digit]int32
		for i := range from {
			next[(uint64(from[i].At)-uint64(low))>>shift&(1<<digit-1)]++
		}
		at := int32(0)
		for i, n := range next {
			next[i] = at
			at += n
		}
		for i := range from {
			bucket := &next[(uint64(from[i].At)-uint64(low))>>shift&(1<<digit-1)]
			to[*bucket] = from[i]
			*bucket++
		}
		from, to = to, from
	}
	if &from[0] != &deltas[0] {
		copy(deltas, from)
	}
	return scratch
}

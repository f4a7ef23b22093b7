package estate

import (
	"cmp"
	"slices"
)

// span is [from, to), where a from of 0 is since ever and a to of 0 is for ever.
type span struct{ from, to Instant }

// sound reports whether the span says something that other checks may build on: its instants could be read, in order.
func (s span) sound() bool { return s.from >= 0 && s.to >= 0 && (s.to == 0 || s.from < s.to) }

// clashes calls found for spans that share an instant with one before them in time: with the indexes of the earlier
// and of the later entry of the list. It finds at least one clash of each span that has any with an earlier one.
func clashes(n int, at func(int) span, found func(a, b int)) {
	order := make([]int, 0, n)
	sorted := true
	for i := range n {
		if s := at(i); s.sound() {
			sorted = sorted && (len(order) == 0 || at(order[len(order)-1]).from <= s.from)
			order = append(order, i)
		}
	}
	if !sorted {
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(at(a).from, at(b).from) })
	}
	last := -1 // whose end is the latest so far
	for _, i := range order {
		if last >= 0 {
			if end := at(last).to; end == 0 || at(i).from < end {
				found(min(last, i), max(last, i))
				if end == 0 || at(i).to != 0 && at(i).to <= end {
					continue
				}
			}
		}
		last = i
	}
}

// overlaps reports facts of one kind about one subject that hold at the same instant.
func overlaps[T any](c *checker, at *place, list string, facts []T, of func(*T) span) {
	if len(facts) < 2 {
		return
	}
	clashes(len(facts), func(i int) span {
		s := of(&facts[i])
		if s.from == 0 { // missing, and reported as that
			return span{bad, bad}
		}
		return s
	}, func(a, b int) {
		at := item(at, list, b)
		c.problem(&at, "", "this holds at the same time as %s[%d]", list, a)
	})
}

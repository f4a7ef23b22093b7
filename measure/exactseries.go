package measure

import (
	"cmp"
	"math/big"
	"slices"

	"github.com/highwater-sam/highwater/timeline"
)

// exactSeries is a step function of rationals: the same steps as ranks among its values, so that package timeline can
// find its maximum.
type exactSeries struct {
	ranks  []timeline.Delta
	values []*big.Rat // by rank; values[0] is 0
}

// exactSeries adds up the exact changes of each series.
func (found *findings) exactSeries() map[uint32]exactSeries {
	bySeries := map[uint32][]exactChange{}
	for _, c := range found.exact {
		bySeries[c.series] = append(bySeries[c.series], c)
	}
	all := make(map[uint32]exactSeries, len(bySeries))
	for series, changes := range bySeries {
		all[series] = exactSeriesOf(changes)
	}
	return all
}

func exactSeriesOf(changes []exactChange) exactSeries {
	slices.SortStableFunc(changes, func(a, b exactChange) int { return cmp.Compare(a.at, b.at) })
	var ticks []uint32
	var steps []*big.Rat
	value := new(big.Rat)
	for i, c := range changes {
		value = new(big.Rat).Add(value, c.by)
		if i+1 == len(changes) || changes[i+1].at != c.at {
			ticks, steps = append(ticks, c.at), append(steps, value)
		}
	}
	s := exactSeries{values: append([]*big.Rat{new(big.Rat)}, steps...)}
	slices.SortFunc(s.values, (*big.Rat).Cmp)
	s.values = slices.CompactFunc(s.values, func(a, b *big.Rat) bool { return a.Cmp(b) == 0 })
	before := 0
	for i, at := range ticks {
		rank, _ := slices.BinarySearchFunc(s.values, steps[i], (*big.Rat).Cmp)
		if rank != before {
			s.ranks = append(s.ranks, timeline.Delta{At: int64(at), By: int64(rank - before)})
		}
		before = rank
	}
	return s
}

// at returns the value of a rank.
func (s *exactSeries) at(rank int64) *big.Rat {
	if len(s.values) == 0 {
		return new(big.Rat)
	}
	return s.values[rank]
}

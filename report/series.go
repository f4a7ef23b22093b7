package report

import (
	"math/big"
	"slices"
	"sort"
	"time"
)

// Step is one step of a series: from At on the consumption is Value, until the next step.
type Step struct {
	At    time.Time
	Value *big.Rat
}

// Series is the consumption of a license in one region over time, in order. Before its first step it is 0.
type Series struct {
	Region int // 1 to 3; 0 is unassigned, or all regions together where the metric knows none
	Steps  []Step
}

var zero = new(big.Rat)

// ValueAt is the consumption at an instant.
func (s Series) ValueAt(at time.Time) *big.Rat {
	i := sort.Search(len(s.Steps), func(i int) bool { return s.Steps[i].At.After(at) })
	if i == 0 {
		return zero
	}
	return s.Steps[i-1].Value
}

// SeriesRow is the consumption of several regions from an instant on.
type SeriesRow struct {
	At     time.Time
	Values []*big.Rat // in the order of the series
	Total  *big.Rat
}

// Rows lays series side by side over [from, to): a row at from, and one at each instant at which one of them changes.
func Rows(all []Series, from, to time.Time) []SeriesRow {
	if !from.Before(to) {
		return nil
	}
	at := make([]int, len(all)) // of each series, the next step
	values := make([]*big.Rat, len(all))
	for i, s := range all {
		at[i] = sort.Search(len(s.Steps), func(j int) bool { return s.Steps[j].At.After(from) })
		values[i] = s.ValueAt(from)
	}
	rows := []SeriesRow{rowOf(from, values)}
	for {
		next := to
		for i, s := range all {
			if at[i] < len(s.Steps) && s.Steps[at[i]].At.Before(next) {
				next = s.Steps[at[i]].At
			}
		}
		if !next.Before(to) {
			return rows
		}
		changed := false
		for i, s := range all {
			for at[i] < len(s.Steps) && s.Steps[at[i]].At.Equal(next) {
				changed = changed || s.Steps[at[i]].Value.Cmp(values[i]) != 0
				values[i] = s.Steps[at[i]].Value
				at[i]++
			}
		}
		if changed {
			rows = append(rows, rowOf(next, values))
		}
	}
}

func rowOf(at time.Time, values []*big.Rat) SeriesRow {
	total := new(big.Rat)
	for _, v := range values {
		total.Add(total, v)
	}
	return SeriesRow{at, slices.Clone(values), total}
}

// Together is the highest consumption of all regions at one moment, and the latest unbroken stretch at it.
type Together struct {
	Value    *big.Rat
	From, To time.Time
}

// HighestTogether finds the moment at which the regions consumed most together. to ends the last row.
func HighestTogether(rows []SeriesRow, to time.Time) Together {
	var best Together
	for i, r := range rows {
		end := to
		if i+1 < len(rows) {
			end = rows[i+1].At
		}
		switch {
		case best.Value == nil || r.Total.Cmp(best.Value) > 0, r.Total.Cmp(best.Value) == 0 && !best.To.Equal(r.At):
			best = Together{r.Total, r.At, end}
		case r.Total.Cmp(best.Value) == 0:
			best.To = end
		}
	}
	return best
}

// Thin leaves out rows that a drawing of so many columns cannot show: of the rows in one column it keeps the first, the
// last, and for each region one with its highest and one with its lowest value. Figures never come from thinned rows.
func Thin(rows []SeriesRow, from, to time.Time, columns int) []SeriesRow {
	if len(rows) <= 2*columns || columns <= 0 {
		return rows
	}
	width := to.Sub(from)/time.Duration(columns) + 1
	var thin []SeriesRow
	for start := 0; start < len(rows); {
		column := rows[start].At.Sub(from) / width
		end := start
		for end < len(rows) && rows[end].At.Sub(from)/width == column {
			end++
		}
		keep := map[int]bool{start: true, end - 1: true}
		for region := range rows[start].Values {
			high, low := start, start
			for i := start; i < end; i++ {
				if rows[i].Values[region].Cmp(rows[high].Values[region]) > 0 {
					high = i
				}
				if rows[i].Values[region].Cmp(rows[low].Values[region]) < 0 {
					low = i
				}
			}
			keep[high], keep[low] = true, true
		}
		for i := start; i < end; i++ {
			if keep[i] {
				thin = append(thin, rows[i])
			}
		}
		start = end
	}
	return thin
}

// Gap is a stretch of time in which a device was not measured; its last values are held.
type Gap struct{ From, To time.Time }

// Gaps are the stretches of [from, to) that the covered spans leave, after the first of them: before it the device was
// not known. Spans are in order and apart. A gap shorter than least is none.
func Gaps(covered []Gap, from, to time.Time, least time.Duration) []Gap {
	var gaps []Gap
	for i := range covered {
		end := to
		if i+1 < len(covered) {
			end = covered[i+1].From
		}
		g := Gap{later(covered[i].To, from), earlier(end, to)}
		if g.To.Sub(g.From) >= least && g.From.Before(g.To) {
			gaps = append(gaps, g)
		}
	}
	return gaps
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

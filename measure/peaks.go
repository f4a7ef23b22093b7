package measure

import (
	"math/big"

	"github.com/highwater-sam/highwater/estate"
	"github.com/highwater-sam/highwater/timeline"
)

// line is one series of a license as numbers.
type line struct {
	deltas []timeline.Delta
	number func(value int64) *big.Rat
}

// lineOf returns the series of a license's consumption in a region.
func (e *Engine) lineOf(res *result, n int32, region Region) line {
	l := &e.plan.licenses[n]
	series := seriesOf(n, int8(region))
	ln := line{res.series[series], l.numberOf}
	if l.big {
		exact := res.exact[uint32(series)]
		ln = line{exact.ranks, exact.at}
	}
	if l.tiered {
		cores := ln.number
		ln.number = func(value int64) *big.Rat { return tiers(cores(value)) }
	}
	return ln
}

// rvuTiers are the marginal tiers of ibm-rvu-mapc: up to how many cores, and the factor in fifths. The last has no end.
var rvuTiers = [...]struct{ to, fifths int64 }{{2500, 5}, {10000, 4}, {50000, 3}, {150000, 2}, {0, 1}}

// tiers is the consumption of a number of cores by ibm-rvu-mapc (rule 12). It grows with the cores, so that its maximum
// is where theirs is.
func tiers(cores *big.Rat) *big.Rat {
	sum := new(big.Rat)
	for _, t := range tierParts(cores) {
		sum.Add(sum, t.Value.Rat())
	}
	return sum
}

// inOrder lists the regions as a measurement does.
var inOrder = [regions]Region{1, 2, 3, Unassigned}

// position reads the position of license n from the series.
func (e *Engine) position(res *result, n int32) *License {
	l := &e.plan.licenses[n]
	pos := &License{
		ID: l.stated.ID, Metric: l.stated.Metric, Entitlements: l.stated.Entitlements.Canonical(),
		Current: e.current(res, n),
		Periods: make([]Period, 0, len(e.header.Periods)),
		Remarks: e.remarksOf(res.remarks[n]),
	}
	for i := range e.header.Periods {
		pos.Periods = append(pos.Periods, e.period(res, n, &e.header.Periods[i]))
	}
	return pos
}

// current reads the values at the last instant before as_of.
func (e *Engine) current(res *result, n int32) Current {
	tiered := e.plan.licenses[n].tiered
	sum, current := new(big.Rat), Current{Regions: []RegionValue{}}
	for _, region := range inOrder {
		if !(tiered && region == Unassigned) && last(res.series[seriesOf(n, int8(region))+presence]) == 0 {
			continue
		}
		ln := e.lineOf(res, n, region)
		value := ln.number(last(ln.deltas))
		sum.Add(sum, value)
		current.Regions = append(current.Regions, RegionValue{region, NumberOf(value)})
	}
	current.Raw = NumberOf(sum)
	return current
}

func last(deltas []timeline.Delta) int64 {
	sum := int64(0)
	for _, d := range deltas {
		sum += d.By
	}
	return sum
}

// period reads the peaks of a period.
func (e *Engine) period(res *result, n int32, p *estate.Period) Period {
	pos := Period{Name: p.Name, Peak: "0", Regions: []RegionPeak{}}
	clock := &e.facts.clock
	to := clock.to
	if p.To != 0 {
		to = min(to, p.To)
	}
	if p.From >= to {
		return pos
	}
	from, until := clock.upTo(p.From), clock.upTo(to)
	tiered := e.plan.licenses[n].tiered
	sum := new(big.Int)
	for _, region := range inOrder {
		devices := res.series[seriesOf(n, int8(region))+presence]
		if !(tiered && region == Unassigned) && !timeline.AnyAbove0(devices, from, until) {
			continue
		}
		ln := e.lineOf(res, n, region)
		peak := timeline.PeakOf(ln.deltas, from, until)
		exact := ln.number(peak.Value)
		whole := ceiling(exact)
		sum.Add(sum, whole)
		found := RegionPeak{Region: region, Exact: NumberOf(exact), Peak: Number(whole.String())}
		if exact.Sign() > 0 {
			found.Start = clock.instant(uint32(peak.Start))
			found.Date = (clock.end(peak.End) - 1).Date()
		}
		pos.Regions = append(pos.Regions, found)
	}
	pos.Peak = Number(sum.String())
	return pos
}

func ceiling(x *big.Rat) *big.Int {
	up := new(big.Int).Add(x.Num(), x.Denom())
	up.Sub(up, big.NewInt(1))
	return up.Quo(up, x.Denom())
}

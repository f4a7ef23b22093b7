package measure

import (
	"fmt"
	"math/big"
	"slices"

	"github.com/highwater-sam/highwater/timeline"
)

// Correct makes corrections, one after the other, and returns the measurement with them all. It measures again only
// what they touch; the result is that of measuring the corrected estate in full. When one of them cannot be made, none
// is. What is wrong with a correction is returned as estate.Problems where it would be so in an estate.
func (e *Engine) Correct(list ...Correction) (*Measurement, error) {
	if _, err := e.correct(list); err != nil {
		return nil, err
	}
	return e.result.measurement, nil
}

// Preview returns what corrections would change, without making them: the measurement as it is and as it would be, and
// their difference.
func (e *Engine) Preview(list ...Correction) (before, after *Measurement, d *Difference, err error) {
	before = e.Measured()
	undo, err := e.correct(list)
	if err != nil {
		return nil, nil, nil, err
	}
	after = e.result.measurement
	undo()
	return before, after, Compare(before, after), nil
}

func (e *Engine) correct(list []Correction) (undo func(), err error) {
	e.Measured()
	var undos []func()
	undo = func() {
		for _, u := range slices.Backward(undos) {
			u()
		}
	}
	for _, c := range list {
		s, apply, undoConfig, err := c.prepare(e)
		if err != nil {
			undo()
			return nil, fmt.Errorf("correct: %w", err)
		}
		result, plan := e.result, e.plan
		e.remeasure(s, apply)
		undos = append(undos, func() {
			undoConfig()
			e.result, e.plan = result, plan
		})
	}
	return undo, nil
}

// remeasure makes a correction and measures what it touches.
func (e *Engine) remeasure(s scope, apply func()) {
	var old findings
	part := !s.rates && len(e.plan.bigs) == 0
	if part {
		old = e.replay(s.shards, s.license)
	}
	apply()
	plan := e.replanned(s)
	switch {
	case plan == nil || len(e.plan.bigs) > 0: // numbers do not fit the denominators, or int64
		e.plan = newPlan(e.facts, e.config, e.header.HighFrequencyOn())
		e.Measure()
	case part:
		e.plan = plan
		e.result = e.merged(s, old, e.replay(s.shards, s.license))
	default:
		e.plan = plan
		e.result = e.relicensed(s.license)
	}
}

// replanned returns the plan of the corrected configuration, which shares with the present one all that the correction
// does not touch; nil when the numbers of the correction do not fit it.
func (e *Engine) replanned(s scope) *plan {
	f, p := e.facts, *e.plan
	p.patches, p.licenses = slices.Clone(p.patches), slices.Clone(p.licenses)
	for _, n := range s.shards {
		p.patches[n] = f.patchesOf(e.config, f.shards[n])
	}
	p.extend(f)
	if s.entries || s.rates {
		n := int(s.license)
		stated := figuresOf(e.config)[n]
		l := &p.licenses[n]
		p.sumFigures(n, &stated)
		denominator := denominatorOf(weightsOf(l.stated), stated.overridden, p.scale)
		if s.rates {
			l.denominator = denominator
			l.rates = newRates(f, l.stated)
		} else if new(big.Int).Rem(l.denominator, denominator).Sign() != 0 {
			return nil
		}
		p.weigh(n)
	}
	if s.overrides {
		p.countSum = new(big.Int).Set(p.countSum)
		for _, x := range p.patches[s.shards[0]] {
			if x.kind == patchHardware && x.device == s.device && p.countsFit {
				p.countSum.Add(p.countSum, big.NewInt(max(0, slices.Max(p.counts[x.value][:]))))
			}
		}
		for n := range p.licenses {
			if l := &p.licenses[n]; l.rates != nil && len(l.rates.keys) < len(f.pointKey) {
				l.rates = newRates(f, l.stated)
			}
			p.weigh(n)
		}
	}
	if !p.countsFit || slices.ContainsFunc(p.licenses, func(l license) bool { return l.big }) {
		return nil
	}
	return &p
}

// merged returns the result with what was found in the touched shards before taken out, and what is found now put in.
func (e *Engine) merged(s scope, old, found findings) *result {
	res := &result{
		series:  slices.Clone(e.result.series),
		exact:   e.result.exact,
		remarks: slices.Clone(e.result.remarks),
	}
	for _, part := range old.changes {
		for i := range part {
			part[i].by = -part[i].by
		}
	}
	difference := findings{changes: append(old.changes, found.changes...)}
	lists := difference.series(len(e.plan.licenses))
	touched := make([]bool, len(e.plan.licenses))
	for series, net := range lists {
		touched[series/seriesOfLicense] = touched[series/seriesOfLicense] || len(net) > 0
	}
	each(len(lists), func(series int) {
		if len(lists[series]) > 0 {
			res.series[series] = timeline.Merge(res.series[series], lists[series])
		}
	})
	e.mergeRemarks(res, s, found.remarks, touched)
	e.positions(res, touched)
	return res
}

// mergeRemarks replaces the remarks about the devices of the touched shards.
func (e *Engine) mergeRemarks(res *result, s scope, found []remarkChange, touched []bool) {
	spans := e.spansOf(found)
	within := func(r remarkSpan) bool { return slices.Contains(s.shards, e.shardOf(r.device)) }
	if len(s.shards) > 8 {
		in := make(map[int]bool, len(s.shards))
		for _, n := range s.shards {
			in[n] = true
		}
		within = func(r remarkSpan) bool { return in[e.shardOf(r.device)] }
	}
	for n := range res.remarks {
		if s.license >= 0 && s.license != int32(n) {
			continue
		}
		before := slices.DeleteFunc(slices.Clone(res.remarks[n]), func(r remarkSpan) bool { return !within(r) })
		if len(before) == 0 && len(spans[n]) == 0 {
			continue
		}
		touched[n] = touched[n] || !sameSpans(before, spans[n])
		kept := slices.DeleteFunc(slices.Clone(res.remarks[n]), within)
		res.remarks[n] = append(kept, spans[n]...)
	}
}

func sameSpans(a, b []remarkSpan) bool {
	if len(a) != len(b) {
		return false
	}
	known := make(map[remarkSpan]bool, len(a))
	for _, s := range a {
		known[s] = true
	}
	return !slices.ContainsFunc(b, func(s remarkSpan) bool { return !known[s] })
}

// relicensed returns the result with one license measured anew everywhere.
func (e *Engine) relicensed(n int32) *result {
	found := e.replay(e.allShards(), n)
	all := found.series(len(e.plan.licenses))
	res := &result{series: slices.Clone(e.result.series), exact: e.result.exact, remarks: slices.Clone(e.result.remarks)}
	first := seriesOf(n, 0)
	copy(res.series[first:first+seriesOfLicense], all[first:first+seriesOfLicense])
	res.remarks[n] = e.spansOf(found.remarks)[n]
	touched := make([]bool, len(e.plan.licenses))
	touched[n] = true
	e.positions(res, touched)
	return res
}

// positions reads the positions of the touched licenses from the series; the others keep theirs.
func (e *Engine) positions(res *result, touched []bool) {
	m := &Measurement{Format: Format, AsOf: e.header.AsOf, Licenses: make([]*License, len(e.plan.licenses))}
	each(len(touched), func(n int) {
		if touched[n] {
			m.Licenses[n] = e.position(res, int32(n))
		} else {
			m.Licenses[n] = e.result.measurement.Licenses[n]
		}
	})
	res.measurement = m
}

func (e *Engine) allShards() []int {
	shards := make([]int, len(e.facts.shards))
	for i := range shards {
		shards[i] = i
	}
	return shards
}

package store

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/store/db"
)

var errSpan = errors.New("a measured span ends before it begins")

// coverageStep is one row of coverage to write or, where spans have become one, to remove.
type coverageStep struct {
	from, to int64
	remove   bool
}

func (c coverageStep) write(ctx context.Context, q *db.Queries, rows *intakeRows, id int64) error {
	if c.remove {
		return q.DeleteCoverage(ctx, id, c.from)
	}
	rows.coverage = append(rows.coverage, id, c.from, c.to)
	return nil
}

// coverageSteps joins the measured spans with those they touch. What it reads is guarded by the device's version.
func (s *Store) coverageSteps(ctx context.Context, item *intakeItem) ([]coverageStep, error) {
	in := item.in
	gap := in.Gap.Microseconds()
	spans, err := joined(nil, in.Covered, gap)
	if err != nil || len(spans) == 0 {
		return nil, err
	}
	if item.created || in.State.Covered == (Span{}) {
		return spans, nil
	}
	first, last := spans[0], in.State.Covered
	if len(spans) == 1 && first.from >= micros(last.From) { // the usual case: a check after the others
		return afterLast(first, micros(last.From), micros(last.To), gap), nil
	}
	rows, err := s.q.CoverageTouching(ctx, db.CoverageTouchingParams{Device: item.device, Until: spans[len(spans)-1].to + gap, Since: first.from - gap})
	if err != nil {
		return nil, explain(s.dialect, err, "read measured time")
	}
	has := make([]coverageStep, len(rows))
	for i, r := range rows {
		has[i] = coverageStep{from: r.CoveredFrom, to: r.CoveredTo}
	}
	all, err := joined(has, in.Covered, gap)
	if err != nil {
		return nil, err
	}
	return difference(has, all), nil
}

// afterLast extends the newest span, or begins one after it.
func afterLast(s coverageStep, from, to, gap int64) []coverageStep {
	switch {
	case s.to <= to:
		return nil
	case s.from <= to+gap:
		return []coverageStep{{from: from, to: s.to}}
	}
	return []coverageStep{s}
}

// joined is the union of what is there and what comes, in order; spans at most gap apart are one.
func joined(has []coverageStep, come []Span, gap int64) ([]coverageStep, error) {
	all := slices.Clone(has)
	for _, c := range come {
		if c.To.Before(c.From) {
			return nil, errSpan
		}
		if c != (Span{}) {
			all = append(all, coverageStep{from: micros(c.From), to: micros(c.To)})
		}
	}
	slices.SortFunc(all, func(a, b coverageStep) int { return cmp.Compare(a.from, b.from) })
	var out []coverageStep
	for _, s := range all {
		if n := len(out); n > 0 && s.from <= out[n-1].to+gap {
			out[n-1].to = max(out[n-1].to, s.to)
			continue
		}
		out = append(out, s)
	}
	return out, nil
}

// difference is what must be written to make one list of spans the other.
func difference(has, want []coverageStep) []coverageStep {
	var steps []coverageStep
	for _, h := range has {
		if !slices.ContainsFunc(want, func(w coverageStep) bool { return w.from == h.from }) {
			steps = append(steps, coverageStep{from: h.from, remove: true})
		}
	}
	for _, w := range want {
		if !slices.Contains(has, w) {
			steps = append(steps, w)
		}
	}
	return steps
}

// Coverage returns the spans in which a device was measured at its cadence, in order, apart from each other.
func (s *Store) Coverage(ctx context.Context, id device.ID) ([]Span, error) {
	rows, err := s.q.Coverage(ctx, int64(id))
	if err != nil {
		return nil, explain(s.dialect, err, "read measured time")
	}
	spans := make([]Span, len(rows))
	for i, r := range rows {
		spans[i] = Span{instant(r.CoveredFrom), instant(r.CoveredTo)}
	}
	return spans, nil
}

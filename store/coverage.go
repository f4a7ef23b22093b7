package store

import (
	"context"
	"errors"

	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/store/db"
)

var errSpan = errors.New("a measured span ends before it begins")

// coverageStep is one row of coverage to write or, where spans have become one, to remove.
type coverageStep struct {
	from, to int64
	remove   bool
}

func (c coverageStep) write(ctx context.Context, q *db.Queries, id int64) error {
	if c.remove {
		return q.DeleteCoverage(ctx, id, c.from)
	}
	return q.SetCoverage(ctx, db.SetCoverageParams{Device: id, CoveredFrom: c.from, CoveredTo: c.to})
}

// coverageSteps joins the measured span with those it touches. What it reads is guarded by the device's version.
func (s *Store) coverageSteps(ctx context.Context, item *intakeItem) ([]coverageStep, error) {
	in := item.in
	if in.Covered == (Span{}) {
		return nil, nil
	}
	from, to, gap := micros(in.Covered.From), micros(in.Covered.To), in.Gap.Microseconds()
	if to < from {
		return nil, errSpan
	}
	if item.created || in.State.Covered == (Span{}) {
		return []coverageStep{{from: from, to: to}}, nil
	}
	last := in.State.Covered
	if first, end := micros(last.From), micros(last.To); from >= first {
		switch {
		case to <= end:
			return nil, nil
		case from <= end+gap:
			return []coverageStep{{from: first, to: to}}, nil
		}
		return []coverageStep{{from: from, to: to}}, nil
	}
	rows, err := s.q.CoverageTouching(ctx, db.CoverageTouchingParams{Device: item.device, Until: to + gap, Since: from - gap})
	if err != nil {
		return nil, explain(s.dialect, err, "read measured time")
	}
	var steps []coverageStep
	first := from
	for _, r := range rows {
		first, to = min(first, r.CoveredFrom), max(to, r.CoveredTo)
	}
	for _, r := range rows {
		if r.CoveredFrom != first {
			steps = append(steps, coverageStep{from: r.CoveredFrom, remove: true})
		}
	}
	return append(steps, coverageStep{from: first, to: to}), nil
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

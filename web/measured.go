package web

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/highwater-sam/highwater/assign"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/measure"
	"github.com/highwater-sam/highwater/report"
	"github.com/highwater-sam/highwater/store"
)

// measured is the latest reconciliation and what it found.
type measured struct {
	Run         store.Run
	Measurement *measure.Measurement
}

// measuredCache keeps the latest measurement read: it is the same for every page until the next run. The zero value is ready.
type measuredCache struct {
	mu   sync.Mutex
	last *measured
}

// latest returns the latest measurement; nil when there is none yet.
func (s *server) latest(ctx context.Context) (*measured, error) {
	run, ok, err := s.Store.LatestRun(ctx)
	if err != nil || !ok {
		return nil, err
	}
	s.measured.mu.Lock()
	last := s.measured.last
	s.measured.mu.Unlock()
	if last != nil && last.Run.ID == run.ID {
		return last, nil
	}
	m, err := s.Store.Measurement(ctx, run.ID)
	if err != nil {
		return nil, err
	}
	last = &measured{run, m}
	s.measured.mu.Lock()
	s.measured.last = last
	s.measured.mu.Unlock()
	return last, nil
}

// licenseOf returns a license as it is recorded now.
func (s *server) licenseOf(ctx context.Context, id string) (*assign.License, error) {
	o, ok, err := s.Store.ConfigurationObject(ctx, store.LicenseConfiguration, id, nil)
	if err != nil {
		return nil, err
	}
	if !ok || o.Body == nil {
		return nil, fault.New(fault.NotFound, "There is no license %q. It may have been removed.", id)
	}
	var l assign.License
	if err := json.Unmarshal(o.Body, &l); err != nil {
		return nil, fmt.Errorf("read license %q: %w", id, err)
	}
	return &l, nil
}

// span is a reporting period as a measurement covers it.
type span struct {
	Name     string
	From, To time.Time // To: its end, or the end of what is measured when it has none yet
	Measured time.Time // to where it is measured
	Open     bool      // it has not ended
}

// periods are the reporting periods that the measurement has begun to cover, the latest first.
func (s *server) periods(ctx context.Context, m *measured) ([]span, error) {
	configured, err := s.Store.Periods(ctx, nil)
	if err != nil {
		return nil, err
	}
	if len(configured) == 0 {
		configured = quartersOf(m.Measurement)
	}
	var spans []span
	for _, c := range configured {
		p := c.Value
		if !p.From.Before(m.Run.AsOf) {
			continue
		}
		one := span{Name: p.Name, From: p.From.UTC(), To: m.Run.AsOf, Measured: m.Run.AsOf, Open: true}
		if p.To != nil {
			one.To = p.To.UTC()
			if !p.To.After(m.Run.AsOf) {
				one.Measured, one.Open = one.To, false
			}
		}
		spans = append(spans, one)
	}
	// Later ones first; of two that begin together the shorter first.
	sortSpans(spans)
	return spans, nil
}

// quartersOf are the periods of a measurement made without configured ones: calendar quarters, named "2026-Q1".
func quartersOf(m *measure.Measurement) []store.Configured[store.Period] {
	seen := map[string]bool{}
	var all []store.Configured[store.Period]
	for _, l := range m.Licenses {
		for _, p := range l.Periods {
			var year, quarter int
			if n, err := fmt.Sscanf(p.Name, "%4d-Q%1d", &year, &quarter); n != 2 || err != nil || quarter < 1 || quarter > 4 || seen[p.Name] {
				continue
			}
			seen[p.Name] = true
			from := time.Date(year, time.Month(3*quarter-2), 1, 0, 0, 0, 0, time.UTC)
			to := from.AddDate(0, 3, 0)
			all = append(all, store.Configured[store.Period]{Value: store.Period{Name: p.Name, From: from, To: &to}})
		}
	}
	return all
}

func sortSpans(spans []span) {
	for i := 1; i < len(spans); i++ {
		for j := i; j > 0 && (spans[j].From.After(spans[j-1].From) || spans[j].From.Equal(spans[j-1].From) && spans[j].To.Before(spans[j-1].To)); j-- {
			spans[j], spans[j-1] = spans[j-1], spans[j]
		}
	}
}

// seriesOf reads the series of a license as report lays them out.
func (s *server) seriesOf(ctx context.Context, run int64, license string) ([]report.Series, error) {
	kept, err := s.Store.Series(ctx, run, license)
	if err != nil {
		return nil, err
	}
	byRegion := map[int]*report.Series{}
	for _, k := range kept {
		one := &report.Series{Region: int(k.Region)}
		for _, step := range k.Steps {
			value, ok := report.ParseExact(step.Value)
			if !ok {
				return nil, fmt.Errorf("series of %s: %q is no number", license, step.Value)
			}
			one.Steps = append(one.Steps, report.Step{At: step.From, Value: value})
		}
		byRegion[one.Region] = one
	}
	var all []report.Series
	for _, region := range []int{1, 2, 3, 0} {
		if one := byRegion[region]; one != nil {
			all = append(all, *one)
		}
	}
	return all, nil
}

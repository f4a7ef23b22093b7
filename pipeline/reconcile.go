package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/highwater-sam/highwater/assign"
	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/estate"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/measure"
	"github.com/highwater-sam/highwater/store"
)

// Cause says why a reconciliation runs and who asked for it.
type Cause struct {
	Text   string // "daily", "on demand", ...
	Author string
}

// Progress is told what a reconciliation does; done and total count devices, 0 where there is nothing to count.
type Progress func(step string, done, total int)

// Outcome is what a reconciliation has found.
type Outcome struct {
	Run         store.Run
	Measurement *measure.Measurement
	Unlicensed  []assign.Unlicensed
	Remarks     []string // what was left out of the estate, for a person
}

// Reconcile recognizes software, assigns licenses and measures, over the whole history and with the present
// configuration, and saves all three. Only one runs at a time in a process: a second one waits for the first.
func (p *Pipeline) Reconcile(ctx context.Context, cause Cause, progress Progress) (*Outcome, error) {
	select {
	case <-p.reconciler:
		defer func() { p.reconciler <- struct{}{} }()
	case <-ctx.Done():
		return nil, fault.Wrap(ctx.Err(), fault.Unavailable, "another reconciliation is running")
	}
	if progress == nil {
		progress = func(string, int, int) {}
	}
	started := p.now()
	devices, err := p.deviceIDs(ctx)
	if err != nil {
		return nil, err
	}
	installations, err := p.recognize(ctx, devices, func(done int) { progress("recognizing software", done, len(devices)) })
	if err != nil {
		return nil, err
	}
	progress("assigning licenses", 0, 0)
	asOf := p.now().Truncate(time.Second)
	l, assigned, err := p.assign(ctx, asOf, installations)
	if err != nil {
		return nil, err
	}
	progress("measuring", 0, 0)
	out, err := p.measure(ctx, l, assigned, store.Run{AsOf: asOf, Started: started, Cause: cause.Text, Author: cause.Author})
	if err != nil {
		return nil, err
	}
	out.Unlicensed = assigned.Unlicensed
	progress("writing lists", 0, 0)
	return out, p.Store.ListEvidence(ctx)
}

func (p *Pipeline) deviceIDs(ctx context.Context) ([]device.ID, error) {
	var ids []device.ID
	err := p.Store.LoadHistory(ctx, nil, func(h *store.DeviceHistory) error {
		ids = append(ids, h.ID)
		return nil
	})
	return ids, err
}

// assign loads the estate and decides which license each installation consumes from.
func (p *Pipeline) assign(ctx context.Context, asOf time.Time, installations []assign.Installation) (*loaded, *assign.Result, error) {
	l, err := p.load(ctx, asOf)
	if err != nil {
		return nil, nil, err
	}
	r := assign.Assign(assign.Input{At: asOf, Licenses: l.licenses, Devices: l.devices, Locations: l.locations, Installations: installations})
	l.license(r)
	return l, r, nil
}

// license adds to the estate what the assignment decided: the licenses with their terms, and each installation under the
// name by which its license counts it, for as long as it was there.
func (l *loaded) license(r *assign.Result) {
	for _, one := range l.licenses {
		if !measured(one.Metric) {
			continue
		}
		e, _ := r.EstateLicense(one, l.estate.AsOf.Time(), func(id string) bool { return l.known[id] })
		l.estate.Licenses = append(l.estate.Licenses, e)
	}
	for _, c := range r.Counted {
		for _, in := range spans(l.history[c.Device], string(c.Product)) {
			l.estate.Installations = append(l.estate.Installations, estate.Installation{Device: c.Device, Product: c.As, From: in.From, To: in.To})
		}
	}
	slices.SortFunc(l.estate.Installations, func(a, b estate.Installation) int {
		if c := compareText(a.Device, b.Device); c != 0 {
			return c
		}
		if c := compareText(a.Product, b.Product); c != 0 {
			return c
		}
		return int(a.From - b.From)
	})
	l.estate.Installations = slices.Compact(l.estate.Installations)
}

// measured says whether the engine measures the metric over time.
func measured(metric string) bool {
	switch estate.Metric(metric) {
	case estate.PVU, estate.VPC, estate.RVU:
		return true
	}
	return false
}

// spans joins what recognition tells in pieces (a new version is a new installation) into the time the product was there.
func spans(facts []store.InstalledFact, product string) []estate.Period {
	var out []estate.Period
	for _, f := range facts {
		if string(f.Product) != product {
			continue
		}
		one := estate.Period{From: instant(f.From)}
		if f.To != nil {
			one.To = instant(*f.To)
		}
		if n := len(out); n > 0 && out[n-1].To != 0 && out[n-1].To >= one.From {
			out[n-1].To = one.To
			continue
		}
		if one.To == 0 || one.To > one.From {
			out = append(out, one)
		}
	}
	return out
}

// measure runs the engine and saves what it found.
func (p *Pipeline) measure(ctx context.Context, l *loaded, r *assign.Result, run store.Run) (*Outcome, error) {
	engine, err := measure.New(&l.estate)
	if err != nil {
		return nil, fmt.Errorf("the estate of the store has errors, which is a defect: %w", err)
	}
	m := engine.Measure()
	var series []store.Series
	for _, one := range l.estate.Licenses {
		some, err := engine.Series(one.ID)
		if err != nil {
			return nil, err
		}
		series = append(series, storeSeries(one.ID, some)...)
	}
	run.EstateDigest, err = digestOf(&l.estate)
	if err != nil {
		return nil, err
	}
	run.Devices, run.Finished = int64(len(l.estate.Devices)), p.now()
	run.Period = currentPeriod(l.estate.Periods, l.estate.AsOf)
	if run.ID, err = p.Store.SaveMeasurement(ctx, run, m, series); err != nil {
		return nil, err
	}
	if err := p.Store.SaveAssignments(ctx, run.ID, assignments(l, r)...); err != nil {
		return nil, err
	}
	p.explain.keep(run, engine)
	return &Outcome{Run: run, Measurement: m}, nil
}

// currentPeriod names the last period that has begun.
func currentPeriod(periods []estate.Period, asOf estate.Instant) string {
	name := ""
	for _, p := range periods {
		if p.From < asOf {
			name = p.Name
		}
	}
	return name
}

func digestOf(e *estate.Estate) (string, error) {
	sum := sha256.New()
	if err := estate.Encode(sum, e); err != nil {
		return "", fmt.Errorf("digest of the estate: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func storeSeries(license string, regions []measure.RegionSeries) []store.Series {
	var out []store.Series
	for _, r := range regions {
		one := store.Series{License: license, Region: r.Region}
		for _, s := range r.Steps {
			one.Steps = append(one.Steps, store.Step{From: s.At.Time(), Value: string(s.Value)})
		}
		out = append(out, one)
	}
	return out
}

// assignments groups what was tried by device. A device with nothing tried is saved empty, so that what was assigned
// before does not stay.
func assignments(l *loaded, r *assign.Result) []store.DeviceAssignments {
	at := map[string]int{}
	out := make([]store.DeviceAssignments, 0, len(l.devices))
	for _, d := range l.devices {
		at[d.ID] = len(out)
		out = append(out, store.DeviceAssignments{Device: idOf(d.ID)})
	}
	for _, t := range r.Tried {
		one := &out[at[t.Device]]
		one.Assignments = append(one.Assignments, store.Assignment{Product: t.Product, License: t.License, Status: string(t.Status), Reason: t.Text})
	}
	return out
}

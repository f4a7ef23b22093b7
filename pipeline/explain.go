package pipeline

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/estate"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/measure"
	"github.com/highwater-sam/highwater/store"
)

// explainer keeps the engine of the newest run, so that a figure can be explained without reading history again.
type explainer struct {
	mu     sync.Mutex // an engine answers one question at a time
	run    store.Run
	engine *measure.Engine
}

func (x *explainer) keep(run store.Run, e *measure.Engine) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.run, x.engine = run, e
}

// Explain says why a license's figure of the newest run is what it is, and which run that is. Where the process has not
// run it itself, it is rebuilt from the store; if facts that reach back have arrived since, so that it would not be the
// same estate, it is reconciled anew first: an explanation always belongs to the figures that pages show.
func (p *Pipeline) Explain(ctx context.Context, license string, q measure.Query) (*measure.Explanation, store.Run, error) {
	latest, ok, err := p.Store.LatestRun(ctx)
	if err != nil {
		return nil, store.Run{}, err
	}
	if !ok {
		return nil, store.Run{}, fault.New(fault.NotFound, "nothing has been measured yet: reconcile first")
	}
	if err := p.ready(ctx, latest); err != nil {
		return nil, store.Run{}, err
	}
	p.explain.mu.Lock()
	defer p.explain.mu.Unlock()
	e, err := p.explain.engine.Explain(license, q)
	if err != nil {
		return nil, store.Run{}, fault.Wrap(err, fault.NotFound, "there is nothing to explain: %v", err)
	}
	return e, p.explain.run, nil
}

// ready makes sure that the engine at hand is that of the newest run.
func (p *Pipeline) ready(ctx context.Context, latest store.Run) error {
	p.explain.mu.Lock()
	have := p.explain.engine != nil && p.explain.run.ID == latest.ID
	p.explain.mu.Unlock()
	if have {
		return nil
	}
	engine, digest, err := p.rebuild(ctx, latest)
	if err != nil {
		return err
	}
	if digest == latest.EstateDigest {
		engine.Measure()
		p.explain.keep(latest, engine)
		return nil
	}
	_, err = p.Reconcile(ctx, Cause{Text: "facts have arrived since the last run", Author: "highwater"}, nil)
	return err
}

// rebuild makes the estate of a run again, from what the store holds now.
func (p *Pipeline) rebuild(ctx context.Context, run store.Run) (*measure.Engine, string, error) {
	e, err := p.Estate(ctx, run.AsOf)
	if err != nil {
		return nil, "", err
	}
	digest, err := digestOf(e)
	if err != nil {
		return nil, "", err
	}
	engine, err := measure.New(e)
	return engine, digest, err
}

// Estate makes the estate as of an instant from what the store holds now: all that the figures are a function of, so that
// anyone can measure it again. Devices are named by their numbers.
func (p *Pipeline) Estate(ctx context.Context, asOf time.Time) (*estate.Estate, error) {
	devices, err := p.deviceIDs(ctx)
	if err != nil {
		return nil, err
	}
	installations, err := p.recognize(ctx, devices, func(int) {})
	if err != nil {
		return nil, err
	}
	l, _, err := p.assign(ctx, asOf, installations)
	if err != nil {
		return nil, err
	}
	return &l.estate, nil
}

// idOf reads a device's id in an estate; 0 when it is none.
func idOf(key string) device.ID {
	id, err := strconv.ParseInt(key, 10, 64)
	if err != nil {
		return 0
	}
	return device.ID(id)
}

package measure

import (
	"math/big"
	"sync"

	"github.com/highwater-sam/highwater/estate"
	"github.com/highwater-sam/highwater/timeline"
)

// Engine is an estate made ready for measuring. Its methods must not be called from several goroutines at once; they
// use as many cores as there are themselves.
type Engine struct {
	// Workers is how many shards are replayed at a time; 0 means one for each core. It changes no figure.
	Workers int

	header *estate.Estate
	facts  *facts
	config *config
	plan   *plan
	result *result // of the present configuration, nil until measured
}

// result is what a full measurement leaves behind, for corrections to build on.
type result struct {
	series      [][]timeline.Delta // by series: compact
	exact       map[uint32]exactSeries
	remarks     [][]remarkSpan // by license
	measurement *Measurement
}

// Run measures an estate. The estate must be valid: what is wrong with it otherwise is returned as estate.Problems.
func Run(e *estate.Estate) (*Measurement, error) {
	engine, err := New(e)
	if err != nil {
		return nil, err
	}
	return engine.Measure(), nil
}

// New checks an estate and makes it ready. What is wrong with it is returned as estate.Problems.
func New(e *estate.Estate) (*Engine, error) {
	if err := estate.Validate(e); err != nil {
		return nil, err
	}
	header := *e
	header.Devices, header.Installations = nil, nil
	b := NewBuilder(&header)
	for i := range e.Devices {
		b.Device(&e.Devices[i])
	}
	for i := range e.Installations {
		b.Installation(&e.Installations[i])
	}
	return b.Engine()
}

func newEngine(header *estate.Estate, f *facts, c *config) (*Engine, error) {
	if err := c.take(header, f.ids); err != nil {
		return nil, err
	}
	e := &Engine{header: header, facts: f, config: c}
	e.plan = newPlan(f, c, header.HighFrequencyOn())
	return e, nil
}

// Devices returns the number of devices.
func (e *Engine) Devices() int { return e.facts.ids.len() }

// Facts returns the number of dated facts (hardware, placements, installations) that the estate states.
func (e *Engine) Facts() int { return e.facts.stated }

// Measure measures the estate in full.
func (e *Engine) Measure() *Measurement {
	found := e.replay(e.allShards(), -1)
	res := &result{
		series:  found.series(len(e.plan.licenses)),
		exact:   found.exactSeries(),
		remarks: e.spansOf(found.remarks),
	}
	touched := make([]bool, len(e.plan.licenses))
	for n := range touched {
		touched[n] = true
	}
	e.positions(res, touched)
	e.result = res
	return res.measurement
}

// findings are what workers have written down.
type findings struct {
	changes [][]change
	exact   []exactChange
	remarks []remarkChange
}

// replay replays the shards for one license, or all, and returns what was found.
func (e *Engine) replay(shards []int, only int32) findings {
	workers := e.Workers
	if workers <= 0 {
		workers = cores()
	}
	workers = max(1, min(workers, len(shards)))
	all := make([]*replay, workers)
	var group sync.WaitGroup
	next := counter{}
	for w := range workers {
		group.Go(func() {
			r := newReplay(e.facts, e.config, e.plan, only, true)
			all[w] = r
			for i := next.take(); i < len(shards); i = next.take() {
				r.exact.told = map[int32]*exactTold{}
				r.run(shards[i], forEver)
			}
		})
	}
	group.Wait()
	var found findings
	for _, r := range all {
		found.changes = append(found.changes, r.changes)
		found.exact = append(found.exact, r.exact.changes...)
		found.remarks = append(found.remarks, r.remarks...)
	}
	return found
}

// series sorts the changes into one list of compact deltas for each series.
func (found *findings) series(licenses int) [][]timeline.Delta {
	sizes := make([]int, licenses*seriesOfLicense)
	for _, part := range found.changes {
		for i := range part {
			sizes[part[i].series]++
		}
	}
	lists := make([][]timeline.Delta, len(sizes))
	for i, n := range sizes {
		lists[i] = make([]timeline.Delta, 0, n)
	}
	for _, part := range found.changes {
		for _, c := range part {
			lists[c.series] = append(lists[c.series], timeline.Delta{At: int64(c.at), By: c.by})
		}
	}
	each(len(lists), func(i int) { lists[i], _ = timeline.Compact(lists[i], nil) })
	return lists
}

// numberOf returns a value of a license as an exact number.
func (l *license) numberOf(value int64) *big.Rat {
	return new(big.Rat).SetFrac(big.NewInt(value), l.denominator)
}

// ReadFacts reads every stored fact once, on as many cores as Measure uses, and returns a sum of them: the least that
// any measurement has to do.
func (e *Engine) ReadFacts() uint64 {
	workers := e.Workers
	if workers <= 0 {
		workers = cores()
	}
	sums := make([]uint64, workers)
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			sum := uint64(0)
			for _, part := range [][]event{e.facts.events, e.facts.idle} {
				n := len(part)
				for _, x := range part[n*w/workers : n*(w+1)/workers] {
					sum += uint64(x.at) ^ uint64(x.device) ^ uint64(x.what)
				}
			}
			sums[w] = sum
		})
	}
	group.Wait()
	total := uint64(0)
	for _, sum := range sums {
		total += sum
	}
	return total
}

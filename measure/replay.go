package measure

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
)

// newReplay returns a worker for the whole estate, or for one license.
func newReplay(f *facts, c *config, p *plan, only int32, ledger bool) *replay {
	r := &replay{f: f, c: c, p: p, only: only, ledger: ledger, adjust: map[adjustKey]int32{}}
	if ledger {
		r.sum = make([]int64, len(p.licenses)*seriesOfLicense)
	}
	return r
}

// forEver is later than every tick.
const forEver = math.MaxInt64

// run replays the events and patches of a shard that come before until, all that change at one instant together.
func (r *replay) run(s int, until int64) {
	r.begin(s)
	sh := r.f.shards[s]
	events, patches := r.f.events[sh.events.from:sh.events.to], r.p.patches[s]
	e, p := 0, 0
	for {
		at := int64(forEver)
		if e < len(events) {
			at = int64(events[e].at)
		}
		if p < len(patches) {
			at = min(at, int64(patches[p].at))
		}
		if at >= until {
			break
		}
		r.now = uint32(at)
		for ; e < len(events) && events[e].at == r.now; e++ {
			r.apply(&events[e])
		}
		for ; p < len(patches) && patches[p].at == r.now; p++ {
			r.applyPatch(&patches[p])
		}
		if r.ledger {
			r.settleAll()
		} else {
			r.forget()
		}
	}
}

// settleAll brings the ledger to the present instant.
func (r *replay) settleAll() {
	for _, n := range r.dirtyDevices {
		r.settle(n)
	}
	r.dirtyDevices = r.dirtyDevices[:0]
	for _, at := range r.dirtyCells {
		r.evaluate(at)
	}
	r.dirtyCells = r.dirtyCells[:0]
	r.flush()
	if len(r.exact.touched) > 0 {
		r.evaluateExactly()
	}
}

// forget drops what a ledger would have to be told.
func (r *replay) forget() {
	for _, n := range r.dirtyDevices {
		r.devices[n].dirty = false
	}
	r.dirtyDevices = r.dirtyDevices[:0]
}

// counter deals numbers to workers.
type counter struct{ next atomic.Int64 }

func (c *counter) take() int { return int(c.next.Add(1)) - 1 }

// each calls do for every number below n, on every core.
func each(n int, do func(int)) {
	var group sync.WaitGroup
	next := counter{}
	for range min(n, cores()) {
		group.Go(func() {
			for i := next.take(); i < n; i = next.take() {
				do(i)
			}
		})
	}
	group.Wait()
}

// cores is how many workers there are unless someone asks for another number. It changes no figure.
func cores() int { return runtime.GOMAXPROCS(0) }

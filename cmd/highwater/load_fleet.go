package main

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/highwater-sam/highwater/deliver"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/inventory/inventorytest"
)

// simulated is a fleet of agents: each has its own key, software and clock. What is awkward in real fleets is in it: a
// hundredth shares three names, a twentieth shares the address of a bridge, and the clock of three in a hundred is wrong
// by minutes to a day.
type simulated struct {
	*loadAgentsCmd
	to        *loadServer
	transport http.RoundTripper
	sent      []atomic.Int32 // by agent: how many documents it has made
	turn      atomic.Int64   // whose turn it is in a cadence

	mu           sync.Mutex
	acknowledged []string
	again        int
}

func newSimulated(c *loadAgentsCmd, s *loadServer) *simulated {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = c.Connections, c.Connections
	return &simulated{loadAgentsCmd: c, to: s, transport: transport, sent: make([]atomic.Int32, c.Count)}
}

// skew is how wrong an agent's clock is.
func skew(n int) time.Duration {
	switch n % 100 {
	case 17:
		return 4 * time.Minute
	case 42:
		return -2 * time.Hour
	case 77:
		return 24 * time.Hour
	}
	return 0
}

func clockOf(n int) func() time.Time {
	return func() time.Time { return time.Now().Add(skew(n)) }
}

func (f *simulated) client(n int) (*deliver.Client, error) {
	return deliver.NewClient(deliver.ClientOptions{Targets: []deliver.Target{{URL: f.to.url}}, Version: "load", Now: clockOf(n), Transport: f.transport, Timeout: time.Minute})
}

// document makes the next document of an agent. A changed one has other cores than the last.
func (f *simulated) document(n int, kind inventory.Kind, changed bool) *inventory.Document {
	round := f.sent[n].Add(1)
	o := inventorytest.Options{Seed: uint64(n), Kind: kind, Packages: f.Packages, At: clockOf(n)().UTC().Truncate(time.Second).Add(time.Duration(round) * time.Second)}
	o.Serial = fmt.Sprintf("HW%07X", n)
	if n%100 == 3 {
		o.Device = fmt.Sprintf("localhost-%d", n%3) // many machines of one name
	}
	if changed {
		o.Cores = 2 + int64(round)%7
	}
	d := inventorytest.Document(o)
	if n%20 == 5 {
		d.Hardware.Adapters = append(d.Hardware.Adapters, inventory.Adapter{Name: "docker0", MAC: "02:42:ac:11:00:01"})
		d.Canonical()
	}
	return d
}

// agentID is the id under which the agent enrolls and sends: that of its first document.
func (f *simulated) agentID(n int) string {
	o := inventorytest.Options{Seed: uint64(n), Kind: inventory.HardwareOnly, Serial: fmt.Sprintf("HW%07X", n)}
	if n%100 == 3 {
		o.Device = fmt.Sprintf("localhost-%d", n%3)
	}
	return inventorytest.Document(o).Header.AgentID
}

func keyOf(n int) ed25519.PrivateKey { return inventorytest.Key(uint64(n)) }

func (f *simulated) enroll(ctx context.Context, n int) error {
	c, err := f.client(n)
	if err != nil {
		return err
	}
	e := deliver.Enrollment{Token: f.to.token, AgentID: f.agentID(n), DeviceName: fmt.Sprintf("srv-%06d", n), System: "linux/amd64", Version: "load"}
	e.Sign(keyOf(n))
	return timed(ctx, func() error { _, err := c.Enroll(ctx, e); return err })
}

func (f *simulated) firstInventory(ctx context.Context, n int) error {
	return f.deliver(ctx, n, f.document(n, inventory.Full, false))
}

// cadence is one exchange of a fleet in its rhythm: of three, one is a check with its document and two ask for policies.
// One check in ten found a change.
func (f *simulated) cadence(ctx context.Context, n int) error {
	turn := int(f.turn.Add(1))
	agent := turn % f.Count
	if n%3 != 0 {
		return f.ask(ctx, agent)
	}
	return f.deliver(ctx, agent, f.document(agent, inventory.HardwareOnly, turn%10 == 0))
}

// storm is an agent that comes back with a change.
func (f *simulated) storm(ctx context.Context, n int) error {
	return f.deliver(ctx, n, f.document(n, inventory.HardwareOnly, true))
}

func (f *simulated) deliver(ctx context.Context, n int, d *inventory.Document) error {
	envelope, err := inventory.Seal(d, keyOf(n))
	if err != nil {
		return err
	}
	c, err := f.client(n)
	if err != nil {
		return err
	}
	item := deliver.Item{ID: d.Header.ID, From: d.Header.AgentID, At: d.Header.CollectedAt, Body: envelope}
	return timed(ctx, func() error {
		outcomes, _, err := c.Upload(ctx, []deliver.Item{item})
		if err != nil {
			return err
		}
		switch o := outcomes[0]; o.Status {
		case deliver.Accepted:
			f.mu.Lock()
			f.acknowledged = append(f.acknowledged, item.ID)
			f.mu.Unlock()
			return nil
		case deliver.Rejected:
			return fault.New(fault.Invalid, "the server refused document %s of agent %d: %s", o.ID, n, o.Reason)
		default:
			return fault.New(fault.Unavailable, "%s", o.Reason)
		}
	})
}

func (f *simulated) ask(ctx context.Context, n int) error {
	c, err := f.client(n)
	if err != nil {
		return err
	}
	q := deliver.PolicyQuestion{Agent: f.agentID(n)}
	return timed(ctx, func() error {
		_, err := c.Policy(ctx, q, keyOf(n))
		if fault.KindOf(err) == fault.NotFound {
			return nil
		}
		return err
	})
}

// timed notes how long the exchange itself takes: what it takes to make documents is not the server's.
func timed(ctx context.Context, exchange func() error) error {
	began := time.Now()
	err := exchange()
	if took, ok := ctx.Value(tookKey{}).(*time.Duration); ok {
		*took += time.Since(began)
	}
	return err
}

type tookKey struct{}

// result is what one phase showed.
type result struct {
	took, p50, p99 time.Duration
	server, agents time.Duration // of processor time; 0 = not known
	again          int
	acknowledged   []string // ids of documents
}

// run makes count exchanges, spread evenly over within (0 = as fast as they go). One that nobody answered is made again,
// as an agent would; one that was refused ends the run.
func (f *simulated) run(ctx context.Context, count int, within time.Duration, exchange func(ctx context.Context, n int) error) (result, error) {
	f.mu.Lock()
	f.acknowledged, f.again = nil, 0
	f.mu.Unlock()
	took := make([]time.Duration, count)
	server, agents := f.to.cpu(), processorTime(0)
	start := time.Now()
	err := parallel(f.Connections, count, func(n int) error {
		if within > 0 {
			due := start.Add(time.Duration(float64(within) * float64(n) / float64(count)))
			if err := waitUntil(ctx, due); err != nil {
				return err
			}
		}
		with := context.WithValue(ctx, tookKey{}, &took[n])
		for {
			err := exchange(with, n)
			if kind := fault.KindOf(err); err == nil || ctx.Err() != nil || kind != fault.Unavailable {
				return orError(err, ctx.Err())
			}
			f.mu.Lock()
			f.again++
			f.mu.Unlock()
			if err := waitUntil(ctx, time.Now().Add(time.Second)); err != nil {
				return err
			}
		}
	})
	r := result{took: time.Since(start), again: f.again, acknowledged: f.acknowledged, agents: processorTime(0) - agents}
	if after := f.to.cpu(); after > server {
		r.server = after - server
	}
	slices.Sort(took)
	r.p50, r.p99 = took[count/2], took[count*99/100]
	return r, err
}

func waitUntil(ctx context.Context, at time.Time) error {
	t := time.NewTimer(time.Until(at))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return fault.Wrap(ctx.Err(), fault.Unavailable, "the load was stopped, or its --limit reached")
	case <-t.C:
		return nil
	}
}

package agentcmd

import (
	"context"
	"errors"
	"math/rand/v2"
	"reflect"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/policy"
	"github.com/highwater-sam/highwater/source/local/identity"
)

type runCmd struct {
	Every      time.Duration `help:"Time between full inventories, 1h to 168h (default: the policy's, 24h)."`
	CheckEvery time.Duration `help:"Time between hardware checks, 5m to 60m; 0 = the policy's (default off)."`
}

// Limits of what the agent takes from its machine while it runs: one processor at a time, and little memory.
const memoryLimit = 48 << 20

// Run works until ctx ends; being told to stop is no failure.
func (c *runCmd) Run(ctx context.Context, cli *CLI, std Streams) error {
	a, err := cli.open(std)
	if err != nil {
		return err
	}
	a.override(func(p policy.Policy) policy.Policy {
		if c.Every > 0 {
			p.Inventory.Every = policy.Duration(c.Every)
		}
		if c.CheckEvery > 0 {
			p.Check.On, p.Check.Every = true, policy.Duration(c.CheckEvery)
		}
		return p
	})
	runtime.GOMAXPROCS(1)
	debug.SetMemoryLimit(memoryLimit)
	beNice(a.log)
	err = a.run(ctx)
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// run inventories, checks and delivers until ctx ends. Trouble with any of these is logged and tried again: only ctx ends
// the agent.
func (a *agent) run(ctx context.Context) error {
	var all sync.WaitGroup
	defer all.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	all.Go(func() { a.deliver(ctx) })
	all.Go(func() { a.followPolicy(ctx) })
	p := a.inForce()
	full := a.firstFull(p, time.Now())
	check := time.Now()
	for {
		if now := a.inForce(); !reflect.DeepEqual(p.Inventory, now.Inventory) || !reflect.DeepEqual(p.Check, now.Check) {
			// Another policy is in force: what it asks for begins now, at the rhythm it asks for.
			p, full, check = now, a.firstFull(now, time.Now()), time.Now()
		}
		next := full
		if p.Check.On && check.Before(next) {
			next = check
		}
		if err := a.remember(func(r *runs) { r.NextFull, r.NextCheck = full.UTC(), whenOn(p, check) }); err != nil {
			a.log.Error("the agent's memory cannot be kept", "error", err)
		}
		woken, err := sleepUntil(ctx, next, a.changed)
		if err != nil {
			return err
		}
		now := time.Now()
		switch {
		case woken:
		case !full.After(now):
			if d, err := a.full(ctx); err != nil {
				a.log.Error("the full inventory failed", "error", err)
				full = now.Add(retryFull)
			} else {
				a.log.Info("full inventory kept", "device", d.Header.DeviceName, "packages", len(d.Evidence.Packages), "tags", len(d.Evidence.Tags), "remarks", len(d.Remarks))
				full = nextFull(p, now)
			}
		default:
			if changed, err := a.check(ctx); err != nil {
				a.log.Error("the hardware check failed", "error", err)
			} else if changed {
				a.log.Info("the hardware changed; a document is kept")
			}
			check = now.Add(time.Duration(p.Check.Every))
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// retryFull is when a full inventory that failed is tried again.
const retryFull = 10 * time.Minute

// firstFull says when the first full inventory of this process runs: at once when none was ever made; soon when its time
// passed while the agent was off, if missed runs are made up for; else when it is due.
func (a *agent) firstFull(p policy.Policy, now time.Time) time.Time {
	last := a.remembered().Full
	if last.IsZero() || last.After(now) { // never, or the clock went back
		return now
	}
	due := nextFull(p, last)
	if !due.Before(now) {
		return due
	}
	if p.Inventory.Missed == policy.Never {
		every := time.Duration(p.Inventory.Every)
		return now.Add(every - now.Sub(last)%every)
	}
	return now.Add(upTo(time.Minute))
}

// nextFull says when the full inventory after one at last is due.
func nextFull(p policy.Policy, last time.Time) time.Time {
	every, window := time.Duration(p.Inventory.Every), time.Duration(p.Inventory.Window)
	return last.Add(every - window/2 + upTo(window))
}

// upTo returns a random duration below d, so that a fleet spreads.
func upTo(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return rand.N(d) // spreads load, protects nothing
}

func whenOn(p policy.Policy, check time.Time) time.Time {
	if !p.Check.On {
		return time.Time{}
	}
	return check.UTC()
}

// sleepUntil returns at t by the wall clock, which may jump, earlier when wake receives, or with ctx's error. It looks
// at the clock at least every minute, so that a machine that slept or was set right is noticed.
func sleepUntil(ctx context.Context, t time.Time, wake <-chan struct{}) (woken bool, err error) {
	t = t.Round(0) // the wall clock, not the time since the start
	for {
		left := t.Sub(time.Now().Round(0))
		if left <= 0 {
			return false, ctx.Err()
		}
		timer := time.NewTimer(min(left, time.Minute))
		select {
		case <-ctx.Done():
			timer.Stop()
			return false, ctx.Err()
		case <-wake:
			timer.Stop()
			return true, ctx.Err()
		case <-timer.C:
		}
	}
}

// deliver enrolls where that is needed and then empties the spool for good.
func (a *agent) deliver(ctx context.Context) {
	for ctx.Err() == nil {
		if err := a.readyToSend(ctx); err != nil {
			a.log.Warn("nothing can be delivered yet", "error", err)
			_, _ = sleepUntil(ctx, time.Now().Add(time.Minute+upTo(time.Minute)), nil)
			continue
		}
		client, err := a.client()
		if err != nil {
			a.log.Error("nothing can be delivered", "error", err)
			return
		}
		sending, stop := context.WithCancel(ctx)
		a.mu.Lock()
		a.restart = stop
		a.mu.Unlock()
		_ = a.sender(client).Run(sending) // ends with its context: the agent stops, or has become another
		stop()
	}
}

// readyToSend waits for the first document, which settles who this agent is, and makes sure that the server knows it.
func (a *agent) readyToSend(ctx context.Context) error {
	id, err := a.identity.Load()
	if err != nil {
		return err
	}
	if id == nil {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-a.spool.Waits():
		}
		if id, err = a.identity.Load(); err != nil || id == nil {
			return err
		}
	}
	h := inventory.Header{AgentID: id.AgentID, DeviceName: id.Derived.Inputs[identity.HostName]}
	return a.ensureEnrolled(ctx, &inventory.Document{Header: h})
}

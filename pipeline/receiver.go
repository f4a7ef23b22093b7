package pipeline

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/highwater-sam/highwater/deliver"
	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/store"
)

// Receiver is the server's end of delivery: it enrolls agents and takes their documents in (deliver.Receiver).
type Receiver struct {
	*Pipeline
	Name string // what the server calls itself

	mu       sync.Mutex
	contacts map[string]store.Contact // since they were last written
}

var _ deliver.Receiver = (*Receiver)(nil)

// Enroll makes an agent's key known if its token allows that.
func (r *Receiver) Enroll(ctx context.Context, e deliver.Enrollment) (deliver.Enrolled, error) {
	err := r.Store.Enrol(ctx, e.Token, store.Agent{ID: e.AgentID, Key: e.PublicKey, Name: e.DeviceName, Version: e.Version})
	if err != nil {
		return deliver.Enrolled{}, err
	}
	return deliver.Enrolled{KeyID: inventory.KeyID(e.PublicKey), Server: r.Name}, nil
}

// Accept takes one document in; when it returns nil the document and everything it changes are durable. A document
// counts as its agent's when it bears the signature of a key that is enrolled and not revoked.
func (r *Receiver) Accept(ctx context.Context, i deliver.Item) error {
	header, err := inventory.OpenHeader(i.Body)
	if err != nil {
		return unreadable(err)
	}
	agent, err := r.signer(ctx, header)
	if err != nil {
		return err
	}
	received := r.now()
	clock := device.Clock{}
	if len(i.Stamps) > 0 {
		received = i.Stamps[len(i.Stamps)-1].ReceivedAt
	}
	if offset, measured := i.ClockOffset(); measured {
		clock = device.Clock{Measured: true, Offset: offset}
	}
	taken, err := r.Take(ctx, Arrival{Envelope: i.Body, Key: agent.Key, Received: received, Clock: clock})
	if err != nil {
		return err
	}
	r.Logger.Debug("document taken in", "document", header.Document, "device", header.Device, "id", taken.Device, "new", taken.Created, "points", taken.Changed)
	r.contact(agent.ID, received, clock)
	return nil
}

// signer finds whose key signed a document, and refuses a key that may not sign it. An agent signs for itself alone; a
// connection's documents, which carry no agent id, are signed with the key of whoever ran it.
func (r *Receiver) signer(ctx context.Context, header inventory.EnvelopeHeader) (store.Agent, error) {
	agents, err := r.Store.AgentsByKey(ctx, header.Key)
	if err != nil {
		return store.Agent{}, err
	}
	for _, a := range agents {
		if header.Agent != "" && a.ID != header.Agent {
			continue
		}
		if a.Revoked != nil {
			return store.Agent{}, fault.New(fault.Forbidden, "agent %s was revoked on %s; its documents are not taken", a.ID, a.Revoked.Format(time.DateOnly))
		}
		return a, nil
	}
	return store.Agent{}, fault.New(fault.Unauthorized, "the document of %q is signed with a key that is not enrolled; enroll the agent", header.Device)
}

// contact notes an exchange; Flush writes what was noted.
func (r *Receiver) contact(agent string, at time.Time, clock device.Clock) {
	c := store.Contact{Agent: agent, At: at}
	if clock.Measured {
		c.Offset = &clock.Offset
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.contacts == nil {
		r.contacts = map[string]store.Contact{}
	}
	r.contacts[agent] = c
}

// Flush writes the contacts noted since the last call: thousands of agents cost one commit.
func (r *Receiver) Flush(ctx context.Context) error {
	r.mu.Lock()
	noted := r.contacts
	r.contacts = nil
	r.mu.Unlock()
	if len(noted) == 0 {
		return nil
	}
	all := make([]store.Contact, 0, len(noted))
	for _, c := range noted {
		all = append(all, c)
	}
	return r.Store.Contacts(ctx, all...)
}

// Run writes contacts every few seconds until ctx ends, and what is left then.
func (r *Receiver) Run(ctx context.Context) error {
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return r.Flush(context.WithoutCancel(ctx))
		case <-tick.C:
			if err := r.Flush(ctx); err != nil && ctx.Err() == nil {
				r.Logger.Warn("could not record when agents were last heard of", slog.Any("error", err))
			}
		}
	}
}

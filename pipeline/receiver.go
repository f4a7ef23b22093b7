package pipeline

import (
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/highwater-sam/highwater/deliver"
	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/store"
)

// Receiver is the server's end of delivery: it enrolls agents, takes their documents in and gives them their policies
// (deliver.Receiver, deliver.PolicyGiver).
type Receiver struct {
	*Pipeline
	Name string // what the server calls itself

	mu       sync.Mutex
	contacts map[string]store.Contact // since they were last written
	// givenSince are the policies given that are not written yet.
	givenSince map[string]given
	remembered policies
}

var _ deliver.Receiver = (*Receiver)(nil)

// Enroll makes an agent's key known if its token allows that.
func (r *Receiver) Enroll(ctx context.Context, e deliver.Enrollment) (deliver.Enrolled, error) {
	err := r.Store.Enroll(ctx, e.Token, store.Agent{ID: e.AgentID, Key: e.PublicKey, Name: e.DeviceName, Version: e.Version})
	if err != nil {
		return deliver.Enrolled{}, err
	}
	done := deliver.Enrolled{KeyID: inventory.KeyID(e.PublicKey), Server: r.Name}
	if len(r.Key) == ed25519.PrivateKeySize {
		done.ServerKey, _ = r.Key.Public().(ed25519.PublicKey)
	}
	return done, nil
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
	r.contact(agent, received, clock)
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
func (r *Receiver) contact(agent store.Agent, at time.Time, clock device.Clock) {
	c := store.Contact{Agent: agent.ID, At: at, Version: agent.Version, Offset: agent.ClockOffset}
	if clock.Measured {
		c.Offset = &clock.Offset
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.contacts == nil {
		r.contacts = map[string]store.Contact{}
	}
	r.contacts[agent.ID] = c
}

// asked notes a question for a policy, which tells nothing of the agent's clock that a document has not told better.
func (r *Receiver) asked(agent store.Agent, at time.Time) {
	r.mu.Lock()
	noted, ok := r.contacts[agent.ID]
	r.mu.Unlock()
	if ok {
		agent.ClockOffset = noted.Offset
	}
	r.contact(agent, at, device.Clock{})
}

// Flush writes the contacts noted and the policies given since the last call: thousands of agents cost one commit.
func (r *Receiver) Flush(ctx context.Context) error {
	return errors.Join(r.flushContacts(ctx), r.flushGiven(ctx))
}

func (r *Receiver) flushContacts(ctx context.Context) error {
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

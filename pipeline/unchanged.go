package pipeline

import (
	"context"
	"strings"

	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/store"
)

// usual is what is known of the device of an agent whose document names the machine as its last one did.
type usual struct {
	state store.State
	last  store.SourceState // zero: the source has given no document yet
}

// usual finds the device of the agent by its key alone, in one query, where the document's signed header says that all by
// which the machine is recognized (name, serials, ids, adapters) is as in the agent's last document: then no other device
// can be meant. Otherwise it answers nil, and the device is to be found by all its keys.
func (p *Pipeline) usual(ctx context.Context, header inventory.EnvelopeHeader) (*usual, error) {
	if header.Agent == "" {
		return nil, nil //nolint:nilnil // nothing usual, and no error
	}
	state, last, ok, err := p.Store.AgentDevice(ctx, strings.ToLower(header.Agent), header.Source, header.Connection)
	if err != nil || !ok || state.Status != store.Active {
		return nil, err
	}
	now, was := keptDigests(last.Digests, header.Digests), last.Digests
	if now.Identity != was.Identity || now.Hardware != was.Hardware || now.Virtual != was.Virtual || now.Cloud != was.Cloud {
		return nil, nil //nolint:nilnil // nothing usual, and no error
	}
	return &usual{state, last}, nil
}

// unchanged says whether the document says, in its signed header, that every part it looked at is as in the agent's last
// document. A late one may say something about the time between.
func (u *usual) unchanged(a Arrival, header inventory.EnvelopeHeader) bool {
	at, _ := device.Effective(header.CollectedAt, a.Received, a.Clock)
	return keptDigests(u.last.Digests, header.Digests) == u.last.Digests && !at.Before(u.state.LastInventory) &&
		!u.last.Collected.After(header.CollectedAt)
}

// extend takes in a document that changes nothing: its envelope is kept and the measured time extended, and nothing is
// decompressed.
func (p *Pipeline) extend(ctx context.Context, a Arrival, header inventory.EnvelopeHeader, u *usual) (Taken, error) {
	at, remark := device.Effective(header.CollectedAt, a.Received, a.Clock)
	result, err := p.Store.Intake(ctx, store.Intake{
		Document: store.Document{
			ID: header.Document, Agent: header.Agent, Source: header.Source, Connection: header.Connection, Kind: header.Kind,
			Collected: header.CollectedAt, Received: a.Received, Effective: at, Digests: header.Digests, RawSize: header.Raw, Remark: remark,
		},
		Envelope: a.Envelope, State: &u.state, Digests: u.last.Digests,
		Kind: u.state.Kind, Source: u.state.Source, Hypervisor: u.state.Hypervisor,
		Covered: covered(at, a, header.CollectedAt, header.Measured), Gap: p.Cadence,
	})
	return Taken{Device: u.state.ID, Duplicate: result.Duplicate, Reason: "the agent's last document says the same"}, err
}

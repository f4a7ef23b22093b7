package pipeline

import (
	"context"
	"strings"

	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/store"
)

// unchanged takes in a document that says, in its signed header, that every part it looked at is as in the agent's last
// document: the envelope is kept and the measured time extended, and nothing is decompressed. It answers false where the
// document must be read.
func (p *Pipeline) unchanged(ctx context.Context, a Arrival, header inventory.EnvelopeHeader) (Taken, bool, error) {
	if header.Agent == "" {
		return Taken{}, false, nil
	}
	match, err := p.Store.FindByKeys(ctx, []device.Key{{Kind: device.AgentKey, Value: strings.ToLower(header.Agent)}})
	if err != nil || len(match.Records) != 1 {
		return Taken{}, false, err
	}
	id := match.Records[0].ID
	last, ok, err := p.Store.SourceState(ctx, id, header.Source, header.Connection)
	if err != nil || !ok || keptDigests(last.Digests, header.Digests) != last.Digests {
		return Taken{}, false, err
	}
	state, ok, err := p.Store.State(ctx, id)
	if err != nil || !ok || state.Status != store.Active {
		return Taken{}, false, err
	}
	at, remark := device.Effective(header.CollectedAt, a.Received, a.Clock)
	if at.Before(state.LastInventory) || last.Collected.After(header.CollectedAt) {
		return Taken{}, false, nil // late: it may say something about the time between
	}
	result, err := p.Store.Intake(ctx, store.Intake{
		Document: store.Document{
			ID: header.Document, Agent: header.Agent, Source: header.Source, Connection: header.Connection, Kind: header.Kind,
			Collected: header.CollectedAt, Received: a.Received, Effective: at, Digests: header.Digests, RawSize: header.Raw, Remark: remark,
		},
		Envelope: a.Envelope, State: &state, Digests: last.Digests,
		Kind: state.Kind, Source: state.Source, Hypervisor: state.Hypervisor,
		Covered: covered(at, a, header.CollectedAt, header.Measured), Gap: p.Cadence,
	})
	return Taken{Device: id, Duplicate: result.Duplicate, Reason: "the agent's last document says the same"}, true, err
}

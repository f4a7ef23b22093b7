package store

import (
	"context"

	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/store/db"
)

// AgentDevice finds the device of an agent, by its agent key (device.AgentKey), with its state and the newest document of
// the source: all that the usual document must be held against, in one query. ok is false when no device has the key, or
// several have, or the source has given no document yet; then FindByKeys decides.
func (s *Store) AgentDevice(ctx context.Context, agent, source, connection string) (state State, last SourceState, ok bool, err error) {
	rows, err := s.q.AgentDevice(ctx, db.AgentDeviceParams{Source: source, Connection: connection, Agent: agent})
	if err != nil || len(rows) != 1 {
		return State{}, SourceState{}, false, explain(s.dialect, err, "find the device of an agent")
	}
	r := rows[0]
	state = stateOf(device.ID(r.Device), db.DeviceStateRow{Device: r.Device, Version: r.Version, Recorded: r.Recorded, LastInventory: r.LastInventory,
		LastDocument: r.LastDocument, LastContact: r.LastContact, Kind: r.Kind, Source: r.Source, Status: r.Status, Hypervisor: r.Hypervisor,
		EvidenceFrom: r.EvidenceFrom, CoveredFrom: r.CoveredFrom, CoveredTo: r.CoveredTo})
	last, err = sourceState(db.DeviceSource{Device: r.Device, Source: source, Connection: connection, Document: r.Document, Kind: r.DocumentKind,
		Collected: r.Collected, Received: r.Received, Digests: r.Digests})
	return state, last, err == nil, err
}

package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/store/db"
)

// PolicyDevice is what a policy's conditions ask about a device, as lists show it now.
type PolicyDevice struct {
	ID       device.ID
	Kind     device.Kind
	Name     string
	Domain   string
	Location string
	Evidence string // hash of the evidence in force; "" = none
}

// PolicyDevice reads what conditions ask about; ok is false when there is no such device.
func (s *Store) PolicyDevice(ctx context.Context, id device.ID) (d PolicyDevice, ok bool, err error) {
	r, err := s.q.Device(ctx, int64(id))
	if errors.Is(err, sql.ErrNoRows) {
		return PolicyDevice{}, false, nil
	}
	if err != nil {
		return PolicyDevice{}, false, explain(s.dialect, err, "read a device for its policy")
	}
	return PolicyDevice{ID: id, Kind: device.Kind(r.Kind), Name: r.Name.String, Domain: r.Domain.String, Location: r.Location.String, Evidence: r.Evidence.String}, true, nil
}

// AgentPolicy is which policy was last given to an agent, in words that the caller chooses.
type AgentPolicy struct {
	Agent    string
	Revision string
}

// SetAgentPolicies notes which policies were given, many in one commit.
func (s *Store) SetAgentPolicies(ctx context.Context, all ...AgentPolicy) error {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b AgentPolicy) int { return strings.Compare(a.Agent, b.Agent) }) // two servers at once wait, and never for each other
	return s.write(ctx, "note the policies of agents", func(q *db.Queries) error {
		for _, a := range all {
			if err := q.SetAgentPolicy(ctx, a.Revision, a.Agent); err != nil {
				return err
			}
		}
		return nil
	})
}

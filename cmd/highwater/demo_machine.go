package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/store"
)

// thisMachine says in one line what the store now knows of the machine whose agent has this status.
func thisMachine(ctx context.Context, st *store.Store, status []byte) (string, error) {
	var agent struct {
		ID string `json:"agent_id"`
	}
	if err := json.Unmarshal(status, &agent); err != nil || agent.ID == "" {
		return "", fault.New(fault.Internal, "the agent does not know who it is: %s", status)
	}
	match, err := st.FindByKeys(ctx, []device.Key{{Kind: device.AgentKey, Value: strings.ToLower(agent.ID)}})
	if err != nil {
		return "", err
	}
	if len(match.Records) == 0 {
		return "", fault.New(fault.Internal, "the agent's document was delivered and no device has its id")
	}
	points, err := st.CurrentPoints(ctx, match.Records[0].ID)
	if err != nil {
		return "", err
	}
	return describe(points), nil
}

// describe names the machine and what counts.
func describe(points []device.Point) string {
	name, hardware, titles := "this machine", "hardware unknown", 0
	for _, p := range points {
		switch v := p.Value.(type) {
		case *device.Name:
			name = v.Name
		case *device.Hardware:
			hardware = fmt.Sprintf("%s sockets, %s cores, %s threads", known(v.Processors), known(v.Cores), known(v.Threads))
		case *device.EvidenceSet:
			titles = v.Count
		}
	}
	return fmt.Sprintf("%s, %s, %d pieces of software evidence", name, hardware, titles)
}

func known(n *int64) string {
	if n == nil {
		return "an unknown number of"
	}
	return fmt.Sprint(*n)
}

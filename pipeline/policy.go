package pipeline

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"strings"
	"time"

	"github.com/highwater-sam/highwater/deliver"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/policy"
	"github.com/highwater-sam/highwater/store"
)

// PolicySetting is the key, among the settings of the site, under which policy.Settings are recorded.
const PolicySetting = "policy"

var _ deliver.PolicyGiver = (*Receiver)(nil)

// Policy answers an agent's question (deliver.PolicyGiver) with the policy that follows, at this moment, from the
// recorded settings and from what is known of its device. So a change is in force at the agent when it has asked once
// more. The answer depends on what is in the database alone: every server with the same key gives the same.
func (r *Receiver) Policy(ctx context.Context, q deliver.PolicyQuestion) (deliver.PolicyAnswer, error) {
	agent, ok, err := r.Store.Agent(ctx, q.Agent)
	if err != nil {
		return deliver.PolicyAnswer{}, err
	}
	switch {
	case !ok || !q.Verify(agent.Key):
		return deliver.PolicyAnswer{}, fault.New(fault.Unauthorized, "the agent is not enrolled with the key that signs its question; enroll it")
	case agent.Revoked != nil:
		return deliver.PolicyAnswer{}, fault.New(fault.Forbidden, "the agent was revoked on %s", agent.Revoked.Format(time.DateOnly))
	case len(r.Key) != ed25519.PrivateKeySize:
		return deliver.PolicyAnswer{}, fault.New(fault.NotFound, "this server has no key to sign policies with")
	}
	issued, err := r.issue(ctx, agent)
	if err != nil {
		return deliver.PolicyAnswer{}, fmt.Errorf("the policy of agent %s: %w", agent.ID, err)
	}
	body, err := policy.Sign(issued, r.Key)
	if err != nil {
		return deliver.PolicyAnswer{}, err
	}
	r.asked(agent, r.now())
	answer := deliver.PolicyAnswer{Tag: deliver.TagOf(body)}
	if q.Have != answer.Tag {
		answer.Body = body
	}
	return answer, nil
}

// issue decides an agent's policy and counts how often it changed without the settings having changed. The count is
// durable before the changed policy is given away, so that no older one can pass for it later.
func (r *Receiver) issue(ctx context.Context, agent store.Agent) (policy.Issued, error) {
	settings, err := r.settings(ctx)
	if err != nil {
		return policy.Issued{}, err
	}
	p, _, err := r.decidePolicy(ctx, settings, agent)
	if err != nil {
		return policy.Issued{}, err
	}
	last := r.lastGiven(agent)
	next := given{revision: settings.revision, change: last.change, checks: p.Check.On}
	switch {
	case last.revision == next.revision && last.checks != next.checks:
		next.change++
		err = r.Store.SetAgentPolicies(ctx, store.AgentPolicy{Agent: agent.ID, Revision: next.String()})
		r.forgetGiven(agent.ID)
	case next.String() != agent.PolicyRevision:
		r.noteGiven(agent.ID, next)
	}
	p.Revision = settings.revision
	at := settings.recorded
	if at.Before(agent.Enrolled) {
		at = agent.Enrolled
	}
	return policy.Issued{Agent: agent.ID, At: at.UTC(), Change: next.change, Policy: p}, err
}

// ExplainPolicy returns the policy that an agent gets at its next question, and why checks are on or off for it.
func (r *Receiver) ExplainPolicy(ctx context.Context, agentID string) (policy.Policy, string, error) {
	agent, ok, err := r.Store.Agent(ctx, agentID)
	if err != nil {
		return policy.Policy{}, "", err
	}
	if !ok {
		return policy.Policy{}, "", fault.New(fault.NotFound, "there is no agent %.80q; 'highwater report agents' lists them", agentID)
	}
	settings, err := r.settings(ctx)
	if err != nil {
		return policy.Policy{}, "", err
	}
	p, why, err := r.decidePolicy(ctx, settings, agent)
	p.Revision = settings.revision
	return p, why, err
}

// given is which policy an agent was last given. Its text is what lists show.
type given struct {
	revision int64 // of the settings
	change   int64
	checks   bool
}

const checksOn = " high-frequency"

func (g given) String() string {
	s := fmt.Sprintf("%d.%d", g.revision, g.change)
	if g.checks {
		s += checksOn
	}
	return s
}

// parseGiven reads what String wrote; anything else is an agent that was given nothing yet.
func parseGiven(s string) given {
	var g given
	numbers, on := strings.CutSuffix(s, checksOn)
	if _, err := fmt.Sscanf(numbers, "%d.%d", &g.revision, &g.change); err != nil {
		return given{revision: -1}
	}
	g.checks = on
	return g
}

// lastGiven is what the agent was given last, also when that is not written yet.
func (r *Receiver) lastGiven(agent store.Agent) given {
	r.mu.Lock()
	defer r.mu.Unlock()
	if g, ok := r.givenSince[agent.ID]; ok {
		return g
	}
	return parseGiven(agent.PolicyRevision)
}

func (r *Receiver) noteGiven(agent string, g given) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.givenSince == nil {
		r.givenSince = map[string]given{}
	}
	r.givenSince[agent] = g
}

func (r *Receiver) forgetGiven(agent string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.givenSince, agent)
}

// flushGiven writes what was given since the last call.
func (r *Receiver) flushGiven(ctx context.Context) error {
	r.mu.Lock()
	noted := r.givenSince
	r.givenSince = nil
	r.mu.Unlock()
	if len(noted) == 0 {
		return nil
	}
	all := make([]store.AgentPolicy, 0, len(noted))
	for agent, g := range noted {
		all = append(all, store.AgentPolicy{Agent: agent, Revision: g.String()})
	}
	return r.Store.SetAgentPolicies(ctx, all...)
}

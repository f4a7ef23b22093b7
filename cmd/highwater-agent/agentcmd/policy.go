package agentcmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/highwater-sam/highwater/deliver"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/policy"
)

// inForce returns the policy in force.
func (a *agent) inForce() policy.Policy {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.policy
}

// override puts what the command line says above every policy, now and later.
func (a *agent) override(change func(policy.Policy) policy.Policy) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.command = change
	a.policy = change(a.policy).Normal()
}

// setPolicy puts a policy in force and wakes what works by it.
func (a *agent) setPolicy(p policy.Policy) {
	a.mu.Lock()
	defer a.mu.Unlock()
	was := a.policy.Servers
	a.policy = a.command(p).Normal()
	if a.restart != nil && !slices.Equal(was, a.policy.Servers) {
		a.restart() // to send to the new list
	}
	select {
	case a.changed <- struct{}{}:
	default:
	}
}

// loadPolicy puts the policy in force that the server last gave to this agent, or the default. A kept policy is verified
// like one that just came.
func (a *agent) loadPolicy() {
	a.policy = policy.Default()
	_, issued, err := a.keptPolicy()
	switch {
	case err == nil:
		a.policy = issued.Policy
	case !errors.Is(err, fs.ErrNotExist):
		a.log.Warn("the kept policy is not used; the default is, until the server gives one", "error", err)
	}
}

func (a *agent) keptPolicy() ([]byte, policy.Issued, error) {
	b, err := os.ReadFile(filepath.Join(a.folder, policyFile))
	if err != nil {
		return nil, policy.Issued{}, err
	}
	issued, err := a.openPolicy(b)
	return b, issued, err
}

// openPolicy verifies a policy for the agent as it is enrolled now.
func (a *agent) openPolicy(b []byte) (policy.Issued, error) {
	var e enrollment
	if err := readState(a.folder, enrollmentFile, &e); err != nil {
		return policy.Issued{}, err
	}
	if e.ServerKey == nil {
		return policy.Issued{}, fmt.Errorf("%w: the server stated no key for its policies when this agent was enrolled", policy.ErrRefused)
	}
	return policy.Open(b, e.AgentID, e.ServerKey)
}

// followPolicy asks for the policy again and again until ctx ends.
func (a *agent) followPolicy(ctx context.Context) {
	for ctx.Err() == nil {
		err := a.askPolicy(ctx)
		every := time.Duration(a.inForce().Ask)
		wait := every - every/30 - upTo(every/15) // always less than the interval, so that a change takes one at most
		switch {
		case err == nil:
		case errors.Is(err, errNotYet):
			wait = 20 * time.Second
		case fault.KindOf(err) == fault.NotFound:
			a.log.Debug("the server gives no policies")
		default:
			wait = every/3 + upTo(every/3)
			a.log.Warn("the policy could not be had; the one in force stays", "error", err)
		}
		_, _ = sleepUntil(ctx, time.Now().Add(wait), nil)
	}
}

var errNotYet = errors.New("this agent is not enrolled yet")

// askPolicy asks once and puts what it gets in force, when it is newer.
func (a *agent) askPolicy(ctx context.Context) error {
	var e enrollment
	if err := readState(a.folder, enrollmentFile, &e); err != nil {
		return err
	}
	if e.AgentID == "" {
		return errNotYet
	}
	key, err := a.identity.Key()
	if err != nil {
		return err
	}
	client, err := a.client()
	if err != nil {
		return err
	}
	question := deliver.PolicyQuestion{Agent: e.AgentID}
	kept, issued, err := a.keptPolicy()
	if err == nil {
		question.Have = deliver.TagOf(kept)
	}
	answer, err := client.Policy(ctx, question, key)
	if err != nil || answer.Body == nil {
		return err
	}
	next, err := a.openPolicy(answer.Body)
	if err != nil {
		return err
	}
	if next.Older(issued) {
		return fmt.Errorf("%w: revision %d of %s is older than revision %d of %s, which is in force", policy.ErrRefused,
			next.Policy.Revision, next.At.Format(time.RFC3339), issued.Policy.Revision, issued.At.Format(time.RFC3339))
	}
	if bytes.Equal(kept, answer.Body) {
		return nil
	}
	if err := writeFile(a.folder, policyFile, answer.Body); err != nil {
		return err
	}
	a.setPolicy(next.Policy)
	a.log.Info("another policy is in force", "revision", next.Policy.Revision)
	return nil
}

package agentcmd

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/policy"
)

func reopen(t *testing.T, folder, root string) *agent {
	t.Helper()
	a, err := (&CLI{State: folder, Root: root, Cloud: "off", LogLevel: "error"}).open(Streams{Out: &bytes.Buffer{}, Err: &bytes.Buffer{}, Version: "1.0.0"})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAPolicyOfTheServerIsFollowedAndKept(t *testing.T) {
	s, folder, root := startServer(t), t.TempDir(), machine(t, "db01", 8)
	a := reopen(t, folder, root)
	if err := a.askPolicy(t.Context()); !errors.Is(err, errNotYet) {
		t.Errorf("before enrolling: %v", err)
	}
	must(t, folder, root, "enroll", "--server", s.url, "--token", "good-token")
	give := func(key ed25519.PrivateKey, agent string, revision int64, on bool) {
		b, err := policy.Sign(policy.Issued{Agent: agent, At: time.Date(2026, 3, 1, int(revision), 0, 0, 0, time.UTC),
			Policy: policy.Policy{Revision: revision, Check: policy.Check{On: on}}}, key)
		if err != nil {
			t.Fatal(err)
		}
		s.mu.Lock()
		s.policy = b
		s.mu.Unlock()
	}
	id := state(t, folder).AgentID
	a = reopen(t, folder, root)
	give(policyKey, id, 2, true)
	if err := a.askPolicy(t.Context()); err != nil || !a.inForce().Check.On {
		t.Fatalf("%+v, %v", a.inForce(), err)
	}
	if err := a.askPolicy(t.Context()); err != nil {
		t.Errorf("asked again: %v", err)
	}
	if !reopen(t, folder, root).inForce().Check.On {
		t.Error("after a restart the policy is forgotten")
	}
	_, other, _ := ed25519.GenerateKey(nil)
	for name, bad := range map[string]func(){
		"an older one":            func() { give(policyKey, id, 1, false) },
		"one for another agent":   func() { give(policyKey, "other", 3, false) },
		"one that another signed": func() { give(other, id, 3, false) },
	} {
		bad()
		if err := a.askPolicy(t.Context()); !errors.Is(err, policy.ErrRefused) || !a.inForce().Check.On {
			t.Errorf("%s: %v, %+v", name, err, a.inForce())
		}
	}
	if err := os.WriteFile(filepath.Join(folder, policyFile), []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := reopen(t, folder, root).inForce(); got.Revision != 0 || got.Check.On {
		t.Errorf("a damaged policy is in force: %+v", got)
	}
}

func TestASwitchedPolicyChangesTheRhythmAtOnce(t *testing.T) {
	root := machine(t, "db01", 16)
	synctest.Test(t, func(t *testing.T) {
		a := openAgent(t, root)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- a.run(ctx) }()
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		if r := a.remembered(); !r.Check.IsZero() {
			t.Error("checked before it was asked to")
		}
		a.setPolicy(policy.Policy{Revision: 1, Check: policy.Check{On: true, Every: policy.Duration(30 * time.Minute)}})
		time.Sleep(61 * time.Minute)
		synctest.Wait()
		setCores(t, root, 4)
		time.Sleep(30 * time.Minute)
		synctest.Wait()
		documents := spooled(t, a)
		a.setPolicy(policy.Policy{Revision: 2})
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		last := a.remembered().Check
		if time.Since(last) < 2*time.Hour+30*time.Minute {
			t.Errorf("checked %s ago though it was switched off", time.Since(last))
		}
		cancel()
		<-ended
		if len(documents) != 2 || documents[1].Header.Kind != inventory.HardwareOnly || *documents[1].Hardware.Cores != 4 ||
			len(documents[1].Header.Measured) != 1 || documents[1].Header.Measured[0].Checks != 3 {
			t.Errorf("%d documents; %+v", len(documents), documents[len(documents)-1].Header)
		}
	})
}

package deliver

import (
	"context"
	"crypto/ed25519"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/highwater-sam/highwater/fault"
)

// desk is a receiver that also gives policies, to one agent.
type desk struct {
	shelf
	key  ed25519.PublicKey
	body string
}

func (d *desk) Policy(_ context.Context, q PolicyQuestion) (PolicyAnswer, error) {
	if q.Agent != "a1" || !q.Verify(d.key) {
		return PolicyAnswer{}, fault.New(fault.Unauthorized, "not enrolled")
	}
	a := PolicyAnswer{Tag: TagOf([]byte(d.body))}
	if q.Have != a.Tag {
		a.Body = []byte(d.body)
	}
	return a, nil
}

func TestPoliciesTravelThroughRelaysAndAreRemembered(t *testing.T) {
	public, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{key: public, body: "policy 1"}
	h, down := &Handler{Receiver: d, Log: quiet}, false
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down {
			http.Error(w, "away", http.StatusBadGateway)
			return
		}
		h.ServeHTTP(w, r)
	}))
	relay := serve(t, &Handler{Receiver: &Relay{Parent: client(t, ClientOptions{}, server), Policies: t.TempDir()}, Log: quiet})
	ask := func(url, agent, have string) (PolicyAnswer, error) {
		return client(t, ClientOptions{}, url).Policy(t.Context(), PolicyQuestion{Agent: agent, Have: have}, key)
	}
	for _, url := range []string{server, relay} {
		got, err := ask(url, "a1", "")
		if err != nil || string(got.Body) != "policy 1" {
			t.Fatalf("%q, %v", got.Body, err)
		}
		if again, err := ask(url, "a1", got.Tag); err != nil || again.Body != nil || again.Tag != got.Tag {
			t.Errorf("asked again: %q, %v", again.Body, err)
		}
		if _, err := ask(url, "a2", ""); fault.KindOf(err) != fault.Unauthorized {
			t.Errorf("another agent: %v", err)
		}
	}
	down = true
	if got, err := ask(relay, "a1", ""); err != nil || string(got.Body) != "policy 1" {
		t.Errorf("the parent is away: %q, %v", got.Body, err)
	}
	if _, err := ask(relay, "a3", ""); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("the parent is away and nothing is remembered: %v", err)
	}
	down, d.body = false, "policy 2"
	if got, err := ask(relay, "a1", TagOf([]byte("policy 1"))); err != nil || string(got.Body) != "policy 2" {
		t.Errorf("a new policy: %q, %v", got.Body, err)
	}
}

func TestAServerWithoutPoliciesIsNoServerThatIsAway(t *testing.T) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := client(t, ClientOptions{}, serve(t, &Handler{Receiver: &shelf{}, Log: quiet}))
	if _, err := c.Policy(t.Context(), PolicyQuestion{Agent: "a1"}, key); fault.KindOf(err) != fault.NotFound {
		t.Errorf("got %v", err)
	}
	if len(c.failed) != 0 {
		t.Error("the target counts as failed")
	}
}

func TestAQuestionWithoutProofIsRefused(t *testing.T) {
	h := &Handler{Receiver: &desk{}, Log: quiet}
	for _, header := range []string{"", headerAgent, headerProof} {
		r := httptest.NewRequest(http.MethodGet, PathPolicy, nil)
		r.Header.Set(headerProtocol, protocol)
		if header != "" {
			r.Header.Set(header, "AAAA")
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusBadRequest {
			t.Errorf("with %q: %d", header, w.Code)
		}
	}
}

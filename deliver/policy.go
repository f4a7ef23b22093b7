package deliver

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/highwater-sam/highwater/fault"
)

// PathPolicy is where agents ask for what they are to do. Policies are opaque here, as documents are.
const PathPolicy = "/v1/policy"

// The headers of a question for a policy.
const (
	headerAgent = "Highwater-Agent"
	headerProof = "Highwater-Proof"
)

const maxPolicy = 256 << 10

// PolicyQuestion is an agent's question. Whoever answers verifies its proof with the agent's enrolled key; a relay
// passes it on as it is.
type PolicyQuestion struct {
	Agent  string
	SentAt int64  // microseconds since 1970 by the agent's clock
	Have   string // the tag of the policy the agent has, "" for none
	Proof  []byte
}

// Sign fills in the proof.
func (q *PolicyQuestion) Sign(key ed25519.PrivateKey) { q.Proof = ed25519.Sign(key, q.statement()) }

// Verify reports whether the owner of key asked.
func (q PolicyQuestion) Verify(key ed25519.PublicKey) bool {
	return len(key) == ed25519.PublicKeySize && ed25519.Verify(key, q.statement(), q.Proof)
}

func (q PolicyQuestion) statement() []byte {
	return fmt.Appendf(nil, "highwater-policy-question/1\n%s\n%d\n", q.Agent, q.SentAt)
}

// PolicyAnswer is a signed policy and its tag. Body is nil when the agent has it already.
type PolicyAnswer struct {
	Tag  string
	Body []byte
}

// PolicyGiver is a Receiver that also answers for policies. A handler whose receiver is none says that there are none.
type PolicyGiver interface {
	// Policy returns what the agent is to do. A fault of kind Unauthorized says that the agent is not enrolled.
	Policy(ctx context.Context, q PolicyQuestion) (PolicyAnswer, error)
}

// TagOf returns the tag of a policy: it differs exactly when the policy does.
func TagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:16])
}

func (h *Handler) policy(w http.ResponseWriter, r *http.Request, _ time.Time) error {
	giver, ok := h.Receiver.(PolicyGiver)
	if !ok {
		return fault.New(fault.NotFound, "no policies are given here")
	}
	q := PolicyQuestion{Agent: r.Header.Get(headerAgent), Have: unquoteTag(r.Header.Get("If-None-Match"))}
	var err, err2 error
	q.SentAt, err = strconv.ParseInt(r.Header.Get(headerSentAt), 10, 64)
	q.Proof, err2 = base64.StdEncoding.DecodeString(r.Header.Get(headerProof))
	if err != nil || err2 != nil || q.Agent == "" || len(q.Agent) > 255 {
		return fault.New(fault.Invalid, "a question for a policy states agent, time and proof")
	}
	a, err := giver.Policy(r.Context(), q)
	if err != nil {
		return err
	}
	w.Header().Set("ETag", `"`+a.Tag+`"`)
	if a.Body == nil {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	w.Header().Set("Content-Type", "application/vnd.highwater.policy")
	if _, err := w.Write(a.Body); err != nil {
		h.Log.Warn("a policy was not delivered", "error", err)
	}
	return nil
}

func unquoteTag(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return s[1 : len(s)-1]
	}
	return ""
}

// Policy asks the targets, one after the other, for the agent's policy. The question needs Agent and Have; key signs it.
func (c *Client) Policy(ctx context.Context, q PolicyQuestion, key ed25519.PrivateKey) (PolicyAnswer, error) {
	q.SentAt = micros(c.now())
	q.Sign(key)
	return c.ask(ctx, q)
}

// ask sends a signed question as it is, which is what a relay does.
func (c *Client) ask(ctx context.Context, q PolicyQuestion) (PolicyAnswer, error) {
	var out PolicyAnswer
	_, err := c.each(ctx, func(t Target) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, t.URL+PathPolicy, nil)
		if err != nil {
			return fmt.Errorf("%w: %w", errAway, err)
		}
		r.Header.Set("User-Agent", c.agent)
		r.Header.Set(headerProtocol, protocol)
		r.Header.Set(headerAgent, q.Agent)
		r.Header.Set(headerSentAt, strconv.FormatInt(q.SentAt, 10))
		r.Header.Set(headerProof, base64.StdEncoding.EncodeToString(q.Proof))
		if q.Have != "" {
			r.Header.Set("If-None-Match", `"`+q.Have+`"`)
		}
		sent := c.now()
		a, err := c.http.Do(r)
		if err != nil {
			return away(err)
		}
		defer func() { _ = a.Body.Close() }() // only read from
		b, err := io.ReadAll(io.LimitReader(a.Body, maxPolicy+1))
		if err != nil || len(b) > maxPolicy {
			return fmt.Errorf("%w: an answer of %d bytes: %w", errAway, len(b), err)
		}
		if a.Header.Get(headerProtocol) != protocol {
			return fmt.Errorf("%w: what answered (%s) does not speak our protocol; is there a proxy in between?", errAway, a.Status)
		}
		c.measure(t, sent, c.now(), a.Header.Get(headerTime))
		out = PolicyAnswer{Tag: unquoteTag(a.Header.Get("ETag"))}
		switch {
		case a.StatusCode == http.StatusNotModified && q.Have != "" && out.Tag == q.Have:
			return nil
		case a.StatusCode == http.StatusOK && TagOf(b) == out.Tag:
			out.Body = b
			return nil
		case a.StatusCode == http.StatusOK || a.StatusCode == http.StatusNotModified:
			return fmt.Errorf("%w: the policy is not the one its tag names", errAway)
		case a.StatusCode == http.StatusNotFound:
			return fault.New(fault.NotFound, "the server gives no policies")
		}
		return refusal(a, b)
	})
	if err != nil {
		return PolicyAnswer{}, fmt.Errorf("ask for the policy: %w", err)
	}
	return out, nil
}

// Policy asks the parent, and gives what it last said to this agent when the parent is away. Who asks is not verified
// then: a policy is no secret, and one that was altered here does not verify at the agent.
func (r *Relay) Policy(ctx context.Context, q PolicyQuestion) (PolicyAnswer, error) {
	if r.Policies == "" {
		return PolicyAnswer{}, fault.New(fault.NotFound, "no policies are given here")
	}
	file := filepath.Join(r.Policies, TagOf([]byte(q.Agent))+".policy")
	kept, _ := os.ReadFile(file)
	a, err := r.Parent.ask(ctx, q)
	switch {
	case err == nil && a.Body != nil:
		if err := replace(file, a.Body, writeSynced); err != nil {
			return a, nil // a memory that cannot be kept keeps no agent from its policy
		}
	case fault.KindOf(err) == fault.Unavailable && kept != nil && !errors.Is(err, context.Canceled):
		a = PolicyAnswer{Tag: TagOf(kept), Body: kept}
		if a.Tag == q.Have {
			a.Body = nil
		}
		return a, nil
	}
	return a, err
}

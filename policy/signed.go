package policy

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// SignedFormat names the version of a signed policy; it is its first line. The second is JSON, the third the base64 of an
// Ed25519 signature over the first two, their line ends included.
const SignedFormat = "highwater-policy/1"

// maxSigned bounds a signed policy.
const maxSigned = 256 << 10

// Issued is a policy as the server signs it: for one agent, so that it cannot be given to another.
type Issued struct {
	Agent  string    `json:"agent"`
	At     time.Time `json:"at"`               // when the settings it follows from were recorded
	Change int64     `json:"change,omitempty"` // how often what is known of the device has changed the policy since it was enrolled
	Policy Policy    `json:"policy"`
}

// Older reports whether i was issued before other: such a one is a repetition and no policy to follow. The time counts
// first, so that a server restored from a backup is followed again once its settings are recorded anew.
func (i Issued) Older(other Issued) bool {
	if !i.At.Equal(other.At) {
		return i.At.Before(other.At)
	}
	if i.Policy.Revision != other.Policy.Revision {
		return i.Policy.Revision < other.Policy.Revision
	}
	return i.Change < other.Change
}

// ErrRefused is wrapped by every error of Open.
var ErrRefused = errors.New("policy refused")

// Sign writes a policy that Open accepts with the public half of key.
func Sign(i Issued, key ed25519.PrivateKey) ([]byte, error) {
	line, err := json.Marshal(i)
	if err != nil {
		return nil, fmt.Errorf("sign a policy: %w", err)
	}
	b := append(append([]byte(SignedFormat+"\n"), line...), '\n')
	return append(append(b, base64.StdEncoding.EncodeToString(ed25519.Sign(key, b))...), '\n'), nil
}

// Open verifies a signed policy for this agent and returns it within its limits.
func Open(b []byte, agent string, key ed25519.PublicKey) (Issued, error) {
	rest, ok := bytes.CutPrefix(b, []byte(SignedFormat+"\n"))
	line, signature, cut := bytes.Cut(rest, []byte("\n"))
	if !ok || !cut || len(b) > maxSigned {
		return Issued{}, fmt.Errorf("%w: it is no %s", ErrRefused, SignedFormat)
	}
	raw, err := base64.StdEncoding.DecodeString(string(bytes.TrimSuffix(signature, []byte("\n"))))
	if err != nil || len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, b[:len(SignedFormat)+1+len(line)+1], raw) {
		return Issued{}, fmt.Errorf("%w: the server's signature does not verify", ErrRefused)
	}
	var i Issued
	if err := json.Unmarshal(line, &i); err != nil {
		return Issued{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if i.Agent != agent {
		return Issued{}, fmt.Errorf("%w: it is for agent %.80q", ErrRefused, i.Agent)
	}
	i.Policy = i.Policy.Normal()
	return i, nil
}

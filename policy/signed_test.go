package policy_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/highwater-sam/highwater/policy"
)

var (
	serverKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32))
	otherKey  = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{2}, 32))
)

func public(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

func signed(t testing.TB, key ed25519.PrivateKey) ([]byte, policy.Issued) {
	t.Helper()
	i := policy.Issued{Agent: "a1", At: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Policy: policy.Policy{Revision: 3, Check: policy.Check{On: true}}.Normal()}
	b, err := policy.Sign(i, key)
	if err != nil {
		t.Fatal(err)
	}
	return b, i
}

func TestASignedPolicyOpensForItsAgentAlone(t *testing.T) {
	b, want := signed(t, serverKey)
	got, err := policy.Open(b, "a1", public(serverKey))
	if err != nil || cmp.Diff(want, got) != "" {
		t.Errorf("%v: %s", err, cmp.Diff(want, got))
	}
	other, _ := signed(t, otherKey)
	for name, c := range map[string]struct {
		b     []byte
		agent string
	}{
		"another agent": {b, "a2"}, "another server": {other, "a1"}, "nothing": {nil, "a1"},
		"altered":        {bytes.Replace(b, []byte(`"on":true`), []byte(`"on":false`), 1), "a1"},
		"cut off":        {b[:len(b)-20], "a1"},
		"something more": {append(bytes.Clone(b), 'x'), "a1"},
	} {
		if _, err := policy.Open(c.b, c.agent, public(serverKey)); !errors.Is(err, policy.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	b, _ := signed(f, serverKey)
	f.Add(b)
	f.Fuzz(func(t *testing.T, in []byte) {
		i, err := policy.Open(in, "a1", public(serverKey))
		if err == nil && (i.Agent != "a1" || i.Policy.Revision != 3) {
			t.Fatalf("accepted what the server did not sign: %+v", i)
		}
	})
}

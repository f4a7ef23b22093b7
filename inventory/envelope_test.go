package inventory_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/inventory/inventorytest"
)

func public(seed uint64) ed25519.PublicKey {
	return inventorytest.Key(seed).Public().(ed25519.PublicKey)
}

func TestASealedDocumentOpensAsItWas(t *testing.T) {
	want := inventorytest.Document(inventorytest.Options{Seed: 5})
	want.Header.Measured = []inventory.Span{{From: want.Header.CollectedAt.Add(-time.Hour), To: want.Header.CollectedAt, Checks: 3}}
	envelope, err := inventory.Seal(want, inventorytest.Key(5))
	if err != nil {
		t.Fatal(err)
	}
	header, err := inventory.OpenHeader(envelope)
	if err != nil {
		t.Fatal(err)
	}
	if header.Device != want.Header.DeviceName || header.Document != want.Header.ID || header.Key != inventory.KeyID(public(5)) ||
		header.Digests != want.Digests() || len(header.Measured) != 1 || !header.CollectedAt.Equal(want.Header.CollectedAt) {
		t.Errorf("the header does not describe the document: %+v", header)
	}
	got, err := inventory.Open(envelope, public(5))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// resign replaces an envelope's header or payload and signs the result properly: what a broken or hostile agent with
// a valid key could send.
func resign(t *testing.T, envelope []byte, key ed25519.PrivateKey, header func(map[string]any), payload []byte) []byte {
	t.Helper()
	parts := bytes.SplitN(envelope, []byte("\n"), 4)
	if payload == nil {
		payload = parts[3]
	}
	var h map[string]any
	if err := json.Unmarshal(parts[1], &h); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(payload)
	h["payload_sha256"], h["payload_bytes"] = hex.EncodeToString(sum[:]), len(payload)
	if header != nil {
		header(h)
	}
	line, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	signed := inventory.EnvelopeFormat + "\n" + string(line) + "\n"
	return []byte(signed + base64.StdEncoding.EncodeToString(ed25519.Sign(key, []byte(signed))) + "\n" + string(payload))
}

func TestTamperedEnvelopesAreRefused(t *testing.T) {
	key := inventorytest.Key(5)
	good := inventorytest.Sealed(inventorytest.Options{Seed: 5})
	flip := func(i int) []byte {
		b := bytes.Clone(good)
		b[i] ^= 1
		return b
	}
	signatureAt := bytes.IndexByte(good[len(inventory.EnvelopeFormat)+1:], '\n') + len(inventory.EnvelopeFormat) + 2
	compress := func(raw []byte) []byte {
		e, _ := zstd.NewWriter(nil)
		return e.EncodeAll(raw, nil)
	}
	bomb := compress(make([]byte, 200<<20))
	for _, c := range []struct {
		name     string
		envelope []byte
		want     error
	}{
		{"first line", flip(3), inventory.ErrFormat},
		{"device renamed", bytes.Replace(good, []byte(`"device":"srv-000005"`), []byte(`"device":"srv-000006"`), 1), inventory.ErrSignature},
		{"signature", func() []byte {
			b := bytes.Clone(good)
			if b[signatureAt] == 'A' {
				b[signatureAt] = 'B'
			} else {
				b[signatureAt] = 'A'
			}
			return b
		}(), inventory.ErrSignature},
		{"payload", flip(len(good) - 10), inventory.ErrSignature},
		{"cut off", good[:len(good)-10], inventory.ErrInvalid},
		{"something behind it", append(bytes.Clone(good), 'x'), inventory.ErrInvalid},
		{"empty", nil, inventory.ErrFormat},
		{"a web page", []byte("<!DOCTYPE html><html>502 Bad Gateway</html>"), inventory.ErrFormat},
		{"signed by another agent", inventorytest.Sealed(inventorytest.Options{Seed: 6}), inventory.ErrSignature},
		{"another key under this key's name", resign(t, good, inventorytest.Key(6), nil, nil), inventory.ErrSignature},
		{"header disagrees with document", resign(t, good, key, func(h map[string]any) { h["device"] = "other" }, nil), inventory.ErrInvalid},
		{"a bomb that states its size", resign(t, good, key, func(h map[string]any) { h["raw_bytes"] = 200 << 20 }, bomb), inventory.ErrTooLarge},
		{"a bomb that states a small size", resign(t, good, key, nil, bomb), inventory.ErrInvalid},
		{"a bomb that states nothing", resign(t, good, key, func(h map[string]any) { h["raw_bytes"] = 0 }, bomb), inventory.ErrInvalid},
		{"a negative size", resign(t, good, key, func(h map[string]any) { h["raw_bytes"] = -1 }, nil), inventory.ErrTooLarge},
		{"not zstd", resign(t, good, key, nil, []byte("hello")), inventory.ErrInvalid},
		{"nothing inside", resign(t, good, key, func(h map[string]any) { h["raw_bytes"] = 0 }, []byte{}), inventory.ErrInvalid},
		{"header without end", []byte(inventory.EnvelopeFormat + "\n" + strings.Repeat("x", inventory.MaxEnvelopeBytes)), inventory.ErrTooLarge},
		{"header too long", []byte(inventory.EnvelopeFormat + "\n" + strings.Repeat("x", inventory.MaxHeaderBytes+5) + "\n"), inventory.ErrInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d, err := inventory.Open(c.envelope, public(5)); !errors.Is(err, c.want) || d != nil {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestAFileBroughtByHandOpensWithTheKeyItStates(t *testing.T) {
	good := inventorytest.Sealed(inventorytest.Options{Seed: 5})
	key, err := inventory.StatedKey(good)
	if err != nil || !key.Equal(public(5)) {
		t.Fatalf("%x, %v", key, err)
	}
	if _, err := inventory.Open(good, key); err != nil {
		t.Error(err)
	}
	other := resign(t, good, inventorytest.Key(6), func(h map[string]any) { h["public_key"] = public(6) }, nil)
	if _, err := inventory.StatedKey(other); !errors.Is(err, inventory.ErrSignature) {
		t.Errorf("a key under another key's name: %v", err)
	}
}

func TestSealRefusesWhatOpenWouldRefuse(t *testing.T) {
	d := inventorytest.Document(inventorytest.Options{Seed: 5})
	d.Header.DeviceName = ""
	if _, err := inventory.Seal(d, inventorytest.Key(5)); !errors.Is(err, inventory.ErrInvalid) {
		t.Errorf("a document without a name: %v", err)
	}
	if _, err := inventory.Seal(inventorytest.Document(inventorytest.Options{Seed: 5}), nil); err == nil {
		t.Error("sealed without a key")
	}
}

// The golden envelope was sealed once and is kept: a program that can no longer open it has lost its evidence.
func TestTheGoldenEnvelopeStillOpens(t *testing.T) {
	if *update {
		d := inventorytest.Document(inventorytest.Options{Seed: 2026, Packages: 12, Device: "golden"})
		raw, err := inventory.Encode(d)
		if err != nil {
			t.Fatal(err)
		}
		var indented bytes.Buffer
		_ = json.Indent(&indented, raw, "", "  ")
		envelope, err := inventory.Seal(d, inventorytest.Key(2026))
		if err != nil {
			t.Fatal(err)
		}
		for name, content := range map[string][]byte{"testdata/example.json": append(indented.Bytes(), '\n'), "testdata/example.envelope": envelope} {
			if err := os.WriteFile(name, content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	raw, err := os.ReadFile("testdata/example.json")
	if err != nil {
		t.Fatal(err)
	}
	want, err := inventory.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	envelope, err := os.ReadFile("testdata/example.envelope")
	if err != nil {
		t.Fatal(err)
	}
	got, err := inventory.Open(envelope, public(2026))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	header, _ := inventory.OpenHeader(envelope)
	if diff := cmp.Diff(got.Digests(), header.Digests); diff != "" {
		t.Errorf("today's digests differ from those it was sealed with: every device would be read again once: %s", diff)
	}
}

func FuzzOpen(f *testing.F) {
	good := inventorytest.Sealed(inventorytest.Options{Seed: 5, Packages: 3})
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add(inventorytest.Sealed(inventorytest.Options{Seed: 6, Packages: 3}))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = inventory.OpenHeader(b)
		d, err := inventory.Open(b, public(5))
		if err == nil && !bytes.Equal(b, good) {
			t.Fatalf("opened an envelope that key 5 did not seal: %+v", d.Header)
		}
	})
}

// FuzzPayload gives the decompressor and the parser behind it properly signed rubbish.
func FuzzPayload(f *testing.F) {
	good := inventorytest.Sealed(inventorytest.Options{Seed: 5, Packages: 3})
	f.Add(bytes.SplitN(good, []byte("\n"), 4)[3], int64(5000))
	f.Add([]byte{0x28, 0xb5, 0x2f, 0xfd}, int64(1<<20))
	f.Fuzz(func(t *testing.T, payload []byte, raw int64) {
		envelope := resign(t, good, inventorytest.Key(5), func(h map[string]any) { h["raw_bytes"] = raw % (1 << 22) }, payload)
		if d, err := inventory.Open(envelope, public(5)); err == nil && d.Validate() != nil {
			t.Fatal("opened a document that is not valid")
		}
	})
}

func TestAKeptEnvelopeOpensWithoutItsKeyButNotAltered(t *testing.T) {
	want := inventorytest.Document(inventorytest.Options{Seed: 9})
	envelope, err := inventory.Seal(want, inventorytest.Key(9))
	if err != nil {
		t.Fatal(err)
	}
	got, err := inventory.OpenKept(envelope)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	envelope[len(envelope)-1] ^= 1
	if _, err := inventory.OpenKept(envelope); !errors.Is(err, inventory.ErrSignature) {
		t.Errorf("an altered payload opens with error %v, want ErrSignature", err)
	}
}

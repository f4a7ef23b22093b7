package identity

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/highwater-sam/highwater/fault"
)

// Folder is where an agent keeps its identity and its key. One agent uses it at a time.
type Folder string

const (
	identityFile = "identity.json"
	keyFile      = "agent.key"
)

// Load returns the identity that was kept; nil when there is none.
func (f Folder) Load() (*Identity, error) {
	name := filepath.Join(string(f), identityFile)
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the agent's identity: %w", err)
	}
	var id Identity
	if err := json.Unmarshal(b, &id); err != nil || id.AgentID == "" {
		return nil, fault.Wrap(err, fault.Invalid, "the agent's identity in %s is damaged; restore the file, or remove it to have a new one derived", name)
	}
	return &id, nil
}

// Save keeps the identity. It is written only when it differs from what is kept.
func (f Folder) Save(id Identity) error {
	b, err := json.MarshalIndent(id, "", "  ")
	if err != nil {
		return fmt.Errorf("keep the agent's identity: %w", err)
	}
	name := filepath.Join(string(f), identityFile)
	if old, err := os.ReadFile(name); err == nil && bytes.Equal(old, b) {
		return nil
	}
	return write(name, b)
}

// Key returns the agent's private key, made at the first call. The file is readable by its owner alone; one that others
// can read is refused, because anyone who read it can speak for this machine.
func (f Folder) Key() (ed25519.PrivateKey, error) {
	name := filepath.Join(string(f), keyFile)
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return f.newKey(name)
	}
	if err != nil {
		return nil, fmt.Errorf("read the agent's key: %w", err)
	}
	if info, err := os.Stat(name); err != nil {
		return nil, fmt.Errorf("read the agent's key: %w", err)
	} else if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, fault.New(fault.Invalid, "the agent's key %s can be read by others (mode %o); remove it and enroll again", name, info.Mode().Perm())
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, fault.New(fault.Invalid, "the agent's key %s is damaged; remove it and enroll again", name)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, ok := parsed.(ed25519.PrivateKey)
	if err != nil || !ok {
		return nil, fault.Wrap(err, fault.Invalid, "the agent's key %s is no Ed25519 key; remove it and enroll again", name)
	}
	return key, nil
}

func (f Folder) newKey(name string) (ed25519.PrivateKey, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the agent's key: %w", err)
	}
	b, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("make the agent's key: %w", err)
	}
	if err := write(name, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: b})); err != nil {
		return nil, fmt.Errorf("keep the agent's key: %w", err)
	}
	return key, nil
}

// ForgetKey removes the key, so that the next call of Key makes another.
func (f Folder) ForgetKey() error { return remove(filepath.Join(string(f), keyFile)) }

// Forget removes the identity and the key.
func (f Folder) Forget() error {
	return errors.Join(remove(filepath.Join(string(f), identityFile)), f.ForgetKey())
}

func remove(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// write replaces a file as a whole, readable by its owner alone: after a crash it holds the old content or the new.
func write(name string, b []byte) error {
	t, err := os.CreateTemp(filepath.Dir(name), ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(t.Name()) }() // fails once it was renamed
	_, err = t.Write(b)
	if err == nil {
		err = t.Sync()
	}
	if closed := t.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(t.Name(), name)
	}
	return err
}

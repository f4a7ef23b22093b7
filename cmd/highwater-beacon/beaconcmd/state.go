package beaconcmd

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"github.com/highwater-sam/highwater/deliver"
	"github.com/highwater-sam/highwater/fault"
)

// Files and folders of the state folder.
const (
	beaconFile   = "beacon.json" // who this beacon is and where its parent is
	keyFile      = "beacon.key"  // its private key, readable by its owner alone
	spoolFolder  = "spool"
	policyFolder = "policies"
)

// identity is who this beacon is and where it sends to.
type identity struct {
	ID        string            `json:"id"`
	Name      string            `json:"name,omitempty"`
	Parents   []string          `json:"parents,omitempty"` // in the order in which to try them
	CAFile    string            `json:"ca_file,omitempty"`
	Server    string            `json:"server,omitempty"`     // what the server calls itself
	KeyID     string            `json:"key_id,omitempty"`     // "" = not enrolled
	ServerKey ed25519.PublicKey `json:"server_key,omitempty"` // verifies what the server signs
	Enrolled  time.Time         `json:"enrolled,omitzero"`
}

// load reads who this beacon is; without a file it is one that was not enrolled.
func load(folder string) (identity, error) {
	var i identity
	b, err := os.ReadFile(filepath.Join(folder, beaconFile))
	if errors.Is(err, fs.ErrNotExist) {
		return i, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &i)
	}
	if err != nil {
		return i, fault.Wrap(err, fault.Invalid, "the beacon's file %s cannot be read; remove it and enroll again", filepath.Join(folder, beaconFile))
	}
	return i, nil
}

func (i identity) save(folder string) error {
	b, err := json.MarshalIndent(i, "", "  ")
	if err != nil {
		return fmt.Errorf("write the beacon's state: %w", err)
	}
	return write(folder, beaconFile, append(b, '\n'))
}

// newID makes the id of a beacon: it names no machine, so a beacon may move.
func newID() (string, error) {
	u, err := uuid.NewV7()
	return "beacon-" + u.String(), err
}

// key reads the beacon's private key, and makes one the first time.
func key(folder string) (ed25519.PrivateKey, error) {
	path := filepath.Join(folder, keyFile)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		_, k, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		return k, write(folder, keyFile, pem.EncodeToMemory(&pem.Block{Type: "HIGHWATER BEACON KEY", Bytes: k.Seed()}))
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "the beacon's key %s cannot be read; check the rights of the folder", path)
	}
	block, _ := pem.Decode(b)
	if block == nil || len(block.Bytes) != ed25519.SeedSize {
		return nil, fault.New(fault.Invalid, "the beacon's key %s is damaged; remove it and enroll again", path)
	}
	return ed25519.NewKeyFromSeed(block.Bytes), nil
}

// write replaces a file as a whole, readable by its owner alone.
func write(folder, name string, b []byte) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return cannotWrite(folder, err)
	}
	t, err := os.CreateTemp(folder, ".new-*") // mode 0600
	if err != nil {
		return cannotWrite(folder, err)
	}
	_, err = t.Write(b)
	err = errors.Join(err, t.Sync(), t.Close())
	if err == nil {
		err = os.Rename(t.Name(), filepath.Join(folder, name))
	}
	if err != nil {
		_ = os.Remove(t.Name()) // the first error is the one to tell
		return cannotWrite(folder, err)
	}
	return nil
}

func cannotWrite(folder string, err error) error {
	return fault.Wrap(err, fault.Unavailable, "the beacon's state folder %s cannot be written (no rights, or disk full)", folder)
}

// client speaks to the parents.
func (i identity) client(std Streams) (*deliver.Client, error) {
	if len(i.Parents) == 0 {
		return nil, fault.New(fault.Invalid, "this beacon has no parent: name one with --parent, or enroll it")
	}
	targets := make([]deliver.Target, len(i.Parents))
	for n, url := range i.Parents {
		targets[n] = deliver.Target{URL: url, Priority: n}
	}
	return deliver.NewClient(deliver.ClientOptions{Targets: targets, CAFile: i.CAFile, Version: std.Version})
}

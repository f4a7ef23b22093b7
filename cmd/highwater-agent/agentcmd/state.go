package agentcmd

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/highwater-sam/highwater/deliver"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/inventory"
)

// Files of the state folder besides the identity, the key and the spool.
const (
	settingsFile   = "settings.json"   // where to send and how: kept by prepare-image
	enrollmentFile = "enrollment.json" // which key is known where
	runsFile       = "runs.json"       // what was done when
	policyFile     = "policy.signed"   // what the server asks for, as it signed it
)

// settings are what the operator decided.
type settings struct {
	Targets   []deliver.Target `json:"targets,omitempty"`
	CAFile    string           `json:"ca_file,omitempty"`
	TokenFile string           `json:"token_file,omitempty"` // read again when the agent gets a new key
}

// enrollment is what the server knows of this agent.
type enrollment struct {
	AgentID string    `json:"agent_id"`
	KeyID   string    `json:"key_id"`
	Server  string    `json:"server,omitempty"`
	At      time.Time `json:"at"`
	// ServerKey verifies the server's policies. It was learnt over the verified connection of the enrollment.
	ServerKey ed25519.PublicKey `json:"server_key,omitempty"`
}

// runs is what the agent remembers of its own doing.
type runs struct {
	Full        time.Time        `json:"full,omitzero"`      // when the last full inventory began
	Check       time.Time        `json:"check,omitzero"`     // when the last check began
	Delivered   time.Time        `json:"delivered,omitzero"` // when the spool was last emptied
	Target      string           `json:"target,omitempty"`   // that took it
	Failure     string           `json:"failure,omitempty"`  // of the last delivery, "" when it succeeded
	Baseline    string           `json:"baseline,omitempty"` // fingerprint of the hardware as last reported
	Measured    []inventory.Span `json:"measured,omitempty"` // checks without change since then
	OffsetUs    *int64           `json:"clock_offset_us,omitempty"`
	NextFull    time.Time        `json:"next_full,omitzero"`
	NextCheck   time.Time        `json:"next_check,omitzero"`
	LastRemarks int              `json:"last_remarks"` // what the last full inventory could not read
}

// readState reads a JSON file of the state folder into v, which stays as it is when there is none.
func readState(folder, name string, v any) error {
	b, err := os.ReadFile(filepath.Join(folder, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(b, v)
	}
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "the agent's file %s cannot be read", filepath.Join(folder, name))
	}
	return nil
}

// writeState replaces a JSON file of the state folder as a whole.
func writeState(folder, name string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return writeFile(folder, name, append(b, '\n'))
}

// writeFile replaces a file of the state folder as a whole, readable by its owner alone.
func writeFile(folder, name string, b []byte) error {
	t, err := os.CreateTemp(folder, ".new-*") // mode 0600
	if err != nil {
		return cannotWrite(folder, err)
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
		err = os.Rename(t.Name(), filepath.Join(folder, name))
	}
	if err != nil {
		return cannotWrite(folder, err)
	}
	return nil
}

func cannotWrite(folder string, err error) error {
	return fault.Wrap(err, fault.Unavailable, "the agent's state folder %s cannot be written (no rights, or disk full)", folder)
}

func removeState(folder, name string) error {
	if err := os.Remove(filepath.Join(folder, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return cannotWrite(folder, err)
	}
	return nil
}

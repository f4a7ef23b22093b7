package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Settings are what a site asks of its agents, as people record it. From them and from what is known of a device its
// Policy follows (see Decide).
type Settings struct {
	Ask           Duration      `json:"ask,omitempty"`      // how often agents ask for their policy; default 15m
	Inventory     Inventory     `json:"inventory,omitzero"` // when full inventories run
	HighFrequency HighFrequency `json:"high_frequency,omitzero"`
	// Servers are receivers that agents may send to besides the one they enrolled at, which stays on their list.
	Servers []Server `json:"servers,omitempty"`
}

// HighFrequency is the switch for hardware checks and says on which devices they run. It is off by default. On, it holds
// for every device in a target, and for every device known to run software of a sub-capacity license, whether a target
// names it or not; a condition that excludes beats all of these.
type HighFrequency struct {
	On      bool     `json:"on"`
	Every   Duration `json:"every,omitempty"`  // default 30m, 5m to 60m
	Always  bool     `json:"always,omitempty"` // send each check, changed or not
	Ignore  []string `json:"ignore"`           // replaces DefaultIgnore as a whole, also when empty; null = DefaultIgnore
	Targets []Target `json:"targets,omitempty"`
}

// Target names devices by conditions. One that includes is enough; one that excludes beats every include, whichever
// target states it.
type Target struct {
	Name    string      `json:"name"` // up to 40 characters
	Include []Condition `json:"include,omitempty"`
	Exclude []Condition `json:"exclude,omitempty"`
}

// Condition holds for a device when everything that it states holds.
type Condition struct {
	Name     string `json:"name,omitempty"`     // pattern with * and ? over the name, with or without domain; case does not matter
	Subnet   string `json:"subnet,omitempty"`   // 10.1.0.0/16, 2001:db8::/48: one of the device's addresses lies in it
	Location string `json:"location,omitempty"` // the id of a location: the device is there or below
	Product  string `json:"product,omitempty"`  // pattern over the ids of the products that are installed now
}

// Limits of settings.
const (
	maxTargets    = 200
	maxConditions = 500 // of one target
	maxTargetName = 40  // characters
	maxPattern    = 256 // bytes
	maxSettings   = 1 << 20
)

// ReadSettings reads settings strictly: an unknown key, a wrong duration or a condition that states nothing is an error
// that says where.
func ReadSettings(r io.Reader) (Settings, error) {
	var s Settings
	b, err := io.ReadAll(io.LimitReader(r, maxSettings+1))
	if err != nil {
		return Settings{}, fmt.Errorf("read the policy: %w", err)
	}
	if len(b) > maxSettings {
		return Settings{}, fmt.Errorf("the policy is larger than %d bytes", maxSettings)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return Settings{}, fmt.Errorf("the policy is not the JSON it should be: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Settings{}, errors.New("something follows the end of the policy")
	}
	return s, s.Check()
}

// Check says what is wrong with settings. An agent would bend what lies beyond its limits; a person who writes it is told.
func (s Settings) Check() error {
	p := Policy{Ask: s.Ask, Inventory: s.Inventory, Check: Check{Every: s.HighFrequency.Every}}
	n := p.Normal()
	switch {
	case s.Ask != 0 && s.Ask != n.Ask:
		return fmt.Errorf("ask: agents may ask every 1m to 24h, not every %s", time.Duration(s.Ask))
	case s.Inventory.Every != 0 && s.Inventory.Every != n.Inventory.Every:
		return fmt.Errorf("inventory.every: a full inventory may run every 1h to 168h, not every %s", time.Duration(s.Inventory.Every))
	case s.Inventory.Window < 0 || s.Inventory.Window != 0 && s.Inventory.Window != n.Inventory.Window:
		return fmt.Errorf("inventory.window: %s is longer than the time between two inventories", time.Duration(s.Inventory.Window))
	case s.Inventory.Missed != "" && s.Inventory.Missed != Never && s.Inventory.Missed != Once:
		return fmt.Errorf("inventory.missed: %q is neither never nor once", s.Inventory.Missed)
	case s.HighFrequency.Every != 0 && s.HighFrequency.Every != n.Check.Every:
		return fmt.Errorf("high_frequency.every: a check may run every 5m to 60m, not every %s", time.Duration(s.HighFrequency.Every))
	case len(s.HighFrequency.Targets) > maxTargets:
		return fmt.Errorf("high_frequency.targets: %d targets, %d are allowed", len(s.HighFrequency.Targets), maxTargets)
	}
	for i, v := range s.Servers {
		if err := v.check(); err != nil {
			return fmt.Errorf("servers, %d: %w", i+1, err)
		}
	}
	seen := map[string]bool{}
	for _, t := range s.HighFrequency.Targets {
		if seen[t.Name] {
			return fmt.Errorf("high_frequency.targets: two are named %q", t.Name)
		}
		seen[t.Name] = true
		if err := t.check(); err != nil {
			return fmt.Errorf("target %q: %w", t.Name, err)
		}
	}
	return nil
}

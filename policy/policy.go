// Package policy holds what the server asks of agents: the settings that people record, the conditions by which devices
// get high-frequency checks, and the signed policy of one agent that follows from both. Plain types with defaults and
// limits; what is known of a device comes from the caller.
package policy

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Policy is what one agent does. The zero value of a field means its default, as Normal fills it in.
type Policy struct {
	Revision  int64     `json:"revision"`      // of the settings at the server; 0 = none were recorded
	Ask       Duration  `json:"ask,omitempty"` // how often the agent asks for its policy; default 15m, 1m to 24h
	Inventory Inventory `json:"inventory"`
	Check     Check     `json:"check"`
	Servers   []Server  `json:"servers,omitempty"` // where to send, besides what the agent was enrolled with
}

// Inventory says when the full inventory runs.
type Inventory struct {
	Every  Duration `json:"every,omitempty"`  // default 24h, 1h to 7 days
	Window Duration `json:"window,omitempty"` // a random moment within it; default 1h, at most Every
	Missed Missed   `json:"missed,omitempty"` // what happens to a run whose time passed while the machine was off; default Once
}

// Missed says what happens to runs whose time passed.
type Missed string

// The ways to treat missed runs.
const (
	Never Missed = "never" // wait for the next time
	Once  Missed = "once"  // run soon after the start, however many were missed
)

// Check is the high-frequency hardware check.
type Check struct {
	On     bool     `json:"on"`
	Every  Duration `json:"every,omitempty"`  // default 30m, 5m to 60m
	Always bool     `json:"always,omitempty"` // send each check, changed or not
	// Ignore lists properties whose change alone sends nothing, as paths into the document: "hardware.clock_mhz". nil
	// means DefaultIgnore; a list of its own replaces that as a whole.
	Ignore []string `json:"ignore"`
}

// Server is one receiver of documents: the server itself or a beacon.
type Server struct {
	URL      string `json:"url"`
	Priority int    `json:"priority,omitempty"` // lower first
}

// DefaultIgnore are properties that vary while the machine stays the same. Free memory, free disk space and the time of
// the last start, which other inventories must ignore too, are in no document of ours.
func DefaultIgnore() []string {
	return []string{"hardware.clock_mhz", "attributes.aws.identity_rsa2048"}
}

// Default is the policy of an agent that has none: a daily inventory, no checks.
func Default() Policy { return Policy{}.Normal() }

// Normal returns p with defaults filled in and everything within its limits, so that no policy, however wrong, makes an
// agent idle for good or busy all the time.
func (p Policy) Normal() Policy {
	day := Duration(24 * time.Hour)
	p.Ask = within(p.Ask, Duration(15*time.Minute), Duration(time.Minute), day)
	p.Inventory.Every = within(p.Inventory.Every, day, Duration(time.Hour), 7*day)
	p.Inventory.Window = within(p.Inventory.Window, Duration(time.Hour), 0, p.Inventory.Every)
	if p.Inventory.Missed != Never {
		p.Inventory.Missed = Once
	}
	p.Check.Every = within(p.Check.Every, Duration(30*time.Minute), Duration(5*time.Minute), Duration(time.Hour))
	if p.Check.Ignore == nil {
		p.Check.Ignore = DefaultIgnore()
	}
	return p
}

func within(d, standard, low, high Duration) Duration {
	if d <= 0 {
		d = standard
	}
	return min(max(d, low), high)
}

// Ignores reports whether a change of the property at path alone sends nothing: the path, or one above it, is listed.
func (c Check) Ignores(path string) bool {
	for _, i := range c.Ignore {
		if path == i || strings.HasPrefix(path, i+".") {
			return true
		}
	}
	return false
}

// Duration is a length of time that reads and writes as text: "30m".
type Duration time.Duration

// MarshalJSON writes the text.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// String writes 15m and 24h, not 15m0s and 24h0m0s.
func (d Duration) String() string {
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

// UnmarshalJSON reads the text.
func (d *Duration) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("a duration is a text such as \"30m\": %w", err)
	}
	v, err := time.ParseDuration(s)
	if err != nil {
		return fmt.Errorf("%.40q is no duration such as 30m", s)
	}
	*d = Duration(v)
	return nil
}

// Package source holds what every source of inventory has in common: the interface, the description of its settings,
// and the one loop that runs it.
//
// A source only collects. Timeouts, checking, counting, logging and repetition are here, once. A source package (one
// folder below this one) has a Kind, its constructor behind it, a test that calls sourcetest.Run, and its testdata;
// source/all lists the kinds.
package source

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/inventory"
)

// Source sees devices.
type Source interface {
	// Collect looks once and calls emit with one document for each device it saw, from one goroutine at a time. It
	// returns emit's error at once when there is one, ctx's error soon after ctx ends, and its own error when it
	// could not look. What it emitted before an error is true and is kept. A source that can see only part of a
	// device leaves the other parts of the document nil and says so in its remarks; it never invents a value and
	// never reports zero for what it could not read.
	Collect(ctx context.Context, emit func(*inventory.Document) error) error
}

// Checker is a source that can test its connection without collecting.
type Checker interface {
	// Check returns nil when Collect could work now, or an error that says what to mend.
	Check(ctx context.Context) error
}

// Place is where a source may run.
type Place string

// The places.
const (
	OnDevice Place = "device" // in the agent, for the machine it runs on
	OnBeacon Place = "beacon" // near what it connects to; its credentials stay there
	OnServer Place = "server" // uploads and small sites
)

// Kind describes one kind of source. Forms, command lines and documentation are made from it.
type Kind struct {
	Name     string        // short and lower case: "agent", "aws"; it is the documents' Header.Source
	Title    string        // for people
	Help     string        // one or two sentences: what it sees, what it needs
	Places   []Place       // where it may run
	Settings []Setting     // what can be set
	Every    time.Duration // how often it runs unless set otherwise; 0 = only when asked
	Timeout  time.Duration // of one run
	New      func(Values) (Source, error)
}

// Type is the type of a setting's value.
type Type string

// The types of settings.
const (
	Text     Type = "text"
	Secret   Type = "secret" // never shown, logged or sent up
	Number   Type = "number" // a whole number
	Switch   Type = "switch" // "true" or "false"
	Choice   Type = "choice" // one of Choices
	List     Type = "list"   // several texts, one a line
	Duration Type = "duration"
)

// Setting is one thing that can be set.
type Setting struct {
	Name     string // lower case with dashes
	Title    string
	Help     string
	Type     Type
	Required bool
	Default  string
	Choices  []string
}

// Values are the settings of one connection: text by setting name.
type Values map[string]string

// Open checks v against the kind's settings, fills in defaults, and makes the source.
func (k Kind) Open(v Values) (Source, error) {
	full, err := k.Check(v)
	if err != nil {
		return nil, err
	}
	s, err := k.New(full)
	if err != nil {
		return nil, fmt.Errorf("open source %s: %w", k.Name, err)
	}
	return s, nil
}

// Check returns v with defaults filled in, or a fault that names the setting that is missing, unknown or of the
// wrong type. Values are not repeated in errors: they may be secret.
func (k Kind) Check(v Values) (Values, error) {
	full := Values{}
	for _, s := range k.Settings {
		value, given := v[s.Name]
		if !given || value == "" {
			value = s.Default
		}
		if value == "" {
			if s.Required {
				return nil, fault.New(fault.Invalid, "source %s: setting %s (%s) is missing", k.Name, s.Name, s.Title)
			}
			continue
		}
		if err := s.check(value); err != nil {
			return nil, fault.New(fault.Invalid, "source %s: setting %s: %v", k.Name, s.Name, err)
		}
		full[s.Name] = value
	}
	for name := range v {
		if !slices.ContainsFunc(k.Settings, func(s Setting) bool { return s.Name == name }) {
			return nil, fault.New(fault.Invalid, "source %s has no setting %q; it has %s", k.Name, name, strings.Join(k.names(), ", "))
		}
	}
	return full, nil
}

func (k Kind) names() []string {
	var out []string
	for _, s := range k.Settings {
		out = append(out, s.Name)
	}
	return out
}

func (s Setting) check(value string) error {
	var err error
	switch s.Type {
	case Number:
		_, err = strconv.ParseInt(value, 10, 64)
		err = explain(err, "is not a whole number")
	case Switch:
		if value != "true" && value != "false" {
			err = fmt.Errorf("is neither true nor false")
		}
	case Choice:
		if !slices.Contains(s.Choices, value) {
			err = fmt.Errorf("is none of %s", strings.Join(s.Choices, ", "))
		}
	case Duration:
		_, err = time.ParseDuration(value)
		err = explain(err, "is not a duration such as 30m or 24h")
	}
	return err
}

func explain(err error, words string) error {
	if err != nil {
		return fmt.Errorf("%s", words)
	}
	return nil
}

// On reports whether the switch called name is on.
func (v Values) On(name string) bool { return v[name] == "true" }

// List returns the lines of a list setting without blank ones.
func (v Values) List(name string) []string {
	var out []string
	for line := range strings.Lines(v[name]) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// Duration returns a duration setting that Check accepted; 0 when it is not set.
func (v Values) Duration(name string) time.Duration {
	d, err := time.ParseDuration(v[name])
	if err != nil {
		return 0
	}
	return d
}

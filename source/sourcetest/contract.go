// Package sourcetest holds the contract that every source passes.
package sourcetest

import (
	"context"
	"errors"
	"regexp"
	"testing"
	"time"

	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/source"
)

// Subject is a source under test.
type Subject struct {
	Kind     source.Kind
	New      func(t *testing.T) source.Source // over the same, unchanging thing at each call
	AtLeast  int                              // documents that one run must emit
	Volatile bool                             // two runs may differ (a source over a live machine)
}

// Run checks the contract of source.Source on s.
func Run(t *testing.T, s Subject) {
	t.Run("the kind describes itself", func(t *testing.T) { description(t, s.Kind) })
	t.Run("documents are valid", func(t *testing.T) { valid(t, s) })
	t.Run("two runs see the same", func(t *testing.T) { repeatable(t, s) })
	t.Run("an error of emit ends the run", func(t *testing.T) { refused(t, s) })
	t.Run("a canceled run ends", func(t *testing.T) { canceled(t, s) })
}

func description(t *testing.T, k source.Kind) {
	name := regexp.MustCompile(`^[a-z][a-z0-9-]*$`)
	if !name.MatchString(k.Name) || k.Title == "" || k.Help == "" || len(k.Places) == 0 || k.New == nil {
		t.Errorf("kind %q needs a name in lower case, a title, help, a place and a constructor", k.Name)
	}
	for _, set := range k.Settings {
		if !name.MatchString(set.Name) || set.Title == "" || set.Help == "" || set.Type == "" {
			t.Errorf("setting %q needs a name in lower case, a title, help and a type", set.Name)
		}
		if (set.Type == source.Choice) != (len(set.Choices) > 0) {
			t.Errorf("setting %q: choices belong to a choice, and a choice has some", set.Name)
		}
		if set.Default != "" {
			if _, err := (source.Kind{Name: k.Name, Settings: []source.Setting{set}}).Check(nil); err != nil {
				t.Errorf("the default of setting %q is refused: %v", set.Name, err)
			}
		}
	}
}

func collect(t *testing.T, s Subject) []*inventory.Document {
	t.Helper()
	var out []*inventory.Document
	if err := s.New(t).Collect(t.Context(), func(d *inventory.Document) error { out = append(out, d); return nil }); err != nil {
		t.Fatal(err)
	}
	return out
}

func valid(t *testing.T, s Subject) {
	documents := collect(t, s)
	if len(documents) < s.AtLeast || len(documents) == 0 {
		t.Errorf("%d documents, want at least %d", len(documents), max(s.AtLeast, 1))
	}
	ids := map[string]bool{}
	for _, d := range documents {
		if _, err := inventory.Encode(d); err != nil {
			t.Errorf("%s: %v", d.Header.DeviceName, err)
		}
		if d.Header.Source != s.Kind.Name {
			t.Errorf("%s: its source is %q, the kind's name is %q", d.Header.DeviceName, d.Header.Source, s.Kind.Name)
		}
		if ids[d.Header.ID] {
			t.Errorf("%s: id %s is used twice", d.Header.DeviceName, d.Header.ID)
		}
		ids[d.Header.ID] = true
		if d.Hardware == nil && d.Virtual == nil && d.Cloud == nil && d.Evidence == nil {
			t.Errorf("%s: the document says nothing", d.Header.DeviceName)
		}
	}
}

func repeatable(t *testing.T, s Subject) {
	if s.Volatile {
		t.Log("not compared: the machine under this source may change between two runs")
		return
	}
	first, second := collect(t, s), collect(t, s)
	if len(first) != len(second) {
		t.Fatalf("%d documents, then %d", len(first), len(second))
	}
	for i := range first {
		if a, b := first[i].Digests(), second[i].Digests(); a != b {
			t.Errorf("%s: two runs over the same differ: %+v, then %+v", first[i].Header.DeviceName, a, b)
		}
		if first[i].Header.ID == second[i].Header.ID {
			t.Errorf("%s: two runs gave one document id", first[i].Header.DeviceName)
		}
	}
}

func refused(t *testing.T, s Subject) {
	full, calls := errors.New("no room"), 0
	err := s.New(t).Collect(t.Context(), func(*inventory.Document) error { calls++; return full })
	if !errors.Is(err, full) || calls != 1 {
		t.Errorf("emit failed once and was called %d times; Collect returned %v", calls, err)
	}
}

func canceled(t *testing.T, s Subject) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	done := make(chan error, 1)
	go func() { done <- s.New(t).Collect(ctx, func(*inventory.Document) error { return nil }) }()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Collect returned %v, want the context's error", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("Collect goes on 20 s after its context ended")
	}
}

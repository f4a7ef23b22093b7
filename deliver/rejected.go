package deliver

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// keptRejected is how many rejected items are kept for a person to look at, unless the limits say otherwise.
const keptRejected = 200

// Rejection is why an item was set aside.
type Rejection struct {
	ID     string    `json:"id"`
	Kind   string    `json:"kind"` // of the fault: "invalid", "unauthorized", ...
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// Reject sets an item aside that no receiver takes, with the reason beside it.
func (s *Spool) Reject(id, kind, reason string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.find(id); n >= 0 {
		return s.setAsideAs(n, Rejection{ID: id, Kind: kind, Reason: reason, At: time.Now().UTC()})
	}
	return nil
}

func (s *Spool) setAside(n int, reason string) error {
	return s.setAsideAs(n, Rejection{ID: s.index[n].id, Kind: "invalid", Reason: reason, At: time.Now().UTC()})
}

// setAsideAs moves the n-th item to the rejected ones. The caller holds mu.
func (s *Spool) setAsideAs(n int, why Rejection) error {
	e := s.index[n]
	target := filepath.Join(s.folder, "rejected", e.name)
	b, err := json.MarshalIndent(why, "", "  ")
	if err == nil {
		err = replace(strings.TrimSuffix(target, ".item")+".json", b, s.write)
	}
	if err == nil {
		err = os.Rename(filepath.Join(s.folder, "items", e.name), target)
	}
	if err != nil {
		return fmt.Errorf("set item %s aside: %w", e.id, err)
	}
	s.index = slices.Delete(s.index, n, n+1)
	s.bytes -= e.size
	if s.refused++; s.refused%trimEvery != 1 {
		return nil
	}
	return s.trimRejected()
}

// trimEvery is how many items are set aside between two looks at how many there are.
const trimEvery = 32

// trimRejected removes the oldest rejected items beyond the number that is kept.
func (s *Spool) trimRejected() error {
	folder := filepath.Join(s.folder, "rejected")
	list, err := os.ReadDir(folder) // sorted by name, and so by time
	if err != nil {
		return fmt.Errorf("trim the rejected items: %w", err)
	}
	for len(list) > 2*s.limits.Rejected {
		if err := os.Remove(filepath.Join(folder, list[0].Name())); err != nil {
			return fmt.Errorf("trim the rejected items: %w", err)
		}
		list = list[1:]
	}
	return nil
}

// Rejections returns why the rejected items were, oldest first.
func (s *Spool) Rejections() ([]Rejection, error) {
	names, err := filepath.Glob(filepath.Join(s.folder, "rejected", "*.json"))
	if err != nil {
		return nil, err
	}
	var out []Rejection
	for _, name := range names {
		var r Rejection
		if b, err := os.ReadFile(name); err == nil && json.Unmarshal(b, &r) == nil {
			out = append(out, r)
		}
	}
	return out, nil
}

// Requeue puts the items back that were rejected with this kind of fault, after its cause was mended, and returns how
// many.
func (s *Spool) Requeue(kind string) (int, error) {
	rejections, err := s.Rejections()
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, r := range rejections {
		if r.Kind != kind {
			continue
		}
		found, err := filepath.Glob(filepath.Join(s.folder, "rejected", "*."+r.ID+".item"))
		if err != nil || len(found) != 1 {
			continue
		}
		if err := os.Rename(found[0], filepath.Join(s.folder, "items", filepath.Base(found[0]))); err != nil {
			return n, fmt.Errorf("put item %s back: %w", r.ID, err)
		}
		_ = os.Remove(strings.TrimSuffix(found[0], ".item") + ".json")
		n++
	}
	return n, s.look()
}

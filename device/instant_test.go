package device

import (
	"slices"
	"testing"
)

// TestTwoHostsAtOneInstant: a migration is told by both hosts at the same instant. A late document before it folds both
// again, and history still has one placement at that instant.
func TestTwoHostsAtOneInstant(t *testing.T) {
	left := Seen{At: day(5), Host: 1, Present: false}
	came := Seen{At: day(5), Host: 2, Present: true}
	recorded := []Point{{Device: 9, Aspect: PlacementAspect, From: day(5), Value: &Placement{Host: 2}}}
	late := Seen{At: day(3), Host: 1, Present: true}
	points := Place(9, late, nil, recorded, slices.Values([]Seen{left, came}))
	at := map[string]ID{}
	for _, p := range points {
		key := p.From.String()
		if _, twice := at[key]; twice {
			t.Errorf("two placements at %s", key)
		}
		at[key] = p.Value.(*Placement).Host
	}
	if at[day(3).String()] != 1 {
		t.Errorf("on day 3 it is on host %d, want 1", at[day(3).String()])
	}
	if host, changed := at[day(5).String()]; changed && host != 2 {
		t.Errorf("on day 5 it is on host %d, want 2", host)
	}
}

package sample_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/pipeline/sample"
)

var day = time.Date(2026, 6, 30, 14, 12, 33, 0, time.UTC)

func TestTheSampleIsAboutEightyMachinesWithHalfAYearOfHistory(t *testing.T) {
	f := sample.New(day)
	names, kinds := map[string]bool{}, map[string]int{}
	for i, r := range f.Reports {
		h := r.Document.Header
		names[h.DeviceName] = true
		kinds[h.Source]++
		if err := r.Document.Validate(); err != nil {
			t.Errorf("document %d of %s at %v: %v", i, h.DeviceName, h.CollectedAt, err)
		}
		if h.CollectedAt.Before(f.Start) || h.CollectedAt.After(f.End) {
			t.Errorf("document %d of %s is of %v, outside the sample's history", i, h.DeviceName, h.CollectedAt)
		}
		if i > 0 && h.CollectedAt.Before(f.Reports[i-1].Document.Header.CollectedAt) {
			t.Fatalf("document %d is older than the one before it", i)
		}
	}
	if len(names) < 78 || len(names) > 84 {
		t.Errorf("the sample has %d machines, want about 80", len(names))
	}
	if got := f.End.Sub(f.Start); got < sample.Days*24*time.Hour {
		t.Errorf("the sample's history is %v long, want %d days", got, sample.Days)
	}
	for _, source := range []string{"agent", "vsphere", "aws"} {
		if kinds[source] == 0 {
			t.Errorf("no document comes from %q", source)
		}
	}
}

func TestTheSameDayGivesTheSameDocuments(t *testing.T) {
	if diff := cmp.Diff(sample.New(day), sample.New(day)); diff != "" {
		t.Errorf("two samples of one day differ:\n%s", diff)
	}
	ids := map[string]bool{}
	for _, r := range sample.New(day).Reports {
		if ids[r.Document.Header.ID] {
			t.Fatalf("document id %s is used twice", r.Document.Header.ID)
		}
		ids[r.Document.Header.ID] = true
	}
}

func TestEveryGuestIsOnExactlyOneHostAtTheEnd(t *testing.T) {
	last := map[string]*inventory.Document{}
	for _, r := range sample.New(day).Reports {
		if v := r.Document.Virtual; v != nil && v.IsHost {
			last[r.Document.Header.DeviceName] = r.Document
		}
	}
	on := map[string]string{}
	for host, d := range last {
		for _, g := range d.Virtual.Guests {
			if before, twice := on[g.ID]; twice {
				t.Errorf("guest %s is on %s and on %s", g.Name, before, host)
			}
			on[g.ID] = host
		}
	}
	if len(on) != 16+18+10+4+5 {
		t.Errorf("%d guests are on hosts, want 53", len(on))
	}
}

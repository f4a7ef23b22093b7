package store_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/highwater-sam/highwater/catalog"
	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/store"
	"github.com/highwater-sam/highwater/store/storetest"
)

var day = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func at(hours int) time.Time { return day.Add(time.Duration(hours) * time.Hour) }

func ptr[T any](v T) *T { return &v }

func hardware(cores int64) *device.Hardware {
	return &device.Hardware{Processors: ptr(int64(2)), Cores: &cores, Threads: ptr(2 * cores), Processor: "Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz",
		Model: "PowerEdge R750", OS: "linux", Detail: inventory.Hardware{Serial: "HW1", Manufacturer: "Dell Inc."}}
}

func titles(names ...string) store.Evidence {
	e := store.Evidence{}
	sum := sha256.New()
	for _, n := range names {
		e.Titles = append(e.Titles, catalog.Title{Kind: "package", Source: "rpm", Name: n, Version: "1"})
		fmt.Fprintln(sum, n)
	}
	e.Hash = hex.EncodeToString(sum.Sum(nil))
	return e
}

func evidenceSet(e store.Evidence) *device.EvidenceSet {
	return device.NewEvidenceSet([]device.EvidencePart{{Part: "agent:rpm", Hash: e.Hash, Count: len(e.Titles)}})
}

// first is the first document of a device called name, collected at an hour.
func first(id, name string, hour int) store.Intake {
	e := titles("db2", "bash", name)
	return store.Intake{
		Document: store.Document{ID: id, Agent: "agent-" + name, Source: "agent", Kind: inventory.Full, Collected: at(hour), Received: at(hour), Effective: at(hour), RawSize: 10},
		Envelope: []byte("envelope of " + id),
		Keys:     []device.Key{{Kind: device.AgentKey, Value: "agent-" + name}, {Kind: device.NameKey, Value: name}},
		Kind:     device.Computer, Source: "agent",
		Points: []device.Point{
			{Aspect: device.HardwareAspect, From: at(hour), Document: id, Source: "agent", Value: hardware(8)},
			{Aspect: device.NameAspect, From: at(hour), Document: id, Source: "agent", Value: &device.Name{Name: name, Domain: "example.net"}},
			{Aspect: device.EvidenceAspect, From: at(hour), Document: id, Source: "agent", Value: evidenceSet(e)},
		},
		Evidence: []store.Evidence{e},
		Covered:  []store.Span{{From: at(hour), To: at(hour)}},
	}
}

// next is a later document of the device, decided on its present state.
func next(t *testing.T, st *store.Store, id device.ID, document string, hour int, points ...device.Point) store.Intake {
	t.Helper()
	state, ok, err := st.State(t.Context(), id)
	if err != nil || !ok {
		t.Fatalf("state of device %d: %v %v", id, ok, err)
	}
	for i := range points {
		points[i].Document, points[i].Source = document, "agent"
		if points[i].From.IsZero() {
			points[i].From = at(hour)
		}
	}
	return store.Intake{
		Document: store.Document{ID: document, Source: "agent", Kind: inventory.HardwareOnly, Collected: at(hour), Received: at(hour), Effective: at(hour), RawSize: 10},
		Envelope: []byte("envelope of " + document),
		State:    &state, Kind: state.Kind, Source: state.Source, Points: points,
	}
}

func take(t *testing.T, st *store.Store, in store.Intake) store.Result {
	t.Helper()
	r, err := st.Intake(t.Context(), in)
	if err != nil {
		t.Fatalf("intake of %s: %v", in.Document.ID, err)
	}
	return r
}

func TestIntakeMakesADevice(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		in := first("d1", "db01", 6)
		in.Document.Digests = inventory.Digests{Identity: "i", Hardware: "h"}
		r := take(t, st, in)
		if !r.Created || r.Duplicate || r.Device == 0 || r.Recorded.IsZero() {
			t.Fatalf("result %+v", r)
		}
		m, err := st.FindByKeys(t.Context(), []device.Key{{Kind: device.AgentKey, Value: "agent-db01"}, {Kind: device.UUIDKey, Value: "nobody"}})
		if err != nil {
			t.Fatal(err)
		}
		want := []device.Record{{ID: r.Device, Source: "agent", Keys: in.Keys}}
		if diff := cmp.Diff(want, m.Records); diff != "" {
			t.Errorf("found by its agent id (-want +got):\n%s", diff)
		}
		points, err := st.CurrentPoints(t.Context(), r.Device)
		if err != nil {
			t.Fatal(err)
		}
		for i := range points {
			if !points[i].Recorded.Equal(r.Recorded) || points[i].Device != r.Device {
				t.Errorf("point %d: recorded %v for device %d", i, points[i].Recorded, points[i].Device)
			}
			points[i].Device, points[i].Recorded = 0, time.Time{}
		}
		sortPoints(points)
		sortPoints(in.Points)
		if diff := cmp.Diff(in.Points, points); diff != "" {
			t.Errorf("points (-want +got):\n%s", diff)
		}
		state, ok, err := st.State(t.Context(), r.Device)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		if state.Version != 1 || state.LastDocument != "d1" || !state.LastInventory.Equal(at(6)) || state.Status != store.Active || state.Kind != device.Computer {
			t.Errorf("state %+v", state)
		}
		source, ok, err := st.SourceState(t.Context(), r.Device, "agent", "")
		if err != nil || !ok || source.Digests != in.Document.Digests || source.Document != "d1" {
			t.Errorf("source state %+v %v %v", source, ok, err)
		}
		body, err := st.Envelope(t.Context(), "d1")
		if err != nil || !bytes.Equal(body, in.Envelope) {
			t.Errorf("envelope %q, %v", body, err)
		}
		found, err := st.Titles(t.Context(), in.Evidence[0].Hash)
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(found, func(a, b catalog.Title) int { return bytes.Compare([]byte(a.Name), []byte(b.Name)) })
		wantTitles := slices.Clone(in.Evidence[0].Titles)
		slices.SortFunc(wantTitles, func(a, b catalog.Title) int { return bytes.Compare([]byte(a.Name), []byte(b.Name)) })
		if diff := cmp.Diff(wantTitles, found); diff != "" {
			t.Errorf("titles (-want +got):\n%s", diff)
		}
	})
}

func sortPoints(points []device.Point) {
	slices.SortFunc(points, func(a, b device.Point) int { return bytes.Compare([]byte(a.Aspect), []byte(b.Aspect)) })
}

func TestARepeatedDocumentChangesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		in := first("d1", "db01", 6)
		r := take(t, st, in)
		again := take(t, st, in) // as a new device, decided before the first arrived
		if !again.Duplicate || again.Device != r.Device || again.Created {
			t.Errorf("the second arrival gave %+v, the first %+v", again, r)
		}
		change := next(t, st, r.Device, "d2", 7, device.Point{Aspect: device.HardwareAspect, Value: hardware(16)})
		take(t, st, change)
		if again := take(t, st, change); !again.Duplicate {
			t.Errorf("the second arrival of a change gave %+v", again)
		}
		if n := len(history(t, st, r.Device, nil)); n != 4 {
			t.Errorf("%d points, want 4", n)
		}
	})
}

func history(t *testing.T, st *store.Store, id device.ID, knownAt *time.Time) []device.Point {
	t.Helper()
	points, err := st.History(t.Context(), id, knownAt)
	if err != nil {
		t.Fatal(err)
	}
	return points
}

func cores(points []device.Point) string {
	var out string
	for _, p := range points {
		if p.Aspect != device.HardwareAspect {
			continue
		}
		if h, ok := p.Value.(*device.Hardware); ok {
			out += fmt.Sprintf("%d:%d ", int(p.From.Sub(day).Hours()), *h.Cores)
		} else {
			out += fmt.Sprintf("%d:? ", int(p.From.Sub(day).Hours()))
		}
	}
	return out
}

func TestHistoryIsReadAsItWasKnown(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		r := take(t, st, first("d1", "db01", 6))
		second := take(t, st, next(t, st, r.Device, "d2", 10, device.Point{Aspect: device.HardwareAspect, Value: hardware(16)}))
		late := take(t, st, next(t, st, r.Device, "d3", 8, device.Point{Aspect: device.HardwareAspect, Value: hardware(12)}))
		corrected := take(t, st, next(t, st, r.Device, "d4", 11, device.Point{Aspect: device.HardwareAspect, From: at(10), Value: hardware(20)}))
		unknown := take(t, st, next(t, st, r.Device, "d5", 12, device.Point{Aspect: device.HardwareAspect, From: at(8)}))
		for _, c := range []struct {
			at   time.Time
			want string
		}{
			{r.Recorded.Add(-time.Microsecond), ""},
			{r.Recorded, "6:8 "},
			{second.Recorded, "6:8 10:16 "},
			{late.Recorded, "6:8 8:12 10:16 "},
			{corrected.Recorded, "6:8 8:12 10:20 "},
			{unknown.Recorded, "6:8 8:? 10:20 "},
		} {
			if got := cores(history(t, st, r.Device, &c.at)); got != c.want {
				t.Errorf("as known at %s: %q, want %q", c.at, got, c.want)
			}
		}
		if got := cores(history(t, st, r.Device, nil)); got != "6:8 8:? 10:20 " {
			t.Errorf("now: %q", got)
		}
		all, err := st.FullHistory(t.Context(), r.Device, nil)
		if err != nil || cores(all) != "6:8 8:12 8:? 10:16 10:20 " {
			t.Errorf("with what was superseded: %q, %v", cores(all), err)
		}
		before, after, err := st.Neighbors(t.Context(), r.Device, device.HardwareAspect, at(8))
		if err != nil || before.Value != nil || *after.Value.(*device.Hardware).Cores != 20 {
			t.Errorf("neighbors of 08:00: %+v %+v %v", before, after, err)
		}
		if before, after, err = st.Neighbors(t.Context(), r.Device, device.PoolsAspect, at(8)); before != nil || after != nil || err != nil {
			t.Errorf("neighbors where nothing is: %+v %+v %v", before, after, err)
		}
		inForce, err := st.PointsAt(t.Context(), r.Device, at(9))
		if err != nil || cores(inForce) != "8:? " || len(inForce) != 3 {
			t.Errorf("in force at 09:00: %q of %d, %v", cores(inForce), len(inForce), err)
		}
		later, err := st.PointsAfter(t.Context(), r.Device, at(8))
		if err != nil || cores(later) != "10:16 10:20 " {
			t.Errorf("after 08:00: %q, %v", cores(later), err)
		}
	})
}

func TestADecisionOnAnOldStateIsRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		r := take(t, st, first("d1", "db01", 6))
		one := next(t, st, r.Device, "d2", 7, device.Point{Aspect: device.HardwareAspect, Value: hardware(16)})
		other := next(t, st, r.Device, "d3", 7, device.Point{Aspect: device.HardwareAspect, Value: hardware(32)})
		take(t, st, one)
		if _, err := st.Intake(t.Context(), other); !errors.Is(err, store.ErrChanged) {
			t.Fatalf("a decision on the state before d2 gave %v, want ErrChanged", err)
		}
		if known, err := st.DocumentKnown(t.Context(), "d3"); known || err != nil {
			t.Errorf("the refused document is known: %v %v", known, err)
		}
		if got := cores(history(t, st, r.Device, nil)); got != "6:8 7:16 " {
			t.Errorf("history %q", got)
		}
	})
}

// TestTwoDocumentsOfANewDevice: two sources show one new machine at once; one of them must decide again.
func TestTwoDocumentsOfANewDevice(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		key := device.Key{Kind: device.HardwareKey, Value: "dell|r750|hw1"}
		const writers = 16
		var created, refused sync.Map
		var all sync.WaitGroup
		for i := range writers {
			all.Go(func() {
				for attempt := 0; ; attempt++ {
					m, err := st.FindByKeys(t.Context(), []device.Key{key})
					if err != nil {
						t.Error(err)
						return
					}
					in := first(fmt.Sprintf("d%d", i), fmt.Sprintf("db%d", i), 6)
					in.Keys, in.Match = append(in.Keys, key), &m
					if len(m.Records) > 0 {
						state, _, err := st.State(t.Context(), m.Records[0].ID)
						if err != nil {
							t.Error(err)
							return
						}
						in.State, in.Points = &state, nil
					}
					r, err := st.Intake(t.Context(), in)
					if errors.Is(err, store.ErrChanged) {
						refused.Store([2]int{i, attempt}, true)
						continue
					}
					if err != nil {
						t.Error(err)
						return
					}
					if r.Created {
						created.Store(r.Device, true)
					}
					return
				}
			})
		}
		all.Wait()
		n := 0
		created.Range(func(any, any) bool { n++; return true })
		if n != 1 {
			t.Errorf("%d devices were made of one machine", n)
		}
		m, err := st.FindByKeys(t.Context(), []device.Key{key})
		if err != nil || len(m.Records) != 1 || len(m.Records[0].Keys) != 1+2*writers {
			t.Errorf("found %+v, %v", m, err)
		}
	})
}

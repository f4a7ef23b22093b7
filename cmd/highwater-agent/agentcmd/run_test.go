package agentcmd

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/policy"
)

func openAgent(t *testing.T, root string) *agent {
	t.Helper()
	a, err := (&CLI{State: filepath.Join(t.TempDir(), "state"), Root: root, Cloud: "off", LogLevel: "error"}).open(Streams{Out: &bytes.Buffer{}, Err: &bytes.Buffer{}, Version: "1.0.0"})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// spooled opens what the agent keeps for delivery.
func spooled(t *testing.T, a *agent) []*inventory.Document {
	t.Helper()
	items, err := a.spool.Oldest(1000, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	var out []*inventory.Document
	for _, i := range items {
		key, err := inventory.StatedKey(i.Body)
		if err != nil {
			t.Fatal(err)
		}
		d, err := inventory.Open(i.Body, key)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, d)
	}
	return out
}

// Two days with checks each half hour: a document for each change at its own time, one full inventory a day, and the
// checks without change told as spans.
func TestADayOfChecks(t *testing.T) {
	root := machine(t, "db01", 16)
	synctest.Test(t, func(t *testing.T) {
		a := openAgent(t, root)
		a.policy = policy.Policy{Check: policy.Check{On: true}}.Normal()
		a.policy.Inventory.Window = 0
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- a.run(ctx) }()
		begin := time.Now()
		at := func(d time.Duration) { time.Sleep(time.Until(begin.Add(d))) }
		at(10*time.Hour + 10*time.Minute)
		setCores(t, root, 32)
		at(13*time.Hour + 10*time.Minute)
		setCores(t, root, 16)
		at(36 * time.Hour)
		synctest.Wait()
		documents := spooled(t, a)
		cancel()
		<-ended
		type seen struct {
			kind  inventory.Kind
			after time.Duration
			cores int64
		}
		var got []seen
		for _, d := range documents {
			got = append(got, seen{d.Header.Kind, d.Header.CollectedAt.Sub(begin), *d.Hardware.Cores})
		}
		half := 30 * time.Minute
		want := []seen{{inventory.Full, 0, 16}, {inventory.HardwareOnly, 10*time.Hour + half, 32}, {inventory.HardwareOnly, 13*time.Hour + half, 16}, {inventory.Full, 24 * time.Hour, 16}}
		if len(got) != len(want) {
			t.Fatalf("documents %v, want %v", got, want)
		}
		for n := range want {
			if d := got[n].after - want[n].after; got[n].kind != want[n].kind || got[n].cores != want[n].cores || d < 0 || d > time.Minute {
				t.Errorf("document %d is %v, want %v", n, got[n], want[n])
			}
		}
		if m := documents[1].Header.Measured; len(m) != 1 || m[0].Checks < 20 || m[0].To.Sub(m[0].From) < 9*time.Hour+30*time.Minute {
			t.Errorf("measured before the first change: %+v", m)
		}
		if documents[1].Evidence != nil {
			t.Error("a check speaks of software")
		}
	})
}

func TestTimeWithoutChecksIsNotMeasured(t *testing.T) {
	at := func(m int) time.Time { return time.Date(2026, 3, 1, 0, m, 0, 0, time.UTC) }
	var spans []inventory.Span
	for _, m := range []int{0, 30, 61, 300, 330, 10} { // off from 61 to 300; then the clock went back
		spans = extend(spans, at(m), 30*time.Minute)
	}
	want := []inventory.Span{{From: at(0), To: at(61), Checks: 3}, {From: at(300), To: at(330), Checks: 2}, {From: at(10), To: at(10), Checks: 1}}
	if len(spans) != len(want) {
		t.Fatalf("%+v", spans)
	}
	for n := range want {
		if spans[n] != want[n] {
			t.Errorf("span %d is %+v, want %+v", n, spans[n], want[n])
		}
	}
	for n := range 3 * inventory.MaxSpans {
		spans = extend(spans, at(1000*n), time.Minute)
	}
	if len(spans) != inventory.MaxSpans {
		t.Errorf("%d spans", len(spans))
	}
}

func TestMissedRuns(t *testing.T) {
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name      string
		last      time.Time
		missed    policy.Missed
		low, high time.Duration // from now
	}{
		{"never ran", time.Time{}, policy.Once, 0, 0},
		{"due in six hours", now.Add(-18 * time.Hour), policy.Once, 5*time.Hour + 30*time.Minute, 6*time.Hour + 30*time.Minute},
		{"off for a week, made up for", now.Add(-7*24*time.Hour - time.Hour), policy.Once, 0, time.Minute},
		{"off for a week, not made up for", now.Add(-7*24*time.Hour - time.Hour), policy.Never, 23 * time.Hour, 23 * time.Hour},
		{"the clock went back", now.Add(time.Hour), policy.Once, 0, 0},
	} {
		a := &agent{runs: runs{Full: c.last}}
		p := policy.Policy{Inventory: policy.Inventory{Missed: c.missed}}.Normal()
		for range 50 {
			if d := a.firstFull(p, now).Sub(now); d < c.low || d > c.high {
				t.Errorf("%s: in %s, want %s to %s", c.name, d, c.low, c.high)
			}
		}
	}
}

func TestAFullSpoolIsToldInTheNextDocument(t *testing.T) {
	a := openAgent(t, machine(t, "db01", 2))
	if _, err := a.full(t.Context()); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(a.folder, "spool"), "dropped.json", "3")
	d, err := a.full(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	told := false
	for _, r := range d.Remarks {
		told = told || r.Part == "spool"
	}
	if stats, _ := a.spool.Stats(); !told || stats.Dropped != 0 {
		t.Errorf("told: %v, %+v, %+v", told, d.Remarks, stats)
	}
}

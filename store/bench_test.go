package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/highwater-sam/highwater/auth"
	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/report"
	"github.com/highwater-sam/highwater/store"
	"github.com/highwater-sam/highwater/store/storetest"
)

// filled is a store with n devices, each with changes of hardware and placement besides the first.
func filled(b *testing.B, database string, n, changes int) (*store.Store, []device.ID) {
	b.Helper()
	st := storetest.Open(b, storetest.Address(b, database), store.Options{})
	ids := make([]device.ID, n)
	work := make(chan int)
	failed := make(chan error, 64)
	for range 64 {
		go func() {
			for i := range work {
				var err error
				ids[i], err = fill(b.Context(), st, i, changes)
				failed <- err
			}
		}()
	}
	go func() {
		for i := range n {
			work <- i
		}
		close(work)
	}()
	for range n {
		if err := <-failed; err != nil {
			b.Fatal(err)
		}
	}
	return st, ids
}

func fill(ctx context.Context, st *store.Store, i, changes int) (device.ID, error) {
	name := fmt.Sprintf("srv-%05d", i)
	in := first("d-"+name, name, 0)
	for c := range changes {
		from := day.Add(time.Duration(c+1) * 12 * time.Hour)
		in.Points = append(in.Points, device.Point{Aspect: device.HardwareAspect, From: from, Source: "agent", Value: hardware(int64(2 + (i+c)%64))},
			device.Point{Aspect: device.PlacementAspect, From: from, Source: "agent", Value: &device.Placement{Host: device.ID(1 + (i+c)%500)}})
	}
	r, err := st.Intake(ctx, in)
	return r.Device, err
}

func each(b *testing.B, run func(b *testing.B, database string)) {
	for _, database := range storetest.Databases {
		b.Run(database, func(b *testing.B) { run(b, database) })
	}
}

// BenchmarkLoadHistory streams the history into the engine's rows: facts a second.
func BenchmarkLoadHistory(b *testing.B) {
	each(b, func(b *testing.B, database string) {
		const devices, changes = 10_000, 50
		st, _ := filled(b, database, devices, changes)
		facts := 0
		for b.Loop() {
			facts = 0
			if err := st.LoadHistory(b.Context(), nil, func(d *store.DeviceHistory) error {
				facts += len(d.Hardware) + len(d.Placements)
				return nil
			}); err != nil {
				b.Fatal(err)
			}
		}
		if facts != devices*(2*changes+1) {
			b.Fatalf("%d facts", facts)
		}
		b.ReportMetric(float64(facts)*float64(b.N)/b.Elapsed().Seconds(), "facts/s")
	})
}

// BenchmarkReads are the statements that pages and intake wait for, on 10,000 devices.
func BenchmarkReads(b *testing.B) {
	each(b, func(b *testing.B, database string) {
		st, ids := filled(b, database, 10_000, 20)
		known := time.Now()
		run := func(name string, f func(i int) error) {
			b.Run(name, func(b *testing.B) {
				for i := 0; b.Loop(); i++ {
					if err := f(i); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		ctx := b.Context()
		run("find-by-keys", func(i int) error {
			m, err := st.FindByKeys(ctx, []device.Key{{Kind: device.AgentKey, Value: fmt.Sprintf("agent-srv-%05d", i%10_000)}, {Kind: device.UUIDKey, Value: "none"}})
			if err == nil && len(m.Records) != 1 {
				err = fmt.Errorf("%d records", len(m.Records))
			}
			return err
		})
		run("state", func(i int) error { _, _, err := st.State(ctx, ids[i%len(ids)]); return err })
		run("points-in-force", func(i int) error { _, err := st.CurrentPoints(ctx, ids[i%len(ids)]); return err })
		run("history-as-known", func(i int) error { _, err := st.History(ctx, ids[i%len(ids)], &known); return err })
		grid := func(q report.Query) func(int) error {
			return func(int) error { _, err := st.Grid(ctx, &report.Devices, q, auth.Everything); return err }
		}
		run("grid-first-page", grid(report.Query{}))
		run("grid-filter-sort", grid(report.Query{Filters: []report.Filter{{Key: "cores", Op: report.More, Value: "32"}}, Sort: []report.Sort{{Key: "cores", Descending: true}, {Key: "name"}}}))
		run("grid-search", grid(report.Query{Search: "0777"}))
		page, err := st.Grid(ctx, &report.Devices, report.Query{}, auth.Everything)
		if err != nil {
			b.Fatal(err)
		}
		run("grid-next-page", grid(report.Query{After: page.Next}))
		jobs := st.Jobs()
		run("claim-job", func(i int) error {
			c, mine, err := jobs.Claim(ctx, fmt.Sprint("job", i%3), at(i), time.Minute)
			if err != nil || !mine {
				return fmt.Errorf("%v %w", mine, err)
			}
			return c.Done(ctx, nil)
		})
	})
}

package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/highwater-sam/highwater/auth"
	"github.com/highwater-sam/highwater/catalog"
	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/estate"
	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/measure"
	"github.com/highwater-sam/highwater/report"
	"github.com/highwater-sam/highwater/store"
	"github.com/highwater-sam/highwater/store/storetest"
)

func measurement(id device.ID) *measure.Measurement {
	return &measure.Measurement{Format: measure.Format, AsOf: estate.At(at(48)), Licenses: []*measure.License{{
		ID: "db2-pvu", Metric: "ibm-pvu", Entitlements: "100",
		Current: measure.Current{Raw: "106.75", Regions: []measure.RegionValue{{Region: 2, Value: "106.75"}}},
		Periods: []measure.Period{
			{Name: "2025-Q4", Peak: "0"},
			{Name: "2026-Q1", Peak: "110", Regions: []measure.RegionPeak{
				{Region: 2, Exact: "106.75", Peak: "107", Date: "2026-03-02", Start: estate.At(at(6))},
				{Region: 0, Exact: "7/3", Peak: "3", Date: "2026-03-01", Start: estate.At(at(1))}}},
		},
		Remarks: []measure.Remark{{Code: measure.CoresMissing, Device: fmt.Sprint(id), From: estate.At(at(6))}},
	}}}
}

func TestAMeasurementFillsTheLists(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		id := take(t, st, first("d1", "db01", 6)).Device
		if err := st.SaveConfiguration(t.Context(), store.Change{Kind: store.LicenseConfiguration, Key: "db2-pvu", Value: license(), Author: "anna"}); err != nil {
			t.Fatal(err)
		}
		if _, _, ok, err := st.LatestMeasurement(t.Context()); ok || err != nil {
			t.Errorf("a measurement before the first: %v %v", ok, err)
		}
		want := measurement(id)
		steps := []store.Step{{at(6), "0"}, {at(7), "106.75"}, {at(9), "7/3"}}
		series := []store.Series{{"db2-pvu", 0, steps[:1]}, {"db2-pvu", 2, steps}}
		run := store.Run{AsOf: at(48), Started: at(48), Finished: at(48).Add(time.Second), Cause: "daily", Author: "system", EstateDigest: "ab", Devices: 1}
		n, err := st.SaveMeasurement(t.Context(), run, want, series)
		if err != nil {
			t.Fatal(err)
		}
		past := run
		known := at(40)
		past.KnownAt = &known
		if _, err := st.SaveMeasurement(t.Context(), past, &measure.Measurement{Format: measure.Format}, nil); err != nil {
			t.Fatal(err)
		}
		r, m, ok, err := st.LatestMeasurement(t.Context())
		if err != nil || !ok || r.ID != n {
			t.Fatal(r, ok, err)
		}
		run.ID = n
		if diff := cmp.Diff(run, r); diff != "" {
			t.Errorf("run (-want +got):\n%s", diff)
		}
		var a, b strings.Builder
		if err := want.Encode(&a); err != nil || m.Encode(&b) != nil || a.String() != b.String() {
			t.Errorf("measurement %s, want %s", b.String(), a.String())
		}
		got, err := st.Series(t.Context(), n, "db2-pvu")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(series, got); diff != "" {
			t.Errorf("series (-want +got):\n%s", diff)
		}
		checkRows(t, st, &report.Licenses, []string{"name", "consumed", "entitled", "position", "status", "used", "peak_date", "current", "period", "remarks"},
			`[Db2 PVU 110 100 -10 over 110 2026-03-02 106.75 2026-Q1 1]`)
		checkRows(t, st, &report.Peaks, []string{"license", "period", "region", "peak", "exact", "peak_date"},
			`[Db2 PVU 2026-Q1 2 107 106.75 2026-03-02]`, `[Db2 PVU 2026-Q1 <nil> 3 7/3 2026-03-01]`)
	})
}

// checkRows compares a list's shown cells, days in words.
func checkRows(t *testing.T, st *store.Store, g *report.Grid, columns []string, want ...string) {
	t.Helper()
	page, err := st.Grid(t.Context(), g, report.Query{Columns: columns}, auth.Everything)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range page.Rows {
		for i, c := range r.Cells {
			if us, ok := c.(int64); ok && page.Columns[i].Kind == report.Day {
				r.Cells[i] = time.UnixMicro(us).UTC().Format(time.DateOnly)
			}
		}
		got = append(got, fmt.Sprint(r.Cells[:len(columns)]))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", g.Name, diff)
	}
}

func TestOldSeriesAreForgotten(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		var runs []int64
		for range 12 {
			n, err := st.SaveMeasurement(t.Context(), store.Run{AsOf: at(48)}, measurement(1), []store.Series{{"db2-pvu", 2, []store.Step{{at(6), "1"}}}})
			if err != nil {
				t.Fatal(err)
			}
			runs = append(runs, n)
		}
		for i, n := range runs {
			series, err := st.Series(t.Context(), n, "db2-pvu")
			if err != nil || (len(series) == 1) != (i >= 2) {
				t.Errorf("run %d has %d series, %v", i, len(series), err)
			}
			if _, err := st.Measurement(t.Context(), n); err != nil {
				t.Errorf("run %d has lost its measurement: %v", i, err)
			}
		}
	})
}

func TestInstallationsAreSuperseded(t *testing.T) {
	eachWithClock(t, func(t *testing.T, st *store.Store, now *time.Time) {
		id := take(t, st, first("d1", "db01", 6)).Device
		end := at(9)
		db2 := store.Installation{Product: "ibm-db2", Name: "Db2", Publisher: "IBM", Version: "11.5", Rule: "db2", From: at(6), Evidence: "e1"}
		mq := store.Installation{Product: "ibm-mq", Name: "MQ", Publisher: "IBM", Version: "9", Rule: "mq", From: at(6), To: &end, Evidence: "e1"}
		save := func(want int, in ...store.Installation) time.Time {
			t.Helper()
			n, err := st.SaveInstallations(t.Context(), store.DeviceInstallations{Device: id, Installations: in})
			if err != nil || n != want {
				t.Fatalf("changed %d rows, want %d: %v", n, want, err)
			}
			before := now.Add(time.Second / 2)
			*now = now.Add(time.Second)
			return before
		}
		before := save(2, db2, mq)
		save(0, mq, db2)
		db2.Version = "12"
		save(2, db2, mq)
		got, err := st.Installations(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]store.Installation{db2, mq}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		loaded := func(at *time.Time) (out []store.InstalledFact) {
			t.Helper()
			if err := st.LoadHistory(t.Context(), at, func(d *store.DeviceHistory) error {
				out = append(out, d.Installations...)
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			return out
		}
		both := []store.InstalledFact{{"ibm-db2", at(6), nil}, {"ibm-mq", at(6), &end}}
		if diff := cmp.Diff(both, loaded(nil)); diff != "" {
			t.Errorf("for the engine (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(both, loaded(&before)); diff != "" {
			t.Errorf("for the engine as known before (-want +got):\n%s", diff)
		}
		save(1, db2)
		if diff := cmp.Diff(both[:1], loaded(nil)); diff != "" {
			t.Errorf("after one is gone (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(both, loaded(&before)); diff != "" {
			t.Errorf("as known before one was gone (-want +got):\n%s", diff)
		}
		assigned := []store.Assignment{{"ibm-db2", "db2-pvu", store.Consumes, "the only license that covers it"}, {"ibm-db2", "other", "rejected", "not there"}}
		for range 2 {
			if err := st.SaveAssignments(t.Context(), 1, store.DeviceAssignments{Device: id, Assignments: assigned}); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := st.Assignments(t.Context(), id); err != nil || !cmp.Equal(got, assigned) {
			t.Errorf("assignments %+v %v", got, err)
		}
		checkRows(t, st, &report.Installations, []string{"product", "version", "device", "reason", "rule"}, `[Db2 12 db01 the only license that covers it db2]`)
	})
}

// TestLoadHistoryAgreesWithHistory: the engine's narrow rows say what the points say, at any known-at.
func TestLoadHistoryAgreesWithHistory(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		host := take(t, st, first("d0", "host", 5)).Device
		id := take(t, st, first("d1", "db01", 6)).Device
		lpar := hardware(4)
		lpar.Partition = &inventory.Partition{Kind: "shared", Capped: true, Entitlement: "0.5"}
		big := hardware(5000)
		marks := []time.Time{}
		for i, points := range [][]device.Point{
			{{Aspect: device.HardwareAspect, Value: lpar}, {Aspect: device.PlacementAspect, Value: &device.Placement{Host: host, Pool: "p1"}}},
			{{Aspect: device.HardwareAspect, From: at(6), Value: big}, {Aspect: device.PlacementAspect}},
			{{Aspect: device.HardwareAspect}, {Aspect: device.PoolsAspect, Value: &device.Pools{Pools: []inventory.Pool{{ID: "p1", Cores: "4", Hard: true}}}}},
			{{Aspect: device.PlacementAspect, From: at(7), Value: &device.Placement{}}, {Aspect: device.PoolsAspect}},
		} {
			r := take(t, st, next(t, st, id, fmt.Sprintf("d%d", i+2), 7+i, points...))
			marks = append(marks, r.Recorded)
		}
		for i, mark := range append(marks, time.Time{}) {
			knownAt := &mark
			if mark.IsZero() {
				knownAt = nil
			}
			devices := 0
			if err := st.LoadHistory(t.Context(), knownAt, func(d *store.DeviceHistory) error {
				devices++
				want := facts(history(t, st, d.ID, knownAt))
				if got := loadedFacts(d); !cmp.Equal(want, got) {
					t.Errorf("mark %d, device %d (-want +got):\n%s", i, d.ID, cmp.Diff(want, got))
				}
				if d.Kind != device.Computer || d.Source != "agent" || d.Status != store.Active {
					t.Errorf("device %+v", d)
				}
				return nil
			}); err != nil || devices != 2 {
				t.Fatal(devices, err)
			}
		}
	})
}

func facts(points []device.Point) (out []string) {
	for _, p := range points {
		switch v := p.Value.(type) {
		case *device.Hardware:
			out = append(out, fmt.Sprintf("hardware %s %d %d %s %s %s %+v", p.From, *v.Cores, *v.Threads, v.Processor, v.Model, v.OS, v.Partition))
		case *device.Placement:
			out = append(out, fmt.Sprintf("placement %s %d %s", p.From, v.Host, v.Pool))
		case *device.Pools:
			out = append(out, fmt.Sprintf("pools %s %+v", p.From, v.Pools))
		case nil:
			out = append(out, fmt.Sprintf("%s %s unknown", p.Aspect, p.From))
		}
	}
	return out
}

func loadedFacts(d *store.DeviceHistory) (out []string) {
	for _, h := range d.Hardware {
		if !h.Known {
			out = append(out, fmt.Sprintf("hardware %s unknown", h.From))
			continue
		}
		out = append(out, fmt.Sprintf("hardware %s %d %d %s %s %s %+v", h.From, *h.Cores, *h.Threads, h.Shape.Processor, h.Shape.Model, h.Shape.OS, h.Partition))
	}
	for _, p := range d.Placements {
		if !p.Known {
			out = append(out, fmt.Sprintf("placement %s unknown", p.From))
			continue
		}
		out = append(out, fmt.Sprintf("placement %s %d %s", p.From, p.Host, p.Pool))
	}
	for _, p := range d.Pools {
		if !p.Known {
			out = append(out, fmt.Sprintf("pools %s unknown", p.From))
			continue
		}
		out = append(out, fmt.Sprintf("pools %s %+v", p.From, p.Pools))
	}
	return out
}

func TestEvidenceIsListed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		in := first("d1", "db01", 6)
		id := take(t, st, in).Device
		same := first("d2", "db02", 6)
		same.Evidence, same.Points[2].Value = in.Evidence, in.Points[2].Value
		take(t, st, same)
		list := func(want ...string) {
			t.Helper()
			if err := st.ListEvidence(t.Context()); err != nil {
				t.Fatal(err)
			}
			checkRows(t, st, &report.Evidence, []string{"name", "device"}, want...)
		}
		list("[bash db01]", "[bash db02]", "[db01 db01]", "[db01 db02]", "[db2 db01]", "[db2 db02]")
		n := int64(0)
		if err := st.EachEvidenceSet(t.Context(), func(hash string, devices int64, titles []catalog.Title) error {
			n += devices
			if hash != in.Evidence[0].Hash || len(titles) != 3 {
				t.Errorf("set %s of %d titles", hash, len(titles))
			}
			ids, err := st.DevicesShowing(t.Context(), hash)
			if len(ids) != 2 || ids[0] != id {
				t.Errorf("shown by %v", ids)
			}
			return err
		}); err != nil || n != 2 {
			t.Errorf("%d devices, %v", n, err)
		}
		fresh := titles("nginx")
		change := next(t, st, id, "d3", 7, device.Point{Aspect: device.EvidenceAspect, Value: evidenceSet(fresh)})
		change.Evidence = []store.Evidence{fresh}
		take(t, st, change)
		late := titles("late")
		change = next(t, st, id, "d4", 8, device.Point{Aspect: device.EvidenceAspect, From: at(5), Value: evidenceSet(late)})
		change.Evidence = []store.Evidence{late}
		take(t, st, change)
		list("[bash db02]", "[db01 db02]", "[db2 db02]", "[nginx db01]")
		gone := next(t, st, id, "d5", 9, device.Point{Aspect: device.EvidenceAspect})
		take(t, st, gone)
		list("[bash db02]", "[db01 db02]", "[db2 db02]")
	})
}

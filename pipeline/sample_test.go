package pipeline_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"crypto/ed25519"

	"github.com/google/go-cmp/cmp"

	"github.com/highwater-sam/highwater/measure"
	"github.com/highwater-sam/highwater/pipeline"
	"github.com/highwater-sam/highwater/pipeline/sample"
	"github.com/highwater-sam/highwater/store"
	"github.com/highwater-sam/highwater/store/storetest"
)

// TestTheSampleMeasuresTheSameOnBothDatabases runs the whole road on the sample and compares what was measured, down to
// the last remark, with the golden file.
func TestTheSampleMeasuresTheSameOnBothDatabases(t *testing.T) {
	end := time.Date(2026, 6, 30, 14, 12, 0, 0, time.UTC)
	golden := filepath.Join("testdata", "sample.measurement.json")
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		_, key, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		p, err := pipeline.New(pipeline.Config{Store: st, Key: key, Clock: func() time.Time { return end }})
		if err != nil {
			t.Fatal(err)
		}
		r := &pipeline.Receiver{Pipeline: p, Name: "test"}
		for range 2 { // the second time it is all there already
			if err := sample.Load(t.Context(), st, r, sample.New(end), func(int, int) {}); err != nil {
				t.Fatal(err)
			}
		}
		out, err := p.Reconcile(t.Context(), pipeline.Cause{Text: "test", Author: "test"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		measuredAgain(t, p, out)
		var got bytes.Buffer
		if err := named(t, st, out.Measurement).Encode(&got); err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got.String()); diff != "" {
			t.Errorf("the sample measures otherwise (run with -update if that is meant):\n%s", diff)
		}
		addsUp(t, p, out.Measurement)
	})
}

// named writes devices by name instead of by number, which depends on the order of arrival.
func named(t *testing.T, st *store.Store, m *measure.Measurement) *measure.Measurement {
	t.Helper()
	for _, l := range m.Licenses {
		for i := range l.Remarks {
			l.Remarks[i].Device = nameOf(t, st, l.Remarks[i].Device)
		}
		sortRemarks(l.Remarks)
	}
	return m
}

// addsUp checks for every license that what explains a peak adds up to it.
func addsUp(t *testing.T, p *pipeline.Pipeline, m *measure.Measurement) {
	t.Helper()
	for _, l := range m.Licenses {
		x, _, err := p.Explain(t.Context(), l.ID, measure.Query{})
		if err != nil {
			t.Errorf("explain %s: %v", l.ID, err)
			continue
		}
		moments := map[string]measure.Number{}
		for _, at := range x.Moments {
			moments[at.Period+at.Region.String()] = at.Total
		}
		for _, period := range l.Periods {
			for _, r := range period.Regions {
				if r.Exact != "0" && moments[period.Name+r.Region.String()] != r.Exact {
					t.Errorf("%s, %s, %s: the peak is %s, its explanation adds up to %q", l.ID, period.Name, r.Region, r.Exact, moments[period.Name+r.Region.String()])
				}
			}
		}
	}
}

// measuredAgain makes the estate from the store and measures it as anyone could: the figures are those of the run.
func measuredAgain(t *testing.T, p *pipeline.Pipeline, out *pipeline.Outcome) {
	t.Helper()
	e, err := p.Estate(t.Context(), out.Run.AsOf)
	if err != nil {
		t.Fatal(err)
	}
	again, err := measure.Run(e)
	if err != nil {
		t.Fatal(err)
	}
	if d := measure.Compare(out.Measurement, again); !d.Empty() {
		t.Errorf("the estate measured again differs from the run: %+v", d)
	}
}

package measure_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/highwater-sam/highwater/estate"
	"github.com/highwater-sam/highwater/measure"
	"github.com/highwater-sam/highwater/measure/scenario"
)

func date(day string) time.Time {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err)
	}
	return t
}

// TestEngineAndNaiveTwinAgree compares whole measurements of 10,000 estates (500 with -short), remarks included. rapid
// prints the seed of a difference.
func TestEngineAndNaiveTwinAgree(t *testing.T) {
	estates := 10_000
	if testing.Short() {
		estates = 500
	}
	checks := 100
	if f := flag.Lookup("rapid.checks"); f != nil {
		checks, _ = strconv.Atoi(f.Value.String())
	}
	for range max(1, estates/max(1, checks)) {
		rapid.Check(t, sameAsTwin)
		if t.Failed() {
			return
		}
	}
}

func sameAsTwin(t *rapid.T) {
	e := anEstate(t)
	engine, err := measure.New(e)
	if err != nil {
		t.Fatalf("the drawn estate is not valid:\n%v", err)
	}
	want := naive(e)
	if d := cmp.Diff(want, engine.Measure()); d != "" {
		t.Fatalf("naive (-), engine (+):\n%s\n%s", d, text(t, e))
	}
	if d := cmp.Diff(want, engine.MeasureInRationals()); d != "" {
		t.Fatalf("naive (-), engine in rationals (+):\n%s\n%s", d, text(t, e))
	}
}

// TestHistoryOfCenturies stretches estates, so that their instants are too far apart for seconds in 32 bits.
func TestHistoryOfCenturies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := anEstate(t)
		base := estate.At(date("1900-01-01"))
		stretchAll(e, func(i *estate.Instant) {
			if *i != 0 {
				*i = base + (*i-base-estate.Instant(126*365*86400))*3000 + 126*365*86400
			}
		})
		got, err := measure.Run(e)
		if err != nil {
			t.Fatalf("the drawn estate is not valid:\n%v", err)
		}
		if d := cmp.Diff(naive(e), got); d != "" {
			t.Fatalf("naive (-), engine (+):\n%s\n%s", d, text(t, e))
		}
	})
}

// stretchAll changes every instant of an estate.
func stretchAll(e *estate.Estate, change func(*estate.Instant)) {
	both := func(from, to *estate.Instant) { change(from); change(to) }
	change(&e.AsOf)
	for i := range e.Periods {
		both(&e.Periods[i].From, &e.Periods[i].To)
	}
	for i := range e.Devices {
		d := &e.Devices[i]
		for j := range d.Hardware {
			both(&d.Hardware[j].From, &d.Hardware[j].To)
		}
		for j := range d.Placement {
			both(&d.Placement[j].From, &d.Placement[j].To)
		}
		for j := range d.Moves {
			both(&d.Moves[j].From, &d.Moves[j].To)
		}
		for j := range d.Overrides {
			both(&d.Overrides[j].From, &d.Overrides[j].To)
		}
	}
	for i := range e.Installations {
		both(&e.Installations[i].From, &e.Installations[i].To)
	}
	for i := range e.Licenses {
		l := &e.Licenses[i]
		for j := range l.Exemptions {
			both(&l.Exemptions[j].From, &l.Exemptions[j].To)
		}
		for j := range l.Overridden {
			both(&l.Overridden[j].From, &l.Overridden[j].To)
		}
		for j := range l.OverriddenMetric {
			both(&l.OverriddenMetric[j].From, &l.OverriddenMetric[j].To)
		}
	}
}

func text(t *rapid.T, e *estate.Estate) string {
	var b bytes.Buffer
	if err := estate.Encode(&b, e); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestScenariosAndNaiveTwinAgree lets the twin measure every scenario as well, so that what a scenario does not expect
// is compared too.
func TestScenariosAndNaiveTwinAgree(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		s, err := scenario.Parse(f)
		f.Close()
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		engine, err := measure.New(s.Estate)
		if err != nil {
			t.Fatal(err)
		}
		want := naive(s.Estate)
		if d := cmp.Diff(want, engine.Measure()); d != "" {
			t.Errorf("%s: naive (-), engine (+):\n%s", file, d)
		}
		if d := cmp.Diff(want, engine.MeasureInRationals()); d != "" {
			t.Errorf("%s: naive (-), engine in rationals (+):\n%s", file, d)
		}
	}
}

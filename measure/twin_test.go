package measure_test

import (
	"bytes"
	"os"
	"path/filepath"
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

// TestEngineAndNaiveTwinAgree compares whole measurements, remarks included. rapid prints the seed of a difference;
// go test ./measure -run Twin -rapid.checks=10000 is what CI runs.
func TestEngineAndNaiveTwinAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
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
	})
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

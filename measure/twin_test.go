package measure_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/highwater-sam/highwater/estate"
	"github.com/highwater-sam/highwater/measure"
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

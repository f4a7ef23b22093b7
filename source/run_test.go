package source_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/inventory/inventorytest"
	"github.com/highwater-sam/highwater/source"
)

type collectFunc func(context.Context, func(*inventory.Document) error) error

func (f collectFunc) Collect(ctx context.Context, emit func(*inventory.Document) error) error {
	return f(ctx, emit)
}

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func job(f collectFunc, sink source.Sink) source.Job {
	return source.Job{Kind: source.Kind{Name: "probe", Every: time.Hour}, Source: f, Sink: sink, Log: quiet}
}

func accept(context.Context, *inventory.Document) error { return nil }

func TestARunCountsWhatTheSinkTookAndLeavesOutWhatIsNotValid(t *testing.T) {
	r := job(func(_ context.Context, emit func(*inventory.Document) error) error {
		for i := range uint64(3) {
			d := inventorytest.Document(inventorytest.Options{Seed: i})
			if i == 1 {
				d.Header.DeviceName = ""
			}
			if err := emit(d); err != nil {
				return err
			}
		}
		return nil
	}, accept).Once(t.Context())
	if r.Documents != 2 || r.Refused != 1 || r.Err != nil {
		t.Errorf("got %+v", r)
	}
}

func TestASinkThatFailsEndsTheRun(t *testing.T) {
	full := errors.New("disk full")
	emitted := 0
	r := job(func(_ context.Context, emit func(*inventory.Document) error) error {
		for i := range uint64(3) {
			emitted++
			if err := emit(inventorytest.Document(inventorytest.Options{Seed: i})); err != nil {
				return err
			}
		}
		return nil
	}, func(context.Context, *inventory.Document) error { return full }).Once(t.Context())
	if !errors.Is(r.Err, full) || emitted != 1 {
		t.Errorf("emitted %d, %+v", emitted, r)
	}
}

func TestAPanicIsAnErrorOfTheRun(t *testing.T) {
	r := job(func(context.Context, func(*inventory.Document) error) error { panic("boom") }, accept).Once(t.Context())
	if r.Err == nil || !strings.Contains(r.Err.Error(), "boom") {
		t.Errorf("got %v", r.Err)
	}
}

func TestARunThatHangsIsEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := job(func(ctx context.Context, _ func(*inventory.Document) error) error {
			<-ctx.Done()
			return ctx.Err()
		}, accept)
		j.Timeout = time.Minute
		r := j.Once(t.Context())
		if r.Took != time.Minute || r.Err == nil || !strings.Contains(r.Err.Error(), "longer than 1m") {
			t.Errorf("got %+v", r)
		}
	})
}

func TestRunsFollowTheirIntervalWhateverTheyTakeAndNeverOverlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var starts []time.Duration
		begin := time.Now()
		took := []time.Duration{time.Minute, 0, 90 * time.Minute, 0}
		j := job(func(context.Context, func(*inventory.Document) error) error {
			starts = append(starts, time.Since(begin))
			time.Sleep(took[len(starts)-1])
			if len(starts) == len(took) {
				cancel()
			}
			return errors.New("a failure does not end the loop")
		}, accept)
		if err := j.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		want := []time.Duration{0, time.Hour, 2 * time.Hour, 3*time.Hour + 30*time.Minute}
		for i := range want {
			if starts[i] != want[i] {
				t.Errorf("run %d started after %s, want %s", i, starts[i], want[i])
			}
		}
	})
}

func TestSettingsAreChecked(t *testing.T) {
	k := source.Kind{Name: "probe", Settings: []source.Setting{
		{Name: "address", Title: "Address", Type: source.Text, Required: true},
		{Name: "limit", Type: source.Number, Default: "10"},
		{Name: "mode", Type: source.Choice, Choices: []string{"a", "b"}},
		{Name: "deep", Type: source.Switch},
		{Name: "every", Type: source.Duration},
		{Name: "password", Type: source.Secret},
		{Name: "paths", Type: source.List},
	}}
	full, err := k.Check(source.Values{"address": "x", "deep": "true", "every": "30m", "paths": " /a \n\n/b"})
	if err != nil {
		t.Fatal(err)
	}
	if full["limit"] != "10" || !full.On("deep") || full.Duration("every") != 30*time.Minute || len(full.List("paths")) != 2 {
		t.Errorf("got %v", full)
	}
	for name, v := range map[string]source.Values{
		"missing": {}, "number": {"address": "x", "limit": "ten"}, "choice": {"address": "x", "mode": "c"},
		"switch": {"address": "x", "deep": "yes"}, "duration": {"address": "x", "every": "soon"}, "unknown": {"address": "x", "adress": "y"},
	} {
		if _, err := k.Check(v); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

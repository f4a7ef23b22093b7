package source

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/highwater-sam/highwater/inventory"
)

// Sink takes one document. It returns when the document is safe (spooled or stored).
type Sink func(context.Context, *inventory.Document) error

// Job is one configured source and where its documents go.
type Job struct {
	Kind       Kind
	Connection string // which configured connection, "" for the agent
	Source     Source
	Sink       Sink
	Every      time.Duration // between the starts of two runs; 0 = Kind.Every
	Window     time.Duration // each run starts at a random moment within it, so that a fleet does not start at once
	Timeout    time.Duration // 0 = Kind.Timeout, and an hour where that is 0 too
	Log        *slog.Logger  // nil = slog.Default()
	Done       func(Result)  // called after each run; may be nil
}

// Result says what one run did.
type Result struct {
	Kind       string
	Connection string
	Started    time.Time
	Took       time.Duration
	Documents  int   // taken by the sink
	Refused    int   // not valid, and so not given to the sink: a defect of the source, logged with its reason
	Err        error // why the run ended early; nil when it saw all it could
}

// Run runs the job at once and then again after each interval, until ctx ends; it returns ctx's error. A run that
// fails is logged and does not end the loop. Two runs of one job never overlap.
func (j Job) Run(ctx context.Context) error {
	every := j.Every
	if every <= 0 {
		every = j.Kind.Every
	}
	if every <= 0 {
		return fmt.Errorf("run source %s: no interval is set", j.Kind.Name)
	}
	for {
		if err := wait(ctx, j.pause()); err != nil {
			return err
		}
		started := time.Now()
		j.Once(ctx)
		if err := wait(ctx, every-time.Since(started)); err != nil {
			return err
		}
	}
}

func (j Job) pause() time.Duration {
	if j.Window <= 0 {
		return 0
	}
	return rand.N(j.Window) // spreads load, protects nothing
}

// wait returns after d, or with ctx's error as soon as ctx ends.
func wait(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t := time.NewTimer(max(d, 0))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Once runs the job one time, within its timeout. A panic of the source is its error, not ours.
func (j Job) Once(ctx context.Context) Result {
	log := j.Log
	if log == nil {
		log = slog.Default()
	}
	log = log.With("source", j.Kind.Name)
	if j.Connection != "" {
		log = log.With("connection", j.Connection)
	}
	timeout := j.Timeout
	if timeout <= 0 {
		timeout = j.Kind.Timeout
	}
	if timeout <= 0 {
		timeout = time.Hour
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("the run took longer than %s", timeout))
	defer cancel()
	r := Result{Kind: j.Kind.Name, Connection: j.Connection, Started: time.Now()}
	r.Err = collect(ctx, j.Source, func(d *inventory.Document) error {
		if err := d.Validate(); err != nil {
			r.Refused++
			log.Error("a document is not valid and was left out", "device", d.Header.DeviceName, "error", err)
			return nil
		}
		if err := j.Sink(ctx, d); err != nil {
			return fmt.Errorf("keep the document of %s: %w", d.Header.DeviceName, err)
		}
		r.Documents++
		return nil
	})
	if errors.Is(r.Err, context.DeadlineExceeded) {
		r.Err = fmt.Errorf("%w: %w", context.Cause(ctx), r.Err)
	}
	r.Took = time.Since(r.Started)
	attributes := []any{"documents", r.Documents, "refused", r.Refused, "took", r.Took.Round(time.Millisecond)}
	if r.Err != nil {
		log.Error("collection failed", append(attributes, "error", r.Err)...)
	} else {
		log.Info("collected", attributes...)
	}
	if j.Done != nil {
		j.Done(r)
	}
	return r
}

func collect(ctx context.Context, s Source, emit func(*inventory.Document) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("defect in the source: %v\n%s", p, debug.Stack())
		}
	}()
	return s.Collect(ctx, emit)
}

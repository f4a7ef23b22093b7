// Package schedule runs named work at given times, once, however many replicas run, and records each run.
//
// It knows no SQL: who may run is decided by a Claimer (a lease in the database), so that two servers on one database
// do the daily reconciliation once.
package schedule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/robfig/cron/v3"
)

// Claimer decides which replica runs a piece of work, and keeps the record. It is safe for concurrent use.
type Claimer interface {
	// Claim asks to run the named work that was due at the given instant. It answers false when another replica has it
	// or has done it. The claim lapses after lease unless it is extended.
	Claim(ctx context.Context, name string, due time.Time, lease time.Duration) (Claim, bool, error)
}

// Claim is the right to run one piece of work.
type Claim interface {
	// Extend keeps the right for another lease; an error means that it is lost and the work must stop.
	Extend(ctx context.Context, lease time.Duration) error
	// Done records the outcome: nil is success. It is called once, also after the context of the work has ended.
	Done(ctx context.Context, outcome error) error
}

// Job is one piece of named work.
type Job struct {
	Name string
	Spec string // five cron fields, or "@every 30m"; times are UTC
	// Missed says that a run which was due while no server ran is made up for at start, once.
	Missed bool
	Run    func(ctx context.Context) error
}

// Scheduler runs jobs until its context ends.
type Scheduler struct {
	jobs  []job
	claim Claimer
	log   *slog.Logger
	lease time.Duration
	after func(time.Duration) <-chan time.Time
	now   func() time.Time
}

type job struct {
	Job
	times cron.Schedule
}

// New checks the jobs' times and makes a scheduler. A wrong time is an error that names the job.
func New(claim Claimer, log *slog.Logger, jobs ...Job) (*Scheduler, error) {
	s := &Scheduler{claim: claim, log: log, lease: time.Minute, after: time.After, now: time.Now}
	names := map[string]bool{}
	for _, j := range jobs {
		times, err := Parse(j.Spec)
		if err != nil {
			return nil, fmt.Errorf("schedule: job %q: %w", j.Name, err)
		}
		if j.Name == "" || names[j.Name] {
			return nil, fmt.Errorf("schedule: job %q is named twice or not at all", j.Name)
		}
		names[j.Name] = true
		s.jobs = append(s.jobs, job{j, times})
	}
	return s, nil
}

// Parse reads a time specification: five cron fields or a descriptor ("@daily", "@every 30m"), in UTC.
func Parse(spec string) (cron.Schedule, error) {
	times, err := cron.ParseStandard(spec)
	if err != nil {
		return nil, fmt.Errorf("%q is not five cron fields such as \"30 2 * * *\", nor \"@every 30m\": %w", spec, err)
	}
	if every, ok := times.(cron.ConstantDelaySchedule); ok {
		return aligned(every.Delay), nil
	}
	return times, nil
}

// aligned is "@every d" counted from a fixed instant, so that all replicas name the same due times.
type aligned time.Duration

// Next returns the first multiple of the period after t.
func (a aligned) Next(t time.Time) time.Time {
	return t.UTC().Truncate(time.Duration(a)).Add(time.Duration(a))
}

// Run runs every job at its times until ctx ends, then waits for what is running and returns nil. Runs of one job never
// overlap in this process; the Claimer keeps other replicas away.
func (s *Scheduler) Run(ctx context.Context) error {
	var all sync.WaitGroup
	for _, j := range s.jobs {
		all.Go(func() { s.loop(ctx, j) })
	}
	all.Wait()
	return nil
}

func (s *Scheduler) loop(ctx context.Context, j job) {
	last := s.now().UTC()
	if j.Missed {
		s.runOnce(ctx, j, previous(j.times, last))
	}
	for {
		due := j.times.Next(last)
		select {
		case <-ctx.Done():
			return
		case <-s.after(due.Sub(s.now())):
		}
		s.runOnce(ctx, j, due)
		// A run longer than its period skips what it missed: the next run sees everything anyway.
		if last = s.now().UTC(); last.Before(due) {
			last = due
		}
	}
}

// previous finds the last instant at or before now that the schedule names, looking back at most a week.
func previous(times cron.Schedule, now time.Time) time.Time {
	for back := time.Hour; back <= 7*24*time.Hour; back *= 2 {
		var last time.Time
		for t := times.Next(now.Add(-back)); !t.IsZero() && !t.After(now); t = times.Next(t) {
			last = t
		}
		if !last.IsZero() {
			return last
		}
	}
	return time.Time{}
}

func (s *Scheduler) runOnce(ctx context.Context, j job, due time.Time) {
	if due.IsZero() || ctx.Err() != nil {
		return
	}
	claim, mine, err := s.claim.Claim(ctx, j.Name, due, s.lease)
	if err != nil {
		s.log.Error("could not claim a job; it is tried again at its next time", "job", j.Name, "due", due, "error", err)
		return
	}
	if !mine {
		return
	}
	started := s.now()
	outcome := s.hold(ctx, j, claim)
	if err := claim.Done(context.WithoutCancel(ctx), outcome); err != nil {
		s.log.Error("could not record a job's outcome", "job", j.Name, "due", due, "error", err)
	}
	if outcome != nil {
		s.log.Error("job failed", "job", j.Name, "due", due, "after", s.now().Sub(started), "error", outcome)
		return
	}
	s.log.Info("job done", "job", j.Name, "due", due, "took", s.now().Sub(started))
}

// errLeaseLost is the outcome of work whose claim went to another replica.
var errLeaseLost = errors.New("the lease was lost to another server")

// hold runs the job while it keeps its claim alive. A panic in the job is its outcome, not the server's end.
func (s *Scheduler) hold(ctx context.Context, j job, claim Claim) error {
	work, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	done := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- fmt.Errorf("panic: %v", p)
			}
		}()
		done <- j.Run(work)
	}()
	for {
		select {
		case err := <-done:
			return err
		case <-s.after(s.lease / 3):
			if err := claim.Extend(ctx, s.lease); err != nil && ctx.Err() == nil {
				stop(fmt.Errorf("%w: %w", errLeaseLost, err))
				return errors.Join(context.Cause(work), <-done)
			}
		}
	}
}

package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/highwater-sam/highwater/schedule"
	"github.com/highwater-sam/highwater/store/db"
)

// Jobs decides which server runs a piece of named work, with a lease in the database, and keeps the record of the runs
// (schedule.Claimer). One row a job holds its newest claim: a job is claimed when the claim before has ended and was due
// earlier, or when its holder has let the lease lapse. So one job never runs twice at a time, nor twice for one due time
// unless its holder died.
type Jobs struct {
	store  *Store
	holder string
}

// Jobs returns the claims of this process.
func (s *Store) Jobs() *Jobs { return &Jobs{store: s, holder: rand.Text()} }

// Claim asks for the named work that was due at an instant; false when another server has it or has done it.
func (j *Jobs) Claim(ctx context.Context, name string, due time.Time, lease time.Duration) (schedule.Claim, bool, error) {
	c := &jobClaim{jobs: j, name: name, due: micros(due)}
	mine := true
	err := j.store.write(ctx, "claim job "+name, func(q *db.Queries) error {
		now := j.now()
		claimed, err := q.ClaimJob(ctx, db.ClaimJobParams{Name: name, Due: c.due, Holder: j.holder, Now: now, Expires: now + lease.Microseconds()})
		if errors.Is(err, sql.ErrNoRows) {
			mine = false
			return nil
		}
		if err != nil {
			return err
		}
		c.claimed = claimed
		return q.InsertJobRun(ctx, db.InsertJobRunParams{Name: name, Claimed: claimed, Holder: j.holder, Due: c.due})
	})
	if err != nil || !mine {
		return nil, false, err
	}
	return c, true, nil
}

func (j *Jobs) now() int64 { return j.store.clock.next() }

// jobClaim is the right to run one piece of work.
type jobClaim struct {
	jobs         *Jobs
	name         string
	due, claimed int64
}

var errLeaseLost = errors.New("the lease has lapsed, or another server has the job")

// Extend keeps the right for another lease.
func (c *jobClaim) Extend(ctx context.Context, lease time.Duration) error {
	return c.jobs.store.write(ctx, "extend job "+c.name, func(q *db.Queries) error {
		now := c.jobs.now()
		n, err := q.ExtendJob(ctx, db.ExtendJobParams{Expires: now + lease.Microseconds(), Name: c.name, Due: c.due, Holder: c.jobs.holder, Now: now})
		if err == nil && n == 0 {
			return errLeaseLost
		}
		return err
	})
}

// Done records the outcome. Work whose lease was lost is recorded too: that it ran is a fact.
func (c *jobClaim) Done(ctx context.Context, outcome error) error {
	text := ""
	if outcome != nil {
		text = outcome.Error()
	}
	return c.jobs.store.write(ctx, "record job "+c.name, func(q *db.Queries) error {
		finished := sql.NullInt64{Int64: c.jobs.now(), Valid: true}
		if _, err := q.FinishJob(ctx, db.FinishJobParams{Finished: finished, Name: c.name, Due: c.due, Holder: c.jobs.holder, Claimed: c.claimed}); err != nil {
			return err
		}
		return q.FinishJobRun(ctx, db.FinishJobRunParams{Finished: finished, Outcome: sql.NullString{String: text, Valid: true}, Name: c.name, Claimed: c.claimed, Holder: c.jobs.holder})
	})
}

// JobRun is one run of a job.
type JobRun struct {
	Name     string
	Due      time.Time
	Started  time.Time
	Finished *time.Time // nil: it runs, or its server died
	Outcome  string     // "" = success
}

// JobRuns returns the newest runs of a job, newest first, at most limit.
func (s *Store) JobRuns(ctx context.Context, name string, limit int) ([]JobRun, error) {
	rows, err := s.q.JobRuns(ctx, name, int32(min(limit, 1<<30))) //nolint:gosec // bounded
	if err != nil {
		return nil, explain(s.dialect, err, fmt.Sprintf("read the runs of job %s", name))
	}
	runs := make([]JobRun, len(rows))
	for i, r := range rows {
		runs[i] = JobRun{Name: r.Name, Due: instant(r.Due), Started: instant(r.Claimed), Finished: nullInstant(r.Finished), Outcome: r.Outcome.String}
	}
	return runs, nil
}

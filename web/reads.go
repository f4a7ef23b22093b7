package web

import (
	"context"
	"iter"
	"time"

	"github.com/highwater-sam/highwater/auth"
	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/measure"
	"github.com/highwater-sam/highwater/report"
	"github.com/highwater-sam/highwater/store"
)

// Store is what the pages read and write; *store.Store is one.
type Store interface {
	people
	lists
	histories
	documents
	configurations
	measurements
}

// people are the users and what they did.
type people interface {
	User(ctx context.Context, id auth.UserID) (auth.User, bool, error)
	UserByName(ctx context.Context, name string) (auth.User, bool, error)
	UpdateUser(ctx context.Context, u auth.User) error
	SignedIn(ctx context.Context, id auth.UserID, at time.Time) error
	Audit(ctx context.Context, e store.AuditEntry) error
	Sessions() *store.Sessions
}

// lists are the rows of report.Lists.
type lists interface {
	Grid(ctx context.Context, g *report.Grid, q report.Query, scope auth.Scope) (report.Page, error)
	GridEach(ctx context.Context, g *report.Grid, q report.Query, scope auth.Scope) iter.Seq2[report.Row, error]
}

// histories are the devices' lives.
type histories interface {
	FullHistory(ctx context.Context, id device.ID, knownAt *time.Time) ([]device.Point, error)
	Coverage(ctx context.Context, id device.ID) ([]store.Span, error)
	Place(ctx context.Context, location string) ([]string, error)
}

// documents are the evidence.
type documents interface {
	Document(ctx context.Context, id string) (store.Document, error)
	Envelope(ctx context.Context, id string) ([]byte, error)
	Agent(ctx context.Context, id string) (store.Agent, bool, error)
}

// configurations are what people have recorded.
type configurations interface {
	ConfigurationObject(ctx context.Context, kind store.ConfigurationKind, key string, knownAt *time.Time) (store.Object, bool, error)
	ConfigurationHistory(ctx context.Context, kind store.ConfigurationKind, key string) ([]store.Object, error)
	Periods(ctx context.Context, knownAt *time.Time) ([]store.Configured[store.Period], error)
}

// measurements are what reconciliations have found.
type measurements interface {
	LatestRun(ctx context.Context) (store.Run, bool, error)
	Runs(ctx context.Context, limit int) ([]store.Run, error)
	Measurement(ctx context.Context, run int64) (*measure.Measurement, error)
	Series(ctx context.Context, run int64, license string) ([]store.Series, error)
	Installations(ctx context.Context, id device.ID) ([]store.Installation, error)
	Assignments(ctx context.Context, id device.ID) ([]store.Assignment, error)
}

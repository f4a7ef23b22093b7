package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/store/db"
)

// ConfigurationKind is a kind of configured object.
type ConfigurationKind string

// The kinds of configuration. The key names the object within its kind.
const (
	LicenseConfiguration  ConfigurationKind = "license"  // assign.License, by license id
	LocationConfiguration ConfigurationKind = "location" // Location, by location id
	DeviceConfiguration   ConfigurationKind = "device"   // DeviceSettings, by device id in decimal
	PeriodConfiguration   ConfigurationKind = "period"   // Period, by name
	PointsConfiguration   ConfigurationKind = "points"   // a set of points rules, by name
	SettingConfiguration  ConfigurationKind = "setting"  // one setting of the site, by name
)

// Change is one change of configuration: who, why, and on which revision it was decided.
type Change struct {
	Kind     ConfigurationKind
	Key      string
	Revision int64 // of the object that was changed; 0 = there was none
	Value    any   // encoded as JSON; nil removes the object
	Author   string
	Reason   string
	Remote   string // address the change came from, for the audit log
}

// Object is one configured object as of some instant.
type Object struct {
	Kind     ConfigurationKind
	Key      string
	Revision int64
	Recorded time.Time
	Author   string
	Reason   string
	Body     json.RawMessage // nil: removed
}

// SaveConfiguration appends changes, all or none, with an entry each in the audit log. A change decided on another
// revision than the present one is a fault of kind Conflict; one that contradicts the rest (an unknown parent, a location
// still in use) is a fault of kind Invalid or Conflict.
func (s *Store) SaveConfiguration(ctx context.Context, changes ...Change) error {
	first, err := s.ids.next(ctx, "audit", int64(max(len(changes), 1)))
	if err != nil {
		return err
	}
	return s.write(ctx, "save configuration", func(q *db.Queries) error {
		touched := map[ConfigurationKind]bool{}
		for i, c := range changes {
			if err := s.saveChange(ctx, q, c, first+int64(i)); err != nil {
				return err
			}
			touched[c.Kind] = true
		}
		if touched[LocationConfiguration] {
			if err := materializeLocations(ctx, q); err != nil {
				return err
			}
		}
		for _, c := range changes {
			if err := materialize(ctx, q, c); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Store) saveChange(ctx context.Context, q *db.Queries, c Change, audit int64) error {
	if c.Key == "" || c.Kind == "" || c.Author == "" {
		return fault.New(fault.Invalid, "a change of configuration needs a kind, a key and an author")
	}
	recorded := s.clock.next()
	head, err := q.ConfigurationObject(ctx, db.ConfigurationObjectParams{Kind: string(c.Kind), Key: c.Key, Recorded: always})
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return err
	default:
		recorded = max(recorded, head.Recorded+1)
	}
	if head.Revision != c.Revision {
		return fault.New(fault.Conflict, "%s %q was changed by %s meanwhile: look at it again before you change it", c.Kind, c.Key, authorOf(head))
	}
	body, err := bodyOf(c.Value)
	if err != nil {
		return fmt.Errorf("encode %s %q: %w", c.Kind, c.Key, err)
	}
	if !body.Valid && !head.Body.Valid {
		return fault.New(fault.NotFound, "there is no %s %q to remove", c.Kind, c.Key)
	}
	n, err := q.InsertConfiguration(ctx, db.InsertConfigurationParams{Kind: string(c.Kind), Key: c.Key, Revision: c.Revision + 1, Recorded: recorded,
		Author: c.Author, Reason: c.Reason, Body: body})
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.Conflict, "%s %q was changed by someone else at this moment: look at it again before you change it", c.Kind, c.Key)
	}
	action := "change"
	if !head.Body.Valid {
		action = "create"
	} else if !body.Valid {
		action = "remove"
	}
	return q.InsertAudit(ctx, db.InsertAuditParams{ID: audit, At: recorded, Author: c.Author, Action: action, Kind: string(c.Kind), Key: c.Key, Before: head.Body,
		After: body, Reason: c.Reason, Remote: c.Remote})
}

func authorOf(r db.Configuration) string {
	if r.Author == "" {
		return "nobody yet"
	}
	return r.Author
}

func bodyOf(v any) (sql.NullString, error) {
	if v == nil {
		return sql.NullString{}, nil
	}
	raw, err := json.Marshal(v)
	return sql.NullString{String: string(raw), Valid: true}, err
}

// materialize keeps the columns of lists in step with a change.
func materialize(ctx context.Context, q *db.Queries, c Change) error {
	switch c.Kind {
	case LicenseConfiguration:
		return materializeLicense(ctx, q, c.Key)
	case DeviceConfiguration:
		return materializeDevice(ctx, q, c.Key)
	}
	return nil
}

// Configuration returns the objects of a kind as known at an instant (nil = now), by key. Removed ones are left out.
func (s *Store) Configuration(ctx context.Context, kind ConfigurationKind, knownAt *time.Time) ([]Object, error) {
	return configuration(ctx, s.q, s.dialect, kind, known(knownAt))
}

func configuration(ctx context.Context, q *db.Queries, d dialect, kind ConfigurationKind, knownAt int64) ([]Object, error) {
	rows, err := q.ConfigurationObjects(ctx, string(kind), knownAt)
	if err != nil {
		return nil, explain(d, err, "read the configuration")
	}
	var objects []Object
	for _, r := range rows {
		if r.Body.Valid {
			objects = append(objects, objectOf(r))
		}
	}
	return objects, nil
}

// ConfigurationObject returns one object as known at an instant (nil = now); ok is false when there is none then. For a
// removed object ok is false too, and Revision tells on which revision to create it again.
func (s *Store) ConfigurationObject(ctx context.Context, kind ConfigurationKind, key string, knownAt *time.Time) (o Object, ok bool, err error) {
	r, err := s.q.ConfigurationObject(ctx, db.ConfigurationObjectParams{Kind: string(kind), Key: key, Recorded: known(knownAt)})
	if errors.Is(err, sql.ErrNoRows) {
		return Object{}, false, nil
	}
	if err != nil {
		return Object{}, false, explain(s.dialect, err, "read the configuration")
	}
	return objectOf(r), r.Body.Valid, nil
}

// ConfigurationHistory returns every revision of an object, newest first, removals (nil Body) included.
func (s *Store) ConfigurationHistory(ctx context.Context, kind ConfigurationKind, key string) ([]Object, error) {
	rows, err := s.q.ConfigurationHistory(ctx, string(kind), key)
	if err != nil {
		return nil, explain(s.dialect, err, "read the history of the configuration")
	}
	objects := make([]Object, len(rows))
	for i, r := range rows {
		objects[i] = objectOf(r)
	}
	return objects, nil
}

func objectOf(r db.Configuration) Object {
	o := Object{Kind: ConfigurationKind(r.Kind), Key: r.Key, Revision: r.Revision, Recorded: instant(r.Recorded), Author: r.Author, Reason: r.Reason}
	if r.Body.Valid {
		o.Body = json.RawMessage(r.Body.String)
	}
	return o
}

// Configured is an object with its value read.
type Configured[T any] struct {
	Object
	Value T
}

// Configurations returns the objects of a kind as known at an instant (nil = now), by key, each read as a T. A body that
// is no T is an error: configuration is never half read.
func Configurations[T any](ctx context.Context, s *Store, kind ConfigurationKind, knownAt *time.Time) ([]Configured[T], error) {
	objects, err := s.Configuration(ctx, kind, knownAt)
	if err != nil {
		return nil, err
	}
	read := make([]Configured[T], len(objects))
	for i, o := range objects {
		read[i].Object = o
		if err := decodeBody(o, &read[i].Value); err != nil {
			return nil, err
		}
	}
	return read, nil
}

func decodeBody(o Object, into any) error {
	d := json.NewDecoder(bytes.NewReader(o.Body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("read %s %q, revision %d: %w", o.Kind, o.Key, o.Revision, err)
	}
	return nil
}

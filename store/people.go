package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/highwater-sam/highwater/auth"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/store/db"
)

// CreateUser adds a user and returns its id. A name that exists is a fault of kind Conflict.
func (s *Store) CreateUser(ctx context.Context, u auth.User) (auth.UserID, error) {
	scope, err := json.Marshal(u.Scope)
	if err != nil {
		return 0, fmt.Errorf("create user: %w", err)
	}
	id, err := s.ids.next(ctx, "user", 1)
	if err != nil {
		return 0, err
	}
	created := s.clock.next()
	if !u.Created.IsZero() {
		created = micros(u.Created)
	}
	return auth.UserID(id), s.write(ctx, "create user", func(q *db.Queries) error {
		n, err := q.InsertUser(ctx, db.InsertUserParams{ID: id, Name: auth.NormalName(u.Name), FullName: u.FullName, Role: string(u.Role), Scope: string(scope),
			Password: u.Password, Theme: string(u.Theme), Disabled: flag(u.Disabled), Created: created})
		if err == nil && n == 0 {
			return fault.New(fault.Conflict, "there is a user %q already", auth.NormalName(u.Name))
		}
		return err
	})
}

// UpdateUser changes everything of a user but the id, the name and the instant of creation.
func (s *Store) UpdateUser(ctx context.Context, u auth.User) error {
	scope, err := json.Marshal(u.Scope)
	if err != nil {
		return fmt.Errorf("update user: %w", err)
	}
	return s.write(ctx, "update user", func(q *db.Queries) error {
		n, err := q.UpdateUser(ctx, db.UpdateUserParams{FullName: u.FullName, Role: string(u.Role), Scope: string(scope), Password: u.Password, Theme: string(u.Theme),
			Disabled: flag(u.Disabled), ID: int64(u.ID)})
		if err == nil && n == 0 {
			return fault.New(fault.NotFound, "there is no user %d", u.ID)
		}
		return err
	})
}

// User returns a user by id; ok is false when there is none.
func (s *Store) User(ctx context.Context, id auth.UserID) (u auth.User, ok bool, err error) {
	return s.oneUser(s.q.User(ctx, int64(id)))
}

// UserByName returns a user by the name to sign in with; ok is false when there is none.
func (s *Store) UserByName(ctx context.Context, name string) (u auth.User, ok bool, err error) {
	return s.oneUser(s.q.UserByName(ctx, auth.NormalName(name)))
}

// Users returns all users by name.
func (s *Store) Users(ctx context.Context) ([]auth.User, error) {
	rows, err := s.q.Users(ctx)
	if err != nil {
		return nil, explain(s.dialect, err, "read the users")
	}
	users := make([]auth.User, len(rows))
	for i, r := range rows {
		if users[i], err = userOf(r); err != nil {
			return nil, err
		}
	}
	return users, nil
}

// SignedIn records that a user has signed in.
func (s *Store) SignedIn(ctx context.Context, id auth.UserID, at time.Time) error {
	return s.write(ctx, "record a sign-in", func(q *db.Queries) error { return q.SignedIn(ctx, nullMicros(&at), int64(id)) })
}

func (s *Store) oneUser(r db.User, err error) (auth.User, bool, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return auth.User{}, false, nil
	}
	if err != nil {
		return auth.User{}, false, explain(s.dialect, err, "read a user")
	}
	u, err := userOf(r)
	return u, err == nil, err
}

func userOf(r db.User) (auth.User, error) {
	u := auth.User{ID: auth.UserID(r.ID), Name: r.Name, FullName: r.FullName, Role: auth.Role(r.Role), Password: r.Password, Theme: auth.Theme(r.Theme),
		Disabled: r.Disabled != 0, Created: instant(r.Created)}
	if err := json.Unmarshal([]byte(r.Scope), &u.Scope); err != nil {
		return u, fmt.Errorf("read the scope of user %s: %w", r.Name, err)
	}
	return u, nil
}

// AuditEntry is one line of the audit log: who did what to what, when, and why.
type AuditEntry struct {
	ID            int64 // set by the store
	At            time.Time
	Author        string
	Action        string // "create", "change", "remove", "sign in", ...
	Kind, Key     string // what it was done to
	Before, After json.RawMessage
	Reason        string
	Remote        string // address it came from
}

// Audit appends an entry to the audit log. Changes of configuration write theirs themselves.
func (s *Store) Audit(ctx context.Context, e AuditEntry) error {
	id, err := s.ids.next(ctx, "audit", 1)
	if err != nil {
		return err
	}
	at := s.clock.next()
	if !e.At.IsZero() {
		at = micros(e.At)
	}
	return s.write(ctx, "write the audit log", func(q *db.Queries) error {
		return q.InsertAudit(ctx, db.InsertAuditParams{ID: id, At: at, Author: e.Author, Action: e.Action, Kind: e.Kind, Key: e.Key,
			Before: nullText(string(e.Before)), After: nullText(string(e.After)), Reason: e.Reason, Remote: e.Remote})
	})
}

// AuditLog returns the newest entries, newest first, at most limit.
func (s *Store) AuditLog(ctx context.Context, limit int) ([]AuditEntry, error) {
	rows, err := s.q.AuditEntries(ctx, int32(min(limit, 1<<30))) //nolint:gosec // bounded
	if err != nil {
		return nil, explain(s.dialect, err, "read the audit log")
	}
	entries := make([]AuditEntry, len(rows))
	for i, r := range rows {
		entries[i] = AuditEntry{ID: r.ID, At: instant(r.At), Author: r.Author, Action: r.Action, Kind: r.Kind, Key: r.Key, Reason: r.Reason, Remote: r.Remote}
		if r.Before.Valid {
			entries[i].Before = json.RawMessage(r.Before.String)
		}
		if r.After.Valid {
			entries[i].After = json.RawMessage(r.After.String)
		}
	}
	return entries, nil
}

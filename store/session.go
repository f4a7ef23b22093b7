package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"time"

	"github.com/highwater-sam/highwater/store/db"
)

// Sessions keeps the sessions of signed-in users, as alexedwards/scs wants it (scs.CtxStore). The database has only the
// hash of a session's token: who reads it cannot take a session over. It is safe for concurrent use.
type Sessions struct{ store *Store }

// Sessions returns the store of sessions.
func (s *Store) Sessions() *Sessions { return &Sessions{s} }

func tokenHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// FindCtx returns the data of a session that has not expired.
func (s *Sessions) FindCtx(ctx context.Context, token string) (data []byte, found bool, err error) {
	data, err = s.store.q.FindSession(ctx, tokenHash(token), s.store.options.Clock().UnixMicro())
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	return data, err == nil, explain(s.store.dialect, err, "find a session")
}

// CommitCtx saves a session.
func (s *Sessions) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	return s.store.write(ctx, "save a session", func(q *db.Queries) error {
		return q.SaveSession(ctx, db.SaveSessionParams{Token: tokenHash(token), Data: data, Expiry: micros(expiry)})
	})
}

// DeleteCtx removes a session, if there is one.
func (s *Sessions) DeleteCtx(ctx context.Context, token string) error {
	return s.store.write(ctx, "end a session", func(q *db.Queries) error { return q.DeleteSession(ctx, tokenHash(token)) })
}

// Find is FindCtx without a context.
func (s *Sessions) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit is CommitCtx without a context.
func (s *Sessions) Commit(token string, data []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expiry)
}

// Delete is DeleteCtx without a context.
func (s *Sessions) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

// DeleteExpired removes the sessions that have expired, and says how many.
func (s *Sessions) DeleteExpired(ctx context.Context) (n int64, err error) {
	err = s.store.write(ctx, "remove expired sessions", func(q *db.Queries) error {
		n, err = q.DeleteExpiredSessions(ctx, s.store.options.Clock().UnixMicro())
		return err
	})
	return n, err
}

package store

import (
	"database/sql"
	"math"
	"time"
)

// Span is a half-open interval of time.
type Span struct{ From, To time.Time }

// micros is an instant as the database keeps it. The zero time is far in the past.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return math.MinInt64 + 1
	}
	return t.UnixMicro()
}

func instant(us int64) time.Time {
	if us == math.MinInt64+1 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// always is later than every record time: what is known now.
const always = math.MaxInt64

// known is the record time up to which a reader wants to know; nil is all there is.
func known(at *time.Time) int64 {
	if at == nil {
		return always
	}
	return at.UnixMicro()
}

func nullMicros(t *time.Time) sql.NullInt64 {
	if t == nil || t.IsZero() {
		return sql.NullInt64{}
	}
	return sql.NullInt64{Int64: t.UnixMicro(), Valid: true}
}

func nullInstant(v sql.NullInt64) *time.Time {
	if !v.Valid {
		return nil
	}
	t := instant(v.Int64)
	return &t
}

// nullText keeps "" as unknown.
func nullText(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }

func nullInt(v *int64) sql.NullInt64 {
	if v == nil {
		return sql.NullInt64{}
	}
	return sql.NullInt64{Int64: *v, Valid: true}
}

func intOf(v sql.NullInt64) *int64 {
	if !v.Valid {
		return nil
	}
	return &v.Int64
}

// positive keeps 0 as unknown.
func positive(v int64) sql.NullInt64 { return sql.NullInt64{Int64: v, Valid: v != 0} }

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/store/db"
)

// encodeValue is a point's value as the database keeps it; a nil value is NULL.
func encodeValue(v device.Value) (sql.NullString, error) {
	if v == nil {
		return sql.NullString{}, nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return sql.NullString{}, fmt.Errorf("encode %s: %w", v.Aspect(), err)
	}
	return sql.NullString{String: string(text), Valid: true}, nil
}

// decodeValue reads what encodeValue wrote. It refuses what it does not know rather than lose it.
func decodeValue(aspect device.Aspect, text []byte) (device.Value, error) {
	var v device.Value
	switch aspect {
	case device.HardwareAspect:
		v = &device.Hardware{}
	case device.PlacementAspect:
		v = &device.Placement{}
	case device.PoolsAspect:
		v = &device.Pools{}
	case device.EvidenceAspect:
		v = &device.EvidenceSet{}
	case device.NameAspect:
		v = &device.Name{}
	case device.CloudAspect:
		v = &device.Cloud{}
	default:
		return nil, fmt.Errorf("a point has the unknown aspect %q", aspect)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return nil, fmt.Errorf("decode a point's %s: %w", aspect, err)
	}
	return v, nil
}

func pointOf(r db.Point) (device.Point, error) {
	p := device.Point{Device: device.ID(r.Device), Aspect: device.Aspect(r.Aspect), From: instant(r.ValidFrom), Recorded: instant(r.Recorded),
		Document: r.Document, Source: r.Source}
	if !r.Value.Valid {
		return p, nil
	}
	var err error
	p.Value, err = decodeValue(p.Aspect, []byte(r.Value.String))
	return p, err
}

func pointsOf(rows []db.Point, err error) ([]device.Point, error) {
	if err != nil {
		return nil, err
	}
	points := make([]device.Point, len(rows))
	for i, r := range rows {
		if points[i], err = pointOf(r); err != nil {
			return nil, err
		}
	}
	return points, nil
}

// CurrentPoints returns the newest point of each aspect of a device: its state now, and since when.
func (s *Store) CurrentPoints(ctx context.Context, id device.ID) ([]device.Point, error) {
	points, err := pointsOf(s.q.PointsInForce(ctx, int64(id), always))
	return points, explain(s.dialect, err, "read the state of a device")
}

// PointsAt returns the point of each aspect that is in force at an instant, a point at that very instant included.
func (s *Store) PointsAt(ctx context.Context, id device.ID, at time.Time) ([]device.Point, error) {
	points, err := pointsOf(s.q.PointsInForce(ctx, int64(id), micros(at)))
	return points, explain(s.dialect, err, "read the state of a device at an instant")
}

// PointsAfter returns every point of a device later than an instant, in order of From, then Recorded, superseded ones
// included.
func (s *Store) PointsAfter(ctx context.Context, id device.ID, at time.Time) ([]device.Point, error) {
	points, err := pointsOf(s.q.PointsLater(ctx, int64(id), micros(at)))
	return points, explain(s.dialect, err, "read the later history of a device")
}

// Neighbors returns the points of an aspect on both sides of an instant: the one in force at it (a point at that very
// instant included), and the next one after it. nil = there is none.
func (s *Store) Neighbors(ctx context.Context, id device.ID, aspect device.Aspect, at time.Time) (before, after *device.Point, err error) {
	before, err = onePoint(s.q.PointAt(ctx, db.PointAtParams{Device: int64(id), Aspect: string(aspect), ValidFrom: micros(at)}))
	if err != nil {
		return nil, nil, explain(s.dialect, err, "read the history of a device")
	}
	after, err = onePoint(s.q.PointAfter(ctx, db.PointAfterParams{Device: int64(id), Aspect: string(aspect), ValidFrom: micros(at)}))
	return before, after, explain(s.dialect, err, "read the history of a device")
}

// History returns the points of a device as known at an instant (nil = now), by aspect and then From, each instant once:
// a point that a later record superseded is left out.
func (s *Store) History(ctx context.Context, id device.ID, knownAt *time.Time) ([]device.Point, error) {
	all, err := s.FullHistory(ctx, id, knownAt)
	if err != nil {
		return nil, err
	}
	effective := all[:0]
	for _, p := range all {
		if n := len(effective); n > 0 && effective[n-1].Aspect == p.Aspect && effective[n-1].From.Equal(p.From) {
			effective[n-1] = p // recorded later
			continue
		}
		effective = append(effective, p)
	}
	return effective, nil
}

// FullHistory returns every point of a device as known at an instant (nil = now), superseded ones included, by aspect,
// From and Recorded.
func (s *Store) FullHistory(ctx context.Context, id device.ID, knownAt *time.Time) ([]device.Point, error) {
	points, err := pointsOf(s.q.DeviceHistory(ctx, int64(id), known(knownAt)))
	return points, explain(s.dialect, err, "read the history of a device")
}

func onePoint(r db.Point, err error) (*device.Point, error) {
	if err == sql.ErrNoRows { //nolint:errorlint // comes unwrapped from database/sql
		return nil, nil //nolint:nilnil // no point, and no error
	}
	if err != nil {
		return nil, err
	}
	p, err := pointOf(r)
	return &p, err
}

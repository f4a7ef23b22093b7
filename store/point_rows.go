package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/store/db"
)

// pointRows is one point as rows: the point itself, and what the engine and the lists read of it.
type pointRows struct {
	value     device.Value
	point     db.Point
	hardware  *db.HardwarePoint
	placement *db.PlacementPoint
	pools     *db.PoolsPoint
}

// rowsOf makes the rows of a device's points. Recorded is filled in at the commit.
func (s *Store) rowsOf(ctx context.Context, id int64, points []device.Point) ([]pointRows, error) {
	type place struct {
		aspect device.Aspect
		from   int64
	}
	seen := make(map[place]bool, len(points))
	rows := make([]pointRows, len(points))
	for i, p := range points {
		if p.From.IsZero() {
			return nil, fmt.Errorf("a point of %s has no instant", p.Aspect)
		}
		if p.Value != nil && p.Value.Aspect() != p.Aspect {
			return nil, fmt.Errorf("a point of %s has a value of %s", p.Aspect, p.Value.Aspect())
		}
		if k := (place{p.Aspect, micros(p.From)}); seen[k] {
			return nil, fmt.Errorf("two points of %s at %s in one document", p.Aspect, p.From)
		} else {
			seen[k] = true
		}
		value, err := encodeValue(p.Value)
		if err != nil {
			return nil, err
		}
		rows[i] = pointRows{value: p.Value, point: db.Point{Device: id, Aspect: string(p.Aspect), ValidFrom: micros(p.From),
			Document: p.Document, Source: p.Source, Value: value}}
		if err := s.typedRow(ctx, &rows[i]); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// typedRow adds the row that the engine reads.
func (s *Store) typedRow(ctx context.Context, r *pointRows) (err error) {
	id, from := r.point.Device, r.point.ValidFrom
	switch device.Aspect(r.point.Aspect) {
	case device.HardwareAspect:
		r.hardware = &db.HardwarePoint{Device: id, ValidFrom: from}
		h, _ := r.value.(*device.Hardware)
		if h == nil {
			return nil
		}
		r.hardware.Known = 1
		r.hardware.Processors, r.hardware.MaxSockets = nullInt(h.Processors), nullInt(h.MaxSockets)
		r.hardware.Cores, r.hardware.Threads = nullInt(h.Cores), nullInt(h.Threads)
		if h.Partition != nil {
			text, err := json.Marshal(h.Partition)
			if err != nil {
				return fmt.Errorf("encode a partition: %w", err)
			}
			r.hardware.Lpar = nullText(string(text))
		}
		r.hardware.Shape, err = s.shapes.id(ctx, shapeOf(h))
		return err
	case device.PlacementAspect:
		r.placement = &db.PlacementPoint{Device: id, ValidFrom: from}
		if p, _ := r.value.(*device.Placement); p != nil {
			r.placement.Known, r.placement.Host, r.placement.Pool = 1, int64(p.Host), nullText(p.Pool)
		}
	case device.PoolsAspect:
		r.pools = &db.PoolsPoint{Device: id, ValidFrom: from}
		if p, _ := r.value.(*device.Pools); p != nil {
			text, err := json.Marshal(p.Pools)
			if err != nil {
				return fmt.Errorf("encode pools: %w", err)
			}
			r.pools.Pools = sql.NullString{String: string(text), Valid: true}
		}
	case device.EvidenceAspect, device.NameAspect, device.CloudAspect:
	default:
		return fmt.Errorf("a point has the unknown aspect %q", r.point.Aspect)
	}
	return nil
}

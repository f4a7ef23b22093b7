package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/store/db"
)

// Shape is what the points rules of a license look at besides counts, shared by many devices.
type Shape struct{ Processor, Model, OS string }

// shapeDictionary numbers shapes. There are few thousand at most; all are kept in memory.
type shapeDictionary struct {
	store *Store
	mu    sync.RWMutex
	ids   map[Shape]int64
}

func newShapeDictionary(s *Store) *shapeDictionary {
	return &shapeDictionary{store: s, ids: map[Shape]int64{}}
}

func shapeOf(h *device.Hardware) Shape { return Shape{h.Processor, h.Model, h.OS} }

// id returns the number of a shape, and makes one, committed, for a new shape.
func (d *shapeDictionary) id(ctx context.Context, shape Shape) (int64, error) {
	d.mu.RLock()
	id, ok := d.ids[shape]
	d.mu.RUnlock()
	if ok {
		return id, nil
	}
	row := db.ShapeIDParams{Processor: shape.Processor, Model: shape.Model, Os: shape.OS}
	id, err := d.store.q.ShapeID(ctx, row)
	if errors.Is(err, sql.ErrNoRows) {
		id, err = d.insert(ctx, row)
	}
	if err != nil {
		return 0, explain(d.store.dialect, err, "number a processor and model")
	}
	d.mu.Lock()
	d.ids[shape] = id
	d.mu.Unlock()
	return id, nil
}

func (d *shapeDictionary) insert(ctx context.Context, row db.ShapeIDParams) (int64, error) {
	id, err := d.store.ids.next(ctx, "shape", 1)
	if err != nil {
		return 0, err
	}
	err = d.store.writeTx(ctx, "number a processor and model", true, func(tx writeTx) error {
		return db.New(tx).InsertShape(ctx, db.InsertShapeParams{ID: id, Processor: row.Processor, Model: row.Model, Os: row.Os})
	})
	if err != nil {
		return 0, err
	}
	return d.store.q.ShapeID(ctx, row) // another server may have been first
}

// all returns every shape by its number.
func (d *shapeDictionary) all(ctx context.Context) (map[int64]Shape, error) {
	rows, err := d.store.q.Shapes(ctx)
	if err != nil {
		return nil, explain(d.store.dialect, err, "read processors and models")
	}
	shapes := make(map[int64]Shape, len(rows))
	for _, r := range rows {
		shapes[r.ID] = Shape{r.Processor, r.Model, r.Os}
	}
	return shapes, nil
}

package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/highwater-sam/highwater/catalog"
	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/inventory"
)

// DeviceHistory is what the engine needs to know of one device, each kind in order of time and each instant once. A fact
// holds from its From until the next one's; the first holds from its own From.
type DeviceHistory struct {
	ID       device.ID
	Kind     device.Kind
	Source   string // the best source it was ever seen by: "agent", or another
	Status   Status
	Provider string // cloud provider of its newest cloud point; "" = none
	Location string // as configured now
	Role     string
	HostedIn string

	Hardware      []HardwareFact
	Placements    []PlacementFact
	Pools         []PoolsFact
	Installations []InstalledFact
}

// HardwareFact is the hardware of a device from an instant on.
type HardwareFact struct {
	From                                   time.Time
	Known                                  bool // false: unknown from then on, and the rest is empty
	Processors, MaxSockets, Cores, Threads *int64
	Shape                                  *Shape // shared between facts; never nil when Known
	Partition                              *inventory.Partition
}

// PlacementFact says on which host a guest is from an instant on; host 0 is no known one.
type PlacementFact struct {
	From  time.Time
	Known bool
	Host  device.ID
	Pool  string
}

// PoolsFact is a host's pools from an instant on.
type PoolsFact struct {
	From  time.Time
	Known bool
	Pools []inventory.Pool
}

// InstalledFact is a product on a device during [From, To); To nil = still so.
type InstalledFact struct {
	Product catalog.ProductID
	From    time.Time
	To      *time.Time
}

// loadSpan is how many ids one sweep covers: its rows are in memory at once.
const loadSpan = 20_000

// LoadHistory walks every device in order of id with its whole history as known at an instant (nil = now), all of one
// state of the database. The DeviceHistory and its slices are used again for the next device: keep copies.
// Configuration in it (location, role, hosted in) is today's. It stops at the first error of f and returns it.
func (s *Store) LoadHistory(ctx context.Context, knownAt *time.Time, f func(*DeviceHistory) error) error {
	shapes, err := s.shapes.all(ctx)
	if err != nil {
		return err
	}
	l := &loader{known: known(knownAt), shapes: make(map[int64]*Shape, len(shapes))}
	for id, shape := range shapes {
		l.shapes[id] = &shape
	}
	if l.tx, err = s.dialect.snapshot(ctx); err != nil {
		return explain(s.dialect, err, "read the history")
	}
	defer l.tx.Rollback() //nolint:errcheck // nothing was written
	last, err := l.lastDevice(ctx)
	if err != nil {
		return explain(s.dialect, err, "read the history")
	}
	for first := int64(0); first <= last; first += loadSpan {
		if err := l.sweep(ctx, first, first+loadSpan-1); err != nil {
			return explain(s.dialect, err, "read the history")
		}
		if err := l.each(f); err != nil {
			return err
		}
	}
	return nil
}

// loader reads a span of devices at a time, kind by kind, and hands them out device by device. Its statements are read by
// hand, without a struct for each row: a row costs less than a microsecond beyond the database's own work.
type loader struct {
	tx     *sql.Tx
	known  int64
	shapes map[int64]*Shape

	devices    []DeviceHistory
	hardware   facts[HardwareFact]
	placements facts[PlacementFact]
	pools      facts[PoolsFact]
	installed  facts[InstalledFact]
}

// facts are rows of one kind of many devices, in order of device and instant.
type facts[T any] struct {
	rows    []T
	devices []int64
	froms   []int64
	next    int
}

func (f *facts[T]) reset() {
	f.rows, f.devices, f.froms, f.next = f.rows[:0], f.devices[:0], f.froms[:0], 0
}

// add appends a row; one of the same device and instant takes the place of the one before, which was recorded earlier.
func (f *facts[T]) add(id, from int64, row T) {
	if n := len(f.rows); n > 0 && f.devices[n-1] == id && f.froms[n-1] == from {
		f.rows[n-1] = row
		return
	}
	f.rows, f.devices, f.froms = append(f.rows, row), append(f.devices, id), append(f.froms, from)
}

// of takes the rows of the next device.
func (f *facts[T]) of(id int64) []T {
	for f.next < len(f.rows) && f.devices[f.next] < id {
		f.next++ // of a device that is not listed: none is, but a row must not stick
	}
	first := f.next
	for f.next < len(f.rows) && f.devices[f.next] == id {
		f.next++
	}
	return f.rows[first:f.next:f.next]
}

func (l *loader) each(f func(*DeviceHistory) error) error {
	for i := range l.devices {
		d := &l.devices[i]
		id := int64(d.ID)
		d.Hardware, d.Placements, d.Pools, d.Installations = l.hardware.of(id), l.placements.of(id), l.pools.of(id), l.installed.of(id)
		if err := f(d); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) lastDevice(ctx context.Context) (last int64, err error) {
	err = l.tx.QueryRowContext(ctx, "SELECT coalesce(max(id), -1) FROM devices").Scan(&last)
	return last, err
}

// scan runs a query of a span and calls row after each row is scanned into the given places.
func (l *loader) scan(ctx context.Context, query string, args []any, into []any, row func() error) error {
	rows, err := l.tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // rows.Err has it
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if err := row(); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (l *loader) sweep(ctx context.Context, first, last int64) error {
	span := []any{first, last, l.known}
	for _, step := range []func(context.Context, []any) error{l.readDevices, l.readHardware, l.readPlacements, l.readPools, l.readInstalled} {
		if err := step(ctx, span); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) readDevices(ctx context.Context, span []any) error {
	l.devices = l.devices[:0]
	var id int64
	var kind, source, status string
	var provider, location, role, hostedIn sql.NullString
	return l.scan(ctx, "SELECT id, kind, source, status, provider, location, role, hosted_in FROM devices WHERE id >= $1 AND id <= $2 AND created <= $3 ORDER BY id",
		span, []any{&id, &kind, &source, &status, &provider, &location, &role, &hostedIn}, func() error {
			l.devices = append(l.devices, DeviceHistory{ID: device.ID(id), Kind: device.Kind(kind), Source: source, Status: Status(status), Provider: provider.String,
				Location: location.String, Role: role.String, HostedIn: hostedIn.String})
			return nil
		})
}

func (l *loader) readHardware(ctx context.Context, span []any) error {
	l.hardware.reset()
	var id, from, isKnown, shape int64
	var processors, maxSockets, cores, threads sql.NullInt64
	var lpar sql.NullString
	return l.scan(ctx, "SELECT device, valid_from, known, processors, max_sockets, cores, threads, shape, lpar FROM hardware_points "+
		"WHERE device >= $1 AND device <= $2 AND recorded <= $3 ORDER BY device, valid_from, recorded",
		span, []any{&id, &from, &isKnown, &processors, &maxSockets, &cores, &threads, &shape, &lpar}, func() error {
			h := HardwareFact{From: instant(from), Known: isKnown != 0}
			if h.Known {
				h.Processors, h.MaxSockets, h.Cores, h.Threads = copyOf(processors), copyOf(maxSockets), copyOf(cores), copyOf(threads)
				if h.Shape = l.shapes[shape]; h.Shape == nil {
					return fmt.Errorf("hardware of device %d has the unknown shape %d", id, shape)
				}
			}
			if lpar.Valid {
				h.Partition = &inventory.Partition{}
				if err := json.Unmarshal([]byte(lpar.String), h.Partition); err != nil {
					return fmt.Errorf("partition of device %d: %w", id, err)
				}
			}
			l.hardware.add(id, from, h)
			return nil
		})
}

// small are the counts nearly every machine has: a pointer to one of them costs no memory.
var small = func() (values [1025]int64) {
	for i := range values {
		values[i] = int64(i)
	}
	return values
}()

func copyOf(v sql.NullInt64) *int64 {
	switch {
	case !v.Valid:
		return nil
	case v.Int64 >= 0 && v.Int64 < int64(len(small)):
		return &small[v.Int64]
	}
	n := v.Int64
	return &n
}

func (l *loader) readPlacements(ctx context.Context, span []any) error {
	l.placements.reset()
	var id, from, isKnown, host int64
	var pool sql.NullString
	return l.scan(ctx, "SELECT device, valid_from, known, host, pool FROM placement_points WHERE device >= $1 AND device <= $2 AND recorded <= $3 "+
		"ORDER BY device, valid_from, recorded",
		span, []any{&id, &from, &isKnown, &host, &pool}, func() error {
			l.placements.add(id, from, PlacementFact{From: instant(from), Known: isKnown != 0, Host: device.ID(host), Pool: pool.String})
			return nil
		})
}

func (l *loader) readPools(ctx context.Context, span []any) error {
	l.pools.reset()
	var id, from int64
	var pools sql.NullString
	return l.scan(ctx, "SELECT device, valid_from, pools FROM pools_points WHERE device >= $1 AND device <= $2 AND recorded <= $3 ORDER BY device, valid_from, recorded",
		span, []any{&id, &from, &pools}, func() error {
			p := PoolsFact{From: instant(from), Known: pools.Valid}
			if pools.Valid {
				if err := json.Unmarshal([]byte(pools.String), &p.Pools); err != nil {
					return fmt.Errorf("pools of device %d: %w", id, err)
				}
			}
			l.pools.add(id, from, p)
			return nil
		})
}

func (l *loader) readInstalled(ctx context.Context, span []any) error {
	l.installed.reset()
	var id, from int64
	var product string
	var to sql.NullInt64
	n := int64(0)
	return l.scan(ctx, "SELECT device, product, valid_from, valid_to FROM installations WHERE device >= $1 AND device <= $2 AND recorded <= $3 "+
		"AND (superseded IS NULL OR superseded > $3) ORDER BY device, product, valid_from",
		span, []any{&id, &product, &from, &to}, func() error {
			n++ // rows differ by product: none replaces another
			l.installed.add(id, n, InstalledFact{Product: catalog.ProductID(product), From: instant(from), To: nullInstant(to)})
			return nil
		})
}

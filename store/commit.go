package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/store/db"
)

// commitIntake writes what waits: in as few transactions as there are documents of one device, and where one fails, each
// of its documents by itself.
func (s *Store) commitIntake(items []*intakeItem) {
	for len(items) > 0 {
		round, later := oneEach(items)
		s.commitRound(round)
		items = later
	}
}

// oneEach splits items so that the first part names no device twice.
func oneEach(items []*intakeItem) (round, later []*intakeItem) {
	named := map[int64]bool{}
	documents := map[string]bool{}
next:
	for _, item := range items {
		if documents[item.document.Document] {
			later = append(later, item)
			continue
		}
		for _, l := range item.lines {
			if named[l.device] {
				later = append(later, item)
				continue next
			}
		}
		documents[item.document.Document] = true
		for _, l := range item.lines {
			named[l.device] = true
		}
		round = append(round, item)
	}
	return round, later
}

// commitRound settles every item.
func (s *Store) commitRound(items []*intakeItem) {
	ctx := context.Background() // a commit is not cut off because one of its callers went away
	for len(items) > 0 {
		lost, err := s.tryRound(ctx, items)
		switch {
		case err == nil && len(lost) == 0:
			for _, item := range items {
				item.settle(nil)
			}
			return
		case err == nil: // rolled back; the others try again without those whose device has changed
			var rest []*intakeItem
			for i, item := range items {
				if lost[i] {
					item.settle(s.changedOrKnown(ctx, item))
				} else {
					rest = append(rest, item)
				}
			}
			items = rest
		case len(items) == 1:
			items[0].settle(s.whyFailed(ctx, items[0], err))
			return
		default:
			for _, item := range items {
				s.commitRound([]*intakeItem{item})
			}
			return
		}
	}
}

func (item *intakeItem) settle(err error) {
	switch {
	case errors.Is(err, errKnown):
		item.result.Duplicate, item.result.Created, item.err = true, false, nil
	case err != nil:
		item.result, item.err = Result{}, err
	}
	close(item.done)
}

// errKnown means that the document is in the database already.
var errKnown = errors.New("the document is known")

// changedOrKnown tells a repeated upload, whose first arrival changed the device, from another document.
func (s *Store) changedOrKnown(ctx context.Context, item *intakeItem) error {
	id, known, err := s.DocumentDevice(ctx, item.document.Document)
	if err != nil {
		return err
	}
	if known {
		item.result.Device = id
		return errKnown
	}
	return ErrChanged
}

func (s *Store) whyFailed(ctx context.Context, item *intakeItem, err error) error {
	if s.dialect.cause(err) == duplicate {
		if changed := s.changedOrKnown(ctx, item); changed != nil && !errors.Is(changed, ErrChanged) {
			return changed
		}
	}
	err = explain(s.dialect, err, "take in document "+item.document.Document)
	if s.dialect.cause(err) == busy {
		return fault.Wrap(err, fault.Unavailable, "the database is busy; send the document again")
	}
	return err
}

// tryRound writes all items in one transaction. lost names those whose device has changed: then nothing is written.
func (s *Store) tryRound(ctx context.Context, items []*intakeItem) (lost map[int]bool, err error) {
	tx, err := s.dialect.begin(ctx, false)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	q := db.New(tx)
	now := s.clock.next()
	if err := s.lockKeys(ctx, tx, items); err != nil {
		return nil, err
	}
	guards := make([][]sql.Result, len(items))
	for i, item := range items {
		item.recorded = max(item.recorded, now)
		for _, l := range item.lines[1:] {
			item.recorded = max(item.recorded, micros(l.state.Recorded)+1)
		}
		if guards[i], err = item.guard(ctx, q, tx); err != nil {
			return nil, err
		}
	}
	lost = map[int]bool{}
	for i, results := range guards {
		for _, r := range results {
			n, err := r.RowsAffected()
			if err != nil {
				return nil, err
			}
			lost[i] = lost[i] || n == 0
		}
	}
	for i := range items {
		if !lost[i] {
			delete(lost, i)
		}
	}
	if len(lost) > 0 {
		return lost, nil
	}
	var rows intakeRows
	for _, item := range items {
		if err := item.write(ctx, q, &rows); err != nil {
			return nil, err
		}
	}
	if err := rows.insert(ctx, tx); err != nil {
		return nil, err
	}
	return nil, tx.Commit()
}

func (s *Store) lockKeys(ctx context.Context, tx writeTx, items []*intakeItem) error {
	for _, item := range items {
		if len(item.keys) > 0 {
			return s.dialect.lockIdentities(ctx, tx)
		}
	}
	return nil
}

// guard writes what fails to write a row when the decision no longer holds: the devices' versions and the new keys.
func (item *intakeItem) guard(ctx context.Context, q *db.Queries, tx writeTx) ([]sql.Result, error) {
	var results []sql.Result
	var fresh bulkRows
	d := &item.in.Document
	for i, l := range item.lines {
		var r sql.Result
		var err error
		switch {
		case l.state == nil:
			fresh = append(fresh, l.device, int64(1), item.recorded, nullMicros(&d.Collected), nullText(d.ID), nullMicros(&d.Received))
		case i == 0:
			r, err = q.SeeDevice(ctx, db.SeeDeviceParams{Recorded: item.recorded, LastInventory: nullMicros(&d.Collected), LastDocument: nullText(d.ID),
				LastContact: nullMicros(&d.Received), Device: l.device, Version: l.state.Version})
		default:
			r, err = q.BumpDevice(ctx, db.BumpDeviceParams{Recorded: item.recorded, Device: l.device, Version: l.state.Version})
		}
		if err != nil {
			return nil, err
		}
		if r != nil {
			results = append(results, r)
		}
	}
	if _, err := stateRows.insert(ctx, tx, fresh); err != nil {
		return nil, err
	}
	for _, k := range item.keys {
		if k.holders < 0 {
			if err := q.InsertKey(ctx, db.InsertKeyParams{Kind: string(k.Kind), Value: k.Value, Device: item.device, Recorded: item.recorded}); err != nil {
				return nil, err
			}
			continue
		}
		r, err := q.InsertKeyIf(ctx, db.InsertKeyIfParams{Kind: string(k.Kind), Value: k.Value, Device: item.device, Recorded: item.recorded, Holders: k.holders})
		if err != nil {
			return nil, err
		}
		results = append(results, r)
	}
	return results, nil
}

// write writes the rest: the document, its points, what lists show, coverage.
func (item *intakeItem) write(ctx context.Context, q *db.Queries, rows *intakeRows) error {
	item.document.Recorded = item.recorded
	rows.document(&item.document, item.in.Envelope)
	rows.source(&item.source)
	for i := range item.lines {
		if err := item.writeLine(ctx, q, rows, &item.lines[i], i == 0); err != nil {
			return err
		}
	}
	for _, c := range item.covered {
		if err := c.write(ctx, q, rows, item.device); err != nil {
			return err
		}
	}
	item.result = Result{Device: device.ID(item.device), Created: item.created, Recorded: instant(item.recorded)}
	return nil
}

func (item *intakeItem) writeLine(ctx context.Context, q *db.Queries, rows *intakeRows, l *line, own bool) error {
	shown := newProjection(l.device)
	for i := range l.points {
		r := &l.points[i]
		rows.point(r, item.recorded)
		shown.see(device.Aspect(r.point.Aspect), r.point.ValidFrom, r.value)
	}
	in := item.in
	if own && item.created {
		status := in.Status
		if status == "" {
			status = Active
		}
		shown.insert(rows, &db.Device{ID: l.device, Created: item.recorded, FirstSeen: micros(in.Document.Effective), Kind: string(in.Kind), Source: in.Source,
			Status: string(status), Hypervisor: nullText(in.Hypervisor)})
	} else if err := shown.update(ctx, q, rows, l.state.evidenceFrom); err != nil {
		return err
	}
	if own && !item.created {
		if err := item.writeKind(ctx, q); err != nil {
			return err
		}
	}
	if own && in.Document.Agent != "" && (item.created || len(item.keys) > 0) {
		return q.BindAgent(ctx, sql.NullInt64{Int64: l.device, Valid: true}, in.Document.Agent)
	}
	return nil
}

// writeKind changes what the document says of the device as a whole, where it is not what it was.
func (item *intakeItem) writeKind(ctx context.Context, q *db.Queries) error {
	in, was := item.in, item.in.State
	status := in.Status
	if status == "" {
		status = was.Status
	}
	if in.Kind == was.Kind && in.Source == was.Source && in.Hypervisor == was.Hypervisor && status == was.Status {
		return nil
	}
	return q.SetDeviceKind(ctx, db.SetDeviceKindParams{Kind: string(in.Kind), Source: in.Source, Hypervisor: nullText(in.Hypervisor), Status: string(status), ID: item.device})
}

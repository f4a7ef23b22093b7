package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/store/db"
)

// ErrChanged means that what a decision was made on has changed since: another document of the device, or of a device
// with the same keys, came between. Read again, decide again, call Intake again.
var ErrChanged = errors.New("the device has changed meanwhile")

var errClosed = fault.New(fault.Unavailable, "the database is being closed")

// Document is what is kept beside the envelope of a document.
type Document struct {
	ID         string // Header.ID of the document: a repeated upload has the same
	Device     device.ID
	Agent      string
	Source     string
	Connection string
	Kind       inventory.Kind
	Collector  string            // program and version that made it
	Collected  time.Time         // as the document says
	Received   time.Time         // when it reached us
	Effective  time.Time         // from when its facts hold (device.Effective)
	Recorded   time.Time         // when it was committed; set by the store
	Digests    inventory.Digests // of its parts
	Size       int64             // bytes of the envelope; set by the store
	RawSize    int64             // bytes of the document's JSON
	Points     int               // points of change it caused; set by the store
	Remark     string            // what a person should know of how it was taken in
}

// Intake is one document and everything it changes.
type Intake struct {
	Document Document
	Envelope []byte // kept byte for byte

	// State is the device's state on which the changes were decided; nil makes a new device.
	State *State
	// New is the id of the new device, from ReserveDevice; 0 = the store chooses one. Only where State is nil.
	New device.ID
	// Match is the search on which the choice of the device was decided; it is checked again where keys are added. nil =
	// the keys are not guarded.
	Match *Match
	Keys  []device.Key // that the device shall be found by; those it has already are left alone

	Kind       device.Kind // the same as State says, or what the document shows
	Source     string      // the best source of the device, this document included
	Hypervisor string
	Status     Status // "" = as it was; active for a new device

	Points   []device.Point    // of this device; Device and Recorded are set by the store
	Others   []Append          // points of other devices that this document shows, e.g. the placement of a host's guests
	Evidence []Evidence        // the sets of titles that the points refer to
	Digests  inventory.Digests // as the source's state shall keep them; the zero value = the document's own
	Covered  []Span            // measured times that the document proves, in any order
	Gap      time.Duration     // spans at most this far apart become one
}

// Append is points for a device that a document is not about, guarded by its state.
type Append struct {
	State  State
	Points []device.Point
}

// Result says what became of an intake.
type Result struct {
	Device    device.ID
	Created   bool // a new device was made
	Duplicate bool // the document was known already; nothing was written
	Recorded  time.Time
}

// Intake writes a document and its changes in one transaction, and returns when they are durable. Many callers at once
// share a commit; a fault of one does not touch the others. ErrChanged asks the caller to decide again.
//
// It may be called from many goroutines. When ctx ends while waiting, the outcome is unknown to the caller; the document
// can be sent again, because a known document is answered with Duplicate.
func (s *Store) Intake(ctx context.Context, in Intake) (Result, error) {
	item, err := s.prepare(ctx, &in)
	if err != nil {
		return Result{}, err
	}
	if !s.intake.add(item) {
		return Result{}, errClosed
	}
	select {
	case <-item.done:
		return item.result, item.err
	case <-ctx.Done():
		return Result{}, ctx.Err()
	}
}

// intakeItem is an intake made ready outside the transaction, so that the one writer only writes.
type intakeItem struct {
	in       *Intake
	device   int64
	created  bool
	recorded int64 // at least this
	document db.Document
	source   db.DeviceSource
	keys     []keyClaim
	lines    []line // this device's first
	covered  []coverageStep
	result   Result
	err      error
	done     chan struct{}
}

// keyClaim is a key to add and how many devices had it when the choice was made; -1 = not checked.
type keyClaim struct {
	device.Key
	holders int64
}

// line is what is appended to one device.
type line struct {
	state  *State // nil: new
	device int64
	points []pointRows
}

func (s *Store) prepare(ctx context.Context, in *Intake) (*intakeItem, error) {
	item := &intakeItem{in: in, created: in.State == nil, done: make(chan struct{})}
	if err := check(in); err != nil {
		return nil, err
	}
	for _, e := range in.Evidence {
		if err := s.titles.keep(ctx, e); err != nil {
			return nil, err
		}
	}
	if err := s.identify(ctx, item); err != nil {
		return nil, err
	}
	own, err := s.rowsOf(ctx, item.device, in.Points)
	if err != nil {
		return nil, err
	}
	item.lines = []line{{state: in.State, device: item.device, points: own}}
	for i := range in.Others {
		o := &in.Others[i]
		rows, err := s.rowsOf(ctx, int64(o.State.ID), o.Points)
		if err != nil {
			return nil, err
		}
		item.lines = append(item.lines, line{state: &o.State, device: int64(o.State.ID), points: rows})
	}
	if err := s.describe(ctx, item); err != nil {
		return nil, err
	}
	item.covered, err = s.coverageSteps(ctx, item)
	return item, err
}

func check(in *Intake) error {
	switch {
	case in.Document.ID == "":
		return errors.New("intake: the document has no id")
	case len(in.Envelope) == 0:
		return errors.New("intake: the document has no envelope")
	case in.Kind == "" || in.Source == "":
		return errors.New("intake: the device has no kind or no source")
	case in.State != nil && in.State.ID == 0:
		return errors.New("intake: the state is of no device")
	}
	seen := map[device.ID]bool{}
	for _, o := range in.Others {
		if o.State.ID == 0 || seen[o.State.ID] || in.State != nil && o.State.ID == in.State.ID {
			return fmt.Errorf("intake: device %d is named twice, or not at all", o.State.ID)
		}
		seen[o.State.ID] = true
	}
	return nil
}

// identify gives a new device its id, and finds out which keys are to be added.
func (s *Store) identify(ctx context.Context, item *intakeItem) (err error) {
	in := item.in
	if item.created && in.New != 0 {
		item.device = int64(in.New)
	} else if item.created {
		if item.device, err = s.ids.next(ctx, "device", 1); err != nil {
			return err
		}
	} else {
		item.device = int64(in.State.ID)
		item.recorded = micros(in.State.Recorded) + 1
	}
	var has []device.Key
	if in.Match != nil {
		for _, r := range in.Match.Records {
			if in.State != nil && r.ID == in.State.ID {
				has = r.Keys
			}
		}
	}
	for i, k := range in.Keys {
		if k.Value == "" || slices.Contains(has, k) || slices.Contains(in.Keys[:i], k) {
			continue
		}
		claim := keyClaim{Key: k, holders: -1}
		// Names are shared by right, and FindByKeys does not look them up once a stronger key has found a device.
		if in.Match != nil && k.Kind != device.NameKey {
			claim.holders = int64(len(in.Match.Holders[k]))
		}
		item.keys = append(item.keys, claim)
	}
	return nil
}

// describe fills in the rows of the document.
func (s *Store) describe(ctx context.Context, item *intakeItem) error {
	in, d := item.in, &item.in.Document
	id, err := s.ids.next(ctx, "document", 1)
	if err != nil {
		return err
	}
	digests, err := json.Marshal(d.Digests)
	if err != nil {
		return fmt.Errorf("intake: digests: %w", err)
	}
	kept := digests
	if in.Digests != (inventory.Digests{}) {
		if kept, err = json.Marshal(in.Digests); err != nil {
			return fmt.Errorf("intake: digests: %w", err)
		}
	}
	points := len(in.Points)
	for _, o := range in.Others {
		points += len(o.Points)
	}
	item.document = db.Document{ID: id, Document: d.ID, Device: item.device, Agent: d.Agent, Source: d.Source, Connection: d.Connection, Kind: string(d.Kind),
		Collector: d.Collector, Collected: micros(d.Collected), Received: micros(d.Received), Effective: micros(d.Effective), Digests: string(digests),
		Size: int64(len(in.Envelope)), RawSize: d.RawSize, Points: int64(points), Remark: d.Remark}
	item.source = db.DeviceSource{Device: item.device, Source: d.Source, Connection: d.Connection, Document: d.ID, Kind: string(d.Kind),
		Collected: micros(d.Collected), Received: micros(d.Received), Digests: string(kept)}
	return nil
}

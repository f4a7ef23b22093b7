package pipeline

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/highwater-sam/highwater/catalog"
	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/store"
)

// guests decides what a host's document says of where its guests run: those it lists are here from now on, and those that
// were here and are not listed are on no known host. A guest that nothing else knows is recorded as awaiting inventory.
func (p *Pipeline) guests(ctx context.Context, in *store.Intake, doc *inventory.Document, a Arrival, at time.Time) error {
	if doc.Virtual == nil || !doc.Virtual.IsHost {
		return nil
	}
	if in.State == nil {
		id, err := p.Store.ReserveDevice(ctx)
		if err != nil {
			return err
		}
		in.New = id
	}
	host := in.New
	if in.State != nil {
		host = in.State.ID
	}
	listed := map[device.ID]inventory.Guest{}
	for _, s := range device.Sightings(doc) {
		id, err := p.guest(ctx, s, doc, a)
		if err != nil {
			return fmt.Errorf("guest %q: %w", s.Guest.Name, err)
		}
		if id != 0 && id != host {
			listed[id] = s.Guest
		}
	}
	affected, err := p.Store.GuestsOf(ctx, host, at)
	if err != nil {
		return err
	}
	for id := range listed {
		affected = append(affected, id)
	}
	slices.Sort(affected)
	for _, id := range slices.Compact(affected) {
		g, present := listed[id]
		seen := device.Seen{At: at, Host: host, Pool: g.Pool, Present: present, Document: doc.Header.ID, Source: doc.Header.Source}
		if err := p.place(ctx, in, id, seen); err != nil {
			return err
		}
	}
	return nil
}

// place adds the points that a sighting adds to one guest's history.
func (p *Pipeline) place(ctx context.Context, in *store.Intake, guest device.ID, seen device.Seen) error {
	state, ok, err := p.Store.State(ctx, guest)
	if err != nil {
		return err
	}
	if !ok {
		return store.ErrChanged
	}
	before, after, err := p.Store.Neighbors(ctx, guest, device.PlacementAspect, seen.At)
	if err != nil {
		return err
	}
	var inForce *device.Placement
	if before != nil {
		inForce, _ = before.Value.(*device.Placement)
	}
	var later []device.Point
	var sightings iter.Seq[device.Seen]
	var failed error
	if after != nil || in.State != nil && seen.At.Before(in.State.LastInventory) {
		all, err := p.Store.PointsAfter(ctx, guest, seen.At)
		if err != nil {
			return err
		}
		for _, point := range all {
			if point.Aspect == device.PlacementAspect {
				later = append(later, point)
			}
		}
		sightings = p.sightingsAfter(ctx, guest, seen, inForce, later, &failed)
	}
	points := device.Place(guest, seen, inForce, later, sightings)
	if failed != nil {
		return failed
	}
	if len(points) > 0 {
		in.Others = append(in.Others, store.Append{State: state, Points: points})
	}
	return nil
}

// guest finds the device that a sighting is of. A guest that nobody knows yet is recorded with a document that the server
// derives from the host's; a guest without an id that joins gives 0.
func (p *Pipeline) guest(ctx context.Context, s device.Sighting, host *inventory.Document, a Arrival) (device.ID, error) {
	if len(s.Keys) == 0 {
		return 0, nil
	}
	match, err := p.Store.FindByKeys(ctx, s.Keys)
	if err != nil {
		return 0, err
	}
	if len(match.Records) > 0 {
		return match.Records[0].ID, nil
	}
	doc := s.Awaiting(host)
	doc.Header.ID = derivedID(host.Header.ID, s.Guest.ID)
	doc.Attributes = map[string]string{"highwater.derived_from": host.Header.ID}
	envelope, err := inventory.Seal(doc, p.Key)
	if err != nil {
		return 0, err
	}
	derived := Arrival{Envelope: envelope, Received: a.Received, Clock: a.Clock}
	for range attempts {
		t, err := p.decide(ctx, derived, doc, nil)
		if !errors.Is(err, store.ErrChanged) {
			return t.Device, err
		}
	}
	return 0, store.ErrChanged
}

// derivedID names a document that is derived from another: always the same for the same two.
func derivedID(document, guest string) string {
	sum := sha256.Sum256([]byte(document + "\x00" + guest))
	id, err := uuid.Parse(document)
	if err != nil {
		id = uuid.UUID(sum[:16])
	}
	copy(id[8:], sum[8:16])
	id[6] = 0x70 | id[6]&0x0f
	id[8] = 0x80 | id[8]&0x3f
	return id.String()
}

// observationsAfter reads the later documents of a device from evidence, one at a time, as far as they are asked for.
func (p *Pipeline) observationsAfter(ctx context.Context, id device.ID, at time.Time, failed *error) iter.Seq[device.Observation] {
	return func(yield func(device.Observation) bool) {
		for row, err := range p.Store.DocumentsAfter(ctx, id, at) {
			var doc *inventory.Document
			if err == nil {
				doc, err = p.kept(ctx, row.ID)
			}
			if err != nil {
				*failed = err
				return
			}
			if !yield(device.Observation{At: row.Effective, Document: doc, Evidence: evidenceParts(catalog.PartsOf(doc))}) {
				return
			}
		}
	}
}

// kept reads a document that was taken in before.
func (p *Pipeline) kept(ctx context.Context, id string) (*inventory.Document, error) {
	envelope, err := p.Store.Envelope(ctx, id)
	if err != nil {
		return nil, err
	}
	doc, err := inventory.OpenKept(envelope)
	if err != nil {
		return nil, fmt.Errorf("document %s: %w", id, err)
	}
	return doc, nil
}

// sightingsAfter tells, in order of time, what the hosts that ever had the guest said of it after an instant.
func (p *Pipeline) sightingsAfter(ctx context.Context, guest device.ID, s device.Seen, before *device.Placement, later []device.Point, failed *error) iter.Seq[device.Seen] {
	hosts := map[device.ID]bool{s.Host: true}
	if before != nil && before.Host != 0 {
		hosts[before.Host] = true
	}
	for _, point := range later {
		if at, ok := point.Value.(*device.Placement); ok && at != nil && at.Host != 0 {
			hosts[at.Host] = true
		}
	}
	return func(yield func(device.Seen) bool) {
		keys, err := p.Store.Keys(ctx, guest)
		if err != nil {
			*failed = err
			return
		}
		var all []device.Seen
		for host := range hosts {
			for row, err := range p.Store.DocumentsAfter(ctx, host, s.At) {
				if err != nil {
					*failed = err
					return
				}
				doc, err := p.kept(ctx, row.ID)
				if err != nil {
					*failed = err
					return
				}
				if doc.Virtual != nil && doc.Virtual.IsHost {
					all = append(all, seenIn(doc, row, host, keys))
				}
			}
		}
		slices.SortStableFunc(all, func(a, b device.Seen) int { return a.At.Compare(b.At) })
		for _, seen := range all {
			if !yield(seen) {
				return
			}
		}
	}
}

// seenIn says whether a host's document lists a guest that has any of the keys.
func seenIn(doc *inventory.Document, row store.Document, host device.ID, keys []device.Key) device.Seen {
	seen := device.Seen{At: row.Effective, Host: host, Document: row.ID, Source: row.Source}
	for _, s := range device.Sightings(doc) {
		if slices.ContainsFunc(s.Keys, func(k device.Key) bool { return slices.Contains(keys, k) }) {
			seen.Present, seen.Pool = true, s.Guest.Pool
		}
	}
	return seen
}

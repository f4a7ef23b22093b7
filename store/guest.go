package store

import (
	"context"
	"time"

	"github.com/highwater-sam/highwater/device"
)

// ReserveDevice returns the id of a device that is yet to be made, for Intake.New: a host's first document names the
// host in the placements of its guests.
func (s *Store) ReserveDevice(ctx context.Context) (device.ID, error) {
	id, err := s.ids.next(ctx, "device", 1)
	return device.ID(id), explain(s.dialect, err, "reserve a device")
}

// Keys returns every key by which a device can be found.
func (s *Store) Keys(ctx context.Context, id device.ID) ([]device.Key, error) {
	r, err := s.record(ctx, id)
	return r.Keys, explain(s.dialect, err, "read the keys of a device")
}

// GuestsOf returns the devices that were placed on a host at an instant, in order of id.
func (s *Store) GuestsOf(ctx context.Context, host device.ID, at time.Time) ([]device.ID, error) {
	ids, err := s.q.DevicesEverOn(ctx, int64(host), micros(at))
	if err != nil {
		return nil, explain(s.dialect, err, "read the guests of a host")
	}
	var guests []device.ID
	for _, id := range ids {
		in, _, err := s.Neighbors(ctx, device.ID(id), device.PlacementAspect, at)
		if err != nil {
			return nil, err
		}
		if in == nil {
			continue
		}
		if p, ok := in.Value.(*device.Placement); ok && p != nil && p.Host == host {
			guests = append(guests, device.ID(id))
		}
	}
	return guests, nil
}

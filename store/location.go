package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/highwater-sam/highwater/estate"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/store/db"
)

// Location is a node of the tree of places. Without Region it has its nearest ancestor's.
type Location struct {
	ID     string        `json:"id"`
	Parent string        `json:"parent,omitempty"`
	Name   string        `json:"name,omitempty"`
	Region estate.Region `json:"region,omitempty"`
}

// Locations returns the tree as known at an instant (nil = now), by id.
func (s *Store) Locations(ctx context.Context, knownAt *time.Time) ([]Configured[Location], error) {
	return Configurations[Location](ctx, s, LocationConfiguration, knownAt)
}

// Place returns a location and its ancestors, nearest first, as scopes want it (auth.Place); nil for "".
func (s *Store) Place(ctx context.Context, location string) ([]string, error) {
	if location == "" {
		return nil, nil
	}
	rows, err := s.q.Locations(ctx)
	if err != nil {
		return nil, explain(s.dialect, err, "read the locations")
	}
	parent := make(map[string]string, len(rows))
	for _, r := range rows {
		parent[r.ID] = r.Parent.String
	}
	var place []string
	for id := location; id != "" && len(place) <= len(rows); id = parent[id] {
		place = append(place, id)
	}
	return place, nil
}

// materializeLocations makes the table of locations agree with their configuration, and refuses a tree that is none.
func materializeLocations(ctx context.Context, q *db.Queries) error {
	rows, err := q.ConfigurationObjects(ctx, string(LocationConfiguration), always)
	if err != nil {
		return err
	}
	tree := map[string]Location{}
	for _, r := range rows {
		if !r.Body.Valid {
			continue
		}
		var l Location
		if err := decodeBody(objectOf(r), &l); err != nil {
			return err
		}
		if l.ID != r.Key {
			return fault.New(fault.Invalid, "location %q is saved under the key %q", l.ID, r.Key)
		}
		tree[l.ID] = l
	}
	has, err := q.Locations(ctx)
	if err != nil {
		return err
	}
	kept := make(map[string]db.Location, len(has))
	for _, h := range has {
		kept[h.ID] = h
		if _, still := tree[h.ID]; still {
			continue
		}
		n, err := q.CountDevicesAt(ctx, sql.NullString{String: h.ID, Valid: true})
		if err != nil {
			return err
		}
		if n > 0 {
			return fault.New(fault.Conflict, "location %q cannot be removed: %d devices are there", h.ID, n)
		}
		if err := q.DeleteLocation(ctx, h.ID); err != nil {
			return err
		}
	}
	for id, l := range tree {
		region, err := effectiveRegion(tree, id)
		if err != nil {
			return err
		}
		row := db.Location{ID: id, Parent: nullText(l.Parent), Name: l.Name, Region: positive(int64(l.Region)), EffectiveRegion: positive(int64(region))}
		if row.Name == "" {
			row.Name = id
		}
		if kept[id] == row {
			continue
		}
		if err := q.SaveLocation(ctx, db.SaveLocationParams(row)); err != nil {
			return err
		}
	}
	return nil
}

// effectiveRegion is the region of a location or of its nearest ancestor that has one.
func effectiveRegion(tree map[string]Location, id string) (estate.Region, error) {
	at := tree[id]
	region := at.Region
	for steps := 0; at.Parent != ""; steps++ {
		parent, ok := tree[at.Parent]
		if !ok {
			return 0, fault.New(fault.Invalid, "location %q lies in %q, which there is not", at.ID, at.Parent)
		}
		if steps > len(tree) {
			return 0, fault.New(fault.Invalid, "location %q lies in itself", id)
		}
		if at = parent; region == 0 {
			region = at.Region
		}
	}
	if region < 0 || region > 3 {
		return 0, fault.New(fault.Invalid, "location %q has region %d: there are 1, 2 and 3", id, region)
	}
	return region, nil
}

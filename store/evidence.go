package store

import (
	"context"
	"encoding/hex"
	"fmt"

	"github.com/highwater-sam/highwater/catalog"
	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/store/db"
)

// EachEvidenceSet walks the sets of titles that devices show now: the hash, how many devices show it, and its titles,
// each set once. It stops at the first error of f and returns it.
func (s *Store) EachEvidenceSet(ctx context.Context, f func(hash string, devices int64, titles []catalog.Title) error) error {
	rows, err := s.q.PartSpread(ctx)
	if err != nil {
		return explain(s.dialect, err, "read which evidence there is")
	}
	for _, r := range rows {
		titles, err := s.Titles(ctx, r.Hash)
		if err != nil {
			return err
		}
		if err := f(r.Hash, r.Devices, titles); err != nil {
			return err
		}
	}
	return nil
}

// DevicesShowing returns the devices whose current evidence has the set as one of its parts, in order of id.
func (s *Store) DevicesShowing(ctx context.Context, hash string) ([]device.ID, error) {
	rows, err := s.q.DevicesWithPart(ctx, hash)
	if err != nil {
		return nil, explain(s.dialect, err, "find the devices that show a set of titles")
	}
	ids := make([]device.ID, len(rows))
	for i, r := range rows {
		ids[i] = device.ID(r)
	}
	return ids, nil
}

// ListEvidence brings the list of evidence up to date with what devices show now: sets that have come are spread out
// title by title, sets that nobody shows any more are removed. It costs what has changed, not what there is; it is part
// of reconciliation and may be called after each intake.
func (s *Store) ListEvidence(ctx context.Context) error {
	come, err := s.q.SetsToExpand(ctx)
	if err != nil {
		return explain(s.dialect, err, "find new evidence")
	}
	for _, hash := range come {
		if err := s.spreadOut(ctx, hash); err != nil {
			return err
		}
	}
	gone, err := s.q.SetsToForget(ctx)
	if err != nil || len(gone) == 0 {
		return explain(s.dialect, err, "find evidence that is gone")
	}
	return s.write(ctx, "list evidence", func(q *db.Queries) error {
		for _, hash := range gone {
			if err := q.DeleteSetTitles(ctx, hash); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Store) spreadOut(ctx context.Context, hash string) error {
	raw, err := hex.DecodeString(hash)
	if err != nil {
		return fmt.Errorf("set %q: %w", hash, err)
	}
	body, err := s.q.EvidenceSet(ctx, raw)
	if err != nil {
		return explain(s.dialect, err, "read the set of titles "+hash)
	}
	ids, err := decodeSet(body)
	if err != nil {
		return fmt.Errorf("set %s: %w", hash, err)
	}
	return s.write(ctx, "list evidence", func(q *db.Queries) error {
		for _, id := range ids {
			if err := q.InsertSetTitle(ctx, hash, id); err != nil {
				return err
			}
		}
		return nil
	})
}

package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/store/db"
)

// DocumentKnown says whether a document of this id has been taken in.
func (s *Store) DocumentKnown(ctx context.Context, id string) (bool, error) {
	_, known, err := s.DocumentDevice(ctx, id)
	return known, err
}

// DocumentDevice says whether a document of this id has been taken in, and which device it is about.
func (s *Store) DocumentDevice(ctx context.Context, id string) (device.ID, bool, error) {
	d, err := s.q.DocumentKnown(ctx, id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return device.ID(d), err == nil, explain(s.dialect, err, "look up a document")
}

// Document returns what is kept of a document, without its envelope. An unknown id is a fault of kind NotFound.
func (s *Store) Document(ctx context.Context, id string) (Document, error) {
	r, err := s.q.DocumentByID(ctx, id)
	if errors.Is(err, sql.ErrNoRows) {
		return Document{}, fault.New(fault.NotFound, "there is no document %q", id)
	}
	if err != nil {
		return Document{}, explain(s.dialect, err, "read a document")
	}
	return documentOf(r)
}

// Envelope returns a document exactly as it came in. It is a fault of kind NotFound for an unknown document, and for one
// whose envelope retention has removed.
func (s *Store) Envelope(ctx context.Context, id string) ([]byte, error) {
	body, err := s.q.DocumentBody(ctx, id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.New(fault.NotFound, "there is no document %q, or its time of retention is over", id)
	}
	return body, explain(s.dialect, err, "read the envelope of a document")
}

// Documents returns the newest documents of a device, newest first, at most limit.
func (s *Store) Documents(ctx context.Context, id device.ID, limit int) ([]Document, error) {
	rows, err := s.q.DocumentsOfDevice(ctx, int64(id), int32(min(limit, 1<<30)))
	if err != nil {
		return nil, explain(s.dialect, err, "read the documents of a device")
	}
	return documentsOf(rows)
}

// DocumentsAfter walks the documents of a device that are effective after an instant, in order of that time and then as
// they came in. It reads page by page: stop early and little is read.
func (s *Store) DocumentsAfter(ctx context.Context, id device.ID, at time.Time) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		const page = 64
		after := db.DocumentsAfterParams{Device: int64(id), Effective: micros(at), ID: 1<<63 - 1, Limit: page}
		for {
			rows, err := s.q.DocumentsAfter(ctx, after)
			if err != nil {
				yield(Document{}, explain(s.dialect, err, "read the later documents of a device"))
				return
			}
			for _, r := range rows {
				if !yield(documentOf(r)) {
					return
				}
			}
			if len(rows) < page {
				return
			}
			after.Effective, after.ID = rows[page-1].Effective, rows[page-1].ID
		}
	}
}

func documentsOf(rows []db.Document) (_ []Document, err error) {
	documents := make([]Document, len(rows))
	for i, r := range rows {
		if documents[i], err = documentOf(r); err != nil {
			return nil, err
		}
	}
	return documents, nil
}

func documentOf(r db.Document) (Document, error) {
	d := Document{ID: r.Document, Device: device.ID(r.Device), Agent: r.Agent, Source: r.Source, Connection: r.Connection, Kind: inventory.Kind(r.Kind),
		Collector: r.Collector, Collected: instant(r.Collected), Received: instant(r.Received), Effective: instant(r.Effective), Recorded: instant(r.Recorded),
		Size: r.Size, RawSize: r.RawSize, Points: int(r.Points), Remark: r.Remark}
	if err := json.Unmarshal([]byte(r.Digests), &d.Digests); err != nil {
		return d, fmt.Errorf("read the digests of document %s: %w", r.Document, err)
	}
	return d, nil
}

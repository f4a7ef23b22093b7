package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/highwater-sam/highwater/catalog"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/store/db"
)

// Evidence is a set of software titles and the hash that names it (device.EvidencePart.Hash): hexadecimal, 32 bytes.
type Evidence struct {
	Hash   string
	Titles []catalog.Title
	Sums   [][sha256.Size]byte // catalog.Title.Sum of each title, where they are known; nil = not
}

// titleHash finds a title in the dictionary (catalog.Title.Sum).
type titleHash = [sha256.Size]byte

func hashTitle(t *catalog.Title) titleHash { return t.Sum() }

// titleDictionary numbers titles and keeps sets of them. It writes in commits of its own, never in a device's
// transaction: thousands of devices share these rows.
type titleDictionary struct {
	store *Store
	group *group[*evidenceItem]
	ids   generations[titleHash, int64]
	sets  generations[string, struct{}]
	texts generations[int64, catalog.Title]
}

type evidenceItem struct {
	hash   []byte
	titles []catalog.Title
	hashes []titleHash
	ids    []int64 // 0: not known yet
	err    error
	done   chan struct{}
}

func newTitleDictionary(s *Store) *titleDictionary {
	d := &titleDictionary{store: s}
	d.ids.limit, d.sets.limit, d.texts.limit = 500_000, 200_000, 200_000
	d.group = newGroup(32, d.commit)
	return d
}

func (d *titleDictionary) close() { d.group.close() }

// keep makes sure that a set is in the database, committed.
func (d *titleDictionary) keep(ctx context.Context, e Evidence) error {
	if _, ok := d.sets.get(e.Hash); ok {
		return nil
	}
	hash, err := setHash(e.Hash)
	if err != nil {
		return err
	}
	if _, err := d.store.q.HasEvidenceSet(ctx, hash); err == nil {
		d.sets.put(e.Hash, struct{}{})
		return nil
	} else if !errors.Is(err, sql.ErrNoRows) {
		return explain(d.store.dialect, err, "look up a set of titles")
	}
	item := &evidenceItem{hash: hash, titles: e.Titles, hashes: e.Sums, ids: make([]int64, len(e.Titles)), done: make(chan struct{})}
	if len(item.hashes) != len(e.Titles) {
		item.hashes = make([]titleHash, len(e.Titles))
		for i := range e.Titles {
			item.hashes[i] = hashTitle(&e.Titles[i])
		}
	}
	d.ids.fill(item.hashes, item.ids)
	if !d.group.add(item) {
		return errClosed
	}
	<-item.done
	if item.err != nil {
		return explain(d.store.dialect, item.err, "keep a set of titles")
	}
	d.sets.put(e.Hash, struct{}{})
	return nil
}

func setHash(text string) ([]byte, error) {
	hash, err := hex.DecodeString(text)
	if err != nil || len(hash) != sha256.Size {
		return nil, fmt.Errorf("%q is not the hash of a set of titles", text)
	}
	return hash, nil
}

// commit numbers the titles of several sets and keeps the sets: one transaction, or one each when that fails.
func (d *titleDictionary) commit(items []*evidenceItem) {
	if err := d.commitAll(items); err != nil {
		for _, item := range items {
			if len(items) > 1 {
				err = d.commitAll([]*evidenceItem{item})
			}
			item.err = err
		}
	}
	for _, item := range items {
		close(item.done)
	}
}

func (d *titleDictionary) commitAll(items []*evidenceItem) error {
	ctx := context.Background()
	numbers := map[titleHash]int64{}
	unknown, titles, err := d.missing(ctx, items, numbers)
	if err != nil {
		return err
	}
	// Before the transaction: on SQLite there is only one at a time.
	first, err := d.store.ids.next(ctx, "title", int64(len(unknown)))
	if err != nil {
		return err
	}
	err = d.store.writeTx(ctx, "keep titles", true, func(tx writeTx) error {
		if err := d.insert(ctx, tx, first, unknown, titles, numbers); err != nil {
			return err
		}
		sets := make(bulkRows, 0, len(items)*len(setRows.columns))
		for _, item := range items {
			ids := slices.Clone(item.ids) // what this transaction numbers holds only if it commits
			for i := range ids {
				if ids[i] == 0 {
					ids[i] = numbers[item.hashes[i]]
				}
				if ids[i] == 0 {
					return errors.New("a title has no number")
				}
			}
			sets = append(sets, item.hash, int64(len(ids)), encodeSet(ids))
		}
		_, err := setRows.insert(ctx, tx, sets)
		return err
	})
	if err == nil {
		for _, h := range unknown {
			d.ids.put(h, numbers[h])
		}
	}
	return err
}

var (
	titleRows = newBulk("titles", "id, hash, kind, source, name, version, arch, publisher, path, tag_id, edition, bytes", "ON CONFLICT (hash) DO NOTHING")
	setRows   = newBulk("evidence_sets", "hash, count, body", "ON CONFLICT (hash) DO NOTHING")
)

// missing fills in the numbers that are known, and returns the titles that are not, in order of hash: two servers that
// insert the same titles then wait for each other and never deadlock.
func (d *titleDictionary) missing(ctx context.Context, items []*evidenceItem, numbers map[titleHash]int64) ([]titleHash, map[titleHash]*catalog.Title, error) {
	titles := map[titleHash]*catalog.Title{}
	for _, item := range items {
		for i, h := range item.hashes {
			if item.ids[i] == 0 {
				titles[h] = &item.titles[i]
			}
		}
	}
	order := make([]titleHash, 0, len(titles))
	for h := range titles {
		if id, ok := d.ids.get(h); ok { // numbered since the item was handed over
			numbers[h] = id
			continue
		}
		order = append(order, h)
	}
	slices.SortFunc(order, func(a, b titleHash) int { return slices.Compare(a[:], b[:]) })
	unknown, err := d.lookUp(ctx, order, numbers)
	return unknown, titles, err
}

// lookUp fills in the numbers that the database has and returns the hashes it does not have.
func (d *titleDictionary) lookUp(ctx context.Context, hashes []titleHash, numbers map[titleHash]int64) (unknown []titleHash, err error) {
	found, err := d.store.dialect.titleIDs(ctx, hashes)
	if err != nil {
		return nil, err
	}
	for _, h := range hashes {
		id, ok := found[h]
		if !ok {
			unknown = append(unknown, h)
			continue
		}
		numbers[h] = id
		d.ids.put(h, id)
	}
	return unknown, nil
}

// insert numbers titles that are unknown, in the transaction that keeps the sets of them.
func (d *titleDictionary) insert(ctx context.Context, tx writeTx, first int64, hashes []titleHash, titles map[titleHash]*catalog.Title, numbers map[titleHash]int64) error {
	if len(hashes) == 0 {
		return nil
	}
	values := make(bulkRows, 0, len(hashes)*len(titleRows.columns))
	for i, h := range hashes {
		t := titles[h]
		id := first + int64(i)
		numbers[h] = id
		values = append(values, id, h[:], t.Kind, t.Source, t.Name, t.Version, t.Arch, t.Publisher, t.Path, t.ID, t.Edition, t.Bytes)
	}
	results, err := titleRows.insert(ctx, tx, values)
	if err != nil {
		return err
	}
	if n, err := affected(results); err != nil || n == int64(len(hashes)) {
		return err
	}
	// Another server has numbered some of them at this moment; it has committed, or we would still wait for it.
	for _, h := range hashes {
		var id int64
		if err := tx.QueryRowContext(ctx, "SELECT id FROM titles WHERE hash = $1", h[:]).Scan(&id); err != nil {
			return fmt.Errorf("a title is missing after it was kept: %w", err)
		}
		numbers[h] = id
	}
	return nil
}

// encodeSet packs the numbers of a set: sorted, each as its distance from the one before, compressed.
func encodeSet(ids []int64) []byte {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	packed := make([]byte, 0, len(ids)*2)
	var last int64
	for _, id := range ids {
		packed = binary.AppendUvarint(packed, uint64(id-last))
		last = id
	}
	return compressor().EncodeAll(packed, nil)
}

// decodeSet reads what encodeSet wrote.
func decodeSet(body []byte) ([]int64, error) {
	packed, err := decompressor().DecodeAll(body, nil)
	if err != nil {
		return nil, fmt.Errorf("decompress a set of titles: %w", err)
	}
	var ids []int64
	var last int64
	for len(packed) > 0 {
		step, n := binary.Uvarint(packed)
		if n <= 0 || step == 0 || step > 1<<62 || last+int64(step) < last {
			return nil, errors.New("a set of titles is damaged")
		}
		last += int64(step)
		ids = append(ids, last)
		packed = packed[n:]
	}
	return ids, nil
}

var compressor = sync.OnceValue(func() *zstd.Encoder {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
	if err != nil {
		panic("store: zstd options: " + err.Error())
	}
	return e
})

// maxUnpacked bounds what a damaged or forged body can cost.
const maxUnpacked = 256 << 20

var decompressor = sync.OnceValue(func() *zstd.Decoder {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxUnpacked))
	if err != nil {
		panic("store: zstd options: " + err.Error())
	}
	return d
})

// Titles returns the titles of a set by its hash, in order of their numbers. An unknown hash is a fault of kind NotFound.
func (s *Store) Titles(ctx context.Context, hash string) ([]catalog.Title, error) {
	raw, err := setHash(hash)
	if err != nil {
		return nil, fault.Wrap(err, fault.NotFound, "there is no set of titles %q", hash)
	}
	body, err := s.q.EvidenceSet(ctx, raw)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.New(fault.NotFound, "there is no set of titles %q", hash)
	}
	if err != nil {
		return nil, explain(s.dialect, err, "read a set of titles")
	}
	ids, err := decodeSet(body)
	if err != nil {
		return nil, fmt.Errorf("set %s: %w", hash, err)
	}
	titles := make([]catalog.Title, len(ids))
	for i, id := range ids {
		if titles[i], err = s.title(ctx, id); err != nil {
			return nil, fmt.Errorf("set %s: %w", hash, err)
		}
	}
	return titles, nil
}

func (s *Store) title(ctx context.Context, id int64) (catalog.Title, error) {
	if t, ok := s.titles.texts.get(id); ok {
		return t, nil
	}
	r, err := s.q.Title(ctx, id)
	if err != nil {
		return catalog.Title{}, explain(s.dialect, err, fmt.Sprintf("read title %d", id))
	}
	t := titleOf(r)
	s.titles.texts.put(id, t)
	return t, nil
}

func titleOf(r db.Title) catalog.Title {
	return catalog.Title{Kind: r.Kind, Source: r.Source, Name: r.Name, Version: r.Version, Arch: r.Arch, Publisher: r.Publisher, Path: r.Path, ID: r.TagID,
		Edition: r.Edition, Bytes: r.Bytes}
}

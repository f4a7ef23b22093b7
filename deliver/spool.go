package deliver

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/highwater-sam/highwater/fault"
)

// SpoolLimits bound a spool. The zero value of a field means its default.
type SpoolLimits struct {
	Bytes int64 // default 256 MiB
	Items int   // default 100,000
	// Refuse makes a full spool refuse new items instead of dropping old ones: a relay has promised to keep them.
	Refuse bool
	// Rejected bounds the items that are kept because no receiver takes them; default 200.
	Rejected int
}

// Spool keeps items on disk until they are delivered. Each is one file, written beside, synced, renamed and the folder
// synced, so that after a crash at any moment an item is whole or not there. It is safe for concurrent use, and several
// processes may use one folder: what one of them put or delivered, the others find on their next look.
type Spool struct {
	folder string
	limits SpoolLimits
	write  func(name string, b []byte) error // creates, writes and syncs a file; tests make it fail

	mu      sync.Mutex
	index   []entry // oldest first
	bytes   int64
	scanned time.Time
	put     chan struct{} // receives when an item was put; capacity 1
	written int           // files begun, for their temporary names
	renamed int           // files given their name
	refused int           // items set aside

	reserved struct { // by items that are being written
		items int
		bytes int64
	}

	syncing sync.Mutex // held while the folder is synced; taken without mu
	synced  int        // value of renamed that is durable; guarded by syncing
}

// entry is one item's file. Its name holds all that is needed to order and to drop: time, weight, id.
type entry struct {
	name   string
	at     int64 // microseconds
	weight Weight
	id     string
	size   int64
}

// rescan is how old a look at the folder may be before it is repeated for what other processes did.
const rescan = 5 * time.Second

// OpenSpool opens the spool in a folder, which is made when it is not there. What a crash left half written is removed.
func OpenSpool(folder string, limits SpoolLimits) (*Spool, error) {
	if limits.Bytes <= 0 {
		limits.Bytes = 256 << 20
	}
	if limits.Items <= 0 {
		limits.Items = 100_000
	}
	if limits.Rejected <= 0 {
		limits.Rejected = keptRejected
	}
	s := &Spool{folder: folder, limits: limits, write: writeSynced, put: make(chan struct{}, 1)}
	for _, sub := range []string{"new", "items", "rejected"} {
		if err := os.MkdirAll(filepath.Join(folder, sub), 0o700); err != nil {
			return nil, fault.Wrap(err, fault.Unavailable, "the spool folder %s cannot be used", folder)
		}
	}
	old := time.Now().Add(-time.Hour) // another process may be writing now
	if left, err := os.ReadDir(filepath.Join(folder, "new")); err == nil {
		for _, e := range left {
			if info, err := e.Info(); err == nil && info.ModTime().Before(old) {
				_ = os.Remove(filepath.Join(folder, "new", e.Name()))
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s, s.look()
}

// look reads the folder anew. The caller holds mu.
func (s *Spool) look() error {
	list, err := os.ReadDir(filepath.Join(s.folder, "items"))
	if err != nil {
		return fmt.Errorf("read the spool: %w", err)
	}
	s.index, s.bytes = s.index[:0], 0
	for _, f := range list {
		e, ok := parseName(f.Name())
		if !ok {
			continue
		}
		info, err := f.Info()
		if err != nil {
			continue // delivered by another process between the two looks
		}
		e.size = info.Size()
		s.index = append(s.index, e)
		s.bytes += e.size
	}
	slices.SortFunc(s.index, compareEntries)
	s.scanned = time.Now()
	return nil
}

func compareEntries(a, b entry) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.id, b.id)) }

func entryOf(i Item) entry {
	at := i.At.UTC().UnixMicro()
	return entry{name: fmt.Sprintf("%020d.%d.%s.item", at, i.Weight, i.ID), at: at, weight: i.Weight, id: i.ID}
}

func parseName(name string) (entry, bool) {
	f := strings.Split(name, ".")
	if len(f) != 4 || f[3] != "item" || len(f[0]) != 20 {
		return entry{}, false
	}
	at, err := strconv.ParseInt(f[0], 10, 64)
	weight, err2 := strconv.Atoi(f[1])
	return entry{name: name, at: at, weight: Weight(weight), id: f[2]}, err == nil && err2 == nil
}

// Put keeps items. When it returns nil all of them are durable; an item that is kept already counts as put. A full
// spool drops the oldest ordinary items, then the oldest precious ones, and counts them; or refuses, as its limits say.
// A fault of kind Unavailable says that the disk does not take it now; nothing of the items is kept then that would
// need removing. Calls at the same time write beside each other and share the syncing of the folder.
func (s *Spool) Put(items ...Item) error {
	for _, i := range items {
		if err := s.putOne(i); err != nil {
			return err
		}
	}
	if err := s.syncItems(); err != nil {
		return s.cannot(err)
	}
	select {
	case s.put <- struct{}{}:
	default:
	}
	return nil
}

// putOne writes one item's file; its name is durable after the next syncItems.
func (s *Spool) putOne(i Item) error {
	e := entryOf(i)
	frame, err := appendFrame(nil, i)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "the item cannot be kept")
	}
	sum := sha256.Sum256(frame)
	b := append(sum[:], frame...)
	e.size = int64(len(b))
	temporary, found, err := s.reserve(e)
	if found || err != nil {
		return err
	}
	err = s.write(temporary, b)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reserved.items--
	s.reserved.bytes -= e.size
	if err == nil {
		err = os.Rename(temporary, filepath.Join(s.folder, "items", e.name))
	}
	if err != nil {
		_ = os.Remove(temporary)
		return s.cannot(err)
	}
	if at, found := slices.BinarySearchFunc(s.index, e, compareEntries); !found { // the same item may have come twice at once
		s.index = slices.Insert(s.index, at, e)
		s.bytes += e.size
	}
	s.renamed++
	return nil
}

// reserve makes room for an item that is not kept yet, and returns the file to write it to.
func (s *Spool) reserve(e entry) (temporary string, found bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, found := slices.BinarySearchFunc(s.index, e, compareEntries); found {
		return "", true, nil
	}
	if err := s.makeRoom(e.size); err != nil {
		return "", false, err
	}
	s.reserved.items++
	s.reserved.bytes += e.size
	s.written++
	return filepath.Join(s.folder, "new", fmt.Sprintf("%s-%d-%d", e.name, os.Getpid(), s.written)), false, nil
}

// syncItems makes every name durable that was given before the call. One sync serves all who wait for it.
func (s *Spool) syncItems() error {
	s.mu.Lock()
	mine := s.renamed
	s.mu.Unlock()
	s.syncing.Lock()
	defer s.syncing.Unlock()
	if s.synced >= mine && mine > 0 {
		return nil
	}
	s.mu.Lock()
	all := s.renamed
	s.mu.Unlock()
	if err := syncFolder(filepath.Join(s.folder, "items")); err != nil {
		return err
	}
	s.synced = all
	return nil
}

func (s *Spool) cannot(err error) error {
	return fault.Wrap(err, fault.Unavailable, "the spool folder %s takes nothing now (disk full, or not writable?)", s.folder)
}

// makeRoom drops or refuses until size more bytes fit. The caller holds mu.
func (s *Spool) makeRoom(size int64) error {
	if size > s.limits.Bytes {
		return fault.New(fault.TooLarge, "an item of %d bytes does not fit into a spool of %d", size, s.limits.Bytes)
	}
	for s.bytes+s.reserved.bytes+size > s.limits.Bytes || len(s.index)+s.reserved.items >= s.limits.Items {
		if s.limits.Refuse {
			return fault.New(fault.Unavailable, "the spool is full: %d items, %d bytes wait", len(s.index), s.bytes)
		}
		if len(s.index) == 0 {
			return fault.New(fault.Unavailable, "the spool is full of what is being written; try again")
		}
		victim := slices.IndexFunc(s.index, func(e entry) bool { return e.weight == Ordinary })
		if victim < 0 {
			victim = 0
		}
		if err := s.countDropped(); err != nil {
			return err
		}
		if err := s.removeAt(victim); err != nil {
			return err
		}
	}
	return nil
}

// removeAt removes one item's file. The caller holds mu.
func (s *Spool) removeAt(n int) error {
	e := s.index[n]
	if err := os.Remove(filepath.Join(s.folder, "items", e.name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove item %s from the spool: %w", e.id, err)
	}
	s.index = slices.Delete(s.index, n, n+1)
	s.bytes -= e.size
	return nil
}

// Waits returns a channel that receives when items were put since the last look.
func (s *Spool) Waits() <-chan struct{} { return s.put }

// Oldest returns the oldest items: at most count of them, and at most size bytes unless the first alone is larger. A
// file that is damaged is set aside as rejected and skipped.
func (s *Spool) Oldest(count int, size int64) ([]Item, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.scanned) > rescan || time.Since(s.scanned) < 0 || len(s.index) == 0 {
		if err := s.look(); err != nil {
			return nil, err
		}
	}
	var out []Item
	for n := 0; n < len(s.index) && len(out) < count; {
		e := s.index[n]
		if len(out) > 0 && size < e.size {
			break
		}
		i, err := s.read(e)
		switch {
		case errors.Is(err, fs.ErrNotExist): // another process delivered it
			s.index = slices.Delete(s.index, n, n+1)
			s.bytes -= e.size
		case errors.Is(err, errDamaged):
			if err := s.setAside(n, "damaged: "+err.Error()); err != nil {
				return nil, err
			}
		case err != nil:
			return nil, err
		default:
			out = append(out, i)
			size -= e.size
			n++
		}
	}
	return out, nil
}

var errDamaged = errors.New("the file is not what was written")

func (s *Spool) read(e entry) (Item, error) {
	b, err := os.ReadFile(filepath.Join(s.folder, "items", e.name))
	if err != nil {
		return Item{}, fmt.Errorf("read item %s from the spool: %w", e.id, err)
	}
	if len(b) < sha256.Size {
		return Item{}, fmt.Errorf("%w: %d bytes", errDamaged, len(b))
	}
	if sum := sha256.Sum256(b[sha256.Size:]); !bytes.Equal(sum[:], b[:sha256.Size]) {
		return Item{}, fmt.Errorf("%w: its checksum differs", errDamaged)
	}
	r := bufio.NewReader(bytes.NewReader(b[sha256.Size:]))
	i, err := readFrame(r)
	if err != nil || i.ID != e.id {
		return Item{}, fmt.Errorf("%w: item %q: %w", errDamaged, i.ID, err)
	}
	return i, nil
}

// Done removes an item that was delivered. It is no error when it is gone already.
func (s *Spool) Done(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.find(id); n >= 0 {
		return s.removeAt(n)
	}
	return nil
}

func (s *Spool) find(id string) int {
	return slices.IndexFunc(s.index, func(e entry) bool { return e.id == id })
}

// Clear removes every item, also the rejected ones.
func (s *Spool) Clear() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sub := range []string{"items", "rejected", "new"} {
		folder := filepath.Join(s.folder, sub)
		list, err := os.ReadDir(folder)
		if err != nil {
			return fmt.Errorf("clear the spool: %w", err)
		}
		for _, e := range list {
			if err := os.Remove(filepath.Join(folder, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("clear the spool: %w", err)
			}
		}
	}
	if err := os.Remove(filepath.Join(s.folder, "dropped.json")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("clear the spool: %w", err)
	}
	s.index, s.bytes = nil, 0
	return nil
}

// SpoolStats says what waits in a spool.
type SpoolStats struct {
	Items    int       `json:"items"`
	Bytes    int64     `json:"bytes"`
	Oldest   time.Time `json:"oldest,omitzero"` // of the items that wait, by their maker's clock
	Rejected int       `json:"rejected"`        // set aside because no receiver takes them
	Dropped  int       `json:"dropped"`         // since DroppedAll was last called
}

// Stats returns what waits.
func (s *Spool) Stats() (SpoolStats, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.look(); err != nil {
		return SpoolStats{}, err
	}
	out := SpoolStats{Items: len(s.index), Bytes: s.bytes, Dropped: s.dropped()}
	if len(s.index) > 0 {
		out.Oldest = time.UnixMicro(s.index[0].at).UTC()
	}
	list, err := os.ReadDir(filepath.Join(s.folder, "rejected"))
	if err != nil {
		return SpoolStats{}, fmt.Errorf("read the spool: %w", err)
	}
	for _, e := range list {
		if strings.HasSuffix(e.Name(), ".item") {
			out.Rejected++
		}
	}
	return out, nil
}

// countDropped adds one to the kept count of dropped items. The caller holds mu.
func (s *Spool) countDropped() error {
	b, err := json.Marshal(s.dropped() + 1)
	if err == nil {
		err = replace(filepath.Join(s.folder, "dropped.json"), b, s.write)
	}
	if err != nil {
		return s.cannot(err)
	}
	return nil
}

func (s *Spool) dropped() int {
	var n int
	b, err := os.ReadFile(filepath.Join(s.folder, "dropped.json"))
	if err != nil || json.Unmarshal(b, &n) != nil {
		return 0
	}
	return n
}

// DroppedAll says that the count of dropped items has been reported and begins it anew, less what was dropped since.
func (s *Spool) DroppedAll(reported int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := json.Marshal(max(0, s.dropped()-reported))
	if err == nil {
		err = replace(filepath.Join(s.folder, "dropped.json"), b, s.write)
	}
	return err
}

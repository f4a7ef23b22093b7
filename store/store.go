// Package store keeps everything Highwater knows, in an embedded SQLite file or in PostgreSQL: documents, history,
// configuration, measurements, people. It is the only package that knows tables.
//
// One SQL text serves both databases: store/queries, compiled by sqlc into store/db. What must differ is in sqlite.go
// and postgres.go. History is only ever appended (see device.Point); decisions taken on what was read before are guarded
// by a version of the device, so that two documents at once never undo each other (see Store.Intake).
package store

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/store/db"
)

// Options are what a caller may choose. The zero value is right for a server.
type Options struct {
	Logger *slog.Logger     // of migrations and of what is tried again; nil = none
	Clock  func() time.Time // record times; nil = time.Now
	// Group bounds how many documents one commit may hold; 0 = 128.
	Group int
	// Readers bounds the connections that read at once; 0 = 8.
	Readers int
}

// Store is an open database. It is safe for concurrent use.
type Store struct {
	dialect dialect
	options Options
	q       *db.Queries // reads, through the pool
	ids     ids
	clock   recordClock
	intake  *group[*intakeItem]
	titles  *titleDictionary
	shapes  *shapeDictionary

	closing sync.Once
	closed  error // what closing answered
}

// dialect is what the two databases do differently.
type dialect interface {
	name() string
	local() bool // an embedded database, whose planner wants a search by several keys written as a join
	reader() db.DBTX
	// begin opens the transaction that writes. On SQLite there is one at a time. A light transaction does not wait for the
	// disk when it commits, where that is safe: it is durable at the latest with the next one that does.
	begin(ctx context.Context, light bool) (writeTx, error)
	// snapshot opens a transaction that reads one state of the database however long it takes.
	snapshot(ctx context.Context) (*sql.Tx, error)
	// lockIdentities makes others that add matching keys wait until the transaction ends.
	lockIdentities(ctx context.Context, tx writeTx) error
	// textKey is the SQL expression by which a text column is sorted and compared: without regard to ASCII case, by code point.
	textKey(column string) string
	// titleIDs looks up many titles at once; those that are missing are not in the answer.
	titleIDs(ctx context.Context, hashes []titleHash) (map[titleHash]int64, error)
	migrate(ctx context.Context, log *slog.Logger) error
	// cause names the trouble behind a driver's error; "" when it is none of the known ones.
	cause(err error) trouble
	close() error
}

// trouble is what can be wrong with a database, whichever it is.
type trouble string

const (
	duplicate   trouble = "duplicate"   // a unique key exists already
	full        trouble = "full"        // the disk is full
	readOnly    trouble = "read-only"   // the file or folder may not be written
	unreachable trouble = "unreachable" // the server does not answer
	busy        trouble = "busy"        // another process holds the lock, or a deadlock or serialization failure
	corrupt     trouble = "corrupt"     // the file is damaged or no database
)

// writeTx is one transaction that writes. Exec may be deferred until a result is asked for, a query is made or the
// transaction commits; an error then appears there.
type writeTx interface {
	db.DBTX
	Commit() error
	Rollback()
}

// Open opens the database that dsn names and brings its schema up to date:
//
//	sqlite:/var/lib/highwater       a folder; it is made when missing, the file is highwater.db
//	postgres://user@host/database   any URL PostgreSQL's libpq understands
//
// Errors are faults that say what to do: an unwritable folder, a full disk, a server that does not answer, a schema that
// a newer version has made.
func Open(ctx context.Context, dsn string, options Options) (*Store, error) {
	d, err := open(ctx, dsn, options)
	if err != nil {
		return nil, err
	}
	log := options.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if err := d.migrate(ctx, log); err != nil {
		_ = d.close() // the first error is the one to tell
		return nil, explain(d, err, "open the database")
	}
	if options.Clock == nil {
		options.Clock = time.Now
	}
	if options.Group == 0 {
		options.Group = 128
	}
	s := &Store{dialect: d, options: options, q: db.New(d.reader()), clock: recordClock{now: options.Clock}}
	s.ids.take = s.takeIDs
	s.titles = newTitleDictionary(s)
	s.shapes = newShapeDictionary(s)
	s.intake = newGroup(options.Group, s.commitIntake)
	return s, nil
}

func open(ctx context.Context, dsn string, options Options) (dialect, error) {
	if folder, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
		return openSQLite(ctx, folder, options)
	}
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		return openPostgres(ctx, dsn, options)
	}
	return nil, fault.New(fault.Invalid, "the database is named sqlite:FOLDER or postgres://USER@HOST/DATABASE, not %.20q", dsn)
}

// Close ends intake after what is under way, and closes the database. Closing again does nothing and answers as before.
func (s *Store) Close() error {
	s.closing.Do(func() {
		s.intake.close()
		s.titles.close()
		if err := s.dialect.close(); err != nil {
			s.closed = fmt.Errorf("close the database: %w", err)
		}
	})
	return s.closed
}

// Database names the kind of database: "sqlite" or "postgres".
func (s *Store) Database() string { return s.dialect.name() }

// write runs f in a transaction that writes, and commits it when f returns nil.
func (s *Store) write(ctx context.Context, what string, f func(*db.Queries) error) error {
	return s.writeTx(ctx, what, false, func(tx writeTx) error { return f(db.New(tx)) })
}

// writeTx is write for those who need the transaction itself. A light one is for what means nothing before a later
// transaction refers to it: the database keeps their order, so it cannot be lost while the later one is kept.
func (s *Store) writeTx(ctx context.Context, what string, light bool, f func(writeTx) error) error {
	tx, err := s.dialect.begin(ctx, light)
	if err != nil {
		return explain(s.dialect, err, what)
	}
	defer tx.Rollback()
	if err := f(tx); err != nil {
		return explain(s.dialect, err, what)
	}
	return explain(s.dialect, tx.Commit(), what)
}

// explain wraps err with the operation, and turns what a person can mend into a fault that says so.
func explain(d dialect, err error, what string) error {
	if err == nil {
		return nil
	}
	if fault.KindOf(err) != fault.Internal {
		return err
	}
	switch d.cause(err) {
	case full:
		return fault.Wrap(err, fault.Unavailable, "cannot %s: the disk of the database is full; free space and try again", what)
	case readOnly:
		return fault.Wrap(err, fault.Unavailable, "cannot %s: the database may not be written; check the rights of its folder and files", what)
	case unreachable:
		return fault.Wrap(err, fault.Unavailable, "cannot %s: the database server does not answer", what)
	case busy:
		return fault.Wrap(err, fault.Unavailable, "cannot %s: the database is busy with another process; try again", what)
	case corrupt:
		return fault.Wrap(err, fault.Unavailable, "cannot %s: the database file is damaged or is no database; restore it from a backup", what)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// recordClock gives record times: microseconds UTC that never go back within this process.
type recordClock struct {
	now  func() time.Time
	mu   sync.Mutex
	last int64
}

func (c *recordClock) next() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = max(c.last+1, c.now().UnixMicro())
	return c.last
}

// ids hands out ids block by block, so that many inserts cost one short transaction and several servers never give the
// same one. Gaps are normal.
type ids struct {
	take   func(ctx context.Context, name string, count int64) (first int64, err error)
	mu     sync.Mutex
	blocks map[string]*idBlock
}

type idBlock struct {
	mu        sync.Mutex
	next, end int64
}

// manyMade names what is made so often that a transaction for each id would cost too much. The rest has numbers without
// gaps, as people read them: run 7 follows run 6.
var manyMade = map[string]bool{"device": true, "document": true, "title": true, "shape": true}

// blockSize is how many ids are taken at once, of titles eight times as many: lost at each start, spared at each insert.
const blockSize = 512

// next returns the first of count ids in a row.
func (i *ids) next(ctx context.Context, name string, count int64) (int64, error) {
	i.mu.Lock()
	if i.blocks == nil {
		i.blocks = map[string]*idBlock{}
	}
	b := i.blocks[name]
	if b == nil {
		b = &idBlock{}
		i.blocks[name] = b
	}
	i.mu.Unlock()

	b.mu.Lock()
	defer b.mu.Unlock()
	if b.end-b.next < count {
		size := count
		if manyMade[name] {
			size = max(count, blockSize)
		}
		if name == "title" {
			size = max(count, 8*blockSize)
		}
		first, err := i.take(ctx, name, size)
		if err != nil {
			return 0, err
		}
		b.next, b.end = first, first+size
	}
	first := b.next
	b.next += count
	return first, nil
}

func (s *Store) takeIDs(ctx context.Context, name string, count int64) (int64, error) {
	var end int64
	err := s.writeTx(ctx, "reserve ids", true, func(tx writeTx) (err error) {
		end, err = db.New(tx).TakeIDs(ctx, name, count)
		return err
	})
	return end - count, err
}

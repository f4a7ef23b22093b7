package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/pressly/goose/v3"
	sqlite "modernc.org/sqlite"

	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/store/db"
)

// FileName is the name of the embedded database in its folder.
const FileName = "highwater.db"

// sqliteDB is an embedded database: one connection writes, others read beside it (WAL).
type sqliteDB struct {
	writer   *sql.DB // of one connection
	readers  *sql.DB
	readOnly *statements // of readers
	// turn is held by the one transaction that writes; conn and writes belong to its holder.
	turn   chan struct{}
	conn   *sql.Conn
	writes *statements
	waits  bool // whether a commit of conn waits for the disk
}

func openSQLite(ctx context.Context, folder string, options Options) (dialect, error) {
	if folder == "" {
		return nil, fault.New(fault.Invalid, "the database sqlite: names no folder; say sqlite:FOLDER")
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "cannot make the database folder %s: %s", folder, reason(err))
	}
	path := filepath.Join(folder, FileName)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "cannot open the database file %s: %s", path, reason(err))
	}
	if err := file.Close(); err != nil {
		return nil, fmt.Errorf("open the database file: %w", err)
	}
	readers := options.Readers
	if readers == 0 {
		readers = 8
	}
	// FULL: a commit is on the disk before it is acknowledged.
	writer, err := sqlitePool(ctx, path, 1, "synchronous(FULL)", "journal_mode(WAL)", "cache_size(-65536)", "wal_autocheckpoint(16384)")
	if err != nil {
		return nil, err
	}
	pool, err := sqlitePool(ctx, path, readers, "query_only(1)", "cache_size(-32768)", "mmap_size(1073741824)")
	if err != nil {
		_ = writer.Close() // the first error is the one to tell
		return nil, err
	}
	return &sqliteDB{writer: writer, readers: pool, readOnly: newStatements(pool), turn: make(chan struct{}, 1)}, nil
}

func sqlitePool(ctx context.Context, path string, connections int, pragmas ...string) (*sql.DB, error) {
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?_pragma=busy_timeout(10000)&_pragma=temp_store(MEMORY)"
	for _, p := range pragmas {
		dsn += "&_pragma=" + p
	}
	pool, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	if err := pool.PingContext(ctx); err != nil {
		_ = pool.Close() // the first error is the one to tell
		return nil, explain(&sqliteDB{}, err, "open "+path)
	}
	return pool, nil
}

// reason is the operating system's word for an error of a file, without the path that the message already has.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

func (*sqliteDB) name() string      { return "sqlite" }
func (*sqliteDB) local() bool       { return true }
func (s *sqliteDB) reader() db.DBTX { return s.readOnly }

func (s *sqliteDB) snapshot(ctx context.Context) (*sql.Tx, error) {
	return s.readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
}

// lockIdentities has nothing to do: the transaction that writes is the only one.
func (*sqliteDB) lockIdentities(context.Context, writeTx) error { return nil }

// textKey: lower() knows ASCII only, and text compares by code point.
func (*sqliteDB) textKey(column string) string { return "lower(" + column + ")" }

func (s *sqliteDB) titleIDs(ctx context.Context, hashes []titleHash) (map[titleHash]int64, error) {
	found := make(map[titleHash]int64, len(hashes))
	for part := range slices.Chunk(hashes, lookedUpAtOnce) {
		// The last part is filled up with its first hash, so that there is one text.
		args := make([]any, lookedUpAtOnce)
		for i := range args {
			args[i] = part[0][:]
			if i < len(part) {
				args[i] = part[i][:]
			}
		}
		rows, err := s.readOnly.QueryContext(ctx, titlesByHash, args...)
		if err != nil {
			return nil, err
		}
		if err := readTitleIDs(rows, found); err != nil {
			return nil, err
		}
	}
	return found, nil
}

const lookedUpAtOnce = 64

var titlesByHash = "SELECT hash, id FROM titles WHERE hash IN (?" + strings.Repeat(", ?", lookedUpAtOnce-1) + ")"

// readTitleIDs reads rows of hash and id, and closes them.
func readTitleIDs(rows *sql.Rows, into map[titleHash]int64) error {
	defer rows.Close() //nolint:errcheck // rows.Err has it
	for rows.Next() {
		var hash sql.RawBytes
		var id int64
		if err := rows.Scan(&hash, &id); err != nil {
			return err
		}
		into[titleHash(hash)] = id
	}
	return rows.Err()
}

func (s *sqliteDB) migrate(ctx context.Context, log *slog.Logger) error {
	return migrate(ctx, s.writer, goose.DialectSQLite3, clustered{migrations}, s, log)
}

func (s *sqliteDB) close() error {
	s.turn <- struct{}{} // wait for the transaction under way; none begins after it
	var err error
	if s.conn != nil {
		err = errors.Join(s.writes.close(), s.conn.Close())
	}
	return errors.Join(err, s.readOnly.close(), s.readers.Close(), s.writer.Close())
}

func (*sqliteDB) cause(err error) trouble {
	if errors.Is(err, syscall.ENOSPC) {
		return full
	}
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return ""
	}
	switch e.Code() {
	case 1555, 2067: // SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE
		return duplicate
	case 4874, 778: // SQLITE_IOERR_SHMSIZE and SQLITE_IOERR_WRITE: what a full disk looks like to WAL
		return full
	}
	switch e.Code() & 0xff {
	case 13: // SQLITE_FULL
		return full
	case 8, 14, 23: // SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_AUTH
		return readOnly
	case 5, 6: // SQLITE_BUSY, SQLITE_LOCKED
		return busy
	case 11, 26: // SQLITE_CORRUPT, SQLITE_NOTADB
		return corrupt
	}
	return ""
}

// sqliteTx is the writing transaction: the one writing connection, held until the end, with its prepared statements.
type sqliteTx struct {
	*statements
	owner *sqliteDB
	conn  *sql.Conn
	ended bool
}

func (s *sqliteDB) begin(ctx context.Context, light bool) (writeTx, error) {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if s.conn == nil {
		conn, err := s.writer.Conn(ctx)
		if err != nil {
			<-s.turn
			return nil, err
		}
		s.conn, s.writes, s.waits = conn, newStatements(conn), true // as the pool opens it
	}
	if err := s.wait(ctx, !light); err != nil {
		<-s.turn
		return nil, err
	}
	// IMMEDIATE: a transaction that writes says so at its begin, so that it never fails halfway for want of the lock.
	// A transaction is short; it is not cut off in the middle, which would cost a goroutine a statement.
	if _, err := s.writes.ExecContext(context.WithoutCancel(ctx), "BEGIN IMMEDIATE"); err != nil {
		<-s.turn
		return nil, err
	}
	return &sqliteTx{statements: s.writes, owner: s, conn: s.conn}, nil
}

// wait sets whether a commit waits for the disk. The log is written in order, so that what does not wait is durable
// with the next commit that does.
func (s *sqliteDB) wait(ctx context.Context, full bool) error {
	if s.waits == full {
		return nil
	}
	text := "PRAGMA synchronous = NORMAL"
	if full {
		text = "PRAGMA synchronous = FULL"
	}
	if _, err := s.conn.ExecContext(context.WithoutCancel(ctx), text); err != nil {
		return err
	}
	s.waits = full
	return nil
}

// Commit makes the transaction durable. After an error nothing of it holds.
func (t *sqliteTx) Commit() error {
	if _, err := t.ExecContext(context.Background(), "COMMIT"); err != nil {
		return err // Rollback ends it
	}
	t.ended = true
	<-t.owner.turn
	return nil
}

// Rollback undoes the transaction unless it is committed.
func (t *sqliteTx) Rollback() {
	if t.ended {
		return
	}
	t.ended = true
	// SQLite has rolled back by itself after some errors (a full disk): then this statement fails, and that is right.
	_, _ = t.ExecContext(context.Background(), "ROLLBACK")
	<-t.owner.turn
}

// ExecContext runs a statement that is not cut off by the end of ctx.
func (t *sqliteTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return t.statements.ExecContext(context.WithoutCancel(ctx), query, args...)
}

// QueryContext runs a query that is not cut off by the end of ctx.
func (t *sqliteTx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return t.statements.QueryContext(context.WithoutCancel(ctx), query, args...)
}

// QueryRowContext runs a query for one row that is not cut off by the end of ctx.
func (t *sqliteTx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return t.statements.QueryRowContext(context.WithoutCancel(ctx), query, args...)
}

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/store/db"
)

// postgresDB is a PostgreSQL database that several servers may share.
type postgresDB struct {
	pool *sql.DB
}

func openPostgres(ctx context.Context, dsn string, options Options) (dialect, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, fault.New(fault.Invalid, "the database address is no PostgreSQL URL: %s", withoutSecret(err))
	}
	// A commit is on the disk before it is acknowledged, whatever the server's default.
	config.RuntimeParams["synchronous_commit"] = "on"
	config.RuntimeParams["application_name"] = "highwater"
	config.RuntimeParams["timezone"] = "UTC"
	config.StatementCacheCapacity = 512
	pool := stdlib.OpenDB(*config)
	readers := options.Readers
	if readers == 0 {
		readers = 8
	}
	pool.SetMaxOpenConns(readers + 4) // the rest write
	pool.SetMaxIdleConns(readers + 4)
	p := &postgresDB{pool: pool}
	if err := pool.PingContext(ctx); err != nil {
		_ = pool.Close() // the first error is the one to tell
		where := net.JoinHostPort(config.Host, fmt.Sprint(config.Port))
		if strings.HasPrefix(config.Host, "/") {
			where = config.Host
		}
		return nil, fault.Wrap(err, fault.Unavailable, "cannot use the PostgreSQL database %q at %s as %q: %s", config.Database, where, config.User, serverSays(err))
	}
	return p, nil
}

// withoutSecret is a parse error's cause without the address it quotes.
func withoutSecret(err error) string {
	var parse *pgconn.ParseConfigError
	if errors.As(err, &parse) && parse.Unwrap() != nil {
		return parse.Unwrap().Error()
	}
	return "it does not parse"
}

// serverSays is why a connection failed, in a few words.
func serverSays(err error) string {
	var said *pgconn.PgError
	if errors.As(err, &said) {
		return said.Message
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err.Error()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "it does not answer"
	}
	return "the log has the cause"
}

func (*postgresDB) name() string      { return "postgres" }
func (*postgresDB) local() bool       { return false }
func (p *postgresDB) reader() db.DBTX { return p.pool }

func (p *postgresDB) snapshot(ctx context.Context) (*sql.Tx, error) {
	return p.pool.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead})
}

// identityLock is the advisory lock under which matching keys are added: any number that is ours alone.
const identityLock = 0x686967680001

func (*postgresDB) lockIdentities(ctx context.Context, tx writeTx) error {
	_, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", int64(identityLock))
	return err
}

// textKey: the "C" collation compares by code point, and its lower() knows ASCII only, as SQLite does.
func (*postgresDB) textKey(column string) string { return `lower(` + column + ` COLLATE "C")` }

func (p *postgresDB) titleIDs(ctx context.Context, hashes []titleHash) (map[titleHash]int64, error) {
	wanted := make([][]byte, len(hashes))
	for i := range hashes {
		wanted[i] = hashes[i][:]
	}
	rows, err := p.pool.QueryContext(ctx, "SELECT hash, id FROM titles WHERE hash = ANY($1)", wanted)
	if err != nil {
		return nil, err
	}
	found := make(map[titleHash]int64, len(hashes))
	return found, readTitleIDs(rows, found)
}

func (p *postgresDB) migrate(ctx context.Context, log *slog.Logger) error {
	if err := migrate(ctx, p.pool, goose.DialectPostgres, migrations, p, log); err != nil {
		return err
	}
	// Envelopes are compressed already: that PostgreSQL tries again would only cost time.
	const storage = "SELECT attstorage FROM pg_attribute WHERE attrelid = 'document_bodies'::regclass AND attname = 'body'"
	var how string
	if err := p.pool.QueryRowContext(ctx, storage).Scan(&how); err != nil || how == "e" {
		return err
	}
	_, err := p.pool.ExecContext(ctx, "ALTER TABLE document_bodies ALTER COLUMN body SET STORAGE EXTERNAL")
	return err
}

func (p *postgresDB) close() error { return p.pool.Close() }

func (*postgresDB) cause(err error) trouble {
	var said *pgconn.PgError
	if errors.As(err, &said) {
		switch said.Code {
		case "23505":
			return duplicate
		case "53100":
			return full
		case "25006":
			return readOnly
		case "40001", "40P01", "55P03", "53300":
			return busy
		case "57P01", "57P02", "57P03":
			return unreachable
		case "XX001", "XX002":
			return corrupt
		}
		return ""
	}
	var op *net.OpError
	var connect *pgconn.ConnectError
	if errors.As(err, &op) || errors.As(err, &connect) || errors.Is(err, os.ErrDeadlineExceeded) || pgconn.SafeToRetry(err) {
		return unreachable
	}
	return ""
}

// postgresTx is one transaction whose statements travel in batches: a statement without an answer costs no round trip.
type postgresTx struct {
	conn    *sql.Conn
	tx      *sql.Tx
	batch   pgx.Batch
	results []*deferredResult
	failed  error
}

// begin has no light transaction: the server may fall and lose it while this process lives on and remembers it.
func (p *postgresDB) begin(ctx context.Context, _ bool) (writeTx, error) {
	conn, err := p.pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	tx, err := conn.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		_ = conn.Close() // the first error is the one to tell
		return nil, err
	}
	return &postgresTx{conn: conn, tx: tx}, nil
}

// deferredResult is the outcome of a statement that may not have been sent yet. Asking sends what waits.
type deferredResult struct {
	owner *postgresTx
	rows  int64
	known bool
}

// LastInsertId does not exist here: ids are made by the application.
func (*deferredResult) LastInsertId() (int64, error) { return 0, errors.ErrUnsupported }

// RowsAffected sends what waits and returns how many rows the statement changed.
func (r *deferredResult) RowsAffected() (int64, error) {
	if !r.known {
		if err := r.owner.flush(context.Background()); err != nil {
			return 0, err
		}
	}
	return r.rows, nil
}

// batchLimit bounds the statements, and so the memory, of one batch.
const batchLimit = 4096

// ExecContext queues a statement. Its error appears at the next flush.
func (t *postgresTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if t.failed != nil {
		return nil, t.failed
	}
	r := &deferredResult{owner: t}
	t.batch.Queue(query, args...)
	t.results = append(t.results, r)
	if len(t.results) >= batchLimit {
		return r, t.flush(ctx)
	}
	return r, nil
}

// flush sends what waits and reads every outcome.
func (t *postgresTx) flush(ctx context.Context) error {
	if t.failed != nil || len(t.results) == 0 {
		return t.failed
	}
	t.failed = t.conn.Raw(func(driver any) error {
		answers := driver.(*stdlib.Conn).Conn().SendBatch(context.WithoutCancel(ctx), &t.batch)
		for _, r := range t.results {
			tag, err := answers.Exec()
			if err != nil {
				return errors.Join(err, ignoreClose(answers))
			}
			r.rows, r.known = tag.RowsAffected(), true
		}
		return answers.Close()
	})
	t.batch, t.results = pgx.Batch{}, nil
	return t.failed
}

// ignoreClose ends a failed batch, whose error is already known.
func ignoreClose(answers pgx.BatchResults) error {
	_ = answers.Close()
	return nil
}

// PrepareContext sends what waits and prepares a statement.
func (t *postgresTx) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	if err := t.flush(ctx); err != nil {
		return nil, err
	}
	return t.tx.PrepareContext(ctx, query)
}

// QueryContext sends what waits and runs a query.
func (t *postgresTx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := t.flush(ctx); err != nil {
		return nil, err
	}
	return t.tx.QueryContext(ctx, query, args...)
}

// QueryRowContext sends what waits and runs a query for one row. Where sending failed, the query fails too: the
// transaction is aborted.
func (t *postgresTx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	_ = t.flush(ctx)
	return t.tx.QueryRowContext(ctx, query, args...)
}

// Commit sends what waits and makes the transaction durable.
func (t *postgresTx) Commit() error {
	if err := t.flush(context.Background()); err != nil {
		return err
	}
	if err := t.tx.Commit(); err != nil {
		return err
	}
	return t.release()
}

// Rollback undoes the transaction unless it is committed.
func (t *postgresTx) Rollback() {
	if t.conn == nil {
		return
	}
	_ = t.tx.Rollback() // a broken connection has rolled back by itself
	_ = t.release()
}

func (t *postgresTx) release() error {
	conn := t.conn
	t.conn = nil
	return conn.Close()
}

package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/store/db"
)

//go:embed migrations/*.sql
var migrations embed.FS

//go:embed views/*.sql
var views embed.FS

// migrate brings the schema up to date, one process at a time, and makes the views anew when their text has changed.
func migrate(ctx context.Context, pool *sql.DB, dialect goose.Dialect, text fs.FS, d dialect, log *slog.Logger) error {
	folder, err := fs.Sub(text, "migrations")
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if dialect == goose.DialectPostgres {
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return fmt.Errorf("migration lock: %w", err)
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	provider, err := goose.NewProvider(dialect, pool, folder, options...)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	if err := refuseNewer(ctx, provider); err != nil {
		return err
	}
	started := time.Now()
	done, err := provider.Up(ctx)
	if err != nil {
		return fmt.Errorf("bring the schema up to date: %w", err)
	}
	for _, m := range done {
		log.Info("database schema brought up to date", "migration", m.Source.Path, "took", m.Duration)
	}
	if err := makeViews(ctx, pool); err != nil {
		return err
	}
	log.Debug("database ready", "database", d.name(), "took", time.Since(started))
	return nil
}

// refuseNewer stops an old program from working on a schema it does not know.
func refuseNewer(ctx context.Context, provider *goose.Provider) error {
	has, wants, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if has > wants {
		return fault.New(fault.Conflict, "the database has schema %d, made by a newer version of Highwater; this one knows up to %d: run the newer version", has, wants)
	}
	return nil
}

// makeViews drops and makes every view when their text is not the one the database has. Views hold no data.
func makeViews(ctx context.Context, pool *sql.DB) error {
	names, text, err := viewText()
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(text))
	digest := hex.EncodeToString(sum[:])
	has, err := db.New(pool).Fact(ctx, "views")
	if err == nil && has == digest {
		return nil
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("read which views there are: %w", err)
	}
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("make the views: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // of no effect after the commit
	// Taking the row first makes two servers that start together wait for each other.
	if err := db.New(tx).SetFact(ctx, "views", digest); err != nil {
		return fmt.Errorf("make the views: %w", err)
	}
	for i := len(names) - 1; i >= 0; i-- {
		if _, err := tx.ExecContext(ctx, "DROP VIEW IF EXISTS "+names[i]); err != nil {
			return fmt.Errorf("drop view %s: %w", names[i], err)
		}
	}
	for _, statement := range strings.Split(text, ";\n") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("make the views: %w in %.80q", err, statement)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("make the views: %w", err)
	}
	return nil
}

// viewText returns the views' names in the order they are made, and their text without comments.
func viewText() (names []string, text string, err error) {
	files, err := fs.Glob(views, "views/*.sql")
	if err != nil {
		return nil, "", fmt.Errorf("views: %w", err)
	}
	var all strings.Builder
	for _, file := range files {
		content, err := views.ReadFile(file)
		if err != nil {
			return nil, "", fmt.Errorf("views: %w", err)
		}
		for line := range strings.Lines(string(content)) {
			if strings.HasPrefix(strings.TrimSpace(line), "--") {
				continue
			}
			all.WriteString(line)
			if rest, ok := strings.CutPrefix(line, "CREATE VIEW "); ok {
				name, _, _ := strings.Cut(rest, " ")
				names = append(names, name)
			}
		}
	}
	return names, all.String(), nil
}

// clustered is the migrations as SQLite reads them: a "BIGINT PRIMARY KEY" is the row id itself, and a table marked
// "-- clustered" keeps its rows in the order of its key, which halves the space and makes reading a device's history
// one sequential read.
type clustered struct{ fs.FS }

// Open opens a file with the two phrases replaced.
func (c clustered) Open(name string) (fs.File, error) {
	file, err := c.FS.Open(name)
	if err != nil || !strings.HasSuffix(name, ".sql") {
		return file, err
	}
	defer file.Close() //nolint:errcheck // read only
	content, err := fs.ReadFile(c.FS, name)
	if err != nil {
		return nil, err
	}
	content = bytes.ReplaceAll(content, []byte("BIGINT PRIMARY KEY"), []byte("INTEGER PRIMARY KEY"))
	content = bytes.ReplaceAll(content, []byte("); -- clustered"), []byte(") WITHOUT ROWID;"))
	info, err := file.Stat()
	return &replaced{Reader: bytes.NewReader(content), info: info}, err
}

type replaced struct {
	*bytes.Reader
	info fs.FileInfo
}

// Stat describes the file as it is in the program, before the replacement.
func (r *replaced) Stat() (fs.FileInfo, error) { return r.info, nil }

// Close has nothing to close.
func (r *replaced) Close() error { return nil }

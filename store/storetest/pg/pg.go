// Package pg starts a private PostgreSQL for tests and benchmarks, that ends with the program, and makes fresh databases
// on it or on any other server.
package pg

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// Program is where Debian and the PostgreSQL project's packages put the server, as a pattern of paths.
const Program = "/usr/lib/postgresql/*/bin/postgres"

// Start starts the private server with the programs of a folder, once, and returns its administrator's URL. Stop ends it.
func Start(bin string) (string, error) {
	private.start(bin)
	return private.url("postgres"), private.err
}

// PID is the process id of the private server, for those who measure it; 0 = none runs.
func PID() int {
	if private.process == nil || private.process.Process == nil {
		return 0
	}
	return private.process.Process.Pid
}

// Stop ends the private server, if one runs, and removes its files.
func Stop() error { return private.stop() }

var count atomic.Int64

// Create makes a database on the server that the administrator's URL names, and returns its URL and how to drop it.
func Create(admin string) (dsn string, drop func() error, err error) {
	u, err := url.Parse(admin)
	if err != nil {
		return "", nil, fmt.Errorf("the server's address: %w", err)
	}
	name := fmt.Sprintf("highwater_test_%d_%d", os.Getpid(), count.Add(1))
	if err := execute(admin, "CREATE DATABASE "+name+" TEMPLATE template0 ENCODING 'UTF8'"); err != nil {
		return "", nil, err
	}
	u.Path = "/" + name
	return u.String(), func() error { return execute(admin, "DROP DATABASE "+name+" WITH (FORCE)") }, nil
}

func execute(dsn, statement string) error {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return err
	}
	_, err = db.Exec(statement)
	return errors.Join(err, db.Close())
}

// cluster is a private server on a socket in its own folder: nothing listens on the network.
type cluster struct {
	once    sync.Once
	folder  string
	process *exec.Cmd
	err     error
}

var private cluster

func (c *cluster) url(database string) string {
	return "postgres:///" + database + "?user=postgres&host=" + url.QueryEscape(c.folder)
}

func (c *cluster) start(bin string) {
	c.once.Do(func() {
		if c.err = c.initialize(bin); c.err == nil {
			c.err = c.ready()
		}
	})
}

func (c *cluster) initialize(bin string) error {
	folder, err := os.MkdirTemp("", "hwpg")
	if err != nil {
		return err
	}
	c.folder = folder
	as, err := c.asPostgres()
	if err != nil {
		return err
	}
	data := filepath.Join(folder, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync") //nolint:gosec // a test's own program
	initdb.SysProcAttr, initdb.Dir = as, folder
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	// The server as it is delivered: commits are durable. Only its memory is small.
	c.process = exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "shared_buffers=256MB", "-c", "max_wal_size=2GB", "-c", "max_connections=200") //nolint:gosec // a test's own program
	c.process.SysProcAttr, c.process.Dir = as, folder
	log, err := os.Create(filepath.Join(folder, "log"))
	if err != nil {
		return err
	}
	defer log.Close() //nolint:errcheck // the server has its own handle
	c.process.Stdout, c.process.Stderr = log, log
	return c.process.Start()
}

// ready waits until the server answers.
func (c *cluster) ready() error {
	db, err := sql.Open("pgx", c.url("postgres"))
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // nothing was written
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if err = db.PingContext(ctx); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			text, _ := os.ReadFile(filepath.Join(c.folder, "log"))
			return fmt.Errorf("PostgreSQL does not answer: %w; its log: %s", err, text)
		case <-tick.C:
		}
	}
}

func (c *cluster) stop() error {
	var err error
	if c.process != nil && c.process.Process != nil {
		// Fast: no client is left.
		err = c.process.Process.Signal(os.Interrupt)
		_ = c.process.Wait() // ends with a status of its own after a signal
	}
	if c.folder != "" {
		err = errors.Join(err, os.RemoveAll(c.folder))
	}
	return err
}

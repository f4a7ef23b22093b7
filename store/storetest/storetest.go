// Package storetest gives tests a store on each database, and holds what a store must do on every one of them.
package storetest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/highwater-sam/highwater/internal/need"
	"github.com/highwater-sam/highwater/store"
	"github.com/highwater-sam/highwater/store/storetest/pg"
)

// Databases are the kinds of database that Each runs on.
var Databases = []string{"sqlite", "postgres"}

// Main runs the tests of a binary that uses Each: func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }.
func Main(m *testing.M) int {
	code := m.Run()
	if err := pg.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, "stop the private PostgreSQL:", err)
		return max(code, 1)
	}
	return code
}

// ServerVariable names a PostgreSQL server to use instead of a private one: a URL whose user may create databases.
const ServerVariable = "HIGHWATER_TEST_POSTGRES"

// Each runs a test on an empty SQLite store and on an empty PostgreSQL store. On a machine without PostgreSQL that half
// is skipped, saying why. The binary's TestMain must call Main.
func Each(t *testing.T, test func(t *testing.T, st *store.Store)) {
	t.Helper()
	for _, database := range Databases {
		t.Run(database, func(t *testing.T) {
			test(t, Open(t, Address(t, database), store.Options{}))
		})
	}
}

// Address is where an empty database of that kind is.
func Address(t testing.TB, database string) string {
	t.Helper()
	if database == "sqlite" {
		return "sqlite:" + t.TempDir()
	}
	return postgres(t)
}

// postgres makes an empty database and returns its URL. It is dropped when the test ends.
func postgres(t testing.TB) string {
	t.Helper()
	server := os.Getenv(ServerVariable)
	if server == "" {
		program := need.Program(t, "postgres", pg.Program)
		var err error
		if server, err = pg.Start(filepath.Dir(program)); err != nil {
			t.Fatalf("start a private PostgreSQL: %v", err)
		}
	}
	dsn, drop, err := pg.Create(server)
	if err != nil {
		t.Fatalf("make a database for the test: %v", err)
	}
	t.Cleanup(func() {
		if err := drop(); err != nil {
			t.Errorf("drop the database of the test: %v", err)
		}
	})
	return dsn
}

// Open opens a store and closes it when the test ends.
func Open(t testing.TB, dsn string, options store.Options) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), dsn, options)
	if err != nil {
		t.Fatalf("open %s: %v", dsn, err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	return st
}

// Package storetest gives tests a store on each database, and holds what a store must do on every one of them.
package storetest

import (
	"testing"

	"github.com/highwater-sam/highwater/store"
	"github.com/highwater-sam/highwater/store/storetest/pg"
)

// Databases are the kinds of database that Each runs on.
var Databases = []string{"sqlite", "postgres"}

// Main runs the tests of a binary that uses Each: func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }.
func Main(m *testing.M) int { return pg.Run(m) }

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
	return pg.Database(t)
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

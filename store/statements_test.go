package store_test

import (
	"database/sql"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/highwater-sam/highwater/store"
	"github.com/highwater-sam/highwater/store/storetest"
)

// generated returns the statements of store/db by name.
func generated(t *testing.T) map[string]string {
	t.Helper()
	statements := map[string]string{}
	files, err := filepath.Glob("db/*.sql.go")
	if err != nil || len(files) == 0 {
		t.Fatal("no generated files", err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if v, ok := spec.(*ast.ValueSpec); ok {
						text, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
						if err != nil {
							t.Fatal(err)
						}
						statements[v.Names[0].Name] = text
					}
				}
			case *ast.FuncDecl:
				// The generator does not see that a parameter hides the statement of the same name.
				for _, p := range d.Type.Params.List {
					for _, n := range p.Names {
						if n.Name == strings.ToLower(d.Name.Name[:1])+d.Name.Name[1:] {
							t.Errorf("%s: the parameter %s hides the statement of that name: rename the query", d.Name.Name, n.Name)
						}
					}
				}
			}
		}
	}
	return statements
}

// TestEveryStatementIsUnderstood: one text serves both databases.
func TestEveryStatementIsUnderstood(t *testing.T) {
	statements := generated(t)
	if len(statements) < 100 {
		t.Fatalf("found only %d statements", len(statements))
	}
	for _, database := range storetest.Databases {
		t.Run(database, func(t *testing.T) {
			dsn := storetest.Address(t, database)
			storetest.Open(t, dsn, store.Options{})
			driver, address := "pgx", dsn
			if folder, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
				driver, address = "sqlite", filepath.Join(folder, store.FileName)
			}
			pool, err := sql.Open(driver, address)
			if err != nil {
				t.Fatal(err)
			}
			defer pool.Close() //nolint:errcheck // nothing was written
			for name, text := range statements {
				stmt, err := pool.PrepareContext(t.Context(), text)
				if err != nil {
					t.Errorf("%s: %v", name, err)
					continue
				}
				if err := stmt.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestQueriesAreCompiled: store/db is what store/queries says, as far as can be seen without sqlc.
func TestQueriesAreCompiled(t *testing.T) {
	has := generated(t)
	files, err := filepath.Glob("queries/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal("no queries", err)
	}
	n := 0
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			rest, ok := strings.CutPrefix(line, "-- name: ")
			if !ok {
				continue
			}
			n++
			query, _, _ := strings.Cut(rest, " ")
			if _, ok := has[strings.ToLower(query[:1])+query[1:]]; !ok {
				t.Errorf("%s has %s, store/db has not: run make generate", name, query)
			}
		}
	}
	if n != len(has) {
		t.Errorf("%d queries are written, %d are compiled: run make generate", n, len(has))
	}
}

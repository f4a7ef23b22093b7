package highwater_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const module = "github.com/highwater-sam/highwater"

// columns are the packages in the order data flows: a package imports only from columns to its left. Packages in one
// column do not know each other; a folder's own sub-packages may know each other and their parent.
var columns = [][]string{
	{"inventory", "timeline", "policy", "deliver", "auth", "fault", "schedule"},
	{"source", "estate", "catalog"},
	{"device", "cloud", "assign", "measure"},
	{"report", "bundle"},
	{"store"},
	{"pipeline"},
	{"web"},
	{"cmd"},
}

// free are packages outside the columns: fault is used by all, internal/need only by tests.
var free = map[string]bool{"fault": true, "internal": true}

// pure packages compute values from values: they know no database, network, log, clock or context.
var pure = map[string]bool{
	"estate": true, "catalog": true, "device": true, "cloud": true, "assign": true, "measure": true, "report": true, "timeline": true,
}

// impure are the imports that a pure package may not have, by prefix.
var impure = []string{
	"database/", "net/http", "log", "context", "os/exec", "modernc.org/", "github.com/jackc/", "github.com/aws/",
	"github.com/vmware/", "github.com/pressly/",
}

type goPackage struct {
	dir     string // relative to the module, with slashes
	doc     string
	imports []string
	tests   bool // has only test files
}

func TestArrowsPointLeft(t *testing.T) {
	column := map[string]int{}
	for i, names := range columns {
		for _, name := range names {
			column[name] = i
		}
	}
	for _, p := range packages(t) {
		top := topOf(p.dir)
		from, known := column[top]
		if !known {
			if p.dir != "." && !free[top] {
				t.Errorf("package %s is in no column: add its folder to the columns in arch_test.go (and an ADR)", p.dir)
			}
			continue
		}
		for _, path := range p.imports {
			target, ours := strings.CutPrefix(path, module+"/")
			if !ours || topOf(target) == top || free[topOf(target)] {
				continue
			}
			if to, known := column[topOf(target)]; !known || to >= from {
				t.Errorf("package %s imports %s: imports point only to columns on the left", p.dir, target)
			}
		}
	}
}

func TestPurePackagesStayPure(t *testing.T) {
	for _, p := range packages(t) {
		if !pure[topOf(p.dir)] || strings.HasSuffix(p.dir, "test") {
			continue
		}
		for _, path := range p.imports {
			for _, bad := range impure {
				if path == bad || strings.HasPrefix(path, strings.TrimSuffix(bad, "/")+"/") {
					t.Errorf("package %s imports %s: it is pure", p.dir, path)
				}
			}
		}
	}
}

// TestPurePackagesHaveNoClock: a figure must be a function of its input alone.
func TestPurePackagesHaveNoClock(t *testing.T) {
	for _, p := range packages(t) {
		if !pure[topOf(p.dir)] || strings.HasSuffix(p.dir, "test") {
			continue
		}
		names, err := filepath.Glob(filepath.Join(p.dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(name, "_test.go") && strings.Contains(string(text), "time.Now(") {
				t.Errorf("%s reads the clock: take the instant as an argument", name)
			}
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	for _, p := range packages(t) {
		if p.tests {
			continue
		}
		name := p.dir[strings.LastIndex(p.dir, "/")+1:]
		if !strings.HasPrefix(p.doc, "Package ") && !strings.HasPrefix(p.doc, "Command ") {
			t.Errorf("package %s has no first sentence: start its comment with \"Package %s …\"", p.dir, name)
		}
	}
}

func topOf(dir string) string {
	top, _, _ := strings.Cut(dir, "/")
	return top
}

// packages reads every package of the module (non-test files of every system), and fails when it finds none.
func packages(t *testing.T) []goPackage {
	t.Helper()
	var found []goPackage
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !d.IsDir() {
			return nil
		}
		if name := d.Name(); path != "." && (strings.HasPrefix(name, ".") || name == "testdata" || name == "tools") {
			return fs.SkipDir
		}
		p, ok, err := readPackage(path)
		if ok {
			found = append(found, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 5 {
		t.Fatalf("found only %d packages: the walk is broken", len(found))
	}
	return found
}

func readPackage(dir string) (goPackage, bool, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return goPackage{}, false, err
	}
	p := goPackage{dir: filepath.ToSlash(dir), tests: true}
	seen, any := map[string]bool{}, false
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || !strings.HasSuffix(name, ".go") {
			continue
		}
		any = true
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		p.tests = false
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, name), nil, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return p, false, err
		}
		if file.Doc != nil {
			p.doc = file.Doc.Text()
		}
		for _, imp := range file.Imports {
			if path := strings.Trim(imp.Path.Value, `"`); !seen[path] {
				seen[path] = true
				p.imports = append(p.imports, path)
			}
		}
	}
	return p, any, nil
}

// Package need says what a test needs of its machine, and turns a missing need into a skip that states the reason,
// or into a failure where HIGHWATER_NO_SKIP=1 forbids skips (as continuous integration does).
package need

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// NoSkip is the environment variable that forbids skips when it is "1".
const NoSkip = "HIGHWATER_NO_SKIP"

// Skip skips the test with the reason, or fails it where skips are forbidden.
func Skip(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv(NoSkip) == "1" {
		t.Fatalf("cannot run here, and "+NoSkip+"=1 forbids skips: "+format, args...)
	}
	t.Skipf(format, args...)
}

// Program returns the path of the first of the named programs that is installed. A name with a slash is looked up as
// a pattern of paths ("/usr/lib/postgresql/*/bin/initdb"), the last match first.
func Program(t testing.TB, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path := lookUp(name); path != "" {
			return path
		}
	}
	Skip(t, "needs one of %q, which this machine does not have", names)
	return ""
}

func lookUp(name string) string {
	if filepath.Base(name) == name {
		path, err := exec.LookPath(name)
		if err != nil {
			return ""
		}
		return path
	}
	found, err := filepath.Glob(name)
	if err != nil || len(found) == 0 {
		return ""
	}
	return found[len(found)-1]
}

package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/highwater-sam/highwater/store/storetest"
)

// TestMain lets the test binary be the program: under the name highwater it runs the real main, so that scripts and tests
// start real processes.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "highwater" {
		main()
		return
	}
	testscript.Main(&leaving{m}, map[string]func(){"highwater": main})
}

// leaving runs the tests and then stops what they share.
type leaving struct{ *testing.M }

// Run runs the tests.
func (l *leaving) Run() int { return storetest.Main(l.M) }

// TestScripts runs the command line as transcripts: testdata/*.txtar hold commands, their input and their output.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			return nil
		},
	})
}

// program returns a path at which the test binary is the program highwater.
func program(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "highwater")
	if err := os.Symlink(self, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestRunAnswersWithAStatus: 0 done, 1 failed, 2 the input is wrong.
func TestRunAnswersWithAStatus(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	for _, c := range []struct {
		args []string
		want int
	}{
		{[]string{"--version"}, 0},
		{[]string{"serve", "--listen", "nowhere"}, 2},
		{[]string{"serve", "--no-such-flag"}, 2},
		{[]string{"no-such-command"}, 2},
		{[]string{"demo", "--folder", "/dev/null/x", "--listen", "127.0.0.1:0"}, 1},
	} {
		if got := run(context.Background(), c.args, streams{null, null, null}); got != c.want {
			t.Errorf("highwater %q: status %d, want %d", c.args, got, c.want)
		}
	}
}

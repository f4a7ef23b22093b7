package deliver

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/highwater-sam/highwater/fault"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func item(n int) Item {
	return Item{ID: fmt.Sprintf("doc-%04d", n), From: "agent-1", At: noon.Add(time.Duration(n) * time.Minute), Body: []byte(fmt.Sprintf("body %d", n))}
}

func open(t testing.TB, folder string, l SpoolLimits) *Spool {
	t.Helper()
	s, err := OpenSpool(folder, l)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ids(t testing.TB, s *Spool) string {
	t.Helper()
	items, err := s.Oldest(1000, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, i := range items {
		out = append(out, strings.TrimPrefix(i.ID, "doc-"))
	}
	return strings.Join(out, " ")
}

func TestTheOldestGoesFirstWhateverTheOrderOfPutting(t *testing.T) {
	s := open(t, t.TempDir(), SpoolLimits{})
	for _, n := range []int{3, 1, 2, 1, 3} { // again is no error and no second item
		if err := s.Put(item(n)); err != nil {
			t.Fatal(err)
		}
	}
	if got := ids(t, s); got != "0001 0002 0003" {
		t.Errorf("got %s", got)
	}
	if err := s.Done("doc-0001"); err != nil {
		t.Fatal(err)
	}
	if err := s.Done("doc-0001"); err != nil {
		t.Errorf("done twice: %v", err)
	}
	again := open(t, s.folder, SpoolLimits{})
	items, err := again.Oldest(10, 1)
	if err != nil || len(items) != 1 || string(items[0].Body) != "body 2" || items[0].From != "agent-1" || !items[0].At.Equal(item(2).At) {
		t.Errorf("after reopening, and with room for one: %+v, %v", items, err)
	}
	stats, err := again.Stats()
	if err != nil || stats.Items != 2 || !stats.Oldest.Equal(item(2).At) || stats.Bytes == 0 {
		t.Errorf("%+v, %v", stats, err)
	}
}

func TestTwoProcessesShareASpool(t *testing.T) {
	folder := t.TempDir()
	a, b := open(t, folder, SpoolLimits{}), open(t, folder, SpoolLimits{})
	if err := a.Put(item(1), item(2)); err != nil {
		t.Fatal(err)
	}
	if got := ids(t, b); got != "0001 0002" {
		t.Errorf("the other process sees %q", got)
	}
	if err := b.Done("doc-0001"); err != nil {
		t.Fatal(err)
	}
	if got := ids(t, a); got != "0002" {
		t.Errorf("what the other delivered is still seen: %q", got)
	}
}

func TestAFullSpoolDropsOrdinaryItemsFirstAndCountsThem(t *testing.T) {
	s := open(t, t.TempDir(), SpoolLimits{Items: 3})
	precious := func(n int) Item { i := item(n); i.Weight = Precious; return i }
	for _, i := range []Item{precious(1), item(2), precious(3), item(4), precious(5), precious(6)} {
		if err := s.Put(i); err != nil {
			t.Fatal(err)
		}
	}
	if got := ids(t, s); got != "0003 0005 0006" {
		t.Errorf("kept %s", got)
	}
	if stats, _ := open(t, s.folder, SpoolLimits{}).Stats(); stats.Dropped != 3 {
		t.Errorf("%d dropped, want 3", stats.Dropped)
	}
	if err := s.DroppedAll(2); err != nil {
		t.Fatal(err)
	}
	if stats, _ := s.Stats(); stats.Dropped != 1 {
		t.Errorf("%d dropped after 2 were reported, want 1", stats.Dropped)
	}
}

func TestARelaysFullSpoolRefuses(t *testing.T) {
	s := open(t, t.TempDir(), SpoolLimits{Items: 1, Refuse: true})
	if err := s.Put(item(1)); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(item(2)); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("got %v", err)
	}
	if got := ids(t, s); got != "0001" {
		t.Errorf("kept %s", got)
	}
}

func TestPuttingAtOnceKeepsTheLimitsAndEveryItemOnce(t *testing.T) {
	s := open(t, t.TempDir(), SpoolLimits{Items: 60})
	var all sync.WaitGroup
	for g := range 10 {
		all.Go(func() {
			for n := range 20 { // each item comes from two goroutines
				if err := s.Put(item(g/2*20 + n)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	stats, err := s.Stats()
	if err != nil || stats.Items > 60 || stats.Items < 30 || stats.Items+stats.Dropped < 100 {
		t.Errorf("%+v, %v", stats, err)
	}
	left, err := os.ReadDir(filepath.Join(s.folder, "new"))
	if err != nil || len(left) != 0 {
		t.Errorf("%d files are left half written, %v", len(left), err)
	}
	again, err := open(t, s.folder, SpoolLimits{}).Stats()
	if err != nil || again.Items != stats.Items || again.Bytes != stats.Bytes {
		t.Errorf("on disk: %+v, in memory: %+v", again, stats)
	}
}

// The disk fills in the middle of a file, then has room again.
func TestAFullDiskLosesNothingThatWasPut(t *testing.T) {
	s := open(t, t.TempDir(), SpoolLimits{})
	if err := s.Put(item(1)); err != nil {
		t.Fatal(err)
	}
	s.write = func(name string, b []byte) error {
		if err := os.WriteFile(name, b[:len(b)/2], 0o600); err != nil {
			return err
		}
		return &os.PathError{Op: "write", Path: name, Err: syscall.ENOSPC}
	}
	err := s.Put(item(2))
	if fault.KindOf(err) != fault.Unavailable || !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), s.folder) {
		t.Errorf("got %v", err)
	}
	if got := ids(t, open(t, s.folder, SpoolLimits{})); got != "0001" {
		t.Errorf("after the failure: %q", got)
	}
	s.write = writeSynced
	if err := s.Put(item(2)); err != nil {
		t.Fatal(err)
	}
	if got := ids(t, s); got != "0001 0002" {
		t.Errorf("with room again: %q", got)
	}
}

func TestADamagedFileIsSetAsideAndTheRestGoesOn(t *testing.T) {
	s := open(t, t.TempDir(), SpoolLimits{})
	if err := s.Put(item(1), item(2), item(3), item(4)); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(s.folder, "items", "*"))
	if err != nil || len(files) != 4 {
		t.Fatal(files, err)
	}
	b, err := os.ReadFile(files[1])
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-1] ^= 1
	if err := os.WriteFile(files[1], b, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(files[2], 0); err != nil {
		t.Fatal(err)
	}
	if got := ids(t, open(t, s.folder, SpoolLimits{})); got != "0001 0004" {
		t.Errorf("got %s", got)
	}
	if stats, _ := s.Stats(); stats.Rejected != 2 || stats.Items != 2 {
		t.Errorf("%+v", stats)
	}
}

func TestRejectedItemsKeepTheirReasonAndCanComeBack(t *testing.T) {
	s := open(t, t.TempDir(), SpoolLimits{})
	if err := s.Put(item(1), item(2), item(3)); err != nil {
		t.Fatal(err)
	}
	for n, kind := range map[int]string{1: "unauthorized", 2: "invalid"} {
		if err := s.Reject(item(n).ID, kind, "because "+kind); err != nil {
			t.Fatal(err)
		}
	}
	why, err := s.Rejections()
	if err != nil || len(why) != 2 || why[0].Reason != "because unauthorized" || why[1].ID != "doc-0002" {
		t.Errorf("%+v, %v", why, err)
	}
	if n, err := s.Requeue("unauthorized"); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if got := ids(t, s); got != "0001 0003" {
		t.Errorf("got %s", got)
	}
	if err := s.Clear(); err != nil {
		t.Fatal(err)
	}
	if stats, _ := s.Stats(); stats != (SpoolStats{}) {
		t.Errorf("cleared: %+v", stats)
	}
}

func TestWhatNoReceiverCouldTakeIsRefusedAtOnce(t *testing.T) {
	s := open(t, t.TempDir(), SpoolLimits{})
	for name, change := range map[string]func(*Item){
		"no id": func(i *Item) { i.ID = "" }, "a path for an id": func(i *Item) { i.ID = "../../etc/passwd" }, "a dot in the id": func(i *Item) { i.ID = "a.b" },
		"no time": func(i *Item) { i.At = time.Time{} }, "too large": func(i *Item) { i.Body = make([]byte, MaxBody+1) },
		"unknown weight": func(i *Item) { i.Weight = 7 },
	} {
		i := item(1)
		change(&i)
		if err := s.Put(i); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// As a process of its own, the test program is a writer that says what was put, or an unprivileged user.
func TestMain(m *testing.M) {
	switch folder := os.Getenv("SPOOL_TEST_FOLDER"); os.Getenv("SPOOL_TEST_ROLE") {
	case "writer":
		s, err := OpenSpool(folder, SpoolLimits{})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		from, _ := strconv.Atoi(os.Getenv("SPOOL_TEST_FROM"))
		for n := from; ; n++ {
			i := item(n)
			i.Body = bytes.Repeat(i.Body, 5000)
			if err := s.Put(i); err != nil {
				fmt.Println(err)
				os.Exit(1)
			}
			fmt.Println("put", n)
		}
	case "relay":
		if err := relayProcess(folder, os.Getenv("SPOOL_TEST_PARENT")); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	case "reader":
		s, err := OpenSpool(folder, SpoolLimits{})
		if err == nil {
			err = s.Put(item(2))
		}
		fmt.Printf("%s: %v\n", fault.KindOf(err), err)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func child(t *testing.T, role, folder string, more ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), append(more, "SPOOL_TEST_ROLE="+role, "SPOOL_TEST_FOLDER="+folder)...)
	return cmd
}

// A real process is killed with SIGKILL while it writes, again and again: whatever it said it had put is there, whole,
// and nothing half written is ever seen.
func TestKillingTheProcessLosesNothingThatWasPut(t *testing.T) {
	folder := t.TempDir()
	next := 0
	for round := range 8 {
		cmd := child(t, "writer", folder, "SPOOL_TEST_FROM="+strconv.Itoa(next))
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for said := 0; said < 5+7*round && lines.Scan(); said++ {
			n, err := strconv.Atoi(strings.TrimPrefix(lines.Text(), "put "))
			if err != nil {
				t.Fatalf("the writer says %q", lines.Text())
			}
			next = n + 1
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() { // what it said before it died
			if n, err := strconv.Atoi(strings.TrimPrefix(lines.Text(), "put ")); err == nil {
				next = n + 1
			}
		}
		_ = cmd.Wait()
		s := open(t, folder, SpoolLimits{})
		items, err := s.Oldest(10_000, 1<<40)
		if err != nil {
			t.Fatal(err)
		}
		if len(items) < next || len(items) > next+1 {
			t.Fatalf("round %d: %d items, %d were put", round, len(items), next)
		}
		for n, i := range items {
			if i.ID != item(n).ID || !bytes.Equal(i.Body, bytes.Repeat(item(n).Body, 5000)) {
				t.Fatalf("round %d: item %d is %s", round, n, i.ID)
			}
		}
		if stats, _ := s.Stats(); stats.Rejected != 0 {
			t.Fatalf("round %d: %d damaged files", round, stats.Rejected)
		}
		next = len(items)
	}
}

func TestAReadOnlyFolderIsToldClearly(t *testing.T) {
	folder, err := os.MkdirTemp("", "spool") // t.TempDir's parents are closed to other users
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	s := open(t, folder, SpoolLimits{})
	if err := s.Put(item(1)); err != nil {
		t.Fatal(err)
	}
	var said []byte
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, sub := range []string{"new", "items", "rejected"} {
		mode := os.FileMode(0o555)
		if err := os.Chmod(filepath.Join(folder, sub), mode); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = os.Chmod(filepath.Join(folder, sub), 0o755) }()
	}
	if runtime.GOOS == "windows" {
		s.write = func(string, []byte) error { return os.ErrPermission }
		said = []byte(fmt.Sprintf("%s: %v", fault.KindOf(s.Put(item(2))), s.Put(item(2))))
	} else {
		cmd := child(t, "reader", folder)
		asNobody(t, cmd)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v: %s", err, out.String())
		}
		said, _ = io.ReadAll(&out)
	}
	if !strings.HasPrefix(string(said), "unavailable: ") || !strings.Contains(string(said), folder) {
		t.Errorf("it says: %s", said)
	}
}

// asNobody makes cmd run as an ordinary user when this test runs as root, to whom no folder is read-only.
func asNobody(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if os.Getuid() != 0 {
		return
	}
	copied := filepath.Join(filepath.Dir(cmd.Env[len(cmd.Env)-1][len("SPOOL_TEST_FOLDER="):]), fmt.Sprintf("spooltest-%d", os.Getpid()))
	b, err := os.ReadFile(cmd.Path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(copied, b, 0o755); err != nil { // the built test program lies in a folder closed to others
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(copied) })
	cmd.Path = copied
	runAs(cmd, 65534)
}

package store_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/internal/need"
	"github.com/highwater-sam/highwater/store"
	"github.com/highwater-sam/highwater/store/storetest"
)

// refuse checks that opening ends in one clear sentence that names what a person must look at.
func refuse(t *testing.T, dsn string, kind fault.Kind, words ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	st, err := store.Open(ctx, dsn, store.Options{})
	if err == nil {
		_ = st.Close()
		t.Fatalf("%s was opened", dsn)
	}
	message := fault.Message(err)
	if fault.KindOf(err) != kind {
		t.Errorf("%s: %v is of kind %v, want %v", dsn, err, fault.KindOf(err), kind)
	}
	for _, w := range words {
		if !strings.Contains(message, w) {
			t.Errorf("%q does not say %q", message, w)
		}
	}
	if strings.Contains(message, "secret") {
		t.Errorf("%q tells a password", message)
	}
}

func TestWhatCannotBeOpenedSaysWhy(t *testing.T) {
	refuse(t, "mysql://x", fault.Invalid, "sqlite:FOLDER", "postgres://")
	refuse(t, "sqlite:", fault.Invalid, "folder")
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	refuse(t, "sqlite:"+file, fault.Unavailable, file, "not a directory")
	damaged := filepath.Join(folder, "damaged")
	if err := os.MkdirAll(damaged, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(damaged, store.FileName), []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	refuse(t, "sqlite:"+damaged, fault.Unavailable, "damaged")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	refuse(t, fmt.Sprintf("postgres://anna:secret@127.0.0.1:%d/highwater", port), fault.Unavailable, "127.0.0.1", fmt.Sprint(port), "highwater", "anna")
	refuse(t, "postgres://anna:secret@127.0.0.1:port/x", fault.Invalid, "no PostgreSQL URL")
}

func TestAFolderThatMayNotBeWritten(t *testing.T) {
	if os.Geteuid() == 0 {
		// Root may write anywhere but where the kernel has no file to make.
		refuse(t, "sqlite:/proc/highwater", fault.Unavailable, "/proc/highwater")
		return
	}
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o500); err != nil { //nolint:gosec // the test is about rights
		t.Fatal(err)
	}
	refuse(t, "sqlite:"+folder, fault.Unavailable, folder, "permission denied")
}

func TestANewerSchemaIsLeftAlone(t *testing.T) {
	for _, database := range storetest.Databases {
		t.Run(database, func(t *testing.T) {
			dsn := storetest.Address(t, database)
			st, err := store.Open(t.Context(), dsn, store.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := st.Close(); err != nil {
				t.Fatal(err)
			}
			driver, address := "pgx", dsn
			if folder, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
				driver, address = "sqlite", filepath.Join(folder, store.FileName)
			}
			pool, err := sql.Open(driver, address)
			if err != nil {
				t.Fatal(err)
			}
			_, err = pool.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, $1)", true)
			if err := errors.Join(err, pool.Close()); err != nil {
				t.Fatal(err)
			}
			refuse(t, dsn, fault.Conflict, "99999", "newer version")
		})
	}
}

// TestAFaultOfOneDoesNotTouchItsNeighbors: in one commit, a document that cannot be written and many that can.
func TestAFaultOfOneDoesNotTouchItsNeighbors(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		id := take(t, st, first("d0", "db0", 5)).Device
		change := next(t, st, id, "d0b", 6)
		take(t, st, next(t, st, id, "d0c", 6)) // makes change stale
		outcome := make(chan error, 41)
		for i := range 20 {
			go func() {
				_, err := st.Intake(t.Context(), first(fmt.Sprintf("good-%d", i), fmt.Sprintf("good-%d", i), 6))
				outcome <- err
			}()
			go func() {
				bad := first(fmt.Sprintf("bad-%d", i), "bad\x00name", 6) // PostgreSQL cannot keep this character
				bad.Document.Remark = "\x00"
				_, err := st.Intake(t.Context(), bad)
				if st.Database() == "sqlite" {
					err = nil
				} else if err == nil {
					err = errors.New("a text that cannot be kept was taken in")
				} else {
					err = nil
				}
				outcome <- err
			}()
		}
		go func() {
			_, err := st.Intake(t.Context(), change)
			if errors.Is(err, store.ErrChanged) {
				err = nil
			} else {
				err = fmt.Errorf("a stale decision gave %v", err)
			}
			outcome <- err
		}()
		for range 41 {
			if err := <-outcome; err != nil {
				t.Error(err)
			}
		}
		for i := range 20 {
			if known, err := st.DocumentKnown(t.Context(), fmt.Sprintf("good-%d", i)); !known || err != nil {
				t.Errorf("good-%d: %v %v", i, known, err)
			}
		}
	})
}

// TestAFullDiskIsSaidClearly needs a small file system of its own.
func TestAFullDiskIsSaidClearly(t *testing.T) {
	mount := need.Program(t, "mount")
	folder := t.TempDir()
	if out, err := exec.Command(mount, "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder).CombinedOutput(); err != nil { //nolint:gosec // the test's own program
		need.Skip(t, "cannot make a small file system here: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", folder).CombinedOutput(); err != nil { //nolint:gosec // as above
			t.Errorf("unmount: %v: %s", err, out)
		}
	})
	st := storetest.Open(t, "sqlite:"+folder, store.Options{})
	in := first("d0", "db0", 6)
	take(t, st, in)
	acknowledged := 0
	for i := 1; ; i++ {
		in := first(fmt.Sprintf("d%d", i), fmt.Sprintf("db%d", i), 6)
		in.Envelope = make([]byte, 200<<10)
		_, err := st.Intake(t.Context(), in)
		if err == nil {
			if acknowledged++; acknowledged > 100 {
				t.Fatal("a disk of 4 MB took in 20 MB")
			}
			continue
		}
		if fault.KindOf(err) != fault.Unavailable || !strings.Contains(fault.Message(err), "full") {
			t.Errorf("got %v, want a fault that says the disk is full", err)
		}
		break
	}
	for i := range acknowledged + 1 {
		if body, err := st.Envelope(t.Context(), fmt.Sprintf("d%d", i)); err != nil || len(body) == 0 {
			t.Errorf("document %d was acknowledged and is lost: %v", i, err)
		}
	}
	if known, err := st.DocumentKnown(t.Context(), fmt.Sprintf("d%d", acknowledged+1)); known || err != nil {
		t.Errorf("the document that was refused is known: %v %v", known, err)
	}
}

// childVariable makes the test binary the process that is killed.
const childVariable = "HIGHWATER_STORE_CHILD"

// TestKilledInTheMiddleOfIntake: a process that takes documents in is killed with SIGKILL; whatever it had acknowledged
// is there afterwards, whole, and what was not acknowledged is there whole or not at all.
func TestKilledInTheMiddleOfIntake(t *testing.T) {
	if dsn := os.Getenv(childVariable); dsn != "" {
		acknowledgeForever(t, dsn)
		return
	}
	for _, database := range storetest.Databases {
		t.Run(database, func(t *testing.T) {
			dsn := storetest.Address(t, database)
			acknowledged := map[string]bool{}
			for round := range 3 {
				for id := range killed(t, dsn, round, 40+30*round) {
					acknowledged[id] = true
				}
			}
			st := storetest.Open(t, dsn, store.Options{})
			if len(acknowledged) < 100 {
				t.Fatalf("only %d documents were acknowledged", len(acknowledged))
			}
			for id := range acknowledged {
				body, err := st.Envelope(t.Context(), id)
				if err != nil || string(body) != "envelope of "+id {
					t.Errorf("%s was acknowledged: %q, %v", id, body, err)
				}
			}
			devices := 0
			if err := st.LoadHistory(t.Context(), nil, func(d *store.DeviceHistory) error {
				devices++
				points := history(t, st, d.ID, nil)
				documents, err := st.Documents(t.Context(), d.ID, 10)
				if err != nil || len(documents) != 1 || len(points) != 3 || len(d.Hardware) != 1 {
					t.Errorf("device %d is not whole: %d documents, %d points, %d hardware (%v)", d.ID, len(documents), len(points), len(d.Hardware), err)
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if devices < len(acknowledged) {
				t.Errorf("%d devices of %d acknowledged documents", devices, len(acknowledged))
			}
		})
	}
}

// killed runs the child until it has acknowledged some documents, kills it, and returns all that it acknowledged.
func killed(t *testing.T, dsn string, round, after int) map[string]bool {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run", "^TestKilledInTheMiddleOfIntake$") //nolint:gosec // this very binary
	child.Env = append(os.Environ(), childVariable+"="+dsn, fmt.Sprintf("%s_ROUND=%d", childVariable, round))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	acknowledged := map[string]bool{}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if id, ok := strings.CutPrefix(lines.Text(), "acknowledged "); ok {
			acknowledged[id] = true
		}
		if len(acknowledged) == after {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := child.Wait(); err == nil || len(acknowledged) < after {
		t.Fatalf("the child ended by itself after %d documents: %v", len(acknowledged), err)
	}
	return acknowledged
}

// acknowledgeForever takes documents in from eight uploaders and says each one that is acknowledged.
func acknowledgeForever(t *testing.T, dsn string) {
	st, err := store.Open(t.Context(), dsn, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	said := make(chan string)
	for worker := range 8 {
		go func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("r%s-w%d-%d", os.Getenv(childVariable+"_ROUND"), worker, i)
				if _, err := st.Intake(context.WithoutCancel(t.Context()), first(id, id, 6)); err != nil {
					fmt.Fprintln(os.Stderr, id, err)
					os.Exit(3)
				}
				said <- id
			}
		}()
	}
	for id := range said {
		fmt.Println("acknowledged " + id)
	}
}

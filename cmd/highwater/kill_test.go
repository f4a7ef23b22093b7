package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/highwater-sam/highwater/deliver"
	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/inventory/inventorytest"
	"github.com/highwater-sam/highwater/store"
	"github.com/highwater-sam/highwater/store/storetest"
)

// TestKillLosesNothingThatWasAcknowledged: a real server is killed (SIGKILL) several times while agents upload at once.
// What it acknowledged before each kill is in the database afterwards, byte for byte; what it did not is sent again
// and taken once.
func TestKillLosesNothingThatWasAcknowledged(t *testing.T) {
	for _, database := range storetest.Databases {
		t.Run(database, func(t *testing.T) {
			const agents, documents, kills = 6, 20, 3
			dsn, folder := storetest.Address(t, database), t.TempDir()
			f := newUploads(t, agents, documents)
			f.token = tokenIn(t, dsn)
			for kill := range kills {
				p := startServer(t, dsn, folder)
				if kill == 0 {
					f.enroll(p.url)
				}
				// Kill in the middle: when about a quarter more has been acknowledged.
				f.upload(p.url, (kill+1)*agents*documents/(kills+1), p.kill)
				f.checkAcknowledged(dsn)
			}
			p := startServer(t, dsn, folder)
			f.upload(p.url, -1, nil)
			p.stop()
			if n := f.checkAcknowledged(dsn); n != agents*documents {
				t.Errorf("%d of %d documents were acknowledged in the end", n, agents*documents)
			}
		})
	}
}

// uploads are documents of several agents on their way.
type uploads struct {
	t     *testing.T
	token string
	items [][]deliver.Item // by agent, in order
	mu    sync.Mutex
	acked map[string][32]byte // envelope digests by document id
}

func newUploads(t *testing.T, agents, documents int) *uploads {
	f := &uploads{t: t, acked: map[string][32]byte{}}
	for a := range agents {
		var items []deliver.Item
		for n := range documents {
			o := inventorytest.Options{Seed: uint64(a + 1), Change: uint64(n), At: time.Now().Add(time.Duration(n-documents) * time.Minute).UTC().Truncate(time.Second)}
			d := inventorytest.Document(o)
			envelope, err := inventory.Seal(d, inventorytest.Key(o.Seed))
			if err != nil {
				t.Fatal(err)
			}
			items = append(items, deliver.Item{ID: d.Header.ID, From: d.Header.AgentID, At: d.Header.CollectedAt, Body: envelope})
		}
		f.items = append(f.items, items)
	}
	return f
}

func (f *uploads) client(url string) *deliver.Client {
	f.t.Helper()
	c, err := deliver.NewClient(deliver.ClientOptions{Targets: []deliver.Target{{URL: url}}})
	if err != nil {
		f.t.Fatal(err)
	}
	return c
}

func (f *uploads) enroll(url string) {
	f.t.Helper()
	for a := range f.items {
		e := deliver.Enrollment{Token: f.token, AgentID: f.items[a][0].From}
		e.Sign(inventorytest.Key(uint64(a + 1)))
		if _, err := f.client(url).Enroll(f.t.Context(), e); err != nil {
			f.t.Fatal(err)
		}
	}
}

// upload sends what is not acknowledged yet, each agent one document at a time, and calls then as soon as so many are
// acknowledged; it returns when all agents are done or cannot go on.
func (f *uploads) upload(url string, enough int, then func()) {
	f.t.Helper()
	var once sync.Once
	var all sync.WaitGroup
	for _, items := range f.items {
		all.Go(func() {
			c := f.client(url)
			for _, item := range items {
				if f.has(item.ID) {
					continue
				}
				outcomes, _, err := c.Upload(f.t.Context(), []deliver.Item{item})
				if err != nil {
					return // the server is gone
				}
				if outcomes[0].Status != deliver.Accepted {
					f.t.Errorf("document %s: %+v", item.ID, outcomes[0])
					return
				}
				if f.ack(item) == enough {
					once.Do(then)
				}
			}
		})
	}
	all.Wait()
}

func (f *uploads) has(id string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, ok := f.acked[id]
	return ok
}

func (f *uploads) ack(item deliver.Item) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.acked[item.ID] = sha256.Sum256(item.Body)
	return len(f.acked)
}

// checkAcknowledged opens the database beside nobody and finds every acknowledged envelope in it, once.
func (f *uploads) checkAcknowledged(dsn string) int {
	f.t.Helper()
	st, err := store.Open(f.t.Context(), dsn, store.Options{})
	if err != nil {
		f.t.Fatalf("the database does not open after the kill: %v", err)
	}
	defer st.Close()
	for id, want := range f.acked {
		envelope, err := st.Envelope(f.t.Context(), id)
		if err != nil {
			f.t.Errorf("acknowledged document %s is lost: %v", id, err)
			continue
		}
		if sha256.Sum256(envelope) != want {
			f.t.Errorf("acknowledged document %s was changed", id)
		}
	}
	f.checkOnce(st)
	return len(f.acked)
}

// checkOnce: each agent is one device, and no document is there twice.
func (f *uploads) checkOnce(st *store.Store) {
	f.t.Helper()
	for a, items := range f.items {
		id, known, err := st.DocumentDevice(f.t.Context(), items[0].ID)
		if err != nil || !known {
			continue
		}
		rows, err := st.Documents(f.t.Context(), id, 1000)
		if err != nil {
			f.t.Error(err)
		}
		var ids []string
		for _, r := range rows {
			ids = append(ids, r.ID)
		}
		slices.Sort(ids)
		if unique := len(slices.Compact(slices.Clone(ids))); unique != len(ids) {
			f.t.Errorf("agent %d: %d documents, %d different ones", a, len(ids), unique)
		}
	}
}

func tokenIn(t *testing.T, dsn string) string {
	t.Helper()
	st, err := store.Open(t.Context(), dsn, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	_, secret, err := st.CreateToken(t.Context(), store.Token{Name: "test", Author: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// process is a server that runs.
type process struct {
	t   *testing.T
	cmd *exec.Cmd
	url string
}

var serving = regexp.MustCompile(`msg=serving address=(\S+)`)

// startServer starts a real server on a free port and waits until it serves.
func startServer(t *testing.T, dsn, folder string) *process {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, program(t), "serve", "--database", dsn, "--data", folder, "--listen", "127.0.0.1:0")
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Env = os.Environ()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: cmd}
	lines := bufio.NewScanner(out)
	var said []string
	for lines.Scan() {
		said = append(said, lines.Text())
		if found := serving.FindStringSubmatch(lines.Text()); found != nil {
			p.url = "http://" + found[1]
			go func() {
				for lines.Scan() { // keep the pipe empty
				}
			}()
			return p
		}
	}
	t.Fatalf("the server did not start: %s", fmt.Sprint(said))
	return nil
}

func (p *process) kill() {
	if err := p.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		p.t.Errorf("kill the server: %v", err)
	}
	_ = p.cmd.Wait() // it says that it was killed
}

// stop ends the server as an operator does; it must end well.
func (p *process) stop() {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Errorf("stop the server: %v", err)
	}
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("the stopped server ended with %v", err)
	}
}

package deliver

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// relayProcess is a relay as a process of its own: it says where it listens, and works until it is killed.
func relayProcess(folder, parent string) error {
	spool, err := OpenSpool(filepath.Join(folder, "spool"), SpoolLimits{Refuse: true})
	if err != nil {
		return err
	}
	up, err := NewClient(ClientOptions{Targets: []Target{{URL: parent}}})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	quick := func() WaitPolicy {
		return WaitPolicy{Initial: 5 * time.Millisecond, Max: 20 * time.Millisecond, Multiplier: 2, Jitter: 0.5}
	}
	go func() {
		_ = (&Sender{Spool: spool, Uploader: up, Log: quiet, Wait: quick, Batch: 3}).Run(context.Background())
	}()
	fmt.Println("http://" + l.Addr().String())
	return http.Serve(l, &Handler{Name: "relay", Receiver: &Relay{Spool: spool, Parent: up}, Log: slog.New(slog.DiscardHandler)}) // a test's own
}

func startRelay(t *testing.T, folder, parent string) (*exec.Cmd, string) {
	t.Helper()
	cmd := child(t, "relay", folder, "SPOOL_TEST_PARENT="+parent)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), "http://") {
		t.Fatalf("the relay says %q", lines.Text())
	}
	return cmd, lines.Text()
}

// Agents send through a relay that is killed with SIGKILL again and again, to a server that answers every third request
// and loses every fifth answer: each item arrives, and none twice.
func TestKillingARelayLosesNothingThatItAcknowledged(t *testing.T) {
	const agents, each = 5, 40
	s := &shelf{}
	h := &Handler{Name: "server", Receiver: s, Log: quiet}
	var requests atomic.Int64
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch n := requests.Add(1); {
		case n%3 != 0:
			http.Error(w, "busy", http.StatusBadGateway)
		case n%5 == 0:
			h.ServeHTTP(discard{http.Header{}}, r)
			panic(http.ErrAbortHandler)
		default:
			h.ServeHTTP(w, r)
		}
	}))
	folder := t.TempDir()
	spools := make([]*Spool, agents)
	for a := range spools {
		spools[a] = open(t, t.TempDir(), SpoolLimits{})
		for n := range each {
			i := item(n)
			i.ID, i.From = fmt.Sprintf("a%d-%d", a, n), fmt.Sprintf("agent-%d", a)
			if err := spools[a].Put(i); err != nil {
				t.Fatal(err)
			}
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	left := agents * each
	for round := 0; left > 0; round++ {
		if round == 200 {
			t.Fatalf("after %d relays %d items are still with their agents", round, left)
		}
		cmd, url := startRelay(t, folder, server)
		up := client(t, ClientOptions{}, url)
		left = 0
		for _, spool := range spools {
			// A few requests, then the relay dies with whatever it is doing.
			for range 1 + random.IntN(3) {
				items, err := spool.Oldest(1+random.IntN(5), 1<<20)
				if err != nil {
					t.Fatal(err)
				}
				if len(items) == 0 {
					break
				}
				if err := (&Sender{Spool: spool, Uploader: up, Log: quiet}).send(t.Context(), items, &SendReport{}); err != nil {
					break
				}
			}
			stats, err := spool.Stats()
			if err != nil || stats.Rejected > 0 {
				t.Fatalf("%+v, %v", stats, err)
			}
			left += stats.Items
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	cmd, _ := startRelay(t, folder, server) // and now it may finish
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	rest := open(t, filepath.Join(folder, "spool"), SpoolLimits{})
	deadline := time.Now().Add(60 * time.Second)
	for {
		stats, err := rest.Stats()
		if err != nil {
			t.Fatal(err)
		}
		if stats.Items == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d items are still with the relay", stats.Items)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.items) != agents*each {
		t.Errorf("%d items arrived, want %d", len(s.items), agents*each)
	}
	last := map[string]time.Time{}
	for _, i := range s.items {
		if i.At.Before(last[i.From]) {
			t.Errorf("%s came after a later one of %s", i.ID, i.From)
		}
		last[i.From] = i.At
	}
	t.Logf("%d requests at the server, %d repetitions it knew already", requests.Load(), s.repeated)
}

// discard is an answer that is lost.
type discard struct{ h http.Header }

func (d discard) Header() http.Header         { return d.h }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

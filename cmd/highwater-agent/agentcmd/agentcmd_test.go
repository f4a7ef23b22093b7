package agentcmd

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/highwater-sam/highwater/deliver"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/inventory/inventorytest"
	"github.com/highwater-sam/highwater/store/storetest"
)

// TestMain makes the test program the agent itself when it is started as one, so that tests run real agent processes.
func TestMain(m *testing.M) {
	if os.Getenv("HIGHWATER_TEST_AGENT") == "1" {
		os.Exit(Main(context.Background(), os.Args[1:], Streams{Out: os.Stdout, Err: os.Stderr, Version: "1.0.0"}))
	}
	// What compresses makes its channels on first use; made under a fake clock they could be used in that one test only.
	_ = inventorytest.Sealed(inventorytest.Options{})
	os.Exit(storetest.Main(m))
}

// server is a receiver that verifies what it takes, as the real one does, and keeps it in memory.
type server struct {
	url string

	mu        sync.Mutex
	keys      map[string]ed25519.PublicKey // by agent id
	documents []*inventory.Document
	arrived   chan struct{} // receives after each document
	down      bool
	policy    []byte // given to whoever asks with a known key
}

var policyKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))

func (s *server) Policy(_ context.Context, q deliver.PolicyQuestion) (deliver.PolicyAnswer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !q.Verify(s.keys[q.Agent]) {
		return deliver.PolicyAnswer{}, fault.New(fault.Unauthorized, "the agent is not enrolled")
	}
	if s.policy == nil {
		return deliver.PolicyAnswer{}, fault.New(fault.NotFound, "no policies are given here")
	}
	a := deliver.PolicyAnswer{Tag: deliver.TagOf(s.policy)}
	if q.Have != a.Tag {
		a.Body = s.policy
	}
	return a, nil
}

func startServer(t *testing.T) *server {
	t.Helper()
	s := &server{keys: map[string]ed25519.PublicKey{}, arrived: make(chan struct{}, 1000)}
	h := &deliver.Handler{Name: "server", Receiver: s, Log: slog.New(slog.DiscardHandler)}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		down := s.down
		s.mu.Unlock()
		if down {
			http.Error(w, "away", http.StatusBadGateway)
			return
		}
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(web.Close)
	s.url = web.URL
	return s
}

func (s *server) Enroll(_ context.Context, e deliver.Enrollment) (deliver.Enrolled, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.Token != "good-token" {
		return deliver.Enrolled{}, fault.New(fault.Forbidden, "the enrollment token is not valid, or has expired")
	}
	s.keys[e.AgentID] = e.PublicKey
	return deliver.Enrolled{KeyID: inventory.KeyID(e.PublicKey), Server: "test server", ServerKey: policyKey.Public().(ed25519.PublicKey)}, nil
}

func (s *server) Accept(_ context.Context, i deliver.Item) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	h, err := inventory.OpenHeader(i.Body)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "cannot be read: %v", err)
	}
	key, known := s.keys[h.Agent]
	if !known {
		return fault.New(fault.Unauthorized, "the agent is not enrolled")
	}
	d, err := inventory.Open(i.Body, key)
	if err != nil {
		return fault.Wrap(err, fault.Unauthorized, "does not verify: %v", err)
	}
	for _, have := range s.documents {
		if have.Header.ID == d.Header.ID {
			return nil
		}
	}
	s.documents = append(s.documents, d)
	s.arrived <- struct{}{}
	return nil
}

func (s *server) taken() []*inventory.Document {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*inventory.Document(nil), s.documents...)
}

func (s *server) setDown(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

// machine writes a small recorded machine.
func machine(t testing.TB, name string, cores int) string {
	t.Helper()
	root := t.TempDir()
	put(t, root, "proc/sys/kernel/hostname", name)
	put(t, root, "proc/cpuinfo", "processor\t: 0\nmodel name\t: AMD EPYC 7313P 16-Core Processor\nflags\t\t: fpu vme\n")
	put(t, root, "etc/os-release", "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\n")
	put(t, root, "sys/class/dmi/id/product_serial", "SN-"+name)
	put(t, root, "var/lib/dpkg/status", "Package: nginx\nStatus: install ok installed\nVersion: 1.22.1-9\nArchitecture: amd64\n")
	setCores(t, root, cores)
	return root
}

func put(t testing.TB, root, name, content string) {
	t.Helper()
	path := filepath.Join(root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func setCores(t testing.TB, root string, n int) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(root, "sys/devices/system/cpu")); err != nil {
		t.Fatal(err)
	}
	for c := range n {
		folder := fmt.Sprintf("sys/devices/system/cpu/cpu%d/topology/", c)
		put(t, root, folder+"core_cpus_list", fmt.Sprint(c))
		put(t, root, folder+"package_cpus_list", fmt.Sprintf("0-%d", n-1))
	}
}

// command runs one agent command in this process and returns its exit status and what it printed.
func command(t testing.TB, state, root string, args ...string) (status int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status = Main(t.Context(), append([]string{"--state", state, "--root", root, "--log-level", "error"}, args...), Streams{Out: &stdout, Err: &stderr, Version: "1.0.0"})
	return status, stdout.String(), stderr.String()
}

func must(t testing.TB, state, root string, args ...string) string {
	t.Helper()
	status, out, errs := command(t, state, root, args...)
	if status != 0 {
		t.Fatalf("highwater-agent %v: status %d: %s", args, status, errs)
	}
	return out
}

func state(t testing.TB, folder string) report {
	t.Helper()
	var r report
	if err := json.Unmarshal([]byte(must(t, folder, "/", "status", "--json")), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestFromEnrollmentToADocumentAtTheServer(t *testing.T) {
	s, folder, root := startServer(t), filepath.Join(t.TempDir(), "state"), machine(t, "db01", 8)
	if got := must(t, folder, root, "enroll", "--server", s.url, "--token", "good-token"); !strings.Contains(got, "enrolled with test server") {
		t.Errorf("enroll says %q", got)
	}
	if got := must(t, folder, root, "once"); !strings.Contains(got, "delivered 1 documents of db01") {
		t.Errorf("once says %q", got)
	}
	documents := s.taken()
	if len(documents) != 1 {
		t.Fatalf("%d documents arrived", len(documents))
	}
	d := documents[0]
	if d.Header.DeviceName != "db01" || *d.Hardware.Cores != 8 || d.Evidence.Packages[0].Name != "nginx" || d.Header.AgentID == "" || d.Header.AgentInputs.Inputs["serial"] != "SN-db01" {
		t.Errorf("arrived: %+v", d)
	}
	r := state(t, folder)
	if r.AgentID != d.Header.AgentID || r.Spool.Items != 0 || r.Runs.Delivered.IsZero() || r.Enrollment.KeyID == "" || r.Runs.OffsetUs == nil {
		t.Errorf("status: %+v", r)
	}
	if text := must(t, folder, root, "status"); !strings.Contains(text, d.Header.AgentID) || !strings.Contains(text, s.url) {
		t.Errorf("status says:\n%s", text)
	}
	for _, name := range []string{"agent.key", "identity.json", "settings.json"} {
		info, err := os.Stat(filepath.Join(folder, name))
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	if b, _ := os.ReadFile(filepath.Join(folder, "settings.json")); strings.Contains(string(b), "good-token") {
		t.Error("the token is kept in the settings")
	}
}

func TestTheServerIsAwayAndLaterGetsEverything(t *testing.T) {
	s, folder, root := startServer(t), t.TempDir(), machine(t, "db01", 8)
	must(t, folder, root, "enroll", "--server", s.url, "--token", "good-token")
	s.setDown(true)
	status, _, errs := command(t, folder, root, "once")
	if status != 1 || !strings.Contains(errs, "kept until it can be delivered") || !strings.Contains(errs, s.url) {
		t.Errorf("status %d, %s", status, errs)
	}
	if r := state(t, folder); r.Spool.Items != 1 || r.Runs.Failure == "" {
		t.Errorf("%+v", r)
	}
	setCores(t, root, 16)
	s.setDown(false)
	must(t, folder, root, "once")
	documents := s.taken()
	if len(documents) != 2 || *documents[0].Hardware.Cores != 8 || *documents[1].Hardware.Cores != 16 {
		t.Errorf("%d documents arrived", len(documents))
	}
}

func TestWrongInputIsToldInOneLine(t *testing.T) {
	s, root := startServer(t), machine(t, "db01", 8)
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"once"}, 2, "highwater-agent enroll"},
		{[]string{"collect"}, 2, "--stdout or --to"},
		{[]string{"enroll", "--server", s.url}, 2, "token"},
		{[]string{"enroll", "--server", s.url, "--token", "bad"}, 1, "token is not valid"},
		{[]string{"enroll", "--server", "nonsense", "--token", "x"}, 2, "https://name:port"},
		{[]string{"enroll", "--server", "http://127.0.0.1:1", "--token", "x"}, 1, "no server could be reached"},
		{[]string{"frobnicate"}, 2, "frobnicate"},
	} {
		status, _, errs := command(t, t.TempDir(), root, c.args...)
		if status != c.status || !strings.Contains(errs, c.says) || c.args[0] != "frobnicate" && strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: status %d, %q", c.args, status, errs)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	put(t, filepath.Dir(file), "file", "")
	if status, _, errs := command(t, filepath.Join(file, "state"), root, "once"); status != 1 || !strings.Contains(errs, "state folder") {
		t.Errorf("a state folder that cannot be: %d, %s", status, errs)
	}
}

func TestCollectLeavesNothingBehind(t *testing.T) {
	folder, root := filepath.Join(t.TempDir(), "state"), machine(t, "alone", 4)
	d, err := inventory.Decode([]byte(must(t, folder, root, "collect", "--stdout")))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "alone.hwd")
	must(t, folder, root, "collect", "--to", file)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	key, err := inventory.StatedKey(b)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := inventory.Open(b, key)
	if err != nil {
		t.Fatal(err)
	}
	if sealed.Digests() != d.Digests() || sealed.Header.AgentID == "" || sealed.Header.DeviceName != "alone" {
		t.Errorf("the two differ: %+v, %+v", sealed.Header, d.Header)
	}
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("a state folder was made: %v", err)
	}
	if hardware, err := inventory.Decode([]byte(must(t, folder, root, "collect", "--stdout", "--hardware"))); err != nil || hardware.Evidence != nil {
		t.Errorf("hardware only: %v", err)
	}
}

func TestAPreparedImageWakesUpAsSomebodyElse(t *testing.T) {
	s, folder, root := startServer(t), t.TempDir(), machine(t, "golden", 4)
	token := filepath.Join(t.TempDir(), "token")
	put(t, filepath.Dir(token), "token", "good-token\n")
	must(t, folder, root, "enroll", "--server", s.url, "--token-file", token)
	must(t, folder, root, "once")
	must(t, folder, root, "prepare-image")
	if r := state(t, folder); r.AgentID != "" || r.Enrollment.KeyID != "" || r.Spool.Items != 0 || !r.Runs.Full.IsZero() || len(r.Settings.Targets) != 1 {
		t.Errorf("the image still knows: %+v", r)
	}
	put(t, root, "proc/sys/kernel/hostname", "instance1")
	put(t, root, "sys/class/dmi/id/product_serial", "SN-2")
	must(t, folder, root, "once") // enrolls by itself with the token file
	documents := s.taken()
	if len(documents) != 2 || documents[0].Header.AgentID == documents[1].Header.AgentID || len(documents[1].Header.AgentInputs.History) != 0 {
		t.Errorf("%d documents; %+v", len(documents), documents[len(documents)-1].Header)
	}
	if s.keys[documents[0].Header.AgentID].Equal(s.keys[documents[1].Header.AgentID]) {
		t.Error("two agents have one key")
	}
}

// All adapters of a guest are replaced while its server is away: that cannot be told from a clone, so it gets a new id, and
// what it had measured before is not lost for it.
func TestWhatAGuestMeasuredBeforeItsAdaptersWereReplacedArrives(t *testing.T) {
	s, folder, root := startServer(t), t.TempDir(), machine(t, "app1", 4)
	token := filepath.Join(t.TempDir(), "token")
	put(t, filepath.Dir(token), "token", "good-token")
	put(t, root, "proc/cpuinfo", "processor\t: 0\nmodel name\t: AMD EPYC 7313P\nflags\t\t: fpu hypervisor\n")
	put(t, root, "sys/class/net/eth0/address", "aa:00:00:00:00:01")
	put(t, root, "sys/class/net/eth0/device/vendor", "0x15ad")
	must(t, folder, root, "enroll", "--server", s.url, "--token-file", token)
	s.setDown(true)
	command(t, folder, root, "once")
	s.setDown(false)
	put(t, root, "sys/class/net/eth0/address", "aa:00:00:00:00:02")
	must(t, folder, root, "once")
	documents := s.taken()
	slices.SortFunc(documents, func(a, b *inventory.Document) int { return a.Header.CollectedAt.Compare(b.Header.CollectedAt) }) // two senders' order is free
	if len(documents) != 2 || documents[0].Header.AgentID == documents[1].Header.AgentID || documents[1].Header.AgentInputs.History[0] != documents[0].Header.AgentID {
		t.Errorf("%d documents arrived", len(documents))
	}
}

// The server was restored from a backup of before this agent was enrolled.
func TestAServerThatForgotItsAgentIsToldAgain(t *testing.T) {
	s, folder, root := startServer(t), t.TempDir(), machine(t, "db01", 4)
	token := filepath.Join(t.TempDir(), "token")
	put(t, filepath.Dir(token), "token", "good-token")
	must(t, folder, root, "enroll", "--server", s.url, "--token-file", token)
	must(t, folder, root, "once")
	s.mu.Lock()
	clear(s.keys)
	s.mu.Unlock()
	if status, _, errs := command(t, folder, root, "once"); status != 1 || !strings.Contains(errs, "refused") {
		t.Errorf("just enrolled, it does not hammer the server with enrollments: status %d, %s", status, errs)
	}
	var e enrollment
	if err := readState(folder, enrollmentFile, &e); err != nil {
		t.Fatal(err)
	}
	e.At = e.At.Add(-2 * enrollAgainAfter)
	if err := writeState(folder, enrollmentFile, e); err != nil {
		t.Fatal(err)
	}
	must(t, folder, root, "once")
	if n := len(s.taken()); n != 3 { // also the one that was refused
		t.Errorf("%d documents arrived", n)
	}
	if r := state(t, folder); len(r.Rejected) != 0 || r.Spool.Items != 0 {
		t.Errorf("%+v", r)
	}
}

// An image that nobody prepared, with the original's identity, key and waiting documents in it.
func TestAnUncleanedImageOnAnotherInstanceIsSafe(t *testing.T) {
	s, folder, root := startServer(t), t.TempDir(), machine(t, "ip-1", 2)
	ec2 := func(id string) {
		put(t, root, "sys/class/dmi/id/sys_vendor", "Amazon EC2")
		put(t, root, "sys/class/dmi/id/board_asset_tag", id)
	}
	ec2("i-0001")
	token := filepath.Join(t.TempDir(), "token")
	put(t, filepath.Dir(token), "token", "good-token")
	must(t, folder, root, "enroll", "--server", s.url, "--token-file", token)
	s.setDown(true)
	command(t, folder, root, "once") // stays in the spool, and so in the image
	original := state(t, folder)
	s.setDown(false)
	ec2("i-0002")
	must(t, folder, root, "once")
	documents := s.taken()
	if len(documents) != 1 || documents[0].Cloud.InstanceID != "i-0002" || documents[0].Header.AgentID == original.AgentID {
		t.Fatalf("%d documents arrived: %+v", len(documents), documents[0].Header)
	}
	if s.keys[original.AgentID].Equal(s.keys[documents[0].Header.AgentID]) {
		t.Error("the copy uses the original's key")
	}
}

// A real agent process is killed with SIGKILL again and again while its machine changes and its server comes and goes:
// every state it had reported on disk arrives, in order, once.
func TestAnAgentProcessThatIsKilledLosesNothing(t *testing.T) {
	s, folder, root := startServer(t), t.TempDir(), machine(t, "db01", 1)
	must(t, folder, root, "enroll", "--server", s.url, "--token", "good-token")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for round := range 6 {
		s.setDown(round%2 == 0)
		setCores(t, root, round+1)
		cmd := exec.CommandContext(t.Context(), self, "--state", folder, "--root", root, "once")
		if round%2 == 1 {
			cmd = exec.CommandContext(t.Context(), self, "--state", folder, "--root", root, "run", "--check-every", "5m")
		}
		cmd.Env = append(os.Environ(), "HIGHWATER_TEST_AGENT=1")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if round%2 == 0 {
			_ = cmd.Wait() // fails to deliver; the document stays
			continue
		}
		select { // what waited arrives; then the process is killed at whatever it is doing
		case <-s.arrived:
		case <-time.After(30 * time.Second):
			t.Fatalf("round %d: nothing arrived", round)
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	s.setDown(false)
	must(t, folder, root, "once")
	seen := map[int64]bool{}
	var last time.Time
	for _, d := range s.taken() {
		if d.Header.CollectedAt.Before(last) {
			t.Errorf("a document of %s came after one of %s", d.Header.CollectedAt, last)
		}
		last = d.Header.CollectedAt
		seen[*d.Hardware.Cores] = true
	}
	for _, cores := range []int64{1, 3, 5, 6} { // those that a finished run kept
		if !seen[cores] {
			t.Errorf("the time with %d cores never arrived; %v did", cores, seen)
		}
	}
}

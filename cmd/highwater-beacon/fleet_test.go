package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/internal/need"
	"github.com/highwater-sam/highwater/store"
)

// TestAFleetLosesNothing runs a server, a chain of two beacons, four agents on recorded machines and one on this machine,
// all as real processes with a cuttable link between each two of them. Hardware changes while each link in turn is cut and
// each process in turn is killed (SIGKILL). In the end every change is in the history of its device: once, in order, at
// the instant at which its agent saw it.
func TestAFleetLosesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs eight processes for half a minute")
	}
	f := newFleet(t)
	f.startServer()
	f.token = f.tool("highwater", "token", "create", "fleet", "--database", f.dsn, "--data", f.folder)
	f.token = strings.Fields(f.token[strings.Index(f.token, "secret "):])[1]
	f.tool("highwater", "policy", "set", "--database", f.dsn, "--data", f.folder, "-f", f.file("policy.yaml",
		"high_frequency: {on: true, targets: [{name: all, include: [{name: \"*\"}]}]}"), "--reason", "a test of the fleet")
	for _, b := range []*beacon{f.near, f.far} {
		f.tool("highwater-beacon", "--state", b.state, "enroll", "--parent", b.parent.url(), "--token", f.token, "--name", b.name)
		f.startBeacon(b)
	}
	for n := range 4 {
		f.addAgent(fmt.Sprintf("db%02d", n+1), f.machine(fmt.Sprintf("db%02d", n+1)))
	}
	f.addAgent("this machine", "/")
	f.delivered()

	for _, link := range []*link{f.toFar, f.toNear, f.toServer} {
		link.cut(true)
		f.changeHardware()
		f.changeHardware()
		link.cut(false)
		if link == f.toFar {
			f.restartAgents() // whose wait after a failure is long
		}
		f.delivered()
	}
	for _, one := range []struct {
		process *process
		again   func()
	}{{f.server, f.startServer}, {f.near.process, func() { f.startBeacon(f.near) }}, {f.far.process, func() { f.startBeacon(f.far) }}} {
		one.process.kill()
		f.changeHardware()
		one.again()
		f.changeHardware() // and once more while what waited is on its way
	}
	f.delivered()
	f.server.stop()
	f.check()
}

// fleet is everything that runs.
type fleet struct {
	t                       *testing.T
	bin, folder, dsn, token string
	server                  *process
	near, far               *beacon
	toFar, toNear, toServer *link
	agents                  []*agent
}

func newFleet(t *testing.T) *fleet {
	f := &fleet{t: t, bin: t.TempDir(), folder: t.TempDir()}
	f.dsn = "sqlite:" + filepath.Join(f.folder, "db")
	builder := need.Program(t, "go")
	cmd := exec.CommandContext(t.Context(), builder, "build", "-o", f.bin+"/", "../highwater", "../highwater-agent", ".")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v: %s", err, out)
	}
	f.toServer, f.toNear, f.toFar = newLink(t), newLink(t), newLink(t)
	f.near = &beacon{name: "near", state: t.TempDir(), parent: f.toServer, child: f.toNear}
	f.far = &beacon{name: "far", state: t.TempDir(), parent: f.toNear, child: f.toFar}
	return f
}

// tool runs a command to its end and returns what it printed.
func (f *fleet) tool(name string, args ...string) string {
	f.t.Helper()
	var errs strings.Builder
	cmd := exec.CommandContext(f.t.Context(), filepath.Join(f.bin, name), args...)
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		f.t.Fatalf("%s %v: %v: %s", name, args, err, errs.String())
	}
	return string(out)
}

func (f *fleet) file(name, content string) string {
	f.t.Helper()
	path := filepath.Join(f.folder, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		f.t.Fatal(err)
	}
	return path
}

func (f *fleet) startServer() {
	f.t.Helper()
	f.server = f.start("highwater", "serve", "--database", f.dsn, "--data", f.folder, "--listen", "127.0.0.1:0", "--reconcile-at", "0 3 1 1 *")
	f.toServer.to(address(f.server.waitFor("msg=serving")))
}

// beacon is one beacon with the links above and below it.
type beacon struct {
	*process
	name, state   string
	parent, child *link
	address       string
}

func (f *fleet) startBeacon(b *beacon) {
	f.t.Helper()
	b.process = f.start("highwater-beacon", "--state", b.state, "run", "--listen", "127.0.0.1:0", "--retry", "100ms")
	b.address = address(b.waitFor("msg=relaying"))
	b.child.to(b.address)
}

// address finds the address in a line of a log.
func address(line string) string {
	_, rest, _ := strings.Cut(line, "address=")
	return strings.Fields(rest)[0]
}

// agent is one agent with its recorded machine, and what it saw when.
type agent struct {
	*process
	name, state, root string
	cores             int
	saw               []string // "time cores" of each document it kept
}

func (f *fleet) addAgent(name, root string) {
	f.t.Helper()
	a := &agent{name: name, state: f.t.TempDir(), root: root, cores: 8}
	f.tool("highwater-agent", "--state", a.state, "--root", a.root, "--cloud", "off", "enroll", "--server", f.toFar.url(), "--token", f.token)
	if root != "/" {
		f.setCores(root, a.cores)
	}
	f.startAgent(a)
	a.waitFor("full inventory kept", "another policy is in force") // with checks: from now on each start checks at once
	a.saw = append(a.saw, fmt.Sprintf("%s %d", f.status(a).Runs.Full.Format(time.RFC3339), f.coresOf(a)))
	f.agents = append(f.agents, a)
}

func (f *fleet) coresOf(a *agent) int {
	if a.root != "/" {
		return a.cores
	}
	var d struct {
		Hardware struct {
			Cores int `json:"cores"`
		} `json:"hardware"`
	}
	if err := json.Unmarshal([]byte(f.tool("highwater-agent", "--state", a.state, "--cloud", "off", "collect", "--stdout", "--hardware")), &d); err != nil {
		f.t.Fatal(err)
	}
	return d.Hardware.Cores
}

func (f *fleet) startAgent(a *agent) {
	f.t.Helper()
	a.process = f.start("highwater-agent", "--state", a.state, "--root", a.root, "--cloud", "off", "run")
}

type agentStatus struct {
	Runs struct {
		Full  time.Time `json:"full"`
		Check time.Time `json:"check"`
	} `json:"runs"`
	Spool struct {
		Items    int `json:"items"`
		Rejected int `json:"rejected"`
		Dropped  int `json:"dropped"`
	} `json:"spool"`
}

func (f *fleet) status(a *agent) agentStatus {
	f.t.Helper()
	var s agentStatus
	if err := json.Unmarshal([]byte(f.tool("highwater-agent", "--state", a.state, "--root", a.root, "status", "--json")), &s); err != nil {
		f.t.Fatal(err)
	}
	return s
}

// changeHardware kills every agent, changes what its machine shows, and starts it again; the agent on this machine only
// dies and comes back. Documents have their time to the second, and no two of an agent share one.
func (f *fleet) changeHardware() {
	f.t.Helper()
	<-time.After(time.Until(time.Now().Truncate(time.Second).Add(time.Second)))
	for _, a := range f.agents {
		a.kill()
		if a.root != "/" {
			a.cores++
			f.setCores(a.root, a.cores)
		}
		f.startAgent(a)
	}
	for _, a := range f.agents {
		if a.root == "/" {
			continue
		}
		a.waitFor("the hardware changed; a document is kept")
		a.saw = append(a.saw, fmt.Sprintf("%s %d", f.status(a).Runs.Check.Format(time.RFC3339), a.cores))
	}
}

func (f *fleet) restartAgents() {
	for _, a := range f.agents {
		a.kill()
		f.startAgent(a)
	}
}

// delivered waits until nothing waits anywhere.
func (f *fleet) delivered() {
	f.t.Helper()
	deadline, tick := time.After(60*time.Second), time.NewTicker(50*time.Millisecond)
	defer tick.Stop()
	for {
		waiting := ""
		for _, a := range f.agents {
			if s := f.status(a); s.Spool.Items > 0 {
				waiting = fmt.Sprintf("%d documents at %s", s.Spool.Items, a.name)
			}
		}
		for _, b := range []*beacon{f.far, f.near} { // in the order in which documents pass
			if waiting == "" {
				waiting = f.backlog(b)
			}
		}
		if waiting == "" {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			f.t.Fatalf("not delivered: %s", waiting)
		}
	}
}

// backlog says what waits at a beacon; "" is nothing.
func (f *fleet) backlog(b *beacon) string {
	answer, err := http.Get("http://" + b.address + "/healthz") //nolint:noctx // of this machine
	if err != nil {
		return err.Error()
	}
	defer answer.Body.Close()
	var h struct {
		Spool struct {
			Items    int `json:"items"`
			Rejected int `json:"rejected"`
		} `json:"spool"`
		Delivery struct {
			Failure string `json:"failure"`
		} `json:"delivery"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&h); err != nil {
		return err.Error()
	}
	if h.Spool.Rejected > 0 {
		f.t.Fatalf("beacon %s: %d documents were refused", b.name, h.Spool.Rejected)
	}
	if h.Spool.Items > 0 {
		return fmt.Sprintf("%d documents at beacon %s (%s)", h.Spool.Items, b.name, h.Delivery.Failure)
	}
	return ""
}

// check compares the history in the database with what the agents saw.
func (f *fleet) check() {
	f.t.Helper()
	st, err := store.Open(f.t.Context(), f.dsn, store.Options{})
	if err != nil {
		f.t.Fatal(err)
	}
	defer st.Close()
	total := 0
	for _, a := range f.agents {
		if s := f.status(a); s.Spool.Rejected > 0 || s.Spool.Dropped > 0 {
			f.t.Errorf("%s: %+v", a.name, s.Spool)
		}
		id := f.deviceOf(st, a)
		points, err := st.FullHistory(f.t.Context(), id, nil)
		if err != nil {
			f.t.Fatal(err)
		}
		var got []string
		for _, p := range points {
			if h, ok := p.Value.(*device.Hardware); ok && h != nil && h.Cores != nil {
				got = append(got, fmt.Sprintf("%s %d", p.From.Format(time.RFC3339), *h.Cores))
			}
		}
		if diff := cmp.Diff(a.saw, got); diff != "" {
			f.t.Errorf("%s: what it saw and what the history holds (-saw +history):\n%s", a.name, diff)
		}
		documents, err := st.Documents(f.t.Context(), id, 1000)
		if err != nil {
			f.t.Fatal(err)
		}
		if len(documents) != len(a.saw) {
			f.t.Errorf("%s kept %d documents, the server has %d", a.name, len(a.saw), len(documents))
		}
		total += len(got)
	}
	f.t.Logf("%d changes of %d agents arrived, each once", total, len(f.agents))
}

// deviceOf finds the device of an agent, by the id in its state.
func (f *fleet) deviceOf(st *store.Store, a *agent) device.ID {
	f.t.Helper()
	var s struct {
		Agent string `json:"agent_id"`
	}
	if err := json.Unmarshal([]byte(f.tool("highwater-agent", "--state", a.state, "--root", a.root, "status", "--json")), &s); err != nil {
		f.t.Fatal(err)
	}
	known, ok, err := st.Agent(f.t.Context(), s.Agent)
	if err != nil || !ok || known.Device == 0 {
		f.t.Fatalf("%s is not known: %+v, %v", a.name, known, err)
	}
	if !strings.HasSuffix(known.PolicyRevision, " high-frequency") {
		f.t.Errorf("%s was given the policy %q", a.name, known.PolicyRevision)
	}
	return known.Device
}

// machine makes the folder of a recorded machine.
func (f *fleet) machine(name string) string {
	root := f.t.TempDir()
	for path, content := range map[string]string{
		"proc/sys/kernel/hostname":        name,
		"proc/cpuinfo":                    "processor\t: 0\nmodel name\t: AMD EPYC 7313P 16-Core Processor\nflags\t\t: fpu vme\n",
		"etc/os-release":                  "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\n",
		"sys/class/dmi/id/product_serial": "SN-" + name,
		"var/lib/dpkg/status":             "Package: nginx\nStatus: install ok installed\nVersion: 1.22.1-9\nArchitecture: amd64\n",
	} {
		f.put(filepath.Join(root, filepath.FromSlash(path)), content)
	}
	f.setCores(root, 8)
	return root
}

func (f *fleet) put(path, content string) {
	f.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		f.t.Fatal(err)
	}
}

// setCores changes a recorded machine while its agent is dead.
func (f *fleet) setCores(root string, n int) {
	f.t.Helper()
	if err := os.RemoveAll(filepath.Join(root, "sys/devices/system/cpu")); err != nil {
		f.t.Fatal(err)
	}
	for c := range n {
		folder := filepath.Join(root, fmt.Sprintf("sys/devices/system/cpu/cpu%d/topology", c))
		f.put(filepath.Join(folder, "core_cpus_list"), fmt.Sprint(c))
		f.put(filepath.Join(folder, "package_cpus_list"), fmt.Sprintf("0-%d", n-1))
	}
}

// process is a program that runs, and the lines it has logged.
type process struct {
	t     *testing.T
	cmd   *exec.Cmd
	name  string
	lines chan string
	said  []string
}

func (f *fleet) start(name string, args ...string) *process {
	f.t.Helper()
	cmd := exec.CommandContext(f.t.Context(), filepath.Join(f.bin, name), args...)
	out, err := cmd.StderrPipe()
	if err != nil {
		f.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	p := &process{t: f.t, cmd: cmd, name: name, lines: make(chan string, 10_000)}
	go func() {
		defer close(p.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			p.lines <- s.Text()
		}
	}()
	return p
}

// waitFor waits until a line for each of the words has come, in any order, and returns the last.
func (p *process) waitFor(words ...string) string {
	p.t.Helper()
	deadline := time.After(60 * time.Second)
	for {
		select {
		case line, ok := <-p.lines:
			if !ok {
				p.t.Fatalf("%s ended without saying %q:\n%s", p.name, words, strings.Join(p.said, "\n"))
			}
			p.said = append(p.said, line)
			words = slices.DeleteFunc(words, func(w string) bool { return strings.Contains(line, w) })
			if len(words) == 0 {
				return line
			}
		case <-deadline:
			p.t.Fatalf("%s did not say %q:\n%s", p.name, words, strings.Join(p.said, "\n"))
		}
	}
}

func (p *process) kill() {
	if err := p.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		p.t.Errorf("kill %s: %v", p.name, err)
	}
	for range p.lines { //nolint:revive // until it is dead and its last line is read
	}
	_ = p.cmd.Wait() // it says that it was killed
}

func (p *process) stop() {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Errorf("stop %s: %v", p.name, err)
	}
	for range p.lines { //nolint:revive // until it has ended
	}
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("%s was told to stop and ended with %v", p.name, err)
	}
}

// link is a TCP proxy that can be cut: what is under way breaks off, and nobody answers.
type link struct {
	listener net.Listener

	mu     sync.Mutex
	target string
	dead   bool
	open   map[net.Conn]bool
}

func newLink(t *testing.T) *link {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	k := &link{listener: l, open: map[net.Conn]bool{}}
	t.Cleanup(func() { _ = l.Close(); k.cut(true) })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go k.carry(c)
		}
	}()
	return k
}

func (k *link) url() string { return "http://" + k.listener.Addr().String() }

func (k *link) to(target string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.target = target
}

func (k *link) cut(dead bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.dead = dead
	if dead {
		for c := range k.open {
			_ = c.Close()
		}
	}
}

func (k *link) carry(down net.Conn) {
	defer down.Close()
	k.mu.Lock()
	dead, target := k.dead, k.target
	k.mu.Unlock()
	if dead {
		return
	}
	up, err := net.Dial("tcp", target) //nolint:noctx // of this machine
	if err != nil {
		return
	}
	defer up.Close()
	k.mu.Lock()
	k.open[down], k.open[up] = true, true
	if k.dead {
		_ = up.Close()
	}
	k.mu.Unlock()
	both := make(chan struct{}, 2)
	pipe := func(a, b net.Conn) {
		_, _ = io.Copy(a, b)
		_, _ = a.Close(), b.Close()
		both <- struct{}{}
	}
	go pipe(up, down)
	go pipe(down, up)
	<-both
	<-both
	k.mu.Lock()
	delete(k.open, down)
	delete(k.open, up)
	k.mu.Unlock()
}

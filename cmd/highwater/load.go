package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"runtime"
	"time"

	"github.com/highwater-sam/highwater/fault"
)

// loadCmd puts load on a server.
type loadCmd struct {
	Agents loadAgentsCmd `cmd:"" help:"Simulate a fleet of agents against a real server on this machine, and print what it bore."`
}

// loadAgentsCmd simulates agents: they enroll, send their first inventory, keep their cadence while a reconciliation
// runs, and come back all at once after an outage. It counts what the server acknowledged and then looks whether it is
// there.
type loadAgentsCmd struct {
	Count       int           `default:"10000" help:"How many agents, up to 1,000,000 (${default})."`
	Database    string        `enum:"sqlite,postgres" default:"sqlite" help:"Database of the server that is started for this: sqlite or postgres, fresh and removed afterwards (${default})."`
	Dir         string        `type:"path" help:"Folder for the data, on the disk to be measured; the default is the folder for temporary files."`
	Postgres    string        `env:"HIGHWATER_TEST_POSTGRES" help:"URL of a PostgreSQL server whose user may create databases; without it a private one is started."`
	Server      string        `help:"A server that runs already, at a loopback address: its database keeps the simulated agents. Needs --token." placeholder:"URL"`
	Token       string        `env:"HIGHWATER_ENROLL_TOKEN" help:"Enrollment token of that server."`
	Connections int           `default:"64" help:"Exchanges under way at once (${default})."`
	Packages    int           `default:"190" help:"Packages in a first inventory; 190 make about 20 KB (${default})."`
	Cadence     time.Duration `default:"30m" help:"Every agent exchanges once in this time (${default})."`
	For         time.Duration `default:"30s" help:"How long the cadence is kept, up to 1h (${default})."`
	Storm       time.Duration `default:"5m" help:"All agents come back within this time (${default}); 0 leaves the storm out."`
	Limit       time.Duration `default:"1h" help:"Give up after this time, up to 6h (${default})."`
}

// Run runs the phases one after the other.
func (c *loadAgentsCmd) Run(ctx context.Context, std streams) error {
	if err := c.check(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.Limit)
	defer cancel()
	s, err := c.server(ctx)
	if err != nil {
		return err
	}
	f := newSimulated(c, s)
	return errors.Join(c.phases(ctx, std.out, s, f), s.Close())
}

func (c *loadAgentsCmd) check() error {
	switch {
	case c.Count < 1 || c.Count > 1_000_000:
		return fault.New(fault.Invalid, "--count is 1 to 1,000,000")
	case c.For < time.Second || c.For > time.Hour || c.Limit < time.Second || c.Limit > 6*time.Hour:
		return fault.New(fault.Invalid, "--for is 1s to 1h, --limit 1s to 6h")
	case c.Cadence < time.Second || c.Connections < 1 || c.Connections > 4096 || c.Storm < 0 || c.Packages < 1 || c.Packages > 20_000:
		return fault.New(fault.Invalid, "--cadence is at least 1s, --connections 1 to 4096, --packages 1 to 20,000")
	case (c.Server == "") != (c.Token == ""):
		return fault.New(fault.Invalid, "--server and --token go together")
	}
	if c.Server == "" {
		return nil
	}
	u, err := url.Parse(c.Server)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fault.New(fault.Invalid, "--server %q is not of the form http://127.0.0.1:8470", c.Server)
	}
	host := u.Hostname()
	ip, err := netip.ParseAddr(host)
	if host == "localhost" || err == nil && ip.IsLoopback() {
		return nil
	}
	return fault.New(fault.Invalid, "load is put on servers of this machine only, and %s is another (or a name)", net.JoinHostPort(host, u.Port()))
}

func (c *loadAgentsCmd) phases(ctx context.Context, w io.Writer, s *loadServer, f *simulated) error {
	fmt.Fprintf(w, "%d agents, %d processors shared by agents and server, %s, %d exchanges at once, plain HTTP on loopback\n",
		c.Count, runtime.GOMAXPROCS(0), s.what, c.Connections)
	fmt.Fprintf(w, "%-36s %11s %9s %9s %9s %9s %11s %6s %12s %12s\n", "phase", "exchanges/s", "of", "took", "p50", "p99", "documents/s", "lost", "server CPU", "agents' CPU")
	phase := func(name string, count int, within time.Duration, exchange func(ctx context.Context, n int) error) error {
		r, err := f.run(ctx, count, within, exchange)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		lost, err := s.missing(ctx, r.acknowledged)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%-36s %11.0f %9d %9s %9s %9s %11.0f %6s %12s %12s\n", name, float64(count)/r.took.Seconds(), count, brief(r.took), brief(r.p50), brief(r.p99),
			float64(len(r.acknowledged))/r.took.Seconds(), lost, cpuShare(r.server, r.took), cpuShare(r.agents, r.took))
		if r.again > 0 {
			fmt.Fprintf(w, "  %d exchanges were turned away or broke off, and came again\n", r.again)
		}
		return nil
	}
	if err := phase("enroll", c.Count, 0, f.enroll); err != nil {
		return err
	}
	if err := phase("first inventory", c.Count, 0, f.firstInventory); err != nil {
		return err
	}
	if err := s.highFrequency(ctx); err != nil {
		return err
	}
	for _, time := range []string{"first", "second"} { // what software a device has is found out at the first
		if err := phase("ask for the policy, "+time+" time", c.Count, 0, f.ask); err != nil {
			return err
		}
	}
	// In the time of one cadence an agent sends one check and asks twice for its policy.
	checks := max(1, int(float64(c.Count)*c.For.Seconds()/c.Cadence.Seconds()))
	if err := phase(fmt.Sprintf("cadence of %s", c.Cadence), 3*checks, c.For, f.cadence); err != nil {
		return err
	}
	done := s.reconcile(ctx)
	err := phase(fmt.Sprintf("cadence of %s, reconciling", c.Cadence), 3*checks, c.For, f.cadence)
	took, failed := done()
	if err != nil || failed != nil {
		return fmt.Errorf("while a reconciliation runs: %w", orError(err, failed))
	}
	if took > 0 {
		fmt.Fprintf(w, "  the reconciliation took %s\n", brief(took))
	}
	if c.Storm == 0 {
		return nil
	}
	if err := phase("storm, spread over "+brief(c.Storm), c.Count, c.Storm, f.storm); err != nil {
		return err
	}
	return phase("storm, all at once", c.Count, 0, f.storm)
}

func orError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// cpuShare is processor time as a share of one core.
func cpuShare(used, took time.Duration) string {
	if used == 0 {
		return "?"
	}
	return fmt.Sprintf("%.0f %% core", 100*used.Seconds()/took.Seconds())
}

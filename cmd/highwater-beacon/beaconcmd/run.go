package beaconcmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/highwater-sam/highwater/deliver"
	"github.com/highwater-sam/highwater/fault"
)

type runCmd struct {
	Parent      []string      `help:"Address of the server or of another beacon; several in the order in which to try them. Default: those it was enrolled with." env:"HIGHWATER_BEACON_PARENT" placeholder:"URL"`
	CAFile      string        `help:"Certificates to trust besides the system's (PEM)." name:"ca-file" env:"HIGHWATER_BEACON_CA_FILE" type:"existingfile"`
	Listen      string        `default:"127.0.0.1:8471" env:"HIGHWATER_BEACON_LISTEN" help:"Address and port for agents and other beacons (${default})." placeholder:"ADDRESS"`
	TLSCert     string        `name:"tls-cert" env:"HIGHWATER_BEACON_TLS_CERT" help:"Certificate chain (PEM); with --tls-key the beacon speaks TLS." placeholder:"FILE"`
	TLSKey      string        `name:"tls-key" env:"HIGHWATER_BEACON_TLS_KEY" help:"Its private key (PEM)." placeholder:"FILE"`
	BehindProxy bool          `env:"HIGHWATER_BEACON_BEHIND_PROXY" help:"A proxy in front speaks TLS: plain HTTP here is right."`
	Name        string        `env:"HIGHWATER_BEACON_NAME" help:"What the beacon calls itself in the stamps of documents; the host's name by default."`
	SpoolBytes  int64         `default:"4294967296" help:"How many bytes of documents may wait here. A full beacon takes no more, and agents keep theirs (${default})."`
	SpoolItems  int           `default:"500000" help:"How many documents may wait here (${default})."`
	Retry       time.Duration `default:"5s" help:"Wait after a first failure to forward; it doubles up to twelve times this (${default})."`
}

// keptRefused is how many documents are kept that the server refused: an agent that enrolls anew has them sent again.
const keptRefused = 100_000

// Run relays until ctx ends; being told to stop is no failure.
func (c *runCmd) Run(ctx context.Context, cli *CLI, std Streams) error {
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return fault.New(fault.Invalid, "--tls-cert and --tls-key go together")
	}
	if c.Retry < 10*time.Millisecond || c.Retry > time.Hour || c.SpoolBytes < 1<<20 || c.SpoolItems < 1 {
		return fault.New(fault.Invalid, "--retry is 10ms to 1h, --spool-bytes at least 1 MiB, --spool-items at least 1")
	}
	if err := c.checkAddress(); err != nil {
		return err
	}
	me, err := load(cli.State)
	if err != nil {
		return err
	}
	me.Name = nameOr(c.Name, me.Name)
	if len(c.Parent) > 0 {
		me.Parents = c.Parent
	}
	if c.CAFile != "" {
		me.CAFile = c.CAFile
	}
	parent, err := me.client(std)
	if err != nil {
		return err
	}
	policies := filepath.Join(cli.State, policyFolder)
	if err := os.MkdirAll(policies, 0o700); err != nil {
		return cannotWrite(cli.State, err)
	}
	spool, err := deliver.OpenSpool(filepath.Join(cli.State, spoolFolder), deliver.SpoolLimits{Bytes: c.SpoolBytes, Items: c.SpoolItems, Refuse: true, Rejected: keptRefused})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "cannot listen on %s; another program may use it: choose another with --listen", c.Listen)
	}
	log := cli.logger(std)
	r := &relay{Relay: deliver.Relay{Spool: spool, Parent: parent, Policies: policies}, log: log}
	log.Info("relaying", "address", l.Addr().String(), "tls", c.TLSCert != "", "parents", me.Parents, "name", me.Name, "enrolled", me.KeyID != "", "version", std.Version)
	return c.serve(ctx, l, r, me, cli.State, log, std.Version)
}

// serve answers and forwards until ctx ends, then finishes what is under way.
func (c *runCmd) serve(ctx context.Context, l net.Listener, r *relay, me identity, folder string, log *slog.Logger, version string) error {
	mux := http.NewServeMux()
	mux.Handle("/v1/", &deliver.Handler{Name: me.Name, Receiver: r, Log: log})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		h, err := r.health(me.Name, version)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		if err != nil || h.Spool.Bytes >= c.SpoolBytes || h.Spool.Items >= c.SpoolItems {
			w.WriteHeader(http.StatusServiceUnavailable) // no document can be taken
		}
		_ = json.NewEncoder(w).Encode(h) // whoever asked has gone
	})
	server := &http.Server{
		Handler: mux, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 5 * time.Minute, WriteTimeout: 6 * time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	wait := deliver.WaitPolicy{Initial: c.Retry, Max: 12 * c.Retry, Multiplier: 2, Jitter: 0.5}
	sender := &deliver.Sender{Spool: r.Spool, Uploader: r.Parent, Log: log, Done: r.delivered, Wait: func() deliver.WaitPolicy { return wait }}
	sent, spoke := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(sent)
		_ = sender.Run(ctx) // ends with ctx
	}()
	go func() {
		defer close(spoke)
		(&self{identity: me, folder: folder, parent: r.Parent, log: log}).keepInTouch(ctx)
	}()
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		grace, done := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
		defer done()
		stopped <- server.Shutdown(grace)
	}()
	var err error
	if c.TLSCert != "" {
		err = server.ServeTLS(l, c.TLSCert, c.TLSKey)
	} else {
		err = server.Serve(l)
	}
	cancel()
	<-sent
	<-spoke
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve on %s: %w", l.Addr(), err)
	}
	return <-stopped
}

// checkAddress refuses to take documents and tokens in the clear from other machines.
func (c *runCmd) checkAddress() error {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "--listen takes ADDRESS:PORT, such as 0.0.0.0:8471, not %q", c.Listen)
	}
	if c.TLSCert != "" || c.BehindProxy || host == "localhost" {
		return nil
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsLoopback() {
		return nil
	}
	return fault.New(fault.Invalid, "%s can be reached from other machines: give --tls-cert and --tls-key, or --behind-proxy when a proxy in front speaks TLS", c.Listen)
}

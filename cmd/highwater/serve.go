package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"

	"github.com/highwater-sam/highwater/fault"
)

// databaseFlags are what every command that opens the database takes.
type databaseFlags struct {
	Database string `default:"sqlite:highwater-data" env:"HIGHWATER_DATABASE" help:"The database: sqlite:FOLDER or postgres://USER@HOST/DATABASE (${default})." placeholder:"DSN"`
	Data     string `default:"highwater-data" env:"HIGHWATER_DATA" help:"The folder of the server's own key (${default})." placeholder:"FOLDER"`
}

// serveCmd runs the server.
type serveCmd struct {
	databaseFlags
	Listen      string `default:"127.0.0.1:8470" env:"HIGHWATER_LISTEN" help:"Address and port for agents, beacons and browsers (${default})." placeholder:"ADDRESS"`
	TLSCert     string `name:"tls-cert" env:"HIGHWATER_TLS_CERT" help:"Certificate chain (PEM); with --tls-key the server speaks TLS." placeholder:"FILE"`
	TLSKey      string `name:"tls-key" env:"HIGHWATER_TLS_KEY" help:"Its private key (PEM)." placeholder:"FILE"`
	BehindProxy bool   `env:"HIGHWATER_BEHIND_PROXY" help:"A proxy in front speaks TLS: plain HTTP here is right, cookies are for TLS only."`
	ReconcileAt string `default:"30 2 * * *" env:"HIGHWATER_RECONCILE_AT" help:"When to reconcile: five cron fields in UTC (${default})." placeholder:"CRON"`
	Name        string `default:"highwater" env:"HIGHWATER_NAME" help:"What this server calls itself in the stamps of documents (${default})."`
	LogLevel    string `default:"info" enum:"debug,info,warn,error" env:"HIGHWATER_LOG_LEVEL" help:"What to log: debug, info, warn or error (${default})."`
}

// Run serves until interrupted.
func (c *serveCmd) Run(ctx context.Context, std streams) error {
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return fault.New(fault.Invalid, "--tls-cert and --tls-key go together")
	}
	if err := c.checkAddress(); err != nil {
		return err
	}
	log := newLog(std.err, c.LogLevel)
	l, err := listen(c.Listen)
	if err != nil {
		return err
	}
	s, err := openSite(ctx, siteConfig{
		database: c.Database, data: c.Data, name: c.Name, secure: c.TLSCert != "" || c.BehindProxy, reconcile: c.ReconcileAt, log: log,
	})
	if err != nil {
		_ = l.Close() // the first error is the one to tell
		return err
	}
	users, err := s.store.Users(ctx)
	if err != nil {
		return err
	}
	if len(users) == 0 {
		fmt.Fprintln(std.err, "There is no user yet: 'highwater user add NAME --role administrator' makes the first, with a generated password.")
	}
	log.Info("serving", "address", l.Addr().String(), "tls", c.TLSCert != "", "database", s.store.Database(), "version", version)
	return s.serve(ctx, l, c.TLSCert, c.TLSKey)
}

// checkAddress refuses to send passwords and documents in the clear beyond this machine.
func (c *serveCmd) checkAddress() error {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "--listen takes ADDRESS:PORT, such as 0.0.0.0:8470, not %q", c.Listen)
	}
	if c.TLSCert != "" || c.BehindProxy || host == "localhost" {
		return nil
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsLoopback() {
		return nil
	}
	return fault.New(fault.Invalid, "%s can be reached from other machines: give --tls-cert and --tls-key, or --behind-proxy when a proxy in front speaks TLS", c.Listen)
}

// newLog writes what the server does, one line each.
func newLog(w io.Writer, level string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(strings.ToUpper(level))); err != nil {
		l = slog.LevelInfo
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: l}))
}

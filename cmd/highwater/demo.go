package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/highwater-sam/highwater/auth"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/pipeline"
	"github.com/highwater-sam/highwater/pipeline/sample"
	"github.com/highwater-sam/highwater/report"
	"github.com/highwater-sam/highwater/store"
)

// demoCmd shows the main job on this machine: its real inventory, a sample estate, and the positions with their peaks.
type demoCmd struct {
	Folder string `default:"highwater-demo" help:"Where the demo keeps its database (${default})." placeholder:"FOLDER"`
	Listen string `default:"127.0.0.1:8470" help:"Address and port of the pages (${default})." placeholder:"ADDRESS"`
	Exit   bool   `help:"Stop when everything is shown, instead of serving until interrupted."`
}

// demoUser is who signs in to the demo.
const demoUser = "administrator"

// Run shows the demo and serves until interrupted.
func (c *demoCmd) Run(ctx context.Context, std streams) error {
	if err := (&serveCmd{Listen: c.Listen}).checkAddress(); err != nil {
		return err
	}
	l, err := listen(c.Listen)
	if err != nil {
		return err
	}
	folder, err := filepath.Abs(c.Folder)
	if err != nil {
		return err
	}
	fmt.Fprintf(std.out, "Highwater %s, with an embedded database in %s\n", version, folder)
	site, log, err := c.open(ctx, folder)
	if err != nil {
		_ = l.Close() // the first error is the one to tell
		return err
	}
	defer log.Close()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	served := make(chan error, 1)
	go func() { served <- site.serve(ctx, l, "", "") }()
	err = c.show(ctx, std, site, folder, l.Addr())
	if err == nil && !c.Exit {
		select {
		case <-ctx.Done():
		case err = <-served:
			return err
		}
	}
	stop()
	if interrupted := errors.Is(err, context.Canceled); interrupted {
		err = nil
	}
	return errors.Join(err, <-served)
}

// open opens the demo's site; what the server logs goes to a file beside the database.
func (c *demoCmd) open(ctx context.Context, folder string) (*site, *os.File, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, nil, fault.Wrap(err, fault.Unavailable, "cannot make the folder %s; choose one that may be written with --folder", folder)
	}
	log, err := os.OpenFile(filepath.Join(folder, "demo.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, fault.Wrap(err, fault.Unavailable, "cannot write in the folder %s; choose one that may be written with --folder", folder)
	}
	s, err := openSite(ctx, siteConfig{
		database: "sqlite:" + folder, data: folder, name: "demo", reconcile: "30 2 * * *",
		log: slog.New(slog.NewTextHandler(log, nil)),
	})
	if err != nil {
		_ = log.Close() // the first error is the one to tell
		return nil, nil, err
	}
	return s, log, nil
}

// show does what the demo is for.
func (c *demoCmd) show(ctx context.Context, std streams, s *site, folder string, address net.Addr) error {
	p := newProgress(std.out)
	password, err := demoPassword(ctx, s.store, folder)
	if err != nil {
		return err
	}
	url := "http://" + address.String()
	p.begin("inventory of this machine by the real agent")
	device, err := c.agent(ctx, s, folder, url)
	if err != nil {
		return err
	}
	p.end(device)
	if err := loadSample(ctx, s, p); err != nil {
		return err
	}
	p.begin("reconciliation")
	out, err := s.pipeline.Reconcile(ctx, pipeline.Cause{Text: "demo", Author: "demo"}, func(_ string, done, total int) { p.at(done, total) })
	if err != nil {
		return err
	}
	p.end(fmt.Sprintf("%d devices, %d licenses measured to the minute", out.Run.Devices, len(out.Measurement.Licenses)))
	fmt.Fprintf(std.out, "\nLicense positions, %s, measured to %s\n\n", out.Run.Period, out.Run.AsOf.Format("2 Jan 2006 15:04 UTC"))
	names, err := licenseNames(ctx, s.store)
	if err != nil {
		return err
	}
	if err := report.WriteLicenseTable(std.out, report.LicenseLines(out.Measurement, out.Run.Period, names)); err != nil {
		return err
	}
	fmt.Fprintf(std.out, "\n  Pages     %s\n  User      %s\n  Password  %s\n", url, demoUser, password)
	if !c.Exit {
		fmt.Fprint(std.out, "\nServing until you press Ctrl+C. A second run finds everything as you left it.\n")
	}
	return nil
}

// demoPassword makes the administrator the first time, and finds the password again later: this is a demo on the
// person's own machine, so it is kept in a file that only they may read.
func demoPassword(ctx context.Context, st *store.Store, folder string) (string, error) {
	path := filepath.Join(folder, "administrator-password")
	u, known, err := st.UserByName(ctx, demoUser)
	if err != nil {
		return "", err
	}
	if kept, err := os.ReadFile(path); err == nil && known {
		return strings.TrimSpace(string(kept)), nil
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fault.Wrap(err, fault.Unavailable, "cannot read %s", path)
	}
	password := auth.GeneratePassword()
	if err := writeSecret(path, []byte(password+"\n")); err != nil {
		return "", err
	}
	if known {
		u.Password = auth.HashPassword(password)
		return password, st.UpdateUser(ctx, u)
	}
	_, err = st.CreateUser(ctx, auth.User{Name: demoUser, FullName: "Demo administrator", Role: auth.Administrator, Password: auth.HashPassword(password)})
	return password, err
}

// agent runs the real agent, as its own process, against this very machine: it enrolls, collects, and sends through
// HTTP to the server that runs here. It returns what is now known of the machine.
func (c *demoCmd) agent(ctx context.Context, s *site, folder, url string) (string, error) {
	_, secret, err := s.store.CreateToken(ctx, store.Token{Name: "demo: this machine", Author: "demo"})
	if err != nil {
		return "", err
	}
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	var status []byte
	for _, args := range [][]string{{"enroll", "--server", url}, {"once"}, {"status", "--json"}} {
		run := exec.CommandContext(ctx, self, append([]string{"agent", "--state", filepath.Join(folder, "agent")}, args...)...)
		run.Env = append(os.Environ(), "HIGHWATER_ENROLL_TOKEN="+secret) // not in the list of processes
		var said bytes.Buffer
		run.Stderr = &said
		if status, err = run.Output(); err != nil {
			return "", fault.Wrap(err, fault.Unavailable, "the agent failed to %s: %s", args[0], strings.TrimSpace(said.String()))
		}
	}
	return thisMachine(ctx, s.store, status)
}

// loadSample loads the sample estate unless it is there.
func loadSample(ctx context.Context, s *site, p *progress) error {
	const mark = "demo.sample"
	if _, there, err := s.store.ConfigurationObject(ctx, store.SettingConfiguration, mark, nil); err != nil || there {
		return err
	}
	p.begin("sample estate with 180 days of history")
	f := sample.New(time.Now())
	if err := sample.Load(ctx, s.store, s.receiver, f, p.at); err != nil {
		return err
	}
	p.end(fmt.Sprintf("%d documents", len(f.Reports)))
	return s.store.SaveConfiguration(ctx, store.Change{
		Kind: store.SettingConfiguration, Key: mark, Value: f.End, Author: sample.Author, Reason: "the sample is loaded",
	})
}

// licenseNames gives a license's name by its id.
func licenseNames(ctx context.Context, st *store.Store) (func(string) string, error) {
	licenses, err := st.Licenses(ctx, nil)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, l := range licenses {
		names[l.Key] = l.Value.Name
	}
	return func(id string) string { return names[id] }, nil
}

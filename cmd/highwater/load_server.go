package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/pipeline"
	"github.com/highwater-sam/highwater/policy"
	"github.com/highwater-sam/highwater/store"
	"github.com/highwater-sam/highwater/store/storetest/pg"
)

// loadServer is the server under load: a process of its own with a fresh database, or one that runs already, of which
// neither database nor processor time is known.
type loadServer struct {
	url, token, what string

	process     *exec.Cmd
	store       *store.Store
	dsn, folder string
	pid         int // of a private PostgreSQL; 0 = none
	drop        func() error
}

func (c *loadAgentsCmd) server(ctx context.Context) (*loadServer, error) {
	if c.Server != "" {
		return &loadServer{url: c.Server, token: c.Token, what: "the server at " + c.Server}, nil
	}
	dsn, _, drop, err := (&benchIntakeCmd{Dir: c.Dir, Postgres: c.Postgres}).fresh(c.Database)
	if err != nil {
		return nil, err
	}
	s := &loadServer{what: c.Database, dsn: dsn, drop: drop}
	if c.Database == "postgres" && c.Postgres == "" {
		s.pid = pg.PID()
	}
	if err := s.start(ctx, c.Dir); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// start runs this program as a server and waits until it serves.
func (s *loadServer) start(ctx context.Context, dir string) (err error) {
	if s.folder, err = os.MkdirTemp(dir, "highwater-load"); err != nil {
		return fmt.Errorf("start a server: %w", err)
	}
	if s.store, err = store.Open(ctx, s.dsn, store.Options{}); err != nil {
		return err
	}
	if _, s.token, err = s.store.CreateToken(ctx, store.Token{Name: "load", Author: "load"}); err != nil {
		return err
	}
	self, err := exec.LookPath(os.Args[0]) // the name by which this program was called: links to it may be several programs
	if err != nil {
		return fmt.Errorf("start a server: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, "serve", "--database", s.dsn, "--data", s.folder, "--listen", "127.0.0.1:0", "--reconcile-at", "0 3 1 1 *", "--log-level", "info")
	out, err := cmd.StderrPipe()
	if err != nil {
		return fmt.Errorf("start a server: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start a server: %w", err)
	}
	s.process = cmd
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, rest, ok := strings.Cut(lines.Text(), "msg=serving address="); ok {
			s.url = "http://" + strings.Fields(rest)[0]
			go func() { _, _ = io.Copy(io.Discard, out) }() // what it logs is of no interest
			return nil
		}
	}
	return fault.New(fault.Unavailable, "the server that was started ended at once")
}

// cpu is the processor time of the server and its private database; 0 when it is not known.
func (s *loadServer) cpu() time.Duration {
	if s.process == nil {
		return 0
	}
	used := processorTime(s.process.Process.Pid) - processorTime(0)
	if s.pid != 0 {
		used += processorTime(s.pid) - processorTime(0)
	}
	return used
}

// highFrequency turns the switch, as a fleet that is measured has it.
func (s *loadServer) highFrequency(ctx context.Context) error {
	if s.store == nil {
		return nil
	}
	all := policy.Settings{HighFrequency: policy.HighFrequency{On: true, Targets: []policy.Target{{Name: "all", Include: []policy.Condition{{Name: "*"}}}}}}
	return s.store.SaveConfiguration(ctx, store.Change{Kind: store.SettingConfiguration, Key: pipeline.PolicySetting, Value: all, Author: "load", Reason: "load"})
}

// reconcile starts a reconciliation beside the server; what it returns waits for its end and says what it took.
func (s *loadServer) reconcile(ctx context.Context) func() (time.Duration, error) {
	if s.process == nil {
		return func() (time.Duration, error) { return 0, nil }
	}
	type end struct {
		took time.Duration
		err  error
	}
	ended, began := make(chan end, 1), time.Now()
	go func() {
		out, err := exec.CommandContext(ctx, s.process.Path, "reconcile", "--database", s.dsn, "--data", s.folder).CombinedOutput()
		if err != nil {
			err = fmt.Errorf("reconcile: %w: %.500s", err, out)
		}
		ended <- end{time.Since(began), err}
	}()
	return func() (time.Duration, error) {
		e := <-ended
		return e.took, e.err
	}
}

// missing counts the acknowledged documents that are not in the database.
func (s *loadServer) missing(ctx context.Context, ids []string) (string, error) {
	if s.store == nil {
		return "?", nil
	}
	lost := 0
	for _, id := range ids {
		known, err := s.store.DocumentKnown(ctx, id)
		if err != nil {
			return "", err
		}
		if !known {
			lost++
		}
	}
	return fmt.Sprint(lost), nil
}

// Close ends the server and removes what was made for it.
func (s *loadServer) Close() error {
	var all []error
	if s.process != nil {
		all = append(all, s.process.Process.Signal(syscall.SIGTERM))
		if err := s.process.Wait(); err != nil && s.process.ProcessState != nil && s.process.ProcessState.ExitCode() > 0 {
			all = append(all, fmt.Errorf("the server ended with an error: %w", err))
		}
	}
	if s.store != nil {
		all = append(all, s.store.Close())
	}
	if s.folder != "" {
		all = append(all, os.RemoveAll(filepath.Clean(s.folder)))
	}
	if s.drop != nil {
		all = append(all, s.drop())
	}
	return errors.Join(append(all, pg.Stop())...)
}

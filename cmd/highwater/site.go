package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/highwater-sam/highwater/deliver"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/pipeline"
	"github.com/highwater-sam/highwater/schedule"
	"github.com/highwater-sam/highwater/store"
	"github.com/highwater-sam/highwater/web"
)

// site is one server with all its parts: database, intake, pages, schedule.
type site struct {
	store    *store.Store
	pipeline *pipeline.Pipeline
	receiver *pipeline.Receiver
	handler  http.Handler
	schedule *schedule.Scheduler
	log      *slog.Logger
}

// siteConfig is what a site is made from.
type siteConfig struct {
	database  string // see store.Open
	data      string // folder of the server's own key
	name      string // what the server calls itself to agents
	secure    bool   // served over TLS, here or by a proxy
	reconcile string // when the daily reconciliation runs; "" = never by itself
	log       *slog.Logger
}

// openSite opens the database and puts the parts together.
func openSite(ctx context.Context, c siteConfig) (*site, error) {
	key, err := serverKey(c.data)
	if err != nil {
		return nil, err
	}
	st, err := store.Open(ctx, c.database, store.Options{Logger: c.log})
	if err != nil {
		return nil, err
	}
	s := &site{store: st, log: c.log}
	if err := s.assemble(c, key); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return s, nil
}

func (s *site) assemble(c siteConfig, key ed25519.PrivateKey) (err error) {
	if s.pipeline, err = pipeline.New(pipeline.Config{Store: s.store, Key: key, Logger: c.log}); err != nil {
		return err
	}
	s.receiver = &pipeline.Receiver{Pipeline: s.pipeline, Name: c.name}
	pages, err := web.New(web.Config{
		Store:     s.store,
		Reconcile: func(ctx context.Context) error { return s.reconcile(ctx, "on demand") },
		Explain:   s.pipeline.Explain,
		Version:   version,
		Secure:    c.secure,
		Logger:    c.log,
	})
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/v1/", &deliver.Handler{Name: c.name, Receiver: s.receiver, Log: c.log})
	mux.Handle("/", pages)
	s.handler = mux
	var jobs []schedule.Job
	if c.reconcile != "" {
		jobs = append(jobs, schedule.Job{Name: "reconcile", Spec: c.reconcile, Missed: true,
			Run: func(ctx context.Context) error { return s.reconcile(ctx, "daily") }})
	}
	s.schedule, err = schedule.New(s.store.Jobs(), c.log, jobs...)
	return err
}

func (s *site) reconcile(ctx context.Context, cause string) error {
	out, err := s.pipeline.Reconcile(ctx, pipeline.Cause{Text: cause, Author: "highwater"}, nil)
	if err != nil {
		return err
	}
	s.log.Info("reconciled", "run", out.Run.ID, "devices", out.Run.Devices, "licenses", len(out.Measurement.Licenses), "took", out.Run.Finished.Sub(out.Run.Started))
	return nil
}

// serve answers on the listener until ctx ends, then finishes what is under way and closes the database.
func (s *site) serve(ctx context.Context, l net.Listener, certificate, key string) error {
	server := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       5 * time.Minute, // a batch of documents over a slow line
		WriteTimeout:      6 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.schedule.Run(ctx) })
	g.Go(func() error { return s.receiver.Run(ctx) })
	g.Go(func() error {
		var err error
		if certificate != "" {
			err = server.ServeTLS(l, certificate, key)
		} else {
			err = server.Serve(l)
		}
		if errors.Is(err, http.ErrServerClosed) {
			return nil
		}
		return fmt.Errorf("serve on %s: %w", l.Addr(), err)
	})
	g.Go(func() error {
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
		defer cancel()
		return server.Shutdown(grace)
	})
	return errors.Join(g.Wait(), s.store.Close())
}

// listen takes the address, and says in one line what is wrong when it cannot.
func listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "cannot listen on %s; another program may use it: choose another with --listen", address)
	}
	return l, nil
}

// serverKey reads the server's own signing key from its folder, and makes one the first time.
func serverKey(folder string) (ed25519.PrivateKey, error) {
	path := filepath.Join(folder, "server-key.pem")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return newServerKey(folder, path)
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "cannot read the server's key %s; check the rights of the folder", path)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fault.New(fault.Invalid, "the server's key %s is no PEM file; restore it from a backup", path)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if signing, ok := key.(ed25519.PrivateKey); ok && err == nil {
		return signing, nil
	}
	return nil, fault.New(fault.Invalid, "the server's key %s is no Ed25519 key; restore it from a backup", path)
}

func newServerKey(folder, path string) (ed25519.PrivateKey, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "cannot make the folder %s; choose one that may be written", folder)
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return key, writeSecret(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// writeSecret writes a file that only its owner may read, all of it or nothing.
func writeSecret(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // made with mode 0600
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "cannot write in the folder %s; choose one that may be written", filepath.Dir(path))
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // the first error is the one to tell
		return fault.Wrap(err, fault.Unavailable, "cannot write %s; is the disk full?", path)
	}
	return nil
}

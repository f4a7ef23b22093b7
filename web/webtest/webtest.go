// Package webtest starts the pages over a real store that holds the sample estate, for tests and for looking at them.
package webtest

import (
	"context"
	"crypto/ed25519"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/highwater-sam/highwater/auth"
	"github.com/highwater-sam/highwater/pipeline"
	"github.com/highwater-sam/highwater/pipeline/sample"
	"github.com/highwater-sam/highwater/store"
	"github.com/highwater-sam/highwater/web"
)

// Now is the time at every site of these tests: the sample's history ends there.
var Now = time.Date(2026, 6, 30, 14, 12, 0, 0, time.UTC)

// Site is a server with its parts.
type Site struct {
	Store    *store.Store
	Pipeline *pipeline.Pipeline
	Server   *httptest.Server
	Password string // of every user added with User
}

// Start starts the pages over a store. The sample estate is loaded and reconciled when full.
func Start(ctx context.Context, st *store.Store, full bool) (*Site, error) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	clock := func() time.Time { return Now }
	p, err := pipeline.New(pipeline.Config{Store: st, Key: key, Clock: clock})
	if err != nil {
		return nil, err
	}
	s := &Site{Store: st, Pipeline: p, Password: auth.GeneratePassword()}
	reconcile := func(ctx context.Context) error {
		_, err := p.Reconcile(ctx, pipeline.Cause{Text: "on demand", Author: "test"}, nil)
		return err
	}
	if full {
		if err := sample.Load(ctx, st, &pipeline.Receiver{Pipeline: p, Name: "test"}, sample.New(Now), func(int, int) {}); err != nil {
			return nil, err
		}
		if err := reconcile(ctx); err != nil {
			return nil, err
		}
	}
	handler, err := web.New(web.Config{Store: st, Reconcile: reconcile, Explain: p.Explain, Version: "test", Now: clock})
	if err != nil {
		return nil, err
	}
	s.Server = httptest.NewServer(handler)
	return s, nil
}

// Serve is Start for one test; the server stops with it.
func Serve(t testing.TB, st *store.Store, full bool) *Site {
	t.Helper()
	s, err := Start(context.Background(), st, full)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Server.Close)
	return s
}

// User adds a user who signs in with Password.
func (s *Site) User(t testing.TB, name string, role auth.Role, locations ...string) auth.User {
	t.Helper()
	u := auth.User{Name: name, FullName: "M. " + name, Role: role, Scope: auth.Scope{Locations: locations}, Password: auth.HashPassword(s.Password)}
	id, err := s.Store.CreateUser(context.Background(), u)
	if err != nil {
		t.Fatal(err)
	}
	u.ID = id
	return u
}

// Client is a browser without scripts that nobody has signed in with. It does not follow redirects.
func (s *Site) Client(t testing.TB) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// SignedIn is a client that the user has signed in with.
func (s *Site) SignedIn(t testing.TB, name string) *http.Client {
	t.Helper()
	c := s.Client(t)
	res, err := c.PostForm(s.Server.URL+"/sign-in", url.Values{"user": {name}, "password": {s.Password}})
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusSeeOther {
		t.Fatalf("sign in as %s: %s", name, res.Status)
	}
	return c
}

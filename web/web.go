// Package web is the server's outside: the pages people use and the REST API programs use.
//
// Pages are rendered on the server and work without scripts; htmx swaps whole components where a script runs. Every list
// is the one grid (grid.go) over a declaration in package report. Nothing is loaded from elsewhere, and the content
// security policy allows no inline code (secure.go).
package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/klauspost/compress/gzhttp"

	"github.com/highwater-sam/highwater/auth"
	"github.com/highwater-sam/highwater/measure"
	"github.com/highwater-sam/highwater/store"
)

// Config is what the pages need.
type Config struct {
	Store Store
	// Reconcile reconciles now and returns when it is done; nil hides the button. It is called by one request at a time.
	Reconcile func(ctx context.Context) error
	// Explain says why a license's figures of the newest run are what they are (pipeline.Pipeline.Explain); nil = pages
	// say that this process cannot.
	Explain func(ctx context.Context, license string, q measure.Query) (*measure.Explanation, store.Run, error)
	Version string           // shown at sign-in
	Now     func() time.Time // nil = time.Now
	Secure  bool             // served over TLS, here or by a proxy before: cookies are sent over TLS only
	// TrustedProxies may say in X-Forwarded-For where a request comes from (for the limit on sign-in attempts).
	TrustedProxies []netip.Prefix
	Logger         *slog.Logger // nil = none
}

// server holds what the handlers share.
type server struct {
	Config
	log      *slog.Logger
	assets   assets
	pages    *pages
	sessions *scs.SessionManager
	throttle *auth.Throttle
	hashing  chan struct{} // bounds how many passwords are hashed at once: each takes 64 MiB
	counts   countCache
	measured measuredCache
	running  chan struct{} // held while a reconciliation asked for here runs
}

// New makes the handler of all pages and the API. The returned handler is safe for concurrent use.
func New(c Config) (http.Handler, error) {
	if c.Store == nil {
		return nil, errors.New("make the web pages: no store is given")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &server{Config: c, log: c.Logger, throttle: auth.NewThrottle(), hashing: make(chan struct{}, max(2, runtime.NumCPU()/2)), running: make(chan struct{}, 1)}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if s.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	if s.pages, err = loadPages(s.assets); err != nil {
		return nil, err
	}
	s.sessions = newSessions(c)
	s.sessions.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) { s.fail(w, r, nil, err) }
	zip, err := gzhttp.NewWrapper(gzhttp.MinSize(1024))
	if err != nil {
		return nil, err
	}
	// A request that changes something and comes from another site is refused by what the browser says of its origin
	// (docs/adr/0051-cross-origin-requests.md).
	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.showError(w, r, http.StatusForbidden, "The request came from another site. Open Highwater itself and try there.")
	}))
	return secureHeaders(c.Secure, s.observe(zip(origin.Handler(s.routes())))), nil
}

// routes says which handler answers what.
func (s *server) routes() http.Handler {
	open := http.NewServeMux() // without signing in
	open.Handle("GET /static/", s.assets.handler())
	open.HandleFunc("GET /healthz", s.health)

	mux := http.NewServeMux()
	mux.HandleFunc("GET /sign-in", s.signInPage)
	mux.HandleFunc("POST /sign-in", s.signIn)
	mux.HandleFunc("POST /sign-out", s.signOut)

	page := func(pattern string, action auth.Action, h pageHandler) { mux.Handle(pattern, s.signedIn(action, h)) }
	page("GET /{$}", auth.ReadLicenses, s.home)
	page("GET /search", auth.ReadLicenses, s.search)
	page("GET /licenses", auth.ReadLicenses, s.list(licensePage))
	page("GET /licenses/{id}", auth.ReadLicenses, s.license)
	page("GET /licenses/{id}/changes.csv", auth.ReadLicenses, s.licenseChanges)
	page("GET /licenses/{id}/why", auth.ReadLicenses, s.why)
	page("GET /licenses/{id}/consumption", auth.ReadLicenses, s.consumption)
	page("GET /licenses/{id}/assessed", auth.ReadLicenses, s.assessed)
	page("GET /peaks", auth.ReadLicenses, s.list(peakPage))
	page("GET /installations", auth.ReadLicenses, s.list(installationPage))
	page("GET /devices", auth.ReadInventory, s.list(devicePage))
	page("GET /devices/{id}", auth.ReadInventory, s.device)
	page("GET /devices/{id}/software", auth.ReadInventory, s.deviceSoftware)
	page("GET /devices/{id}/documents", auth.ReadInventory, s.deviceDocuments)
	page("GET /evidence", auth.ReadInventory, s.list(evidencePage))
	page("GET /documents", auth.ReadDocuments, s.list(documentPage))
	page("GET /documents/{id}", auth.ReadDocuments, s.document)
	page("GET /documents/{id}/envelope", auth.ReadDocuments, s.documentEnvelope)
	page("GET /runs", auth.ReadLicenses, s.list(runPage))
	page("GET /remarks", auth.ReadLicenses, s.list(remarkPage))
	page("GET /agents", auth.ReadInventory, s.list(agentPage))
	page("GET /changes", auth.ReadAudit, s.list(changePage))
	page("GET /audit", auth.ReadAudit, s.list(auditPage))
	page("GET /lists/{csv}", auth.ReadLicenses, s.listCSV)
	page("POST /reconcile", auth.Reconcile, s.reconcile)
	page("GET /account", "", s.account)
	page("POST /account/theme", "", s.setTheme)
	page("POST /account/password", "", s.setPassword)
	s.registerAPI(mux)
	mux.Handle("/", s.signedIn("", func(w http.ResponseWriter, r *http.Request, _ *viewer) error { return errNoPage }))

	open.Handle("/", s.sessions.LoadAndSave(mux))
	return open
}

// health answers that the process serves; it says nothing about the database, so that a proxy does not take every server
// away when the database has a pause.
func (s *server) health(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n"))
}

// Package pipeline moves data through the steps: it loads from the store, calls the pure package that decides, and
// saves. One file is one step: intake, recognize, assign, measure; reconcile runs the last three.
package pipeline

import (
	"crypto/ed25519"
	"log/slog"
	"time"

	"github.com/highwater-sam/highwater/catalog"
	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/store"
)

// Config is what a pipeline works with.
type Config struct {
	Store   *store.Store
	Catalog *catalog.Catalog   // what recognition knows; nil = the library of this release
	Key     ed25519.PrivateKey // signs documents that the server derives from others (a guest known from its host only)
	Trust   device.Trust       // what the site knows of its own serials
	Clock   func() time.Time   // nil = time.Now
	Logger  *slog.Logger       // nil = none
	// Cadence is the longest silence between two checks of a device that still counts as measured; 0 = 24 h and a half,
	// the daily run with its window.
	Cadence time.Duration
	// Retention is how much history a reconciliation measures; 0 = 5 years.
	Retention time.Duration
}

// Pipeline runs the steps. It is safe for concurrent use; reconciliations run one at a time.
type Pipeline struct {
	Config
	recognizer *catalog.Recognizer
	reconciler chan struct{} // holds one token: the right to reconcile
	explain    explainer
}

// New makes a pipeline. It refuses a catalog that contradicts itself.
func New(c Config) (*Pipeline, error) {
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Catalog == nil {
		c.Catalog = catalog.Library()
	}
	if c.Cadence == 0 {
		c.Cadence = 36 * time.Hour
	}
	if c.Retention == 0 {
		c.Retention = 5 * 365 * 24 * time.Hour
	}
	recognizer, err := catalog.Compile(c.Catalog)
	if err != nil {
		return nil, err
	}
	p := &Pipeline{Config: c, recognizer: recognizer, reconciler: make(chan struct{}, 1)}
	p.reconciler <- struct{}{}
	return p, nil
}

func (p *Pipeline) now() time.Time { return p.Clock().UTC() }

package beaconcmd

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/highwater-sam/highwater/deliver"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/inventory"
)

// relay takes documents for its parent: what is no document, or was altered on its way here, it refuses and counts.
type relay struct {
	deliver.Relay
	log *slog.Logger

	accepted, refused atomic.Int64

	mu   sync.Mutex
	last delivery
}

// delivery is how it went with the parent.
type delivery struct {
	Parent  string    `json:"parent,omitempty"`
	Success time.Time `json:"last_success,omitzero"` // when the parent last took something, or had nothing to take
	Failure string    `json:"failure,omitempty"`     // of the last attempt; "" when it succeeded
	Taken   int64     `json:"taken"`                 // documents, since the start
	Refused int64     `json:"refused"`               // by the parent, since the start
}

// Accept verifies that the body is a document whose signature fits the key it states, and keeps it. Whether that key is
// an agent's is for the server to say, which alone knows them all.
func (r *relay) Accept(ctx context.Context, i deliver.Item) error {
	if err := verify(i); err != nil {
		r.refused.Add(1)
		r.log.Warn("a document was refused", "item", i.ID, "from", i.From, "error", err)
		return err
	}
	if err := r.Relay.Accept(ctx, i); err != nil {
		return err
	}
	r.accepted.Add(1)
	return nil
}

func verify(i deliver.Item) error {
	key, err := inventory.StatedKey(i.Body)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "it is no document: %v", err)
	}
	header, err := inventory.Verify(i.Body, key)
	if err != nil {
		return fault.Wrap(err, fault.Unauthorized, "the document's signature does not verify: it was altered on its way")
	}
	if header.Document != i.ID {
		return fault.New(fault.Invalid, "it is labeled %s and holds document %s", i.ID, header.Document)
	}
	return nil
}

// Enroll asks the parent. What it refused because the agent was not known is sent once more then.
func (r *relay) Enroll(ctx context.Context, e deliver.Enrollment) (deliver.Enrolled, error) {
	done, err := r.Relay.Enroll(ctx, e)
	if err != nil {
		return done, err
	}
	n, err := r.Spool.Requeue(fault.Unauthorized.String())
	if err != nil {
		r.log.Error("documents that were refused could not be put back", "error", err)
	}
	if n > 0 {
		r.log.Info("documents that were refused will be sent again", "documents", n)
	}
	return done, nil
}

// delivered notes how it went with the parent.
func (r *relay) delivered(report deliver.SendReport) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if report.Target != "" {
		r.last.Parent = report.Target
	}
	r.last.Taken += int64(report.Accepted)
	r.last.Refused += int64(report.Rejected)
	if report.Err != nil {
		r.last.Failure = report.Err.Error()
		return
	}
	r.last.Failure, r.last.Success = "", report.At.UTC()
	if report.Accepted > 0 {
		r.log.Info("forwarded", "documents", report.Accepted, "to", report.Target)
	}
}

// health is what the beacon tells about itself.
type health struct {
	Name     string             `json:"name"`
	Version  string             `json:"version"`
	Spool    deliver.SpoolStats `json:"spool"`
	Accepted int64              `json:"accepted"` // documents, since the start
	Refused  int64              `json:"refused"`  // as no documents, since the start
	Delivery delivery           `json:"delivery"`
}

func (r *relay) health(name, version string) (health, error) {
	stats, err := r.Spool.Stats()
	r.mu.Lock()
	defer r.mu.Unlock()
	return health{Name: name, Version: version, Spool: stats, Accepted: r.accepted.Load(), Refused: r.refused.Load(), Delivery: r.last}, err
}

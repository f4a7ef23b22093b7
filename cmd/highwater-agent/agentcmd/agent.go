package agentcmd

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/highwater-sam/highwater/deliver"
	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/policy"
	"github.com/highwater-sam/highwater/source"
	"github.com/highwater-sam/highwater/source/local"
	"github.com/highwater-sam/highwater/source/local/identity"
)

// agent is one agent with its state folder. Collections run one at a time; what the sender reports may come beside one.
type agent struct {
	folder   string
	log      *slog.Logger
	version  string
	root     string
	cloud    string
	identity identity.Folder
	spool    *deliver.Spool
	settings settings
	network  http.RoundTripper // nil = the network; a test puts the server itself

	mu      sync.Mutex
	policy  policy.Policy // in force: the server's where it gave one, with what the command line says
	command func(policy.Policy) policy.Policy
	changed chan struct{} // receives when the policy changed; capacity 1
	runs    runs
	restart context.CancelFunc // ends the sender, which then makes sure anew that the server knows this agent; may be nil
}

// open opens the agent's state, which it makes when it is not there.
func (c *CLI) open(std Streams) (*agent, error) {
	if err := os.MkdirAll(c.State, 0o700); err != nil {
		return nil, cannotWrite(c.State, err)
	}
	a := &agent{folder: c.State, log: c.logger(std), version: std.Version, root: c.Root, cloud: c.Cloud, identity: identity.Folder(c.State)}
	if err := readState(a.folder, settingsFile, &a.settings); err != nil {
		return nil, err
	}
	a.changed = make(chan struct{}, 1)
	a.command = func(p policy.Policy) policy.Policy { return p }
	a.loadPolicy()
	if err := readState(a.folder, runsFile, &a.runs); err != nil {
		// It holds nothing that cannot be found out again: a damaged one must not stop the agent.
		a.log.Warn("what the agent remembered of its runs is lost", "error", err)
		a.runs = runs{}
	}
	var err error
	a.spool, err = deliver.OpenSpool(filepath.Join(a.folder, "spool"), deliver.SpoolLimits{})
	return a, err
}

// remember changes what the agent remembers and keeps it.
func (a *agent) remember(change func(*runs)) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	change(&a.runs)
	return writeState(a.folder, runsFile, a.runs)
}

func (a *agent) remembered() runs {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.runs
}

// look inventories the machine and fills in who this agent is. It ends in time, also when a file or program hangs.
func (a *agent) look(ctx context.Context, kind inventory.Kind) (*inventory.Document, error) {
	s, err := local.New(local.Options{Root: a.root, Kind: kind, Cloud: a.cloud, Version: a.version, Identify: a.identify})
	if err != nil {
		return nil, err
	}
	var seen *inventory.Document
	r := source.Job{Kind: local.Kind(), Source: s, Log: a.log, Sink: func(_ context.Context, d *inventory.Document) error {
		seen = d
		return nil
	}}.Once(ctx)
	if r.Err == nil && seen == nil {
		r.Err = errors.New("what was seen makes no valid document; the log says why")
	}
	return seen, r.Err
}

// identify derives the agent's id for d, keeps it, and does what its change asks for.
func (a *agent) identify(d *inventory.Document) error {
	previous, err := a.identity.Load()
	if err != nil {
		return err
	}
	rule, inputs := identity.InputsOf(d, local.Placeholder)
	id, change, why := identity.Derive(previous, rule, inputs)
	if change == identity.Moved {
		// What waits here is the image's, and its original sends it itself. In every other case what waits is sent under
		// the id and key it was sealed with: where the original sends it too, the server takes it once.
		if err := a.spool.Clear(); err != nil {
			return err
		}
	}
	if change != identity.Kept && previous != nil {
		a.log.Warn("this machine gets a new agent id and a new key", "reason", why, "was", previous.AgentID, "is", id.AgentID)
		if err := a.forgetKey(); err != nil {
			return err
		}
	}
	if err := a.identity.Save(id); err != nil {
		return cannotWrite(a.folder, err)
	}
	fillIn(d, id)
	return nil
}

func fillIn(d *inventory.Document, id identity.Identity) {
	derived := id.Derived
	d.Header.AgentID, d.Header.AgentInputs = id.AgentID, &derived
}

// forgetKey makes the agent a new one to its server: no key, no enrollment, no memory of what was reported.
func (a *agent) forgetKey() error {
	if err := a.identity.ForgetKey(); err != nil {
		return err
	}
	if err := removeState(a.folder, enrollmentFile); err != nil {
		return err
	}
	return a.remember(func(r *runs) {
		*r = runs{}
		if a.restart != nil {
			a.restart()
		}
	})
}

// keep seals a document and puts it into the spool. When it returns nil the document survives a crash.
func (a *agent) keep(d *inventory.Document) error {
	key, err := a.identity.Key()
	if err != nil {
		return err
	}
	memory := a.remembered()
	d.Header.Measured = memory.Measured
	reported := a.tellDropped(d)
	envelope, err := inventory.Seal(d, key)
	if err != nil {
		return err
	}
	weight := deliver.Ordinary
	if d.Header.Kind == inventory.HardwareOnly {
		weight = deliver.Precious
	}
	item := deliver.Item{ID: d.Header.ID, From: d.Header.AgentID, At: d.Header.CollectedAt, Weight: weight, Body: envelope}
	if err := a.spool.Put(item); err != nil {
		return err
	}
	if reported > 0 {
		if err := a.spool.DroppedAll(reported); err != nil {
			return err
		}
	}
	print, err := local.Fingerprint(d, a.inForce().Check.Ignores)
	if err != nil {
		return err
	}
	return a.remember(func(r *runs) {
		r.Baseline, r.Measured = print, nil
		if d.Header.Kind == inventory.Full {
			r.Full, r.LastRemarks = d.Header.CollectedAt, len(d.Remarks)
		} else {
			r.Check = d.Header.CollectedAt
		}
	})
}

// tellDropped adds a remark about documents that a full spool had to drop, and returns how many it told of.
func (a *agent) tellDropped(d *inventory.Document) int {
	stats, err := a.spool.Stats()
	if err != nil || stats.Dropped == 0 {
		return 0
	}
	d.Remarks = append(d.Remarks, inventory.Remark{Part: "spool",
		Text: fmt.Sprintf("%d documents could not be delivered in time and were dropped because the spool was full", stats.Dropped)})
	return stats.Dropped
}

// full runs a full inventory and keeps it.
func (a *agent) full(ctx context.Context) (*inventory.Document, error) {
	d, err := a.look(ctx, inventory.Full)
	if err != nil {
		return nil, fmt.Errorf("inventory this machine: %w", err)
	}
	return d, a.keep(d)
}

// check looks at the hardware alone. A change is kept as a document; no change extends the time that was measured.
func (a *agent) check(ctx context.Context) (changed bool, err error) {
	d, err := a.look(ctx, inventory.HardwareOnly)
	if err != nil {
		return false, fmt.Errorf("check the hardware: %w", err)
	}
	c := a.inForce().Check
	print, err := local.Fingerprint(d, c.Ignores)
	if err != nil {
		return false, err
	}
	if c.Always || print != a.remembered().Baseline {
		return true, a.keep(d)
	}
	return false, a.remember(func(r *runs) {
		r.Check = d.Header.CollectedAt
		r.Measured = extend(r.Measured, d.Header.CollectedAt, time.Duration(c.Every))
	})
}

// extend adds one check to the measured times: to the last span while no check is missing between, else as a new one.
func extend(spans []inventory.Span, at time.Time, every time.Duration) []inventory.Span {
	if n := len(spans); n > 0 {
		last := &spans[n-1]
		if gap := at.Sub(last.To); gap >= 0 && gap <= every+every/2 {
			last.To = at
			last.Checks++
			return spans
		}
	}
	spans = append(spans, inventory.Span{From: at, To: at, Checks: 1})
	if len(spans) > inventory.MaxSpans {
		spans = spans[len(spans)-inventory.MaxSpans:]
	}
	return spans
}

// client returns a client for the configured targets.
func (a *agent) client(more ...deliver.Target) (*deliver.Client, error) {
	targets := append(more, a.settings.Targets...)
	for _, t := range a.inForce().Servers {
		targets = append(targets, deliver.Target{URL: t.URL, Priority: t.Priority})
	}
	return deliver.NewClient(deliver.ClientOptions{Targets: targets, CAFile: a.settings.CAFile, Version: a.version, Transport: a.network})
}

// sender returns what empties the spool, and notes what becomes of it.
func (a *agent) sender(c *deliver.Client) *deliver.Sender {
	return &deliver.Sender{Spool: a.spool, Uploader: c, Log: a.log, Done: func(r deliver.SendReport) {
		if r.Err == nil && r.Accepted == 0 && r.Rejected == 0 {
			return
		}
		err := a.remember(func(m *runs) {
			m.Failure = ""
			if r.Err != nil {
				m.Failure = r.Err.Error()
			} else {
				m.Delivered = r.At.UTC()
			}
			if r.Target != "" {
				m.Target = r.Target
				if d, ok := c.Offset(r.Target); ok {
					us := d.Microseconds()
					m.OffsetUs = &us
				}
			}
		})
		if err != nil {
			a.log.Error("what was delivered could not be noted", "error", err)
		}
		if a.forgotten(r) {
			a.mu.Lock()
			if a.restart != nil {
				a.restart()
			}
			a.mu.Unlock()
		}
		if r.Accepted > 0 {
			a.log.Info("delivered", "documents", r.Accepted, "to", r.Target)
		}
	}}
}

// notEnrolled reports whether this agent has no enrollment, or none any more.
func (a *agent) notEnrolled() bool {
	var e enrollment
	return readState(a.folder, enrollmentFile, &e) == nil && e.KeyID == ""
}

// enrolled reports whether the server knows this agent with the key it has now.
func (a *agent) enrolled(key ed25519.PrivateKey, agentID string) bool {
	var e enrollment
	if err := readState(a.folder, enrollmentFile, &e); err != nil {
		a.log.Warn("the enrollment is not known", "error", err)
		return false
	}
	return e.AgentID == agentID && e.KeyID != "" && e.KeyID == inventory.KeyID(key.Public().(ed25519.PublicKey))
}

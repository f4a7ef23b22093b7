package pipeline

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/highwater-sam/highwater/catalog"
	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/store"
)

// Arrival is one envelope as it reached the server.
type Arrival struct {
	Envelope []byte
	Key      ed25519.PublicKey // whose signature it must bear
	Received time.Time
	Clock    device.Clock // how the sender's clock compared when it last spoke
}

// Taken says what became of an arrival.
type Taken struct {
	Device    device.ID
	Created   bool   // a device that was not known before
	Duplicate bool   // the document was known already
	Changed   int    // points of change it added, to all devices
	Reason    string // why it is about this device
}

// attempts bounds how often a decision is taken again because something came between.
const attempts = 12

// Take verifies an envelope, finds its device and appends what it changes, in one transaction; when it returns, all of
// it is durable. A fault of kind Invalid or Unauthorized will not get better by sending the envelope again.
func (p *Pipeline) Take(ctx context.Context, a Arrival) (Taken, error) {
	header, err := verify(a)
	if err != nil {
		return Taken{}, err
	}
	u, err := p.usual(ctx, header)
	if err != nil {
		return Taken{}, err
	}
	if u != nil && u.unchanged(a, header) {
		if t, err := p.extend(ctx, a, header, u); !errors.Is(err, store.ErrChanged) {
			return t, err
		}
		u = nil
	}
	doc, err := inventory.OpenKept(a.Envelope)
	if err != nil {
		return Taken{}, unreadable(err)
	}
	for range attempts {
		t, err := p.decide(ctx, a, doc, u)
		if !errors.Is(err, store.ErrChanged) {
			return t, err
		}
		u = nil
	}
	return Taken{}, fault.New(fault.Unavailable, "device %q changes faster than its documents can be taken in; send the document again", doc.Header.DeviceName)
}

// verify checks the signature of an arrival; its header may be trusted from then on.
func verify(a Arrival) (inventory.EnvelopeHeader, error) {
	header, err := inventory.Verify(a.Envelope, a.Key)
	if err != nil {
		return header, unreadable(err)
	}
	return header, nil
}

// unreadable gives an error of reading an envelope its kind: none of them gets better by sending it again.
func unreadable(err error) error {
	switch {
	case errors.Is(err, inventory.ErrSignature):
		return fault.Wrap(err, fault.Unauthorized, "the document's signature does not verify: it was altered on its way, or its agent must be enrolled again")
	case errors.Is(err, inventory.ErrTooLarge):
		return fault.Wrap(err, fault.TooLarge, "the document is beyond a limit: %v", err)
	}
	return fault.Wrap(err, fault.Invalid, "the document cannot be read: %v", err)
}

// decide reads what is known, decides what the document changes, and asks the store to write it if nothing came between.
// u is what is known of the agent's device where its identity is as in its last document; nil = the device is to be found.
func (p *Pipeline) decide(ctx context.Context, a Arrival, doc *inventory.Document, u *usual) (Taken, error) {
	at, remark := device.Effective(doc.Header.CollectedAt, a.Received, a.Clock)
	in := store.Intake{
		Document: documentRow(doc, a, at), Envelope: a.Envelope,
		Kind: device.KindOf(doc), Source: doc.Header.Source, Hypervisor: hypervisor(doc), Gap: p.Cadence, Status: store.Active,
		Covered: covered(at, a, doc.Header.CollectedAt, doc.Header.Measured),
	}
	decision, err := p.match(ctx, &in, doc, &u)
	if err != nil {
		return Taken{}, err
	}
	remarks := words(remark, decisionRemark(decision))
	var before []device.Point
	if decision.Device != 0 {
		if u == nil {
			return Taken{}, store.ErrChanged // merged into another meanwhile
		}
		if before, err = p.known(ctx, &in, u, doc, at); err != nil {
			return Taken{}, err
		}
		if !at.After(in.State.LastInventory) { // late, or sent again
			if known, err := p.Store.DocumentKnown(ctx, doc.Header.ID); err != nil || known {
				return Taken{Device: decision.Device, Duplicate: known, Reason: decision.Reason}, err
			}
		}
	}
	p.status(&in, doc, at)
	if more, err := p.history(ctx, &in, doc, at, before); err != nil {
		return Taken{}, err
	} else if more != "" {
		remarks = append(remarks, more)
	}
	if err := p.guests(ctx, &in, doc, a, at); err != nil {
		return Taken{}, err
	}
	in.Document.Remark = strings.Join(remarks, "; ")
	result, err := p.Store.Intake(ctx, in)
	if err != nil {
		return Taken{}, fmt.Errorf("take in document %s of %q: %w", doc.Header.ID, doc.Header.DeviceName, err)
	}
	t := Taken{Device: result.Device, Created: result.Created, Duplicate: result.Duplicate, Reason: decision.Reason}
	if !result.Duplicate {
		t.Changed = len(in.Points)
		for _, o := range in.Others {
			t.Changed += len(o.Points)
		}
	}
	return t, nil
}

// match finds the document's device and what is known of it. A device that is new leaves u nil.
func (p *Pipeline) match(ctx context.Context, in *store.Intake, doc *inventory.Document, u **usual) (device.Decision, error) {
	if *u != nil {
		return device.Decision{Device: (*u).state.ID, Reason: "its agent's last document had the same identity"}, nil
	}
	match, err := p.Store.FindByKeys(ctx, p.Trust.Lookup(doc))
	if err != nil {
		return device.Decision{}, err
	}
	in.Match, in.Keys = &match, p.Trust.Keys(doc)
	decision := p.Trust.Match(doc, match.Records)
	if decision.Device == 0 {
		return decision, nil
	}
	state, ok, err := p.Store.State(ctx, decision.Device)
	if err != nil || !ok {
		return decision, err
	}
	last, _, err := p.Store.SourceState(ctx, decision.Device, doc.Header.Source, doc.Header.Connection)
	*u = &usual{state, last}
	return decision, err
}

// known fills in what is known of the device, and returns the points in force at the document's instant.
func (p *Pipeline) known(ctx context.Context, in *store.Intake, u *usual, doc *inventory.Document, at time.Time) ([]device.Point, error) {
	in.State = &u.state
	if u.state.Source == device.AgentSource {
		in.Source = device.AgentSource
	}
	in.Kind = mergedKind(u.state.Kind, in.Kind, doc)
	if in.Hypervisor == "" {
		in.Hypervisor = u.state.Hypervisor
	}
	in.Digests = keptDigests(u.last.Digests, in.Document.Digests)
	return p.Store.PointsAt(ctx, u.state.ID, at)
}

// status decides where the device is in its life once this document counts.
func (p *Pipeline) status(in *store.Intake, doc *inventory.Document, at time.Time) {
	late := in.State != nil && at.Before(in.State.LastInventory)
	var was store.Status
	if in.State != nil {
		was = in.State.Status
	}
	switch {
	case was == store.Ignored || late:
		in.Status = "" // a person's decision stands; an old document tells nothing of today
	case doc.Cloud != nil && strings.EqualFold(doc.Cloud.State, "terminated"):
		in.Status = store.Terminated
	case was == "" && in.Kind == device.VM && doc.Header.Source != device.AgentSource && doc.Evidence == nil:
		in.Status = store.Awaiting // known to exist, but nobody has looked inside
	case was == store.Awaiting && doc.Evidence == nil && doc.Header.Source != device.AgentSource:
		in.Status = ""
	default:
		in.Status = store.Active
	}
}

// history decides the device's own points of change. The remark it returns is for the document's page.
func (p *Pipeline) history(ctx context.Context, in *store.Intake, doc *inventory.Document, at time.Time, before []device.Point) (string, error) {
	parts := catalog.PartsOf(doc)
	o := device.Observation{At: at, Document: doc, Evidence: evidenceParts(parts)}
	var later device.Later
	var failed error
	if in.State != nil && at.Before(in.State.LastInventory) {
		points, err := p.Store.PointsAfter(ctx, in.State.ID, at)
		if err != nil {
			return "", err
		}
		later = device.Later{Points: points, Observations: p.observationsAfter(ctx, in.State.ID, at, &failed)}
	}
	var id device.ID
	if in.State != nil {
		id = in.State.ID
	}
	changed := device.Changes(id, o, device.At(before, at), later)
	if failed != nil {
		return "", failed
	}
	in.Points = append(in.Points, changed.Points...)
	in.Evidence = evidenceToKeep(in.Points, parts)
	return strings.Join(changed.Remarks, "; "), nil
}

// evidenceParts is what the device's history keeps of each part.
func evidenceParts(parts []catalog.Part) []device.EvidencePart {
	out := make([]device.EvidencePart, len(parts))
	for i, p := range parts {
		out[i] = device.EvidencePart{Part: p.Name, Hash: p.Hash, Count: len(p.Titles)}
	}
	return out
}

// mergedKind keeps what is known of a device's kind against a source that cannot tell: a cloud connection sees an
// instance, not the hypervisor below it.
func mergedKind(was, now device.Kind, doc *inventory.Document) device.Kind {
	switch {
	case was == device.Host && (doc.Virtual == nil || !doc.Virtual.IsHost):
		return was // an agent on a host need not see its guests
	case was == device.VM && now == device.Computer && doc.Virtual == nil:
		return was
	}
	return now
}

func hypervisor(doc *inventory.Document) string {
	if doc.Virtual == nil {
		return ""
	}
	return doc.Virtual.Hypervisor
}

// keptDigests keeps the fingerprint of a part that this document did not look at.
func keptDigests(was, now inventory.Digests) inventory.Digests {
	keep := func(to *string, from string) {
		if *to == "" {
			*to = from
		}
	}
	keep(&now.Hardware, was.Hardware)
	keep(&now.Virtual, was.Virtual)
	keep(&now.Cloud, was.Cloud)
	keep(&now.Evidence, was.Evidence)
	keep(&now.Attributes, was.Attributes)
	return now
}

func documentRow(doc *inventory.Document, a Arrival, at time.Time) store.Document {
	h := doc.Header
	row := store.Document{
		ID: h.ID, Agent: h.AgentID, Source: h.Source, Connection: h.Connection, Kind: h.Kind,
		Collected: h.CollectedAt, Received: a.Received, Effective: at,
	}
	// The signed header has the digests of the envelope's own document; only those of a derived one are worked out.
	header, err := inventory.OpenHeader(a.Envelope)
	if err == nil {
		row.RawSize = header.Raw
	}
	if row.Digests = header.Digests; err != nil || header.Document != h.ID {
		row.Digests = doc.Digests()
	}
	return row
}

// decisionRemark tells a person of candidates that were refused: a clone, or two records of one machine.
func decisionRemark(d device.Decision) string {
	if len(d.Rejected) == 0 {
		return ""
	}
	r := d.Rejected[0]
	return fmt.Sprintf("device %d was not taken: %s", r.Device, r.Why)
}

func words(parts ...string) []string {
	var out []string
	for _, s := range parts {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

// evidenceToKeep lists the sets of titles that the new points refer to and this document brings.
func evidenceToKeep(points []device.Point, parts []catalog.Part) []store.Evidence {
	var out []store.Evidence
	for _, p := range parts {
		for _, point := range points {
			if set, ok := point.Value.(*device.EvidenceSet); ok && set != nil && refersTo(set, p.Hash) {
				out = append(out, store.Evidence{Hash: p.Hash, Titles: p.Titles, Sums: p.Sums})
				break
			}
		}
	}
	return out
}

func refersTo(set *device.EvidenceSet, hash string) bool {
	for _, part := range set.Parts {
		if part.Hash == hash {
			return true
		}
	}
	return false
}

// covered is the time that a document proves measured: its own instant, and the spans in which its agent's checks found
// nothing new. Spans are told by the device's clock; where that is not believed (see device.Effective) they move with the
// document.
func covered(at time.Time, a Arrival, collected time.Time, measured []inventory.Span) []store.Span {
	spans := []store.Span{{From: at, To: at}}
	shift := at.Sub(collected.UTC().Truncate(time.Second))
	for _, m := range measured {
		from, to := m.From.Add(shift), m.To.Add(shift)
		if to.After(a.Received) {
			to = a.Received // nobody has measured what is yet to come
		}
		if !to.Before(from) {
			spans = append(spans, store.Span{From: from, To: to})
		}
	}
	return spans
}

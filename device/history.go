package device

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/highwater-sam/highwater/inventory"
)

// Observation is one document about a device at the instant from which it counts (see Effective), or one fact a person
// entered.
type Observation struct {
	At       time.Time
	Document *inventory.Document
	Evidence []EvidencePart // the document's evidence by part (catalog.PartsOf gives parts and titles)
	Fact     *Point         // instead of Document: a point with no document behind it, which later folding keeps
}

// Later is what history already holds after a late document's instant. The zero value is for the usual document, the
// newest of its device.
type Later struct {
	Points       []Point               // every later point of the device, in order of From, then Recorded
	Observations iter.Seq[Observation] // every later observation, in order of At; read only as far as needed
}

// Changed is what a document changes.
type Changed struct {
	Points  []Point  // to append: Device, Aspect, From, Document, Source and Value are set
	Remarks []string // for the document's page: values kept because they could not be read, later history changed
}

// Changes returns the points of change that an observation adds to the history of a device. Before is the state in force
// at its instant (points with From not after it).
//
// History is the fold of the device's observations in the order of their instants, and a document that arrives late gives
// the same history as one that arrived in time: later observations are folded again over the changed state until it is
// the one history already has. Nothing is removed; where the fold differs from an existing later point, a newer point of
// the same instant supersedes it. Only observations with different instants have a defined order; of two at the same
// instant the later to arrive counts.
//
// A part the run did not look at, and a property it could not read, keep their value: unknown is not changed.
func Changes(device ID, o Observation, before State, later Later) Changed {
	next, remarks := before.after(o)
	out := Changed{Remarks: remarks}
	out.add(device, o, before, next)
	if len(later.Points) == 0 && later.Observations == nil {
		return out
	}
	recorded := later.replay()
	recorded.state = before
	amended := 0
	var from time.Time
	for l := range later.observations() {
		state, touched := recorded.upTo(l.At)
		inForce := withTouched(next, state, touched)
		next, _ = next.after(l)
		amended += out.add(device, l, inForce, next)
		if from = l.At; same(next, state) {
			break
		}
	}
	if amended > 0 {
		out.Remarks = append(out.Remarks, fmt.Sprintf("this document arrived after later ones; what they changed was worked out again up to %s", from.UTC().Format(time.RFC3339)))
	}
	return out
}

// add appends a point for every aspect whose value is not the one in force, and says how many.
func (c *Changed) add(device ID, o Observation, inForce, next State) int {
	n := 0
	for _, a := range foldedAspects {
		if Equal(inForce[a], next[a]) {
			continue
		}
		p := Point{Device: device, Aspect: a, From: o.At, Value: next[a]}
		if o.Document != nil {
			p.Document, p.Source = o.Document.Header.ID, o.Document.Header.Source
		} else if o.Fact != nil {
			p.Document, p.Source = o.Fact.Document, o.Fact.Source
		}
		c.Points = appendPoint(c.Points, p)
		n++
	}
	return n
}

// appendPoint appends a point. Of two observations at one instant, which a fold meets one after the other, only what
// holds after both is kept.
func appendPoint(points []Point, p Point) []Point {
	for i := range points {
		if points[i].Aspect == p.Aspect && points[i].From.Equal(p.From) {
			points[i] = p
			return points
		}
	}
	return append(points, p)
}

// foldedAspects are the aspects that a device's own documents tell, in the order points are returned. Placement is told by
// the hosts' documents (see Place).
var foldedAspects = []Aspect{NameAspect, HardwareAspect, PoolsAspect, CloudAspect, EvidenceAspect}

// replay walks the recorded points beside the fold.
type replay struct {
	points []Point
	state  State
}

func (l Later) replay() *replay { return &replay{points: l.Points} }

// upTo returns the recorded state at an instant, and the aspects that have a recorded point since the last call.
func (r *replay) upTo(at time.Time) (State, []Aspect) {
	var touched []Aspect
	state := State{}
	for a, v := range r.state {
		state[a] = v
	}
	for len(r.points) > 0 && !r.points[0].From.After(at) {
		p := r.points[0]
		r.points = r.points[1:]
		state[p.Aspect] = p.Value
		touched = append(touched, p.Aspect)
	}
	r.state = state
	return state, touched
}

// withTouched is what history says once this fold's points are appended: the recorded value where a recorded point is
// newer, the fold's elsewhere.
func withTouched(fold, recorded State, touched []Aspect) State {
	state := State{}
	for a, v := range fold {
		state[a] = v
	}
	for _, a := range touched {
		state[a] = recorded[a]
	}
	return state
}

func same(a, b State) bool {
	return !slices.ContainsFunc(foldedAspects, func(x Aspect) bool { return !Equal(a[x], b[x]) })
}

func (l Later) observations() iter.Seq[Observation] {
	if l.Observations == nil {
		return func(func(Observation) bool) {}
	}
	return l.Observations
}

// At is the state at an instant of points in order of From, then Recorded.
func At(points []Point, at time.Time) State {
	s := State{}
	for _, p := range points {
		if p.From.After(at) {
			break
		}
		s[p.Aspect] = p.Value
	}
	return s
}

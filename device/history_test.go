package device

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/highwater-sam/highwater/inventory"
)

func day(n int) time.Time { return time.Date(2026, 1, n, 8, 0, 0, 0, time.UTC) }

func cores(n int64) func(*inventory.Document) {
	return func(d *inventory.Document) { hw(d).Cores = &n }
}

func threads(n int64) func(*inventory.Document) {
	return func(d *inventory.Document) { hw(d).Threads = &n }
}

func hardwareOnly(d *inventory.Document) { d.Header.Kind = inventory.HardwareOnly }

func software(d *inventory.Document) { d.Evidence = &inventory.Evidence{Looked: []string{"dpkg"}} }

func part(name, hash string) EvidencePart {
	return EvidencePart{Part: name, Hash: hash, Count: len(hash)}
}

// shelf is a device's history as a store keeps it, for tests: points and documents, in order of arrival.
type shelf struct {
	points []Point
	seen   []Observation
	latest Changed
}

func (s *shelf) sorted() []Point {
	p := slices.Clone(s.points)
	slices.SortStableFunc(p, func(a, b Point) int { return a.From.Compare(b.From) })
	return p
}

// receive does what intake does with a document: read what is needed of history, ask Changes, append.
func (s *shelf) receive(o Observation) {
	points := s.sorted()
	var later Later
	for _, p := range points {
		if p.From.After(o.At) {
			later.Points = append(later.Points, p)
		}
	}
	observed := slices.Clone(s.seen)
	slices.SortStableFunc(observed, func(a, b Observation) int { return a.At.Compare(b.At) })
	later.Observations = func(yield func(Observation) bool) {
		for _, l := range observed {
			if l.At.After(o.At) && !yield(l) {
				return
			}
		}
	}
	s.latest = Changes(1, o, At(points, o.At), later)
	s.points = append(s.points, s.latest.Points...)
	s.seen = append(s.seen, o)
}

// history is what held from each instant at which anything changed, in words.
func (s *shelf) history() []string {
	var out []string
	state := State{}
	points := s.sorted()
	for i, p := range points {
		if slices.ContainsFunc(points[i+1:], func(n Point) bool { return n.From.Equal(p.From) && n.Aspect == p.Aspect }) {
			continue // superseded
		}
		if Equal(state[p.Aspect], p.Value) {
			continue
		}
		state[p.Aspect] = p.Value
		out = append(out, fmt.Sprintf("%s %s %s", p.From.Format("02"), p.Aspect, describe(p.Value)))
	}
	slices.Sort(out)
	return out
}

func describe(v Value) string {
	switch v := v.(type) {
	case *Hardware:
		text := func(p *int64) string {
			if p == nil {
				return "?"
			}
			return fmt.Sprint(*p)
		}
		return fmt.Sprintf("cores %s threads %s %s %v", text(v.Cores), text(v.Threads), v.Detail.Serial, v.Origins)
	case *EvidenceSet:
		return fmt.Sprint(v.Hash, v.Parts)
	case nil:
		return "unknown"
	}
	return fmt.Sprintf("%+v", v)
}

func TestAnUnchangedDocumentAddsNothing(t *testing.T) {
	var s shelf
	d := doc(named("db1", "corp"), cores(16), software)
	s.receive(Observation{At: day(1), Document: d, Evidence: []EvidencePart{part("agent:dpkg", "aa")}})
	if len(s.latest.Points) != 3 {
		t.Fatalf("first document: %v", s.latest.Points)
	}
	s.receive(Observation{At: day(2), Document: d, Evidence: []EvidencePart{part("agent:dpkg", "aa")}})
	if len(s.latest.Points) != 0 {
		t.Errorf("the same again adds %v", s.latest.Points)
	}
}

func TestAPointCarriesItsDocument(t *testing.T) {
	var s shelf
	d := doc(named("db1", "corp"), cores(16))
	d.Header.ID = "0198-1"
	s.receive(Observation{At: day(1), Document: d})
	for _, p := range s.latest.Points {
		if p.Document != "0198-1" || p.Source != AgentSource || p.Device != 1 || !p.From.Equal(day(1)) || !p.Recorded.IsZero() {
			t.Errorf("%+v", p)
		}
	}
}

func TestAHardwareOnlyDocumentNeverTouchesEvidence(t *testing.T) {
	var s shelf
	s.receive(Observation{At: day(1), Document: doc(named("db1", ""), cores(2), software), Evidence: []EvidencePart{part("agent:dpkg", "aa")}})
	s.receive(Observation{At: day(2), Document: doc(named("db1", ""), cores(4), hardwareOnly)})
	s.receive(Observation{At: day(3), Document: doc(named("db1", ""), cores(4), hardwareOnly, software), Evidence: []EvidencePart{part("agent:dpkg", "")}})
	want := []string{"01 evidence aa[{agent:dpkg aa 2}]", "01 hardware cores 2 threads ?  map[]", "01 name &{Name:db1 Domain: Origins:map[]}", "02 hardware cores 4 threads ?  map[]"}
	if diff := cmp.Diff(want, s.history()); diff != "" {
		t.Error(diff)
	}
}

func TestWhatARunCouldNotReadIsKept(t *testing.T) {
	var s shelf
	s.receive(Observation{At: day(1), Document: doc(cores(16), threads(32), serial("9XK2LM3"))})
	s.receive(Observation{At: day(2), Document: doc(threads(64))})
	h := At(s.sorted(), day(2))[HardwareAspect].(*Hardware)
	if *h.Cores != 16 || *h.Threads != 64 || h.Detail.Serial != "9XK2LM3" {
		t.Errorf("%+v", h)
	}
	if got := strings.Join(s.latest.Remarks, "\n"); !strings.Contains(got, "cores could not be read by this run; the earlier value 16 is kept") {
		t.Errorf("remarks %q", got)
	}
	zero := int64(0)
	s.receive(Observation{At: day(3), Document: doc(threads(64), func(d *inventory.Document) { hw(d).Cores = &zero })})
	if h := At(s.sorted(), day(3))[HardwareAspect].(*Hardware); *h.Cores != 16 {
		t.Errorf("a count of 0 erased %+v", h)
	}
}

func TestAPartThatWasNotLookedAtIsKept(t *testing.T) {
	var s shelf
	s.receive(Observation{At: day(1), Document: doc(software), Evidence: []EvidencePart{part("agent:dpkg", "aa"), part("agent:swid", "bb")}})
	s.receive(Observation{At: day(2), Document: doc(software), Evidence: []EvidencePart{part("agent:dpkg", "cc")}})
	got := At(s.sorted(), day(2))[EvidenceAspect].(*EvidenceSet)
	if diff := cmp.Diff([]EvidencePart{part("agent:dpkg", "cc"), part("agent:swid", "bb")}, got.Parts); diff != "" {
		t.Error(diff)
	}
	if got.Count != 4 || got.Hash == "" {
		t.Errorf("%+v", got)
	}
}

func TestTheAgentsHardwareWins(t *testing.T) {
	// Cases 25 and 26: S1 saw 4 cores and 16 threads, the primary source 8 cores, S3 6 cores.
	s1, s3 := doc(from("s1"), cores(4), threads(16)), doc(from("s3"), cores(6))
	primary := doc(cores(8))
	for _, tc := range []struct {
		name  string
		seen  []Observation
		cores int64
	}{
		{"with the agent", []Observation{{At: day(10), Document: s1}, {At: day(12), Document: primary}, {At: day(14), Document: s3}}, 8},
		{"without it", []Observation{{At: day(10), Document: s1}, {At: day(14), Document: s3}}, 6},
	} {
		var s shelf
		for _, o := range tc.seen {
			s.receive(o)
		}
		h := At(s.sorted(), day(20))[HardwareAspect].(*Hardware)
		if *h.Cores != tc.cores || *h.Threads != 16 {
			t.Errorf("%s: cores %d threads %d, want %d and 16", tc.name, *h.Cores, *h.Threads, tc.cores)
		}
		if h.Origins["threads"] != "s1" {
			t.Errorf("%s: origins %v", tc.name, h.Origins)
		}
	}
}

func TestSoftwareIsTheUnionOfSources(t *testing.T) {
	// Case 27.
	var s shelf
	s.receive(Observation{At: day(1), Document: doc(from("s1"), software), Evidence: []EvidencePart{part("s1:packages", "xx")}})
	s.receive(Observation{At: day(2), Document: doc(software), Evidence: []EvidencePart{part("agent:dpkg", "yy")}})
	if got := At(s.sorted(), day(2))[EvidenceAspect].(*EvidenceSet); len(got.Parts) != 2 {
		t.Errorf("%+v", got)
	}
}

func TestALateDocument(t *testing.T) {
	var s shelf
	s.receive(Observation{At: day(1), Document: doc(cores(2))})
	s.receive(Observation{At: day(5), Document: doc(cores(2))}) // unchanged: no point
	s.receive(Observation{At: day(3), Document: doc(cores(4))}) // late
	want := []string{"01 hardware cores 2 threads ?  map[]", "03 hardware cores 4 threads ?  map[]", "05 hardware cores 2 threads ?  map[]"}
	if diff := cmp.Diff(want, s.history()); diff != "" {
		t.Error(diff)
	}
	if len(s.latest.Remarks) == 0 || !strings.Contains(s.latest.Remarks[0], "arrived after later ones") {
		t.Errorf("remarks %v", s.latest.Remarks)
	}
}

func TestTwoDocumentsOfOneInstantMakeOnePoint(t *testing.T) {
	twice := []Observation{{At: day(5), Document: doc(threads(8))}, {At: day(5), Document: doc(threads(9))}}
	later := Later{Points: []Point{{Aspect: HardwareAspect, From: day(5), Value: HardwareOf(doc(threads(9)))}}, Observations: slices.Values(twice)}
	points := Changes(1, Observation{At: day(3), Document: doc(cores(4))}, nil, later).Points
	if len(points) != 2 {
		t.Fatalf("%+v", points)
	}
	if h := points[1].Value.(*Hardware); !points[1].From.Equal(day(5)) || *h.Threads != 9 || *h.Cores != 4 {
		t.Errorf("%+v", points[1])
	}
}

func TestAFactAPersonEnteredStays(t *testing.T) {
	eight := int64(8)
	entered := &Hardware{Detail: inventory.Hardware{Cores: &eight}}
	entered.summarize()
	var s shelf
	s.receive(Observation{At: day(1), Document: doc(cores(2))})
	s.receive(Observation{At: day(4), Fact: &Point{Aspect: HardwareAspect, Source: "manual", Value: entered}})
	s.receive(Observation{At: day(3), Document: doc(cores(6))})
	if h := At(s.sorted(), day(4))[HardwareAspect].(*Hardware); *h.Cores != 8 {
		t.Errorf("%+v", h)
	}
}

// TestOrderOfArrivalDoesNotMatter is the law of history: any order of arrival of documents collected at different
// instants gives the history of their arrival in order.
func TestOrderOfArrivalDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 7).Draw(t, "documents")
		inOrder := make([]Observation, n)
		for i := range inOrder {
			inOrder[i] = drawObservation(t, day(i+1))
		}
		var want, got shelf
		for _, o := range inOrder {
			want.receive(o)
		}
		arrival := rapid.Permutation(inOrder).Draw(t, "arrival")
		for _, o := range arrival {
			got.receive(o)
		}
		if diff := cmp.Diff(want.history(), got.history()); diff != "" {
			t.Fatalf("in order (-), as it arrived (+):\n%s", diff)
		}
	})
}

func drawObservation(t *rapid.T, at time.Time) Observation {
	maybe := func(label string) bool { return rapid.Bool().Draw(t, label) }
	if rapid.IntRange(0, 9).Draw(t, "by hand") == 0 {
		n := rapid.Int64Range(1, 3).Draw(t, "entered")
		h := &Hardware{Detail: inventory.Hardware{Cores: &n}}
		h.summarize()
		return Observation{At: at, Fact: &Point{Aspect: HardwareAspect, Source: "manual", Value: h}}
	}
	d := doc(named(rapid.SampledFrom([]string{"a", "b", "a.corp", "a.other"}).Draw(t, "name"), ""))
	d.Header.ID = at.Format("doc-02")
	if maybe("other source") {
		from(rapid.SampledFrom([]string{"glpi", "ilmt"}).Draw(t, "source"))(d)
	}
	if maybe("hardware") {
		hw(d)
	}
	if maybe("cores") {
		cores(rapid.Int64Range(0, 3).Draw(t, "n"))(d)
	}
	if maybe("threads") {
		threads(rapid.Int64Range(1, 2).Draw(t, "n"))(d)
	}
	switch rapid.IntRange(0, 3).Draw(t, "virtual") {
	case 1:
		virtual(d)
	case 2:
		virtual(d).Partition = &inventory.Partition{Kind: "shared", Entitlement: rapid.SampledFrom([]string{"1", "2"}).Draw(t, "entitlement")}
	case 3:
		virtual(d).IsHost = true
		if maybe("pool") {
			virtual(d).Pools = []inventory.Pool{{ID: "p", Cores: rapid.SampledFrom([]string{"1", "2"}).Draw(t, "limit")}}
		}
	}
	if maybe("cloud") {
		instance(rapid.SampledFrom([]string{"i-1", "i-2", ""}).Draw(t, "instance"))(d)
		d.Cloud.Type = rapid.SampledFrom([]string{"m5.large", "m5.xlarge", ""}).Draw(t, "type")
		d.Cloud.State = rapid.SampledFrom([]string{"running", "stopped", ""}).Draw(t, "state")
	}
	var found []EvidencePart
	if maybe("software") {
		software(d)
		for _, p := range []string{"dpkg", "swid"} {
			if maybe(p) {
				found = append(found, part(SourceOf(d)+":"+p, rapid.SampledFrom([]string{"aa", "bb"}).Draw(t, "set")))
			}
		}
		if maybe("hardware only") {
			d.Header.Kind = inventory.HardwareOnly
		}
	}
	return Observation{At: at, Document: d, Evidence: found}
}

func TestALateDocumentReadsNoFurtherThanItMust(t *testing.T) {
	read := 0
	later := Later{
		Points: []Point{{Aspect: HardwareAspect, From: day(4), Value: HardwareOf(doc(cores(8)))}},
		Observations: func(yield func(Observation) bool) {
			for n := 3; n < 30; n++ {
				read++
				if !yield(Observation{At: day(n), Document: doc(cores(8))}) {
					return
				}
			}
		},
	}
	Changes(1, Observation{At: day(2), Document: doc(cores(4))}, State{HardwareAspect: HardwareOf(doc(cores(2)))}, later)
	if read > 3 {
		t.Errorf("read %d later documents", read)
	}
}

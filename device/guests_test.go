package device

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/highwater-sam/highwater/inventory"
)

func hostDoc(guests ...inventory.Guest) *inventory.Document {
	return doc(from("libvirt"), named("kvm1", "corp"), func(d *inventory.Document) {
		virtual(d).IsHost = true
		virtual(d).Guests = guests
	})
}

func TestSightings(t *testing.T) {
	two := int64(2)
	host := hostDoc(inventory.Guest{ID: "vm-7", Name: "odd"}, inventory.Guest{ID: u1, Name: "web1", Cores: &two})
	got := Sightings(host)
	if len(got) != 2 || got[0].Guest.Name != "web1" || got[1].Keys != nil {
		t.Fatalf("%+v", got)
	}
	own := doc(agent("a"), guest(u1), named("web1", "corp"))
	if d := Match(own, []Record{{ID: 4, Keys: got[0].Keys}}); d.Device != 4 {
		t.Errorf("the guest's own document: %s", d.Reason)
	}
	awaiting := got[0].Awaiting(host)
	if KindOf(awaiting) != VM || *HardwareOf(awaiting).Cores != 2 || awaiting.Header.Source == AgentSource {
		t.Errorf("%+v", awaiting)
	}
	if d := Match(own, []Record{rec(5, awaiting)}); d.Device != 5 {
		t.Errorf("the guest's own document: %s", d.Reason)
	}
	if Sightings(own) != nil {
		t.Error("a guest has no guests")
	}
}

func TestAGuestKeepsWhatItsAgentSawAgainstItsHost(t *testing.T) {
	two := int64(2)
	var s shelf
	s.receive(Observation{At: day(1), Document: doc(agent("a"), cores(4), guest(u1))})
	host := hostDoc(inventory.Guest{ID: u1, Name: "web1-prod", Cores: &two})
	s.receive(Observation{At: day(2), Document: Sightings(host)[0].Awaiting(host)})
	if h := At(s.sorted(), day(2))[HardwareAspect].(*Hardware); *h.Cores != 4 {
		t.Errorf("%+v", h)
	}
}

// yard is the placement history of one guest.
type yard struct {
	points []Point
	seen   []Seen
}

func (y *yard) sorted() []Point {
	p := slices.Clone(y.points)
	slices.SortStableFunc(p, func(a, b Point) int { return a.From.Compare(b.From) })
	return p
}

func (y *yard) receive(s Seen) {
	var before *Placement
	var after []Point
	for _, p := range y.sorted() {
		if p.From.After(s.At) {
			after = append(after, p)
		} else {
			before, _ = p.Value.(*Placement)
		}
	}
	seen := slices.Clone(y.seen)
	slices.SortStableFunc(seen, func(a, b Seen) int { return a.At.Compare(b.At) })
	y.points = append(y.points, Place(9, s, before, after, func(yield func(Seen) bool) {
		for _, l := range seen {
			if l.At.After(s.At) && !yield(l) {
				return
			}
		}
	})...)
	y.seen = append(y.seen, s)
}

// hosts says where the guest was on each of the days.
func (y *yard) hosts(days int) []Placement {
	var out []Placement
	for n := 1; n <= days; n++ {
		var at Placement
		for _, p := range y.sorted() {
			if !p.From.After(day(n)) {
				at = *p.Value.(*Placement)
			}
		}
		out = append(out, at)
	}
	return out
}

func TestAGuestMovesBetweenHosts(t *testing.T) {
	var y yard
	y.receive(Seen{At: day(1), Host: 1, Present: true, Pool: "db"})
	y.receive(Seen{At: day(2), Host: 2, Present: true})
	y.receive(Seen{At: day(3), Host: 1, Present: false}) // the old host no longer has it, the new one does
	y.receive(Seen{At: day(4), Host: 2, Present: false})
	want := []Placement{{Host: 1, Pool: "db"}, {Host: 2}, {Host: 2}, {}}
	if diff := cmp.Diff(want, y.hosts(4)); diff != "" {
		t.Error(diff)
	}
}

func TestOrderOfSightingsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 8).Draw(t, "sightings")
		inOrder := make([]Seen, n)
		for i := range inOrder {
			inOrder[i] = Seen{At: day(i + 1), Host: ID(rapid.IntRange(1, 2).Draw(t, "host")), Present: rapid.Bool().Draw(t, "present")}
		}
		var want, got yard
		for _, s := range inOrder {
			want.receive(s)
		}
		for _, s := range rapid.Permutation(inOrder).Draw(t, "arrival") {
			got.receive(s)
		}
		if diff := cmp.Diff(want.hosts(n), got.hosts(n)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestKindOf(t *testing.T) {
	guests := []inventory.Guest{{ID: u1}}
	for _, tc := range []struct {
		name string
		v    *inventory.Virtual
		want Kind
	}{
		{"nothing known of virtualization", nil, Computer},
		{"no hypervisor seen", &inventory.Virtual{}, Computer},
		{"a guest", &inventory.Virtual{Hypervisor: "kvm"}, VM},
		{"a partition", &inventory.Virtual{Partition: &inventory.Partition{Kind: "dedicated"}}, VM},
		{"a host", &inventory.Virtual{IsHost: true}, Host},
		{"a guest that could run guests and has none", &inventory.Virtual{IsHost: true, Hypervisor: "kvm"}, VM},
		{"a guest with guests", &inventory.Virtual{IsHost: true, Hypervisor: "kvm", Guests: guests}, Host},
	} {
		if got := KindOf(&inventory.Document{Virtual: tc.v}); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

func TestHostedIn(t *testing.T) {
	if got := HostedIn(doc()); got != OnPremises {
		t.Error(got)
	}
	if got := HostedIn(doc(instance("i-1"))); got != "aws" {
		t.Error(got)
	}
}

func TestEffective(t *testing.T) {
	collected, received := day(1).Add(300*time.Millisecond), day(3)
	for _, tc := range []struct {
		name  string
		clock Clock
		want  time.Time
		quiet bool
	}{
		{"a sane clock", Clock{true, 4*time.Minute + 59*time.Second}, day(1), true},
		{"the limit itself", Clock{true, -5 * time.Minute}, day(1), true},
		{"a clock ahead", Clock{true, 6 * time.Minute}, day(3), false},
		{"a clock behind", Clock{true, -time.Hour}, day(3), false},
		{"nobody compared", Clock{}, day(3), false},
	} {
		at, remark := Effective(collected, received, tc.clock)
		if !at.Equal(tc.want) || (remark == "") != tc.quiet {
			t.Errorf("%s: %s %q", tc.name, at, remark)
		}
	}
	if at, remark := Effective(received.Add(time.Hour), received, Clock{Measured: true}); !at.Equal(received) || remark == "" {
		t.Errorf("collected after receipt: %s %q", at, remark)
	}
	if at, remark := Effective(time.Time{}, received, Clock{Measured: true}); !at.Equal(received) || remark == "" {
		t.Errorf("no collection time: %s %q", at, remark)
	}
}

package measure_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/highwater-sam/highwater/estate"
	"github.com/highwater-sam/highwater/measure"
	"github.com/highwater-sam/highwater/measure/synthetic"
)

func measured(t interface{ Fatal(...any) }, e *estate.Estate) *measure.Measurement {
	m, err := measure.Run(e)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// deep returns a copy of the estate whose lists can be changed.
func deep(e *estate.Estate) *estate.Estate {
	c := *e
	c.Locations, c.Installations = slices.Clone(e.Locations), slices.Clone(e.Installations)
	c.Devices, c.Licenses = slices.Clone(e.Devices), slices.Clone(e.Licenses)
	for i := range c.Devices {
		d := &c.Devices[i]
		d.Hardware, d.Placement, d.Moves = slices.Clone(d.Hardware), slices.Clone(d.Placement), slices.Clone(d.Moves)
		d.Pools, d.Overrides = slices.Clone(d.Pools), slices.Clone(d.Overrides)
	}
	for i := range c.Licenses {
		l := &c.Licenses[i]
		l.Exemptions, l.Overridden, l.OverriddenMetric = slices.Clone(l.Exemptions), slices.Clone(l.Overridden), slices.Clone(l.OverriddenMetric)
		l.Products = slices.Clone(l.Products)
	}
	return &c
}

func TestOrderOfInputChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := anEstate(t)
		c := deep(e)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		shuffle(r, c.Locations)
		shuffle(r, c.Devices)
		shuffle(r, c.Installations)
		for i := range c.Devices {
			d := &c.Devices[i]
			shuffle(r, d.Hardware)
			shuffle(r, d.Placement)
			shuffle(r, d.Moves)
			shuffle(r, d.Pools)
			shuffle(r, d.Overrides)
		}
		for i := range c.Licenses {
			l := &c.Licenses[i]
			shuffle(r, l.Products)
			shuffle(r, l.Exemptions)
			shuffle(r, l.Overridden)
			shuffle(r, l.OverriddenMetric)
		}
		if d := cmp.Diff(measured(t, e), measured(t, c)); d != "" {
			t.Fatal(d)
		}
	})
}

func shuffle[T any](r *rand.Rand, list []T) {
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}

func TestSplittingFactsChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := anEstate(t)
		c := deep(e)
		split := func(from, to estate.Instant) (estate.Instant, bool) {
			end := to
			if end == 0 {
				end = e.AsOf
			}
			at := from + (end-from)/2
			return at, at > from && (to == 0 || at < to)
		}
		for i := range c.Devices {
			d := &c.Devices[i]
			for _, h := range d.Hardware {
				if at, ok := split(h.From, h.To); ok {
					d.Hardware[slices.IndexFunc(d.Hardware, func(x estate.HardwareFact) bool { return x.From == h.From })].To = at
					h.From = at
					d.Hardware = append(d.Hardware, h)
				}
			}
			for _, p := range d.Placement {
				if at, ok := split(p.From, p.To); ok {
					d.Placement[slices.IndexFunc(d.Placement, func(x estate.Placement) bool { return x.From == p.From })].To = at
					p.From = at
					d.Placement = append(d.Placement, p)
				}
			}
		}
		for i, x := range e.Installations {
			if at, ok := split(x.From, x.To); ok {
				c.Installations[i].To = at
				x.From = at
				c.Installations = append(c.Installations, x)
			}
		}
		if d := cmp.Diff(measured(t, e), measured(t, c)); d != "" {
			t.Fatal(d)
		}
	})
}

func TestRenamingChangesNoFigure(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := anEstate(t)
		c := deep(e)
		// The new names stand in another order than the old.
		name := func(id string) string { return fmt.Sprintf("%x/é%s", 255-id[len(id)-1], id) }
		for i := range c.Devices {
			d := &c.Devices[i]
			d.ID = name(d.ID)
			for j := range d.Placement {
				d.Placement[j].Host = name(d.Placement[j].Host)
			}
		}
		for i := range c.Installations {
			c.Installations[i].Device = name(c.Installations[i].Device)
		}
		for i := range c.Licenses {
			l := &c.Licenses[i]
			for j := range l.Exemptions {
				l.Exemptions[j].Device = name(l.Exemptions[j].Device)
			}
			for j := range l.Overridden {
				l.Overridden[j].Device = name(l.Overridden[j].Device)
			}
			for j := range l.OverriddenMetric {
				l.OverriddenMetric[j].Device = name(l.OverriddenMetric[j].Device)
			}
		}
		a, b := measured(t, e), measured(t, c)
		if d := cmp.Diff(a, b, cmpopts.IgnoreFields(measure.License{}, "Remarks")); d != "" {
			t.Fatal(d)
		}
		for i := range a.Licenses {
			if len(a.Licenses[i].Remarks) != len(b.Licenses[i].Remarks) {
				t.Fatal("the remarks differ in number")
			}
		}
	})
}

// TestMoreCapacityNeverLowersAFigure doubles every count that is known.
func TestMoreCapacityNeverLowersAFigure(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := anEstate(t)
		for i := range e.Licenses { // an overridden figure may stand where another is expected
			e.Licenses[i].Overridden = nil
		}
		c := deep(e)
		double := func(h *estate.Hardware) {
			h.Cores, h.Threads = twice(h.Cores), twice(h.Threads)
			if h.Partition != nil {
				p := *h.Partition
				p.Entitlement, p.VirtualProcessors = twice(p.Entitlement), twice(p.VirtualProcessors)
				h.Partition = &p
			}
		}
		for i := range c.Devices {
			d := &c.Devices[i]
			for j := range d.Hardware {
				double(&d.Hardware[j].Hardware)
			}
			for j := range d.Overrides {
				double(&d.Overrides[j].Hardware)
			}
		}
		a, b := measured(t, e), measured(t, c)
		for i := range a.Licenses {
			for j := range a.Licenses[i].Periods {
				for k, r := range a.Licenses[i].Periods[j].Regions {
					if more := b.Licenses[i].Periods[j].Regions[k]; more.Region != r.Region || more.Exact.Cmp(r.Exact) < 0 {
						t.Fatalf("%s, %s: %v became %v", a.Licenses[i].ID, a.Licenses[i].Periods[j].Name, r, more)
					}
				}
			}
		}
	})
}

func twice(d estate.Decimal) estate.Decimal {
	if d == "" {
		return ""
	}
	x := d.Rat()
	return estate.Decimal(measure.NumberOf(x.Add(x, x)))
}

// TestARegionNeverExceedsItsServers leaves only one server's devices in the estate after the other, and adds their peaks
// up. In ibm-rvu-mapc the tiers make servers dearer alone, so that the bound holds there too.
func TestARegionNeverExceedsItsServers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := anEstate(t)
		for i := range e.Devices { // each vm stays where it is first placed: the servers part the devices
			d := &e.Devices[i]
			if len(d.Placement) > 1 {
				d.Placement = d.Placement[:1]
			}
			if len(d.Placement) == 1 {
				d.Placement[0].From, d.Placement[0].To = 1, 0
			}
		}
		whole := measured(t, e)
		sums := map[string]*big.Rat{}
		for i := range e.Devices {
			c := deep(e)
			server := e.Devices[i].ID
			if len(e.Devices[i].Placement) > 0 {
				continue
			}
			c.Installations = slices.DeleteFunc(c.Installations, func(x estate.Installation) bool {
				d := &e.Devices[slices.IndexFunc(e.Devices, func(d estate.Device) bool { return d.ID == x.Device })]
				return d.ID != server && (len(d.Placement) == 0 || d.Placement[0].Host != server)
			})
			eachPeak(measured(t, c), func(key string, r measure.RegionPeak) {
				if sums[key] == nil {
					sums[key] = new(big.Rat)
				}
				sums[key].Add(sums[key], r.Exact.Rat())
			})
		}
		eachPeak(whole, func(key string, r measure.RegionPeak) {
			if r.Exact != "0" && (sums[key] == nil || r.Exact.Rat().Cmp(sums[key]) > 0) {
				t.Fatalf("%s: %s exceeds %v", key, r.Exact, sums[key])
			}
		})
	})
}

func eachPeak(m *measure.Measurement, do func(key string, r measure.RegionPeak)) {
	for _, l := range m.Licenses {
		for _, p := range l.Periods {
			for _, r := range p.Regions {
				do(fmt.Sprint(l.ID, p.Name, r.Region), r)
			}
		}
	}
}

// TestWorkersChangeNothing replays many shards with 1, 2 and 8 workers.
func TestWorkersChangeNothing(t *testing.T) {
	e := synthetic.New(6000, 60, 20, 3).Estate()
	engine, err := measure.New(e)
	if err != nil {
		t.Fatal(err)
	}
	engine.Workers = 1
	want := engine.Measure()
	for _, workers := range []int{2, 8} {
		engine.Workers = workers
		if d := cmp.Diff(want, engine.Measure()); d != "" {
			t.Errorf("%d workers: %s", workers, d)
		}
	}
	if d := cmp.Diff(want, engine.MeasureInRationals()); d != "" {
		t.Errorf("in rationals: %s", d)
	}
}

// TestExplanationsAddUp explains every peak of random estates, and moments between.
func TestExplanationsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := anEstate(t)
		engine, err := measure.New(e)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range engine.Measure().Licenses {
			x, err := engine.Explain(l.ID, measure.Query{})
			if err != nil {
				t.Fatal(err)
			}
			peaks := 0
			eachPeak(&measure.Measurement{Licenses: []*measure.License{l}}, func(_ string, r measure.RegionPeak) {
				if r.Start == 0 {
					return
				}
				if m := x.Moments[peaks]; m.Total != r.Exact || m.Region != r.Region || m.At != r.Start {
					t.Fatalf("%s: the explanation of %v says %v", l.ID, r, m)
				}
				addsUp(t, &x.Moments[peaks])
				peaks++
			})
			now, err := engine.Explain(l.ID, measure.Query{At: e.AsOf - 1})
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range now.Moments {
				addsUp(t, &m)
				want := measure.Number("0")
				for _, r := range l.Current.Regions {
					if r.Region == m.Region {
						want = r.Value
					}
				}
				if m.Total != want {
					t.Fatalf("%s: now %s, explained as %s", l.ID, want, m.Total)
				}
			}
		}
	})
}

// addsUp checks every sum and product that an explanation shows.
func addsUp(t *rapid.T, m *measure.Moment) {
	total := m.Total
	if m.Cores != "" {
		total = m.Cores
		sum := new(big.Rat)
		for _, x := range m.Tiers {
			if new(big.Rat).Mul(x.Cores.Rat(), x.Factor.Rat()).Cmp(x.Value.Rat()) != 0 {
				t.Fatalf("tier %v", x)
			}
			sum.Add(sum, x.Value.Rat())
		}
		if measure.NumberOf(sum) != m.Total {
			t.Fatalf("the tiers come to %s, not %s", measure.NumberOf(sum), m.Total)
		}
	}
	sum := new(big.Rat)
	for i := range m.Servers {
		s := &m.Servers[i]
		if i > 0 && m.Servers[i-1].Value.Cmp(s.Value) < 0 {
			t.Fatal("not the largest first")
		}
		sum.Add(sum, s.Value.Rat())
		parts := new(big.Rat)
		for _, c := range s.Counted {
			if new(big.Rat).Mul(c.Cores.Rat(), c.Rate.Rat()).Cmp(c.Value.Rat()) != 0 {
				t.Fatalf("%s: %s × %s is not %s", s.Device, c.Cores, c.Rate, c.Value)
			}
			parts.Add(parts, c.Value.Rat())
		}
		want := s.Value
		if s.Calculated != "" {
			want = s.Calculated
		}
		if measure.NumberOf(parts) != want || len(s.Devices) == 0 {
			t.Fatalf("%s: its parts come to %s, not %s", s.Device, measure.NumberOf(parts), want)
		}
	}
	if measure.NumberOf(sum) != total {
		t.Fatalf("the servers come to %s, not %s", measure.NumberOf(sum), total)
	}
}

// TestSeriesAndPeaksAgree reads the peaks off the series.
func TestSeriesAndPeaksAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := anEstate(t)
		engine, err := measure.New(e)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range engine.Measure().Licenses {
			series, err := engine.Series(l.ID)
			if err != nil {
				t.Fatal(err)
			}
			for i, p := range l.Periods {
				to := e.AsOf
				if stated := e.Periods[i].To; stated != 0 {
					to = min(to, stated)
				}
				for _, r := range p.Regions {
					highest := measure.Number("0")
					s := series[slices.IndexFunc(series, func(s measure.RegionSeries) bool { return s.Region == r.Region })]
					for k, step := range s.Steps {
						ends := k+1 < len(s.Steps) && s.Steps[k+1].At <= e.Periods[i].From
						if step.At < to && !ends && step.Value.Cmp(highest) > 0 {
							highest = step.Value
						}
					}
					if highest != r.Exact {
						t.Fatalf("%s %s: the series reaches %s, the peak is %s", l.ID, p.Name, highest, r.Exact)
					}
				}
			}
		}
	})
}

package measure

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"sync"

	"github.com/highwater-sam/highwater/estate"
)

// Query says which figures to explain. The zero value asks for the peak of every region in every period.
type Query struct {
	Region *Region        // nil is every region
	At     estate.Instant // 0 is each region's peak: the first instant of its latest stretch
	Period string         // "" is every period; only for peaks
}

// Explain says why a license's consumption is what it is. It fails when the estate has no such license or period, or
// when the instant lies outside what is measured.
func (e *Engine) Explain(id string, q Query) (*Explanation, error) {
	n := slices.IndexFunc(e.plan.licenses, func(l license) bool { return l.stated.ID == id })
	if n < 0 {
		return nil, fmt.Errorf("explain: the estate has no license %q", id)
	}
	l := &e.plan.licenses[n]
	x := &Explanation{License: id, Metric: l.stated.Metric, Capacity: estate.Sub, Moments: []Moment{}}
	if l.stated.Capacity == estate.Full {
		x.Capacity = estate.Full
	}
	if q.At != 0 {
		clock := &e.facts.clock
		if q.At < clock.from || q.At >= clock.to {
			return nil, fmt.Errorf("explain: %s is not measured: the measured time is from %s to before %s", q.At, clock.from, clock.to)
		}
		return x, e.explainAt(x, int32(n), q)
	}
	return x, e.explainPeaks(x, int32(n), q)
}

// explainAt explains the regions that have relevant devices at one instant.
func (e *Engine) explainAt(x *Explanation, n int32, q Query) error {
	at := e.evaluateAt(n, q.At)
	for _, region := range inOrder {
		if q.Region != nil && *q.Region != region {
			continue
		}
		m := e.moment(n, region, at)
		if q.Region == nil && len(m.Servers) == 0 && len(m.Exempt) == 0 {
			continue
		}
		m.At = q.At
		x.Moments = append(x.Moments, m)
	}
	return nil
}

// explainPeaks explains the peaks of the periods.
func (e *Engine) explainPeaks(x *Explanation, n int32, q Query) error {
	known := false
	for _, p := range e.Measured().Licenses[n].Periods {
		if q.Period != "" && q.Period != p.Name {
			continue
		}
		known = true
		for _, r := range p.Regions {
			if q.Region != nil && *q.Region != r.Region || r.Start == 0 {
				continue
			}
			m := e.moment(n, r.Region, e.evaluateAt(n, r.Start))
			m.At, m.Period = r.Start, p.Name
			x.Moments = append(x.Moments, m)
		}
	}
	if !known && q.Period != "" {
		return fmt.Errorf("explain: the estate has no period %q", q.Period)
	}
	return nil
}

// Measured returns the measurement of the present configuration.
func (e *Engine) Measured() *Measurement {
	if e.result == nil {
		return e.Measure()
	}
	return e.result.measurement
}

// evaluated is the evaluation of one server, made to be read.
type evaluated struct {
	region Region
	value  *big.Rat
	server Server
}

// stateAt is a license at one instant.
type stateAt struct {
	servers []evaluated
	exempt  []exemptAt
}

type exemptAt struct {
	region Region
	device ExemptDevice
}

// evaluateAt replays every shard up to the instant and evaluates the license there.
func (e *Engine) evaluateAt(n int32, at estate.Instant) stateAt {
	until := e.facts.clock.upTo(at + 1)
	var all stateAt
	var lock sync.Mutex
	var group sync.WaitGroup
	next := counter{}
	for range cores() {
		group.Go(func() {
			r := newReplay(e.facts, e.config, e.plan, n, false)
			for s := next.take(); s < len(e.facts.shards); s = next.take() {
				r.run(s, until)
				found := r.readable(n, at)
				lock.Lock()
				all.servers = append(all.servers, found.servers...)
				all.exempt = append(all.exempt, found.exempt...)
				lock.Unlock()
			}
		})
	}
	group.Wait()
	slices.SortFunc(all.servers, func(a, b evaluated) int {
		return cmp.Or(b.value.Cmp(a.value), cmp.Compare(a.server.Device, b.server.Device))
	})
	slices.SortFunc(all.exempt, func(a, b exemptAt) int { return cmp.Compare(a.device.Device, b.device.Device) })
	return all
}

// moment adds up one region.
func (e *Engine) moment(n int32, region Region, at stateAt) Moment {
	m := Moment{Region: region, Servers: []Server{}}
	sum := new(big.Rat)
	for i := range at.servers {
		if at.servers[i].region == region {
			m.Servers = append(m.Servers, at.servers[i].server)
			sum.Add(sum, at.servers[i].value)
		}
	}
	for _, x := range at.exempt {
		if x.region == region {
			m.Exempt = append(m.Exempt, x.device)
		}
	}
	m.Total = NumberOf(sum)
	if e.plan.licenses[n].tiered && region == Unassigned {
		m.Cores, m.Total = m.Total, NumberOf(tiers(sum))
		m.Tiers = tierParts(sum)
	}
	return m
}

// readable makes the evaluation of the shard in hand readable.
func (r *replay) readable(n int32, at estate.Instant) stateAt {
	l := &r.p.licenses[n]
	var found stateAt
	for _, s := range r.serversAt(n) {
		found.servers = append(found.servers, evaluated{r.regionOf(l, s.n), s.value, r.readableServer(s, n, l)})
	}
	for i := range r.devices {
		if x, ok := r.exemption(int32(i), n, l, at); ok {
			server, _ := r.server(int32(i))
			found.exempt = append(found.exempt, exemptAt{r.regionOf(l, server), x})
		}
	}
	return found
}

func (r *replay) regionOf(l *license, server int32) Region {
	if l.tiered {
		return Unassigned
	}
	return r.c.regionAt(r.devices[server].place)
}

func (r *replay) id(n int32) string { return r.f.ids.at(int(r.base + n)) }

// exemption says why a device with software of the license does not count; ok is false when it has none, or counts.
func (r *replay) exemption(n, license int32, l *license, at estate.Instant) (x ExemptDevice, ok bool) {
	d := &r.devices[n]
	installed := false
	for i := d.members.from; i < d.members.to; i++ {
		installed = installed || r.members[i].license == license && r.members[i].installed > 0
	}
	if !installed {
		return x, false
	}
	server, _ := r.server(n)
	x = ExemptDevice{Device: r.id(n), Server: r.id(server)}
	class := &r.f.classes[d.class]
	switch {
	case r.entries(n, license).exempt:
		x.Why = "exempt" + r.reason(n, license, at)
	case l.exempt[d.class]:
		x.Why = fmt.Sprintf("exempt by its role %q", class.role)
	case server != n && r.entries(server, license).exempt:
		x.Why = "its host is exempt" + r.reason(server, license, at)
	default:
		return x, false
	}
	return x, true
}

// reason returns the reason that the exemption in force states.
func (r *replay) reason(n, license int32, at estate.Instant) string {
	for _, e := range r.c.devices[uint32(r.base+n)].entries {
		if e.license != int(license) {
			continue
		}
		for _, x := range e.exemptions {
			if x.From <= at && (x.To == 0 || at < x.To) && x.Reason != "" {
				return ": " + x.Reason
			}
		}
	}
	return ""
}

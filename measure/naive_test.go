package measure_test

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"sort"
	"strings"

	"github.com/highwater-sam/highwater/estate"
	"github.com/highwater-sam/highwater/measure"
)

// The naive twin: docs/design/engine.md read aloud, every device at every instant of change, in rationals. It shares
// nothing with the engine but the types of estates and measurements.

func naive(e *estate.Estate) *measure.Measurement {
	m := &measure.Measurement{Format: "highwater-measurement/1", AsOf: e.AsOf, Licenses: []*measure.License{}}
	for i := range e.Licenses {
		m.Licenses = append(m.Licenses, naiveLicense(e, &e.Licenses[i]))
	}
	return m
}

// moment is what a license comes to at one instant.
type moment struct {
	at      estate.Instant
	value   map[int]*big.Rat // by region, 0 is null; a region is there if it has a relevant device
	remarks map[[2]string]bool
}

func naiveLicense(e *estate.Estate, l *estate.License) *measure.License {
	var moments []moment
	for _, at := range naiveInstants(e) {
		moments = append(moments, naiveMoment(e, l, at))
	}
	out := &measure.License{ID: l.ID, Metric: l.Metric, Entitlements: naiveNumber(l.Entitlements), Periods: []measure.Period{}}
	last := moments[len(moments)-1]
	raw := new(big.Rat)
	out.Current.Regions = []measure.RegionValue{}
	for _, region := range []int{1, 2, 3, 0} {
		if v := last.value[region]; v != nil {
			raw.Add(raw, v)
			out.Current.Regions = append(out.Current.Regions, measure.RegionValue{Region: measure.Region(region), Value: naiveRat(v)})
		}
	}
	out.Current.Raw = naiveRat(raw)
	for _, p := range e.Periods {
		out.Periods = append(out.Periods, naivePeriod(e, moments, p))
	}
	out.Remarks = naiveRemarks(e, moments)
	return out
}

// naiveInstants lists every instant, before as_of, at which anything could change, and the last second before it.
func naiveInstants(e *estate.Estate) []estate.Instant {
	set := map[estate.Instant]bool{e.AsOf - 1: true}
	first := e.AsOf - 1
	for _, p := range e.Periods {
		first = min(first, p.From)
		set[p.From], set[p.To] = true, true
	}
	for _, d := range e.Devices {
		for _, x := range d.Hardware {
			set[x.From], set[x.To] = true, true
		}
		for _, x := range d.Placement {
			set[x.From], set[x.To] = true, true
		}
		for _, x := range d.Moves {
			set[x.From], set[x.To] = true, true
		}
		for _, x := range d.Overrides {
			set[x.From], set[x.To] = true, true
		}
	}
	for _, x := range e.Installations {
		set[x.From], set[x.To] = true, true
	}
	for _, l := range e.Licenses {
		for _, x := range l.Exemptions {
			set[x.From], set[x.To] = true, true
		}
		for _, x := range l.Overridden {
			set[x.From], set[x.To] = true, true
		}
		for _, x := range l.OverriddenMetric {
			set[x.From], set[x.To] = true, true
		}
	}
	var list []estate.Instant
	for at := range set {
		if at >= first && at < e.AsOf {
			list = append(list, at)
		}
	}
	slices.Sort(list)
	return list
}

func in(at, from, to estate.Instant) bool { return from <= at && (to == 0 || at < to) }

// world answers questions about the estate at one instant.
type world struct {
	e  *estate.Estate
	at estate.Instant
}

func (w world) device(id string) *estate.Device {
	for i := range w.e.Devices {
		if w.e.Devices[i].ID == id {
			return &w.e.Devices[i]
		}
	}
	panic("no device " + id)
}

// hardware is what is known of a device after overrides.
func (w world) hardware(d *estate.Device) estate.Hardware {
	var h estate.Hardware
	for _, x := range d.Hardware {
		if in(w.at, x.From, x.To) {
			h = x.Hardware
		}
	}
	for _, o := range d.Overrides {
		if !in(w.at, o.From, o.To) {
			continue
		}
		if o.Processors != "" {
			h.Processors = o.Processors
		}
		if o.Cores != "" {
			h.Cores = o.Cores
		}
		if o.Threads != "" {
			h.Threads = o.Threads
		}
		if o.MaxSockets != "" {
			h.MaxSockets = o.MaxSockets
		}
		if o.Processor != nil {
			h.Processor = o.Processor
		}
		if o.Model != nil {
			h.Model = o.Model
		}
		if o.OS != nil {
			h.OS = o.OS
		}
		if o.Partition != nil {
			h.Partition = o.Partition
		}
	}
	return h
}

func (w world) placement(d *estate.Device) *estate.Placement {
	for i := range d.Placement {
		if in(w.at, d.Placement[i].From, d.Placement[i].To) {
			return &d.Placement[i]
		}
	}
	return nil
}

func (w world) region(d *estate.Device) int {
	location := d.Location
	for _, m := range d.Moves {
		if in(w.at, m.From, m.To) {
			location = m.Location
		}
	}
	for location != "" {
		for _, l := range w.e.Locations {
			if l.ID == location {
				if l.Region != 0 {
					return int(l.Region)
				}
				location = l.Parent
				break
			}
		}
	}
	return 0
}

func onPremises(d *estate.Device) bool { return d.HostedIn == nil || *d.HostedIn == "on-premises" }

func ofDecimal(d estate.Decimal) *big.Rat {
	if d == "" {
		return nil
	}
	x, ok := new(big.Rat).SetString(string(d))
	if !ok {
		panic("not a decimal: " + string(d))
	}
	return x
}

// Rule 1.
func (w world) relevant(l *estate.License, d *estate.Device, products map[string]bool) bool {
	installed := false
	for _, x := range w.e.Installations {
		if x.Device == d.ID && products[x.Product] && in(w.at, x.From, x.To) {
			installed = true
		}
	}
	if !installed || w.listed(l, d.ID) {
		return false
	}
	if d.Kind != estate.Host {
		role := "production"
		if d.Role != nil {
			role = *d.Role
		}
		if slices.Contains(l.ExemptRoles, role) {
			return false
		}
	}
	if p := w.placement(d); d.Kind == estate.VM && p != nil && w.listed(l, p.Host) {
		return false
	}
	return true
}

func (w world) listed(l *estate.License, id string) bool {
	for _, x := range l.Exemptions {
		if x.Device == id && in(w.at, x.From, x.To) {
			return true
		}
	}
	return false
}

// Rule 2; nil is unknown.
func (w world) count(l *estate.License, d *estate.Device) *big.Rat {
	for _, x := range l.OverriddenMetric {
		if x.Device == d.ID && in(w.at, x.From, x.To) {
			return ofDecimal(x.Count)
		}
	}
	h := w.hardware(d)
	if p := h.Partition; p != nil {
		if p.Kind == "shared" && p.Capped {
			return ofDecimal(p.Entitlement)
		}
		if p.Kind == "shared" {
			return ofDecimal(p.VirtualProcessors)
		}
		return ofDecimal(h.Cores)
	}
	if d.Kind != estate.Host && !onPremises(d) && h.Threads != "" {
		return ofDecimal(h.Threads)
	}
	return ofDecimal(h.Cores)
}

func rat0(x *big.Rat) *big.Rat {
	if x == nil {
		return new(big.Rat)
	}
	return x
}

func minRat(a, b *big.Rat) *big.Rat {
	if a.Cmp(b) < 0 {
		return a
	}
	return b
}

// group is a server with the relevant devices on it.
type group struct {
	server *estate.Device
	self   bool
	guests []*estate.Device
}

// Rule 3.
func (w world) servers(l *estate.License, products map[string]bool) map[string]*group {
	groups := map[string]*group{}
	for i := range w.e.Devices {
		d := &w.e.Devices[i]
		if !w.relevant(l, d, products) {
			continue
		}
		server := d
		if p := w.placement(d); d.Kind == estate.VM && p != nil {
			server = w.device(p.Host)
		}
		g := groups[server.ID]
		if g == nil {
			g = &group{server: server}
			groups[server.ID] = g
		}
		if server == d {
			g.self = true
		} else {
			g.guests = append(g.guests, d)
		}
	}
	return groups
}

// Rule 4: the sum through the pools.
func (w world) throughPools(l *estate.License, g *group) *big.Rat {
	var of func(pool string) *big.Rat
	of = func(pool string) *big.Rat {
		sum := new(big.Rat)
		for _, d := range g.guests {
			if w.placement(d).Pool == pool {
				sum.Add(sum, rat0(w.count(l, d)))
			}
		}
		for _, p := range g.server.Pools {
			if p.Parent == pool {
				in := of(p.ID)
				if p.Hard && p.Cores != "" {
					in = minRat(in, ofDecimal(p.Cores))
				}
				sum.Add(sum, in)
			}
		}
		return sum
	}
	return of("")
}

// Rule 5.
func (w world) eligible(l *estate.License, g *group) bool {
	if l.Capacity == estate.Full {
		return false
	}
	devices := slices.Clone(g.guests)
	if g.self {
		devices = append(devices, g.server)
	}
	for _, d := range devices {
		if !l.AllowOtherSources && !(d.Source == estate.Agent && (w.e.HighFrequency == nil || *w.e.HighFrequency)) {
			return false
		}
	}
	return true
}

// Rules 4, 6 and 7.
func (w world) cores(l *estate.License, g *group, remark func(code, device string)) *big.Rat {
	own := w.count(l, g.server)
	if g.server.Kind != estate.Host {
		return rat0(own)
	}
	limit := ofDecimal(w.hardware(g.server).Cores)
	var sub, full *big.Rat
	switch {
	case g.self && own != nil:
		sub = own
	case limit != nil:
		sub = minRat(w.throughPools(l, g), limit)
	default:
		sub = w.throughPools(l, g)
		remark("host-cores-missing", g.server.ID)
	}
	if full = own; full == nil {
		full = new(big.Rat)
		for _, d := range g.guests {
			full.Add(full, rat0(w.count(l, d)))
		}
		remark("host-cores-missing", g.server.ID)
	}
	if w.eligible(l, g) {
		return sub
	}
	return full
}

// Rule 8.
func (w world) perCore(l *estate.License, server *estate.Device, remark func(code, device string)) *big.Rat {
	h := w.hardware(server)
	hosted := "on-premises"
	if server.HostedIn != nil {
		hosted = *server.HostedIn
	}
	for _, r := range l.Points {
		ok := r.Processor == nil || h.Processor != nil && naiveGlob([]rune(*r.Processor), []rune(*h.Processor))
		ok = ok && (r.Model == nil || h.Model != nil && naiveGlob([]rune(*r.Model), []rune(*h.Model)))
		ok = ok && (r.OS == nil || h.OS != nil && *h.OS == *r.OS)
		ok = ok && (r.HostedIn == nil || slices.Contains(r.HostedIn, hosted))
		ok = ok && (r.MinSockets == "" || h.MaxSockets != "" && ofDecimal(h.MaxSockets).Cmp(ofDecimal(r.MinSockets)) >= 0)
		ok = ok && (r.MaxSockets == "" || h.MaxSockets != "" && ofDecimal(h.MaxSockets).Cmp(ofDecimal(r.MaxSockets)) <= 0)
		if ok {
			return ofDecimal(r.PerCore)
		}
	}
	remark("points-unmatched", server.ID)
	return rat0(ofDecimal(*l.UnmatchedPoints))
}

func naiveGlob(p, s []rune) bool {
	if len(p) == 0 {
		return len(s) == 0
	}
	if p[0] == '*' {
		return naiveGlob(p[1:], s) || len(s) > 0 && naiveGlob(p, s[1:])
	}
	if len(s) == 0 {
		return false
	}
	fold := func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 32
		}
		return r
	}
	return (p[0] == '?' || fold(p[0]) == fold(s[0])) && naiveGlob(p[1:], s[1:])
}

func ratioOf(r *estate.Ratio) *big.Rat {
	if r == nil {
		return big.NewRat(1, 1)
	}
	return new(big.Rat).Quo(ofDecimal(r.Entitlements), ofDecimal(r.VPC))
}

func naiveMoment(e *estate.Estate, l *estate.License, at estate.Instant) moment {
	w := world{e, at}
	m := moment{at: at, value: map[int]*big.Rat{}, remarks: map[[2]string]bool{}}
	remark := func(code, device string) { m.remarks[[2]string{code, device}] = true }
	all := map[string]bool{}
	for _, p := range l.Products {
		if !p.Supplementary {
			all[p.Product] = true
		}
	}
	for _, g := range w.servers(l, all) {
		value := new(big.Rat)
		switch {
		case l.Metric == estate.PVU:
			value.Mul(w.cores(l, g, remark), w.perCore(l, g.server, remark))
		case l.Metric == estate.VPC && l.Bundle == estate.PerProduct: // rule 9
			for _, p := range l.Products {
				if p.Supplementary {
					continue
				}
				if one := w.servers(l, map[string]bool{p.Product: true})[g.server.ID]; one != nil {
					part := new(big.Rat).Mul(w.cores(l, one, remark), ratioOf(p.Ratio))
					value.Add(value, part)
				}
			}
		case l.Metric == estate.VPC:
			value.Mul(w.cores(l, g, remark), ratioOf(l.Ratio))
		default:
			value.Set(w.cores(l, g, remark))
		}
		devices := slices.Clone(g.guests)
		if g.self {
			devices = append(devices, g.server)
		}
		for _, d := range devices {
			if w.count(l, d) == nil {
				remark("cores-missing", d.ID)
			}
		}
		if g.server.Kind == estate.VM && onPremises(g.server) {
			remark("host-unknown", g.server.ID)
		}
		for _, x := range l.Overridden { // rule 10
			points := ofDecimal(x.Points)
			if points.Sign() == 0 || !in(at, x.From, x.To) {
				continue
			}
			if x.Device == g.server.ID {
				if g.server.Kind == estate.Computer || !w.eligible(l, g) {
					value = points
				} else {
					remark("override-ignored", x.Device)
				}
			}
			for _, d := range g.guests {
				if d.ID == x.Device {
					remark("override-ignored", x.Device)
				}
			}
		}
		region := w.region(g.server)
		if l.Metric == estate.RVU {
			region = 0
		}
		m.value[region] = new(big.Rat).Add(rat0(m.value[region]), value)
	}
	if l.Metric == estate.RVU { // rule 12
		m.value[0] = naiveTiers(rat0(m.value[0]))
	}
	return m
}

func naiveTiers(cores *big.Rat) *big.Rat {
	sum := new(big.Rat)
	from := int64(0)
	for _, tier := range []struct {
		to     int64
		factor string
	}{{2500, "1"}, {10000, "0.8"}, {50000, "0.6"}, {150000, "0.4"}, {1 << 62, "0.2"}} {
		over := new(big.Rat).Sub(cores, big.NewRat(from, 1))
		if over.Sign() <= 0 {
			break
		}
		if tier.to != 1<<62 {
			over = minRat(over, big.NewRat(tier.to-from, 1))
		}
		sum.Add(sum, new(big.Rat).Mul(over, ofDecimal(estate.Decimal(tier.factor))))
		from = tier.to
	}
	return sum
}

func naivePeriod(e *estate.Estate, moments []moment, p estate.Period) measure.Period {
	out := measure.Period{Name: p.Name, Peak: "0", Regions: []measure.RegionPeak{}}
	to := e.AsOf
	if p.To != 0 && p.To < to {
		to = p.To
	}
	total := new(big.Int)
	for _, region := range []int{1, 2, 3, 0} {
		var highest *big.Rat
		var start, end estate.Instant
		there, stands := false, false
		for i, m := range moments {
			if m.at < p.From || m.at >= to {
				continue
			}
			next := to
			if i+1 < len(moments) && moments[i+1].at < to {
				next = moments[i+1].at
			}
			there = there || m.value[region] != nil
			v := rat0(m.value[region])
			switch {
			case highest == nil || v.Cmp(highest) > 0 || v.Cmp(highest) == 0 && !stands:
				highest, start, end, stands = v, m.at, next, true
			case v.Cmp(highest) == 0:
				end = next
			default:
				stands = false
			}
		}
		if !there {
			continue
		}
		peak := new(big.Int).Div(new(big.Int).Sub(new(big.Int).Add(highest.Num(), highest.Denom()), big.NewInt(1)), highest.Denom())
		total.Add(total, peak)
		r := measure.RegionPeak{Region: measure.Region(region), Exact: naiveRat(highest), Peak: measure.Number(peak.String())}
		if highest.Sign() > 0 {
			r.Start = start
			r.Date = (end - 1).Time().Format("2006-01-02")
		}
		out.Regions = append(out.Regions, r)
	}
	out.Peak = measure.Number(total.String())
	return out
}

func naiveRemarks(e *estate.Estate, moments []moment) []measure.Remark {
	out := []measure.Remark{}
	if len(e.Periods) == 0 {
		return out
	}
	first := e.Periods[0].From
	for _, p := range e.Periods {
		first = min(first, p.From)
	}
	keys := map[[2]string]bool{}
	for _, m := range moments {
		for k := range m.remarks {
			keys[k] = true
		}
	}
	for k := range keys {
		var from estate.Instant
		for _, m := range moments {
			if m.at < first {
				continue
			}
			switch {
			case m.remarks[k] && from == 0:
				from = m.at
			case !m.remarks[k] && from != 0:
				out = append(out, measure.Remark{Code: measure.Code(k[0]), Device: k[1], From: from, To: m.at})
				from = 0
			}
		}
		if from != 0 {
			out = append(out, measure.Remark{Code: measure.Code(k[0]), Device: k[1], From: from})
		}
	}
	sort.Slice(out, func(i, j int) bool {
		a, b := out[i], out[j]
		return cmp.Or(strings.Compare(string(a.Code), string(b.Code)), strings.Compare(a.Device, b.Device), cmp.Compare(a.From, b.From)) < 0
	})
	return out
}

// naiveRat writes a number by trying one more decimal place after the other, up to where the contract's inputs can end.
func naiveRat(x *big.Rat) measure.Number {
	for places := range 60 {
		s := x.FloatString(places)
		if back, _ := new(big.Rat).SetString(s); back.Cmp(x) == 0 {
			return measure.Number(s)
		}
	}
	return measure.Number(fmt.Sprintf("%s/%s", x.Num(), x.Denom()))
}

func naiveNumber(d estate.Decimal) estate.Decimal {
	if d == "" {
		return ""
	}
	return estate.Decimal(naiveRat(ofDecimal(d)))
}

package measure_test

import (
	"fmt"
	"math/rand/v2"

	"pgregory.net/rapid"

	"github.com/highwater-sam/highwater/estate"
)

// anEstate draws small estates in which every rule has a good chance to matter: few names, few values, few instants.
func anEstate(t *rapid.T) *estate.Estate {
	g := newDraws(t)
	e := &estate.Estate{Format: estate.Format, AsOf: g.day + estate.Instant(g.n("as of", 20, 90))*12*3600 + estate.Instant(g.n("as of second", 0, 1))}
	if g.chance("mode", 15) {
		e.HighFrequency = estate.Bool(g.chance("high frequency", 50))
	}
	g.asOf = e.AsOf
	g.large = g.chance("large", 15)
	for i := range g.n("periods", 1, 3) {
		p := estate.Period{Name: fmt.Sprint("P", i), From: g.instant("period")}
		if g.chance("period ends", 70) {
			p.To = p.From + estate.Instant(g.n("length", 1, 60))*12*3600
		}
		e.Periods = append(e.Periods, p)
	}
	g.locations(e)
	g.devices(e)
	for i := range e.Devices {
		for _, product := range products {
			for _, s := range g.spans("installation", 2) {
				e.Installations = append(e.Installations, estate.Installation{Device: e.Devices[i].ID, Product: product, From: s.from, To: s.to})
			}
		}
	}
	for i := range g.n("licenses", 1, 3) {
		e.Licenses = append(e.Licenses, g.license(e, fmt.Sprint("L", i)))
	}
	return e
}

var products = []string{"db2", "mq", "was"}

type draws struct {
	*rapid.T
	day, asOf estate.Instant
	even      *rand.Rand // draws in place of rapid when it is there
	large     bool       // whether quantities may be beyond every machine integer
}

// newDraws returns draws of which half are even: rapid prefers small numbers, with which it finds small estates and
// shrinks well, but seldom fills one.
func newDraws(t *rapid.T) *draws {
	g := &draws{T: t, day: estate.At(date("2026-01-01"))}
	if rapid.Bool().Draw(t, "even") {
		g.even = rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	}
	return g
}

type dates struct{ from, to estate.Instant }

func (g *draws) n(label string, low, high int) int {
	if g.even != nil {
		return low + g.even.IntN(high-low+1)
	}
	return rapid.IntRange(low, high).Draw(g.T, label)
}

func (g *draws) chance(label string, percent int) bool { return g.n(label, 0, 99) < percent }

func one[V any](g *draws, label string, of ...V) V {
	if g.even != nil {
		return of[g.even.IntN(len(of))]
	}
	return rapid.SampledFrom(of).Draw(g.T, label)
}

// instant draws one around the measured time, often on a grid so that changes coincide.
func (g *draws) instant(label string) estate.Instant {
	at := g.day + estate.Instant(g.n(label, -20, 100))*12*3600
	if g.chance("off the grid", 20) {
		at += estate.Instant(g.n("seconds", 1, 40000))
	}
	return at
}

// spans draws up to most intervals that do not overlap; often one ends as the next begins.
func (g *draws) spans(label string, most int) []dates {
	var list []dates
	at := g.day - estate.Instant(g.n(label+" before", 0, 30))*12*3600
	for range g.n(label+"s", 0, most) {
		at += estate.Instant(g.n("gap", 0, 2)) * estate.Instant(g.n("gap length", 0, 40)) * 6 * 3600
		s := dates{from: at}
		if g.chance("ends", 75) {
			at += estate.Instant(g.n("length", 1, 80)) * 6 * 3600
			if g.chance("off the grid", 15) {
				at += estate.Instant(g.n("seconds", 1, 20000))
			}
			s.to = at
		}
		list = append(list, s)
		if s.to == 0 {
			break
		}
	}
	return list
}

// maybeDated draws either one undated entry or dated ones.
func (g *draws) maybeDated(label string) []dates {
	if g.chance(label+" undated", 50) {
		return []dates{{}}
	}
	list := g.spans(label, 2)
	if len(list) > 0 && g.chance("since ever", 20) {
		list[0].from = 0
	}
	if len(list) > 0 && list[0].from == 0 && list[0].to == 0 {
		return []dates{{}}
	}
	return list
}

func (g *draws) locations(e *estate.Estate) {
	for i := range g.n("locations", 0, 5) {
		l := estate.Location{ID: fmt.Sprint("loc", i)}
		if i > 0 && g.chance("has parent", 60) {
			l.Parent = fmt.Sprint("loc", g.n("parent", 0, i-1))
		}
		if g.chance("has region", 50) {
			l.Region = estate.Region(g.n("region", 1, 3))
		}
		e.Locations = append(e.Locations, l)
	}
}

func (g *draws) location(e *estate.Estate) string {
	if len(e.Locations) == 0 || g.chance("unassigned", 20) {
		return ""
	}
	return e.Locations[g.n("location", 0, len(e.Locations)-1)].ID
}

func (g *draws) decimal(label string) estate.Decimal {
	if g.large && g.chance("large "+label, 10) {
		return one(g, label, estate.Decimal("9223372036854775807"), "2305843009213693951", "32940614417338484", "0.0000000000000000001", "123456789012345678901234567890.5")
	}
	return one(g, label, "", "", "0", estate.Decimal("1"), "2", "2.0", "3", "4", "5", "8", "16", "0.5", "1.25", "3.333")
}

func (g *draws) text(label string, of ...string) *string {
	if g.chance(label+" unknown", 25) {
		return nil
	}
	return estate.Text(one(g, label, of...))
}

func (g *draws) hardware(kind estate.Kind) estate.Hardware {
	h := estate.Hardware{
		Processors: g.decimal("processors"), Cores: g.decimal("cores"), Threads: g.decimal("threads"), MaxSockets: one(g, "sockets", estate.Decimal(""), "1", "2", "4", "8"),
		Processor: g.text("processor", "Intel(R) Xeon(R) Gold", "POWER9", "", "AMD EPYC", "Ünï"), Model: g.text("model", "E980", "S924", "PowerEdge R640"),
		OS: g.text("os", "linux", "aix", "Linux"),
	}
	if kind == estate.Host && g.chance("roomy", 50) {
		h.Cores = "64" // so that what is on the host decides, not the host
	}
	if kind != estate.Host && g.chance("partition", 30) {
		h.Partition = &estate.Partition{Kind: one(g, "partition kind", estate.Shared, estate.Dedicated), Capped: g.chance("capped", 50),
			Entitlement: g.decimal("entitlement"), VirtualProcessors: g.decimal("virtual processors")}
	}
	return h
}

func (g *draws) devices(e *estate.Estate) {
	hosts := g.n("hosts", 0, 3)
	kinds := []estate.Kind{}
	for range hosts {
		kinds = append(kinds, estate.Host)
	}
	for range g.n("vms", 0, 6) {
		kinds = append(kinds, estate.VM)
	}
	for range g.n("computers", 0, 2) {
		kinds = append(kinds, estate.Computer)
	}
	for i, kind := range kinds {
		d := estate.Device{ID: fmt.Sprint(one(g, "id", "a", "b", "c"), i), Kind: kind, Location: g.location(e), Source: one(g, "source", estate.Agent, estate.Agent, estate.Agent, estate.Other, "")}
		if g.chance("role", 30) {
			d.Role = estate.Text(one(g, "role", "test", "production", ""))
		}
		if g.chance("hosted", 30) {
			d.HostedIn = estate.Text(one(g, "hosted in", "aws", "azure", "on-premises"))
		}
		for _, s := range g.spans("hardware", 3) {
			d.Hardware = append(d.Hardware, estate.HardwareFact{From: s.from, To: s.to, Hardware: g.hardware(kind)})
		}
		if len(e.Locations) > 0 && g.chance("moves", 25) {
			for _, s := range g.spans("move", 2) {
				d.Moves = append(d.Moves, estate.Move{From: s.from, To: s.to, Location: e.Locations[g.n("to", 0, len(e.Locations)-1)].ID})
			}
		}
		if kind == estate.Host {
			d.Pools = g.pools()
		}
		if kind == estate.VM && hosts > 0 {
			for _, s := range g.spans("placement", 4) {
				host := &e.Devices[g.n("host", 0, hosts-1)]
				p := estate.Placement{From: s.from, To: s.to, Host: host.ID}
				if len(host.Pools) > 0 && g.chance("pooled", 75) {
					p.Pool = host.Pools[g.n("pool", 0, len(host.Pools)-1)].ID
				}
				d.Placement = append(d.Placement, p)
			}
		}
		g.overrides(&d)
		e.Devices = append(e.Devices, d)
	}
}

func (g *draws) pools() []estate.Pool {
	var list []estate.Pool
	for i := range g.n("pools", 0, 4) {
		p := estate.Pool{ID: fmt.Sprint("p", i), Cores: one(g, "pool cores", estate.Decimal(""), "0", "0.5", "1", "2", "3", "6", "20"), Hard: g.chance("hard", 75)}
		if i > 0 && g.chance("nested", 65) {
			p.Parent = "p0"
		}
		list = append(list, p)
	}
	return list
}

// overrides draws dated and undated overrides that set no field twice at one instant.
func (g *draws) overrides(d *estate.Device) {
	if !g.chance("overrides", 25) {
		return
	}
	for _, s := range g.maybeDated("override") {
		h := g.hardware(d.Kind)
		switch g.n("override of", 0, 3) {
		case 0:
			h = estate.Hardware{Cores: g.decimal("overridden cores")}
		case 1:
			h = estate.Hardware{Threads: g.decimal("overridden threads"), OS: estate.Text("linux")}
		case 2:
			h = estate.Hardware{MaxSockets: "4", Processor: estate.Text("POWER9"), Partition: h.Partition}
		}
		d.Overrides = append(d.Overrides, estate.HardwareChange{From: s.from, To: s.to, Hardware: h})
	}
}

func (g *draws) license(e *estate.Estate, id string) estate.License {
	l := estate.License{ID: id, Metric: one(g, "metric", estate.PVU, estate.VPC, estate.VPC, estate.RVU), Products: []estate.LicenseProduct{},
		Capacity: one(g, "capacity", estate.Capacity(""), estate.Sub, estate.Sub, estate.Full), AllowOtherSources: g.chance("other sources", 25),
		Entitlements: one(g, "entitlements", estate.Decimal(""), "1000", "10.50")}
	if l.Metric == estate.VPC {
		l.Bundle = one(g, "bundle", estate.Bundle(""), estate.OncePerDevice, estate.PerProduct)
		if l.Bundle != estate.PerProduct && g.chance("ratio", 60) {
			l.Ratio = g.ratio()
		}
	}
	for _, product := range products {
		if g.chance("covers", 70) {
			p := estate.LicenseProduct{Product: product, Supplementary: g.chance("supplementary", 15)}
			if l.Bundle == estate.PerProduct && g.chance("ratio", 60) {
				p.Ratio = g.ratio()
			}
			l.Products = append(l.Products, p)
		}
	}
	if l.Metric == estate.PVU {
		unmatched := one(g, "unmatched", estate.Decimal(""), "120", "0.5")
		l.UnmatchedPoints = &unmatched
		for range g.n("rules", 0, 4) {
			l.Points = append(l.Points, g.rule())
		}
	}
	if g.chance("exempt roles", 30) {
		l.ExemptRoles = []string{one(g, "exempt role", "test", "production", "")}
	}
	for i := range e.Devices {
		id := e.Devices[i].ID
		if g.chance("exemption", 12) {
			for _, s := range g.maybeDated("exempt") {
				l.Exemptions = append(l.Exemptions, estate.Exemption{Device: id, From: s.from, To: s.to})
			}
		}
		if l.Metric != estate.RVU && g.chance("overridden", 20) {
			for _, s := range g.maybeDated("overridden") {
				l.Overridden = append(l.Overridden, estate.Overridden{Device: id, From: s.from, To: s.to, Points: one(g, "points", estate.Decimal("0"), "7", "480", "0.25", "33.3")})
			}
		}
		if l.Metric == estate.VPC && g.chance("metric", 15) {
			for _, s := range g.maybeDated("metric") {
				l.OverriddenMetric = append(l.OverriddenMetric, estate.MetricOverride{Device: id, From: s.from, To: s.to, Count: one(g, "count", estate.Decimal("0"), "6", "1.5")})
			}
		}
	}
	return l
}

func (g *draws) ratio() *estate.Ratio {
	return &estate.Ratio{VPC: one(g, "vpc", estate.Decimal("1"), "2", "3", "7", "0.5"), Entitlements: one(g, "entitlements", estate.Decimal("1"), "2", "5", "0")}
}

func (g *draws) rule() estate.PointsRule {
	r := estate.PointsRule{PerCore: g.decimal("large rate")}
	if !g.large || !r.PerCore.Stated() {
		r.PerCore = one(g, "per core", estate.Decimal("70"), "100", "15.25", "0.5", "120")
	}
	if g.chance("by processor", 50) {
		r.Processor = estate.Text(one(g, "processor glob", "*", "*xeon*", "POWER?", "p*9", "???", ""))
	}
	if g.chance("by model", 30) {
		r.Model = estate.Text(one(g, "model glob", "*", "e9*", "*R640"))
	}
	if g.chance("by os", 20) {
		r.OS = estate.Text(one(g, "rule os", "linux", "aix"))
	}
	if g.chance("by hosting", 20) {
		r.HostedIn = one(g, "rule hosted", []string{"aws"}, []string{"on-premises", "azure"}, []string{})
	}
	if g.chance("by least sockets", 20) {
		r.MinSockets = one(g, "min", estate.Decimal("2"), "1", "4")
	}
	if g.chance("by most sockets", 20) {
		r.MaxSockets = one(g, "max", estate.Decimal("2"), "4")
	}
	return r
}

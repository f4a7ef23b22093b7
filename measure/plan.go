package measure

import (
	"math/big"
	"slices"

	"github.com/highwater-sam/highwater/estate"
)

// plan is the configuration made ready for replaying: every number an integer in a common denominator, every product
// led to the licenses it counts for. It is only read while shards are replayed, the caches of rates excepted.
type plan struct {
	// scale is the number of decimal places of every count of cores in the estate; counts holds them as integers of
	// 1/10^scale, unknown where there is none. None of them fits when countsFit is false.
	scale     int
	counts    [][columns]int64 // by profile
	countsFit bool
	licenses  []license
	bigs      []int32 // the licenses that are evaluated in rationals
	// countSum bounds the sum of all devices' counts by their hardware.
	countSum *big.Int
	units    []unit
	unitsOf  [][]int32         // by product
	patches  [][]patch         // by shard
	limits   map[int32][]int64 // by host with limiting pools: each pool's limit, unknown where it has none
}

const unknown = -1

// unit is what one evaluation of the rules 1 to 7 looks at: a license's products together, or one of them.
type unit struct {
	license int32
	index   int32 // within the license: 0 is all products, the others single ones of a per-product license
	weight  int64 // value of one count, in the license's denominator; of ibm-pvu the rate takes its place
}

// license is one license made ready.
type license struct {
	stated   *estate.License
	units    span   // into plan.units
	eligible []bool // by class: a device of it may be counted at sub-capacity
	exempt   []bool // by class: its role is exempt
	rates    *rates // of ibm-pvu
	// denominator is that of every value of the license. Values do not fit into int64 when big is set: then the
	// license is evaluated in rationals.
	denominator *big.Int
	big         bool
	metricSum   *big.Int // of all overridden counts, in 1/10^scale
	pointsSum   *big.Rat // of all overridden consumption
	full        bool     // always full capacity
	tiered      bool     // ibm-rvu-mapc: the series counts cores, and consumption is what the tiers make of it
	perProduct  bool
}

// newPlan makes the configuration ready. It may make new profiles.
func newPlan(f *facts, c *config, highFrequency bool) *plan {
	p := &plan{patches: make([][]patch, len(f.shards))}
	if len(c.devices) > 0 {
		for s := range f.shards {
			p.patches[s] = f.patchesOf(c, f.shards[s])
		}
	}
	p.scale = scaleOf(f, c)
	p.countsFit = true
	p.extend(f)
	p.limits = make(map[int32][]int64)
	for host, ps := range f.pools {
		if ps.limits {
			p.limits[host] = p.limitsOf(ps)
		}
	}
	figures := figuresOf(c)
	p.licenses = make([]license, len(c.licenses))
	p.unitsOf = make([][]int32, len(f.names))
	for n := range c.licenses {
		p.license(f, &c.licenses[n], int32(n), figures[n].overridden, highFrequency)
	}
	p.countSum = new(big.Int)
	if p.countsFit {
		p.countSum = p.countBound(f)
	}
	for n := range p.licenses {
		p.sumFigures(n, &figures[n])
	}
	for n := range p.licenses {
		p.weigh(n)
	}
	for n := range p.licenses {
		if p.licenses[n].big {
			p.bigs = append(p.bigs, int32(n))
		}
	}
	return p
}

// figures are the overridden figures that a license states, of all devices.
type figures struct{ overridden, metric []estate.Decimal }

func figuresOf(c *config) []figures {
	all := make([]figures, len(c.licenses))
	for _, d := range c.devices {
		for i := range d.entries {
			of := &all[d.entries[i].license]
			for j := range d.entries[i].overridden {
				of.overridden = append(of.overridden, d.entries[i].overridden[j].Points)
			}
			for j := range d.entries[i].metric {
				of.metric = append(of.metric, d.entries[i].metric[j].Count)
			}
		}
	}
	return all
}

// scaleOf returns the most decimal places that any count of cores has.
func scaleOf(f *facts, c *config) int {
	scale := 0
	see := func(d estate.Decimal) {
		for i := range len(d) {
			if d[i] == '.' {
				scale = max(scale, len(d.Canonical())-1-i)
			}
		}
	}
	for i := range f.profiles {
		see(f.profiles[i].hardware.Cores)
		for column := range columns {
			see(countOf(&f.profiles[i].hardware, column))
		}
	}
	for _, ps := range f.pools {
		for i := range ps.list {
			see(ps.list[i].limit)
		}
	}
	for _, d := range c.devices {
		for i := range d.entries {
			for j := range d.entries[i].metric {
				see(d.entries[i].metric[j].Count)
			}
		}
	}
	return scale
}

// extend counts the profiles that are new since the last call.
func (p *plan) extend(f *facts) {
	for i := len(p.counts); i < len(f.profiles); i++ {
		var counts [columns]int64
		for column := range columns {
			counts[column] = p.count(countOf(&f.profiles[i].hardware, column))
		}
		p.counts = append(p.counts, counts)
	}
}

// count returns a quantity of cores as an integer of 1/10^scale, unknown when it is not stated.
func (p *plan) count(d estate.Decimal) int64 {
	if !d.Stated() {
		return unknown
	}
	n, scale, ok := d.Scaled()
	for ; ok && scale < p.scale; scale++ {
		ok = n <= most/10
		n *= 10
	}
	if !ok || n > most || scale > p.scale {
		p.countsFit = false
		return 0
	}
	return n
}

// most is what any sum of a license's values must stay below: two such sums still add up in int64.
const most = 1 << 61

func (p *plan) limitsOf(ps pools) []int64 {
	limits := make([]int64, len(ps.list))
	for i := range ps.list {
		limits[i] = p.count(ps.list[i].limit)
	}
	return limits
}

// license adds the n-th license.
func (p *plan) license(f *facts, stated *estate.License, n int32, overridden []estate.Decimal, highFrequency bool) {
	l := &p.licenses[n]
	*l = license{
		stated:     stated,
		tiered:     stated.Metric == estate.RVU,
		full:       stated.Capacity == estate.Full,
		perProduct: stated.Metric == estate.VPC && stated.PerProductBundle(),
		eligible:   make([]bool, len(f.classes)),
		exempt:     make([]bool, len(f.classes)),
	}
	for i, class := range f.classes {
		l.eligible[i] = !l.full && (stated.AllowOtherSources || class.agent && highFrequency)
		l.exempt[i] = class.kind != estate.Host && slices.Contains(stated.ExemptRoles, class.role)
	}
	l.denominator = denominatorOf(weightsOf(stated), overridden, p.scale)
	first := len(p.units)
	for i, product := range stated.Products {
		if i == 0 {
			p.units = append(p.units, unit{license: n})
		}
		if product.Supplementary {
			continue
		}
		number, installed := f.products[product.Product]
		if installed {
			p.unitsOf[number] = append(p.unitsOf[number], int32(first))
		}
		if l.perProduct {
			if installed {
				p.unitsOf[number] = append(p.unitsOf[number], int32(len(p.units)))
			}
			p.units = append(p.units, unit{license: n, index: int32(len(p.units) - first)})
		}
	}
	l.units = span{first, len(p.units)}
	if stated.Metric == estate.PVU {
		l.rates = newRates(f, stated)
	}
}

// weightsOf returns the value of one core in each unit of the license; of ibm-pvu, at each rate.
func weightsOf(l *estate.License) []*big.Rat {
	one := big.NewRat(1, 1)
	of := func(r *estate.Ratio) *big.Rat {
		if r == nil {
			return one
		}
		return new(big.Rat).Quo(r.Entitlements.Rat(), r.VPC.Rat())
	}
	switch {
	case l.Metric == estate.PVU:
		weights := []*big.Rat{new(big.Rat)}
		if l.UnmatchedPoints != nil && l.UnmatchedPoints.Stated() {
			weights[0] = l.UnmatchedPoints.Rat()
		}
		for i := range l.Points {
			weights = append(weights, l.Points[i].PerCore.Rat())
		}
		return weights
	case l.Metric == estate.VPC && l.PerProductBundle():
		weights := []*big.Rat{new(big.Rat)}
		for i := range l.Products {
			if !l.Products[i].Supplementary {
				weights = append(weights, of(l.Products[i].Ratio))
			}
		}
		return weights
	case l.Metric == estate.VPC:
		return []*big.Rat{of(l.Ratio)}
	default:
		return []*big.Rat{one}
	}
}

// denominatorOf returns the least common denominator of everything that is added up for a license.
func denominatorOf(weights []*big.Rat, overridden []estate.Decimal, scale int) *big.Int {
	cores := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)
	lcm := new(big.Int).Set(cores)
	join := func(x *big.Int) {
		gcd := new(big.Int).GCD(nil, nil, lcm, x)
		lcm.Mul(lcm, new(big.Int).Quo(x, gcd))
	}
	for _, w := range weights {
		join(new(big.Int).Mul(cores, w.Denom()))
	}
	for _, d := range overridden {
		join(d.Rat().Denom())
	}
	return lcm
}

package measure

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/highwater-sam/highwater/estate"
)

// readableServer writes an evaluated server down.
func (r *replay) readableServer(s *serverAt, n int32, l *license) Server {
	d := &r.devices[s.n]
	out := Server{
		Device: r.id(s.n), Kind: r.f.classes[d.class].kind, Value: NumberOf(s.value),
		Eligible: s.eligible, Remarks: codesOf(s.bits), Devices: []CountedDevice{}, Counted: []Counted{},
	}
	if d.place >= 0 {
		out.Location = r.c.location[d.place].ID
	}
	if d.kind == isHost {
		out.HostCores = numberOrNone(s.cores)
	}
	if l.rates != nil {
		rule := int(s.rule)
		out.PointsRule = &rule
		out.Rule = "no points rule holds: unmatched_points"
		if rule > 0 {
			out.Rule = ruleText(&l.stated.Points[rule-1])
		}
	}
	if isStatedAbove0(s.points) {
		out.Overridden = NumberOf(s.points.Rat())
		if s.replaced {
			out.Calculated = NumberOf(s.computed)
		}
	}
	for i := range s.parts {
		out.Counted = append(out.Counted, r.readablePart(s, &s.parts[i], l))
	}
	for i := range s.devices {
		out.Devices = append(out.Devices, r.readableDevice(s, &s.devices[i], n, l))
	}
	slices.SortStableFunc(out.Devices, func(a, b CountedDevice) int { return orNone(b.Count).Cmp(orNone(a.Count)) })
	return out
}

func orNone(n Number) *big.Rat {
	if n == "" {
		return big.NewRat(-1, 1)
	}
	return n.Rat()
}

func numberOrNone(x *big.Rat) Number {
	if x == nil {
		return ""
	}
	return NumberOf(x)
}

func codesOf(bits uint8) []Code {
	var list []Code
	for i, code := range codes {
		if bits>>i&1 != 0 {
			list = append(list, code)
		}
	}
	return list
}

func (r *replay) readablePart(s *serverAt, p *partAt, l *license) Counted {
	c := Counted{
		OnServer: p.self, Guests: NumberOf(p.plain), Sub: NumberOf(p.sub), Full: NumberOf(p.full), Capacity: string(estate.Full),
		Cores: NumberOf(p.chosen), Rate: NumberOf(p.weight), Value: NumberOf(p.value),
	}
	if p.eligible && l.stated.Capacity != estate.Full {
		c.Capacity = string(estate.Sub)
	}
	if l.perProduct {
		c.Product = l.productOf(p.unit)
	}
	list := r.f.pools[r.base+s.n].list
	for i, passed := range p.pools {
		if passed.Sign() == 0 {
			continue
		}
		part := PoolPart{Pool: list[i].id, Passed: NumberOf(passed), Limit: numberOrNone(list[i].limit.Rat())}
		if list[i].parent >= 0 {
			part.Parent = list[list[i].parent].id
		}
		c.Pools = append(c.Pools, part)
	}
	if len(c.Pools) > 0 {
		c.InPools = NumberOf(p.pooled)
	}
	return c
}

// productOf returns the product of a unit of a per-product license.
func (l *license) productOf(unit int32) string {
	for _, p := range l.stated.Products {
		if p.Supplementary {
			continue
		}
		if unit--; unit == 0 {
			return p.Product
		}
	}
	return ""
}

func (r *replay) readableDevice(s *serverAt, g *deviceAt, n int32, l *license) CountedDevice {
	d := &r.devices[g.n]
	c := CountedDevice{
		Device: r.id(g.n), Count: numberOrNone(g.count), Eligible: g.eligible, Remarks: codesOf(g.bits), Products: r.productsOf(g.n, l),
		From: "overridden metric",
	}
	if !g.metric {
		c.From = countName(&r.f.profiles[d.profile].hardware, int(r.f.classes[d.class].column))
		if d.patched {
			c.From += ", overrides applied"
		}
	}
	if g.pool >= 0 && g.n != s.n {
		c.Pool = r.f.pools[r.base+s.n].list[g.pool].id
	}
	return c
}

// productsOf names the products of the license that a device has installed in the present state, in the license's order.
func (r *replay) productsOf(n int32, l *license) []string {
	list := []string{}
	for _, p := range l.stated.Products {
		if number, ok := r.f.products[p.Product]; ok && !p.Supplementary && r.installedNow(n, number) {
			list = append(list, p.Product)
		}
	}
	return list
}

// countName names the quantity that countOf returns.
func countName(h *estate.Hardware, column int) string {
	p := h.Partition
	switch {
	case column != ofHost && p != nil && p.Kind == estate.Shared && p.Capped:
		return "entitlement of a capped shared partition"
	case column != ofHost && p != nil && p.Kind == estate.Shared:
		return "virtual processors of an uncapped shared partition"
	case column != ofHost && p != nil:
		return "cores of a dedicated partition"
	case column == ofCloud && h.Threads.Stated():
		return "threads, in a cloud"
	case column == ofCloud:
		return "cores, threads being unknown"
	default:
		return "cores"
	}
}

// ruleText writes a points rule in words.
func ruleText(p *estate.PointsRule) string {
	var parts []string
	for _, c := range []struct {
		name  string
		value *string
	}{{"processor", p.Processor}, {"model", p.Model}, {"os", p.OS}} {
		if c.value != nil {
			parts = append(parts, fmt.Sprintf("%s %s", c.name, *c.value))
		}
	}
	if p.HostedIn != nil {
		parts = append(parts, "hosted in "+strings.Join(p.HostedIn, " or "))
	}
	if p.MinSockets.Stated() {
		parts = append(parts, fmt.Sprintf("at least %s sockets", p.MinSockets))
	}
	if p.MaxSockets.Stated() {
		parts = append(parts, fmt.Sprintf("at most %s sockets", p.MaxSockets))
	}
	if parts == nil {
		return "any server"
	}
	return strings.Join(parts, ", ")
}

// tierParts is what each tier of ibm-rvu-mapc makes of a number of cores.
func tierParts(cores *big.Rat) []Tier {
	list := []Tier{}
	from := new(big.Rat)
	for _, tier := range rvuTiers {
		to := cores
		if limit := big.NewRat(tier.to, 1); tier.to > 0 && limit.Cmp(cores) < 0 {
			to = limit
		}
		part, factor := new(big.Rat).Sub(to, from), big.NewRat(tier.fifths, tierDenominator)
		if part.Sign() <= 0 {
			break
		}
		list = append(list, Tier{NumberOf(part), NumberOf(factor), NumberOf(new(big.Rat).Mul(part, factor))})
		from = to
	}
	return list
}

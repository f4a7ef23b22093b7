package measure

import (
	"math/big"

	"github.com/highwater-sam/highwater/estate"
)

// tierDenominator makes the factors of the ibm-rvu-mapc tiers whole numbers.
const tierDenominator = 5

// sumFigures adds up the overridden figures of license n.
func (p *plan) sumFigures(n int, stated *figures) {
	l := &p.licenses[n]
	l.metricSum, l.pointsSum = new(big.Int), new(big.Rat)
	for _, d := range stated.metric {
		l.metricSum.Add(l.metricSum, big.NewInt(p.count(d)))
	}
	for _, d := range stated.overridden {
		l.pointsSum.Add(l.pointsSum, d.Rat())
	}
}

// weigh decides whether int64 can hold every sum that a measurement forms for license n, and if so sets its integer
// weights; else the license is big.
//
// At any instant the value of a server is at most its own count plus the counts of its guests, times the highest
// weight (the weights of all products together, where each counts by itself), or else its overridden consumption.
// A device is counted at one server only. So the highest count each device ever has, added up, times the weight, plus
// every overridden figure, bounds every sum of values, in whatever order they are added.
func (p *plan) weigh(n int) {
	l := &p.licenses[n]
	if l.big = !p.countsFit; l.big {
		return
	}
	weights := weightsOf(l.stated)
	perCount := new(big.Rat).SetFrac(l.denominator, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(p.scale)), nil))
	highest, total := new(big.Int), new(big.Int)
	integers := make([]*big.Int, len(weights))
	for i, w := range weights {
		integers[i] = new(big.Rat).Mul(w, perCount).Num()
		total.Add(total, integers[i])
		if highest.Cmp(integers[i]) < 0 {
			highest.Set(integers[i])
		}
	}
	if l.perProduct {
		highest = total
	}
	bound := new(big.Int).Add(p.countSum, l.metricSum)
	bound.Mul(bound, highest)
	points := new(big.Rat).Mul(l.pointsSum, new(big.Rat).SetInt(l.denominator))
	bound.Add(bound, points.Num())
	bound.Add(bound, l.denominator)
	bound.Mul(bound, big.NewInt(tierDenominator))
	if l.big = bound.Cmp(big.NewInt(most)) >= 0; l.big {
		return
	}
	if l.rates != nil {
		l.rates.weights = make([]int64, len(integers))
		for i := range integers {
			l.rates.weights[i] = integers[i].Int64()
		}
		return
	}
	for i := l.units.from; i < l.units.to; i++ {
		p.units[i].weight = integers[p.units[i].index].Int64()
	}
}

// points returns an overridden figure as an integer in the license's denominator, 0 when it is not stated. Only for
// licenses that are not big.
func (l *license) points(d estate.Decimal) int64 {
	if !d.Stated() {
		return 0
	}
	return new(big.Rat).Mul(d.Rat(), new(big.Rat).SetInt(l.denominator)).Num().Int64()
}

// countBound adds up the highest count that each device ever has by its hardware, effective hardware included.
func (p *plan) countBound(f *facts) *big.Int {
	highest := make([]int64, f.ids.len())
	see := func(device uint32, profile uint32) {
		c := &p.counts[profile]
		highest[device] = max(highest[device], c[ofHost], c[f.classes[f.class[device]].column])
	}
	for _, e := range f.events {
		if e.what>>kindShift == setHardware>>kindShift {
			see(e.device, e.what&valueMask)
		}
	}
	for _, list := range p.patches {
		for i := range list {
			if list[i].kind == patchHardware {
				see(list[i].device, list[i].value)
			}
		}
	}
	sum, part := new(big.Int), int64(0)
	for _, n := range highest {
		if part > most {
			sum.Add(sum, big.NewInt(part))
			part = 0
		}
		part += max(n, 0)
	}
	return sum.Add(sum, big.NewInt(part))
}

package report

import (
	"math/big"
	"strings"
)

// Statuses are the words for a license's position, the most urgent first.
var Statuses = []string{StatusNotEntitled, StatusOver, StatusNear, StatusWithin, StatusNotMeasured}

// The statuses of a license in a period.
const (
	StatusNotEntitled = "not entitled" // something is consumed and nothing was bought
	StatusOver        = "over"         // more is consumed than was bought
	StatusNear        = "near"         // at least NearPercent of what was bought is consumed
	StatusWithin      = "within"
	StatusNotMeasured = "not measured" // no measurement covers the period: nothing is known
)

// NearPercent is the share of the entitlement from which a license is near it.
const NearPercent = 90

// Position is what a license consumes in a period, held against what was bought. All arithmetic is exact.
type Position struct {
	Status   string
	Consumed *big.Rat // the license's peak
	Entitled *big.Rat // nil when no entitlement is recorded
	Left     *big.Rat // Entitled less Consumed, below zero when short; what is consumed, negative, without entitlement
	Percent  *big.Rat // Consumed as a percentage of Entitled; nil when nothing is entitled
}

// PositionOf compares a peak with the entitlements, both exact decimals in text as the measurement prints them
// ("107", "106.75", "1/3"). An empty peak means that nothing was measured; empty entitlements are none.
// ok is false when one of the texts is no number.
func PositionOf(peak, entitlements string) (p Position, ok bool) {
	if strings.TrimSpace(entitlements) != "" {
		if p.Entitled, ok = ParseExact(entitlements); !ok {
			return Position{}, false
		}
	}
	if strings.TrimSpace(peak) == "" {
		p.Status = StatusNotMeasured
		return p, true
	}
	if p.Consumed, ok = ParseExact(peak); !ok {
		return Position{}, false
	}
	entitled := p.Entitled
	if entitled == nil {
		entitled = new(big.Rat)
	}
	p.Left = new(big.Rat).Sub(entitled, p.Consumed)
	if entitled.Sign() > 0 {
		p.Percent = new(big.Rat).Quo(new(big.Rat).Mul(p.Consumed, big.NewRat(100, 1)), entitled)
	}
	p.Status = statusOf(p.Consumed, entitled, p.Left, p.Percent)
	return p, true
}

func statusOf(consumed, entitled, left, percent *big.Rat) string {
	switch {
	case consumed.Sign() == 0:
		return StatusWithin
	case entitled.Sign() == 0:
		return StatusNotEntitled
	case left.Sign() < 0:
		return StatusOver
	case percent.Cmp(big.NewRat(NearPercent, 1)) >= 0:
		return StatusNear
	default:
		return StatusWithin
	}
}

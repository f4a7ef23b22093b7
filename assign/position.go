package assign

import (
	"fmt"
	"math/big"
	"time"

	"github.com/highwater-sam/highwater/estate"
)

// Standing is how a license stands against its entitlements.
type Standing string

// The standings.
const (
	Compliant  Standing = "compliant"
	AtRisk     Standing = "at risk"
	TrueUp     Standing = "true-up"     // over-consumed by agreement, to be paid
	Unlimited  Standing = "unlimited"   // no quantity limits it
	NotTracked Standing = "not tracked" // no entitlements are recorded, or the metric has none
	Unknown    Standing = "unknown"     // the consumption is not known
)

// RiskReason is why a license is at risk.
type RiskReason string

// The reasons of risk.
const (
	OverConsumed RiskReason = "consumption-over-entitlements" // at the instant of the run
	PeakOver     RiskReason = "peak-over-entitlements"        // in the reporting period
	ExpiredRight RiskReason = "expired"                       // every entitlement has expired
	CountMissing RiskReason = "count-missing"                 // within the entitlements, but devices of unknown size are not in the count
)

// Position is the standing of one license with its reason in words.
type Position struct {
	Standing Standing
	Reason   RiskReason // of AtRisk
	Text     string
	Balance  *big.Rat // entitlements less consumption, negative when over-consumed; nil where either is not known
}

// Stand says how a license stands at an instant. Consumed is what it consumes: for the engine's metrics the peak of the
// reporting period (measured true), else the count of the run; nil is not known. Missing are devices that should count and
// whose count is not known.
func (l *License) Stand(at time.Time, consumed *big.Rat, measured bool, missing int) Position {
	m, counted := metricOf(l.Metric)
	if counted && m.unit == nil && m.total == nil || l.Limit == LimitUnlimited {
		return Position{Standing: Unlimited, Text: "no quantity limits this license"}
	}
	if consumed == nil {
		return Position{Standing: Unknown, Text: "what this license consumes is not known"}
	}
	entitled := l.Entitlements(at)
	if !entitled.Stated() {
		return Position{Standing: NotTracked, Text: "no entitlements are recorded"}
	}
	balance := new(big.Rat).Sub(entitled.Rat(), consumed)
	p := Position{Balance: balance}
	over := new(big.Rat).Neg(balance)
	switch {
	case l.Expired(at) && consumed.Sign() > 0:
		p.Standing, p.Reason, p.Text = AtRisk, ExpiredRight, "every entitlement has expired, and the license is in use"
	case balance.Sign() < 0 && l.Limit == LimitTrueUp:
		p.Standing, p.Text = TrueUp, fmt.Sprintf("%s beyond the entitlements, to be trued up", quantity(over))
	case balance.Sign() < 0 && measured:
		p.Standing, p.Reason, p.Text = AtRisk, PeakOver, fmt.Sprintf("the peak exceeds the %s entitlements by %s", entitled, quantity(over))
	case balance.Sign() < 0:
		p.Standing, p.Reason, p.Text = AtRisk, OverConsumed, fmt.Sprintf("consumption exceeds the %s entitlements by %s", entitled, quantity(over))
	case missing > 0:
		p.Standing, p.Reason = AtRisk, CountMissing
		p.Text = fmt.Sprintf("within the entitlements, but %d devices that should count have no known size", missing)
	default:
		p.Standing, p.Text = Compliant, fmt.Sprintf("%s of %s entitlements are free", quantity(balance), entitled)
	}
	return p
}

// quantity writes an exact number: a decimal where it terminates, else a fraction.
func quantity(r *big.Rat) string {
	if d := decimalOf(r); d != estate.Decimal("") {
		return string(d)
	}
	return r.RatString()
}

package assign

import (
	"math/big"
	"strings"
	"time"

	"github.com/highwater-sam/highwater/estate"
)

// Entitlements is how many entitlements the license has at an instant: the purchases made by then that are not expired and
// not disabled, and the extra ones. It is "" where nothing at all was recorded: unknown, not zero.
func (l *License) Entitlements(at time.Time) estate.Decimal {
	if len(l.Purchases) == 0 && !l.Extra.Stated() {
		return ""
	}
	sum := new(big.Rat)
	for _, p := range l.Purchases {
		if p.counts(at) {
			sum.Add(sum, p.gives().Rat())
		}
	}
	if l.Extra.Stated() {
		sum.Add(sum, l.Extra.Rat())
	}
	return decimalOf(sum)
}

// counts says whether the purchase gives entitlements at the instant: from its date on, until it expires.
func (p *Purchase) counts(at time.Time) bool {
	return !p.Disabled && !p.Date.After(at) && (p.Expires == nil || at.Before(*p.Expires))
}

// gives is how many entitlements the purchase is worth.
func (p *Purchase) gives() estate.Decimal {
	if p.Effective.Stated() {
		return p.Effective
	}
	return p.Quantity
}

// Expired says whether the license had entitlements, and every one of them has expired.
func (l *License) Expired(at time.Time) bool {
	expired := false
	for _, p := range l.Purchases {
		switch {
		case p.counts(at):
			return false
		case !p.Disabled && p.Expires != nil && !at.Before(*p.Expires):
			expired = true
		}
	}
	return expired && !l.Extra.Stated()
}

// decimalOf writes a rational that terminates, as sums of decimals do.
func decimalOf(r *big.Rat) estate.Decimal {
	digits, exact := r.FloatPrec()
	if !exact {
		return ""
	}
	s := r.FloatString(digits)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return estate.Decimal(s)
}

package report

import (
	"math/big"
	"strings"
)

// maxExact is the longest text of a number that is read: beyond any real figure, short enough to be cheap.
const maxExact = 100

// ParseExact reads an exact number as measurements print it: an integer, a decimal ("106.75") or a fraction ("1/3"),
// with an optional sign. Exponents, other bases and blanks are no such numbers.
func ParseExact(s string) (*big.Rat, bool) {
	if s == "" || len(s) > maxExact {
		return nil, false
	}
	body := strings.TrimPrefix(s, "-")
	num, den, fraction := strings.Cut(body, "/")
	if fraction && (!digits(num) || !digits(den)) {
		return nil, false
	}
	if !fraction {
		whole, part, point := strings.Cut(body, ".")
		if !digits(whole) || point && !digits(part) {
			return nil, false
		}
	}
	return new(big.Rat).SetString(s)
}

// FormatExact prints an exact number as measurements do: the shortest decimal when it terminates, else a/b.
func FormatExact(r *big.Rat) string {
	if r == nil {
		return ""
	}
	if n, exact := r.FloatPrec(); exact {
		return r.FloatString(n)
	}
	return r.RatString()
}

func digits(s string) bool {
	if s == "" {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

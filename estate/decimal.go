package estate

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// Decimal is an exact quantity that is never negative, written in decimal digits with an optional point, such as "16"
// or "15.25". It has any length. The zero value "" means "not stated", which is not 0.
//
// A Decimal made by Int, ParseDecimal or Decode is well formed; one converted from a string is checked by Validate.
type Decimal string

// Int returns n as a decimal. A negative n gives a decimal that is not valid.
func Int(n int64) Decimal { return Decimal(strconv.FormatInt(n, 10)) }

// ParseDecimal reads digits with an optional point and digits.
func ParseDecimal(s string) (Decimal, error) {
	if d := Decimal(s); d.Valid() {
		return d, nil
	}
	return "", fmt.Errorf("%q is not a decimal", s)
}

// Stated reports whether the decimal is stated at all.
func (d Decimal) Stated() bool { return d != "" }

// Valid reports whether the decimal is stated and well formed: digits, or digits, a point and digits.
func (d Decimal) Valid() bool {
	whole, fraction, point := strings.Cut(string(d), ".")
	return digits(whole) && (!point || digits(fraction))
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// Canonical returns the shortest decimal of the same value: no leading zeros, no zeros at the end of a fraction.
// A decimal that is not valid comes back unchanged.
func (d Decimal) Canonical() Decimal {
	if !d.Valid() {
		return d
	}
	whole, fraction, _ := strings.Cut(string(d), ".")
	whole, fraction = strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")
	if whole == "" {
		whole = "0"
	}
	if fraction == "" {
		return Decimal(whole)
	}
	return Decimal(whole + "." + fraction)
}

// Rat returns the exact value, nil when the decimal is not valid.
func (d Decimal) Rat() *big.Rat {
	if !d.Valid() {
		return nil
	}
	whole, fraction, _ := strings.Cut(string(d), ".")
	n, _ := new(big.Int).SetString(whole+fraction, 10)
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(len(fraction))), nil)
	return new(big.Rat).SetFrac(n, scale)
}

// Scaled returns the value as coefficient ÷ 10^scale in lowest decimal terms; ok is false when the decimal is not valid
// or the coefficient does not fit.
func (d Decimal) Scaled() (coefficient int64, scale int, ok bool) {
	if !d.Valid() {
		return 0, 0, false
	}
	whole, fraction, _ := strings.Cut(string(d), ".")
	fraction = strings.TrimRight(fraction, "0")
	n, err := strconv.ParseInt(whole+fraction, 10, 64)
	return n, len(fraction), err == nil
}

// MarshalJSON writes the canonical decimal as a string, null when it is not stated.
func (d Decimal) MarshalJSON() ([]byte, error) {
	if d == "" {
		return []byte("null"), nil
	}
	if !d.Valid() {
		return nil, fmt.Errorf("%q is not a decimal", string(d))
	}
	return []byte(`"` + string(d.Canonical()) + `"`), nil
}

// UnmarshalJSON reads a JSON integer, a string of digits, or null.
func (d *Decimal) UnmarshalJSON(b []byte) error {
	s := string(b)
	switch {
	case s == "null":
		*d = ""
		return nil
	case strings.HasPrefix(s, `"`):
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
	case strings.Contains(s, "."):
		return fmt.Errorf("%s is a number with a fraction: write it as a string", s)
	}
	v, err := ParseDecimal(s)
	*d = v
	return err
}

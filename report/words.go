package report

import (
	"math/big"
	"strconv"
	"strings"
	"time"
)

// FormatNumber writes an exact number for people: 8,098, 4,357.5, −98 (U+2212). A fraction that does not terminate is
// written as a mixed number: 333 1/3. What is no number is written as it is.
func FormatNumber(exact string) string {
	r, ok := ParseExact(exact)
	if !ok {
		return exact
	}
	sign := ""
	if r.Sign() < 0 {
		sign = "−"
		r = new(big.Rat).Neg(r)
	}
	text := FormatExact(r)
	if num, den, fraction := strings.Cut(text, "/"); fraction {
		whole, rest := new(big.Int).QuoRem(r.Num(), r.Denom(), new(big.Int))
		if whole.Sign() == 0 {
			return sign + num + "/" + den
		}
		return sign + group(whole.String()) + " " + rest.String() + "/" + den
	}
	whole, part, point := strings.Cut(text, ".")
	if point {
		part = "." + part
	}
	return sign + group(whole) + part
}

// FormatInt writes a whole number for people: 12,480.
func FormatInt(n int64) string { return FormatNumber(strconv.FormatInt(n, 10)) }

// group puts a comma between thousands.
func group(digits string) string {
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// FormatPercent writes a percentage with one decimal, without its sign: 101.2. It is rounded to the nearest, but what is
// below 100 is never written as 100.0, nor what is above it.
func FormatPercent(percent *big.Rat) string {
	if percent == nil {
		return ""
	}
	text := percent.FloatString(1)
	if text == "100.0" {
		switch percent.Cmp(big.NewRat(100, 1)) {
		case -1:
			text = "99.9"
		case 1:
			text = "100.1"
		}
	}
	return groupDecimal(text)
}

// groupDecimal groups the digits of a plain decimal and keeps its decimals as they are.
func groupDecimal(text string) string {
	whole, part, point := strings.Cut(text, ".")
	if point {
		part = "." + part
	}
	if rest, negative := strings.CutPrefix(whole, "-"); negative {
		return "−" + group(rest) + part
	}
	return group(whole) + part
}

// FormatInstant writes an instant for people: 18 Jun 2026 06:30 UTC, with seconds when it has any.
func FormatInstant(t time.Time) string {
	t = t.UTC()
	if t.Second() != 0 {
		return t.Format("2 Jan 2006 15:04:05 UTC")
	}
	return t.Format("2 Jan 2006 15:04 UTC")
}

// FormatDay writes a day for people: 18 Jun 2026.
func FormatDay(t time.Time) string { return t.UTC().Format("2 Jan 2006") }

// FormatLength writes a length of time for people: 4 s, 35 h 30 min, 17 days 8 h. Units follow a narrow no-break space.
func FormatLength(d time.Duration) string {
	const nn = "\u202f"
	unit := func(n int64, name string) string { return group(strconv.FormatInt(n, 10)) + nn + name }
	if d < 0 {
		return "−" + FormatLength(-d)
	}
	days, hours, minutes := int64(d/(24*time.Hour)), int64(d%(24*time.Hour)/time.Hour), int64(d%time.Hour/time.Minute)
	switch {
	case d < time.Second:
		return unit(d.Milliseconds(), "ms")
	case d < time.Minute:
		return strings.TrimSuffix(strconv.FormatFloat(d.Seconds(), 'f', 1, 64), ".0") + nn + "s"
	case d < time.Hour:
		return unit(minutes, "min")
	case d < 48*time.Hour:
		hours += 24 * days
		if minutes == 0 {
			return unit(hours, "h")
		}
		return unit(hours, "h") + " " + unit(minutes, "min")
	case hours == 0:
		return unit(days, "days")
	default:
		return unit(days, "days") + " " + unit(hours, "h")
	}
}

// RegionName is an IBM region in words; 0 is unassigned.
func RegionName(region int) string {
	switch region {
	case 1:
		return "Americas"
	case 2:
		return "Europe and Africa"
	case 3:
		return "Asia and Australia"
	}
	return "Unassigned"
}

// MetricName is a metric's unit in words, as it stands behind a figure.
func MetricName(metric string) string {
	switch metric {
	case "ibm-pvu":
		return "PVU"
	case "ibm-vpc":
		return "VPC"
	case "ibm-rvu-mapc":
		return "RVU"
	}
	return metric
}

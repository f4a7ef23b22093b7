package report

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/highwater-sam/highwater/fault"
)

// maxFilter bounds the text of one condition, in bytes.
const maxFilter = 500

// ParseFilter reads a condition as a person writes it under a column's head. It becomes one or two filters.
//
//	any kind:  empty | set
//	text:      frankfurt (contains) | = Frankfurt | != Frankfurt | "empty" (contains this very text)
//	number:    90 | = 90 | != 90 | > 90 | >= 90 | < 90 | <= 90 | 10..20     with or without thousands separators
//	time:      2026-06-18 (within that day) | after 2026-06 | before 2026 | since … | until … | 2026-01..2026-03 | > < >= <=
//	           a time is a year, month, day, minute or more exact, in UTC; "18 Jun 2026 06:30" is read as well
//	choice:    over | != over
//
// Errors are faults that show how to write it.
func ParseFilter(c Column, text string) ([]Filter, error) {
	text = strings.TrimSpace(text)
	if len(text) > maxFilter || !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return nil, fault.New(fault.Invalid, "the condition has to be valid text of at most %d bytes", maxFilter)
	}
	switch strings.ToLower(text) {
	case "empty":
		return []Filter{{Key: c.Key, Op: Empty}}, nil
	case "set":
		return []Filter{{Key: c.Key, Op: Set}}, nil
	}
	switch c.Kind {
	case Number, Exact:
		return parseNumberFilter(c, text)
	case Instant, Day:
		return parseTimeFilter(c, text)
	case Choice:
		return parseChoiceFilter(c, text)
	default:
		return parseTextFilter(c, text), nil
	}
}

// operators, the longer before the shorter that it begins with.
var operators = []struct {
	text string
	op   Op
}{
	{"!=", Not}, {"≠", Not}, {">=", AtLeast}, {"≥", AtLeast}, {"<=", AtMost}, {"≤", AtMost}, {">", More}, {"<", Less}, {"=", Equal},
}

// cutOperator takes the operator off the front; "" when there is none.
func cutOperator(text string) (Op, string) {
	for _, o := range operators {
		if rest, ok := strings.CutPrefix(text, o.text); ok {
			return o.op, strings.TrimSpace(rest)
		}
	}
	return "", text
}

func parseTextFilter(c Column, text string) []Filter {
	if len(text) >= 2 && text[0] == '"' && text[len(text)-1] == '"' {
		return []Filter{{c.Key, Contains, text[1 : len(text)-1]}}
	}
	switch op, rest := cutOperator(text); {
	case (op == Equal || op == Not) && rest != "":
		return []Filter{{c.Key, op, rest}}
	default:
		return []Filter{{c.Key, Contains, text}}
	}
}

func parseChoiceFilter(c Column, text string) ([]Filter, error) {
	op, rest := cutOperator(text)
	if op == "" {
		op = Equal
	}
	i := slices.IndexFunc(c.Values, func(v string) bool { return strings.EqualFold(v, rest) })
	if i < 0 || op != Equal && op != Not {
		return nil, fault.New(fault.Invalid, "%q is none of %s", clip(rest), strings.Join(c.Values, ", "))
	}
	return []Filter{{c.Key, op, c.Values[i]}}, nil
}

func parseNumberFilter(c Column, text string) ([]Filter, error) {
	if low, high, ok := strings.Cut(text, ".."); ok {
		from, errFrom := parseNumber(c, low)
		to, errTo := parseNumber(c, high)
		if errFrom != nil {
			return nil, errFrom
		}
		if errTo != nil {
			return nil, errTo
		}
		return []Filter{{c.Key, AtLeast, from}, {c.Key, AtMost, to}}, nil
	}
	op, rest := cutOperator(text)
	if op == "" {
		op = Equal
	}
	value, err := parseNumber(c, rest)
	if err != nil {
		return nil, err
	}
	return []Filter{{c.Key, op, value}}, nil
}

// parseNumber reads a number as people write and as our pages show it: 8,000 or 8 000 or −98 or 104.5 %.
func parseNumber(c Column, text string) (string, error) {
	plain := strings.Map(func(r rune) rune {
		switch r {
		case ',', ' ', '\u00a0', '\u202f', '\'':
			return -1
		case '−':
			return '-'
		}
		return r
	}, strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), "%")))
	if c.Kind == Number {
		n, err := strconv.ParseInt(plain, 10, 64)
		if err != nil {
			return "", fault.New(fault.Invalid, "%q is no whole number; write for example 90, > 90 or 10..20", clip(text))
		}
		return strconv.FormatInt(n, 10), nil
	}
	r, ok := ParseExact(plain)
	if ok {
		if value := FormatExact(r); !strings.Contains(value, "/") {
			return value, nil
		}
	}
	return "", fault.New(fault.Invalid, "%q is no decimal number; write for example 90, > 90.5 or 10..20", clip(text))
}

// words are the operators of time in words.
var words = []struct {
	text string
	op   Op
}{{"after", More}, {"before", Less}, {"since", AtLeast}, {"until", AtMost}, {"from", AtLeast}}

func parseTimeFilter(c Column, text string) ([]Filter, error) {
	if low, high, ok := strings.Cut(text, ".."); ok {
		from, errFrom := parseSpan(low)
		to, errTo := parseSpan(high)
		if errFrom != nil {
			return nil, errFrom
		}
		if errTo != nil {
			return nil, errTo
		}
		return []Filter{{c.Key, AtLeast, micros(from.start)}, {c.Key, Less, micros(to.end)}}, nil
	}
	op, rest := cutOperator(text)
	for _, w := range words {
		if len(rest) > len(w.text) && strings.EqualFold(rest[:len(w.text)], w.text) && rest[len(w.text)] == ' ' && op == "" {
			op, rest = w.op, strings.TrimSpace(rest[len(w.text):])
		}
	}
	s, err := parseSpan(rest)
	if err != nil {
		return nil, err
	}
	switch op {
	case More:
		return []Filter{{c.Key, AtLeast, micros(s.end)}}, nil
	case AtLeast:
		return []Filter{{c.Key, AtLeast, micros(s.start)}}, nil
	case Less:
		return []Filter{{c.Key, Less, micros(s.start)}}, nil
	case AtMost:
		return []Filter{{c.Key, Less, micros(s.end)}}, nil
	case "", Equal:
		return []Filter{{c.Key, AtLeast, micros(s.start)}, {c.Key, Less, micros(s.end)}}, nil
	}
	return nil, fault.New(fault.Invalid, "a time is compared with after, before, since, until or a span such as 2026-01..2026-03")
}

// span is a year, month, day, minute, second or microsecond: what the text of a time covers, half-open.
type span struct{ start, end time.Time }

// layouts are the ways a time may be written, and what each covers.
var layouts = []struct {
	layout string
	end    func(time.Time) time.Time
}{
	{"2006", func(t time.Time) time.Time { return t.AddDate(1, 0, 0) }},
	{"2006-01", func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }},
	{"Jan 2006", func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }},
	{"2006-01-02", func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }},
	{"2 Jan 2006", func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }},
	{"2006-01-02 15:04", func(t time.Time) time.Time { return t.Add(time.Minute) }},
	{"2006-01-02T15:04", func(t time.Time) time.Time { return t.Add(time.Minute) }},
	{"2 Jan 2006 15:04", func(t time.Time) time.Time { return t.Add(time.Minute) }},
	{"2006-01-02 15:04:05", func(t time.Time) time.Time { return t.Add(time.Second) }},
	{"2006-01-02T15:04:05", func(t time.Time) time.Time { return t.Add(time.Second) }},
	{"2006-01-02T15:04:05.000000", func(t time.Time) time.Time { return t.Add(time.Microsecond) }},
}

func parseSpan(text string) (span, error) {
	plain := strings.TrimSpace(text)
	for _, zone := range []string{" UTC", "UTC", "Z"} {
		if rest, ok := strings.CutSuffix(plain, zone); ok {
			plain = rest
			break
		}
	}
	for _, l := range layouts {
		// Go reads a fraction of a second also where a layout has none: the length tells the layouts apart.
		if t, err := time.ParseInLocation(l.layout, plain, time.UTC); err == nil && len(plain) <= len(l.layout)+1 && t.Year() >= 1900 {
			return span{t, l.end(t)}, nil
		}
	}
	return span{}, fault.New(fault.Invalid, "%q is no time; write for example 2026-06-18, 2026-06, after 2026-06-18 06:30 or 2026-01..2026-03", clip(text))
}

func micros(t time.Time) string { return strconv.FormatInt(t.UnixMicro(), 10) }

// FormatFilter writes a filter so that ParseFilter reads the same one.
func FormatFilter(c Column, f Filter) string {
	switch f.Op {
	case Empty, Set:
		return string(f.Op)
	}
	symbol := map[Op]string{Equal: "= ", Not: "!= ", Less: "< ", AtMost: "<= ", More: "> ", AtLeast: ">= "}[f.Op]
	switch c.Kind {
	case Instant, Day:
		n, err := strconv.ParseInt(f.Value, 10, 64)
		if err != nil {
			return f.Value
		}
		return symbol + time.UnixMicro(n).UTC().Format("2006-01-02T15:04:05.000000Z")
	case Text:
		if f.Op == Contains {
			return `"` + f.Value + `"`
		}
	}
	return symbol + f.Value
}

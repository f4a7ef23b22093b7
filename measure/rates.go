package measure

import (
	"slices"
	"sync/atomic"
	"unicode/utf8"

	"github.com/highwater-sam/highwater/estate"
)

// rates finds which points rule of a license holds for a server. What it has found it remembers, by what the rules
// look at; several workers may ask at once.
type rates struct {
	rules   []estate.PointsRule
	weights []int64 // points per core as integers: of servers that no rule matches, then of each rule
	keys    []pointsKey
	hosted  []string
	column  []int32        // by class: index into hosted
	found   []atomic.Int32 // by key and hosted: 1 + the index into weights, 0 when not yet known
}

// noRule is the index, among weights, of a server that no rule matches.
const noRule = 0

func newRates(f *facts, l *estate.License) *rates {
	r := &rates{rules: l.Points, column: make([]int32, len(f.classes)), keys: make([]pointsKey, len(f.pointKey))}
	for k, n := range f.pointKey {
		r.keys[n] = k
	}
	for i := range f.classes {
		n := slices.Index(r.hosted, f.classes[i].hosted)
		if n < 0 {
			n = len(r.hosted)
			r.hosted = append(r.hosted, f.classes[i].hosted)
		}
		r.column[i] = int32(n)
	}
	r.found = make([]atomic.Int32, len(r.keys)*len(r.hosted))
	return r
}

// of returns the index into weights: noRule, or 1 + the index of the first rule that holds for a server of this class
// with this combination of what rules look at.
func (r *rates) of(points, class uint32) int32 {
	at := &r.found[int(points)*len(r.hosted)+int(r.column[class])]
	if n := at.Load(); n != 0 {
		return n - 1
	}
	n := int32(noRule)
	for i := range r.rules {
		if holds(&r.rules[i], &r.keys[points], r.hosted[r.column[class]]) {
			n = int32(i + 1)
			break
		}
	}
	at.Store(n + 1)
	return n
}

// holds reports whether every condition of the rule holds (rule 8). One on an unknown value does not.
func holds(r *estate.PointsRule, k *pointsKey, hosted string) bool {
	switch {
	case r.Processor != nil && !(k.processor.stated && glob(*r.Processor, k.processor.text)),
		r.Model != nil && !(k.model.stated && glob(*r.Model, k.model.text)),
		r.OS != nil && !(k.os.stated && *r.OS == k.os.text),
		r.HostedIn != nil && !slices.Contains(r.HostedIn, hosted),
		r.MinSockets.Stated() && !(k.sockets.Stated() && compare(r.MinSockets, k.sockets) <= 0),
		r.MaxSockets.Stated() && !(k.sockets.Stated() && compare(r.MaxSockets, k.sockets) >= 0):
		return false
	}
	return true
}

func compare(a, b estate.Decimal) int {
	if a == b {
		return 0
	}
	return a.Rat().Cmp(b.Rat())
}

// glob reports whether the whole text matches the pattern, in which * is any text, ? one code point, and an ASCII letter
// either case of itself. It takes time in proportion to the product of the lengths at worst.
func glob(pattern, text string) bool {
	star, resume := -1, 0 // where to go on when a later part does not match: behind the last star, one code point on
	p, t := 0, 0
	for t < len(text) {
		_, width := utf8.DecodeRuneInString(text[t:])
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, resume = p, t
			p++
		case p < len(pattern) && pattern[p] == '?':
			p++
			t += width
		case p < len(pattern) && lower(pattern[p]) == lower(text[t]):
			p++
			t++
		case star >= 0:
			_, width := utf8.DecodeRuneInString(text[resume:])
			resume += width
			p, t = star+1, resume
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

package scenario

import (
	"fmt"
	"strings"

	"github.com/highwater-sam/highwater/estate"
	"github.com/highwater-sam/highwater/measure"
)

// Expectation is one line of what is expected of a license.
type Expectation struct {
	Line    int
	License string
	check   func(l *measure.License) string // what is otherwise, "" when it is as expected
}

// Check returns what of the expectations a measurement does not meet, a line each; nil when all are met.
func (s *Scenario) Check(m *measure.Measurement) []string {
	var failed []string
	for _, x := range s.Expect {
		l := m.License(x.License)
		if l == nil {
			failed = append(failed, fmt.Sprintf("line %d: there is no license %q", x.Line, x.License))
		} else if otherwise := x.check(l); otherwise != "" {
			failed = append(failed, fmt.Sprintf("line %d: license %s: %s", x.Line, x.License, otherwise))
		}
	}
	return failed
}

// expect reads: expect LICENSE. Its lines are
//
//	PERIOD peak 107
//	PERIOD REGION exact 106.75 peak 107 last on 2026-03-31 since 2026-02-03
//	PERIOD REGION absent
//	current 30.5
//	current REGION 30.5
//	remark CODE DEVICE from DATE to DATE
//	remarks none
//
// in which REGION is: region 1, region 2, region 3, or unassigned. The remarks listed must be all there are.
func (p *parser) expect(w *words) {
	license := w.name()
	remarks := &[]measure.Remark{}
	stated := false
	p.block = func(w *words) {
		x := Expectation{Line: p.line, License: license}
		switch {
		case w.is("current"):
			x.check = current(w)
		case w.is("remarks", "none"), w.is("remark"):
			if w.more() {
				*remarks = append(*remarks, remark(w))
			}
			if stated {
				return
			}
			stated = true
			x.check = func(l *measure.License) string {
				return differ(writeRemarks(*remarks), writeRemarks(l.Remarks), "the remarks")
			}
		default:
			x.check = period(w)
		}
		p.s.Expect = append(p.s.Expect, x)
	}
}

func differ(want, got, what string) string {
	if want == got {
		return ""
	}
	return fmt.Sprintf("%s: %s; expected: %s", what, got, want)
}

func (w *words) region() (measure.Region, bool) {
	switch {
	case w.is("region"):
		return measure.Region(w.whole()), true
	case w.is("unassigned"):
		return measure.Unassigned, true
	}
	return 0, false
}

func current(w *words) func(*measure.License) string {
	region, one := w.region()
	want := number(w)
	return func(l *measure.License) string {
		if !one {
			return differ(want, string(l.Current.Raw), "the current consumption")
		}
		for _, r := range l.Current.Regions {
			if r.Region == region {
				return differ(want, string(r.Value), fmt.Sprintf("the current consumption, %s", region))
			}
		}
		return fmt.Sprintf("there is no current consumption, %s", region)
	}
}

// number reads an exact value as a measurement writes it; fractions stand as 8/3.
func number(w *words) string {
	t := w.take("a number")
	if n := measure.Number(t); n.Rat() == nil {
		w.fail("%q is not a number", t)
	} else if exact := measure.NumberOf(n.Rat()); exact != n {
		w.fail("%s is written %s", t, exact)
	}
	return t
}

func remark(w *words) measure.Remark {
	r := measure.Remark{Code: measure.Code(w.name()), Device: w.name()}
	if r.From, r.To = w.dates(0); r.From == 0 {
		w.fail("a remark has a from")
	}
	return r
}

func writeRemarks(list []measure.Remark) string {
	if len(list) == 0 {
		return "none"
	}
	texts := make([]string, len(list))
	for i, r := range list {
		texts[i] = fmt.Sprintf("%s %s from %s", r.Code, r.Device, r.From)
		if r.To != 0 {
			texts[i] += fmt.Sprintf(" to %s", r.To)
		}
	}
	return strings.Join(texts, ", ")
}

// period reads what is expected of one period.
func period(w *words) func(*measure.License) string {
	name := w.name()
	of := func(l *measure.License) *measure.Period {
		for i := range l.Periods {
			if l.Periods[i].Name == name {
				return &l.Periods[i]
			}
		}
		return nil
	}
	if w.is("peak") {
		want := number(w)
		return func(l *measure.License) string {
			p := of(l)
			if p == nil {
				return fmt.Sprintf("there is no period %q", name)
			}
			return differ(want, string(p.Peak), "the peak of "+name)
		}
	}
	region, ok := w.region()
	if !ok {
		w.fail("behind a period comes: peak, region NUMBER, or unassigned")
	}
	want := regionPeak(w)
	return func(l *measure.License) string {
		p := of(l)
		if p == nil {
			return fmt.Sprintf("there is no period %q", name)
		}
		return want.against(p, region)
	}
}

// expectedPeak is what is said of a region in a period; what is not said is "" or 0.
type expectedPeak struct {
	absent      bool
	exact, peak string
	last        string
	since       estate.Instant
	never       bool
}

func regionPeak(w *words) expectedPeak {
	var x expectedPeak
	for w.more() {
		switch {
		case w.is("absent"):
			x.absent = true
		case w.is("exact"):
			x.exact = number(w)
		case w.is("peak"):
			x.peak = number(w)
		case w.is("last", "on"):
			x.last = w.instant().Date()
		case w.is("since"):
			x.since = w.instant()
		case w.is("never"):
			x.never = true
		default:
			w.fail("of a region one says: exact N, peak N, last on DATE, since DATE, never, or absent")
		}
	}
	if x == (expectedPeak{}) {
		w.fail("of a region one says: exact N, peak N, last on DATE, since DATE, never, or absent")
	}
	return x
}

func (x expectedPeak) against(p *measure.Period, region measure.Region) string {
	for _, r := range p.Regions {
		if r.Region != region {
			continue
		}
		what := fmt.Sprintf("%s, %s: ", p.Name, region)
		var list []string
		add := func(want, got, name string) {
			if d := differ(want, got, what+name); want != "" && d != "" {
				list = append(list, d)
			}
		}
		add(x.exact, string(r.Exact), "exact")
		add(x.peak, string(r.Peak), "peak")
		add(x.last, r.Date, "last on")
		add(x.since.String(), r.Start.String(), "since")
		if x.absent {
			list = append(list, what+"expected to be absent")
		}
		if x.never && (r.Date != "" || r.Start != 0 || r.Exact != "0") {
			list = append(list, what+"expected never to consume")
		}
		return strings.Join(list, "; ")
	}
	if x.absent {
		return ""
	}
	return fmt.Sprintf("%s, %s: absent", p.Name, region)
}

package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/highwater-sam/highwater/estate"
	"github.com/highwater-sam/highwater/measure"
)

// writeExplanation writes an explanation for reading: the total, its servers from the largest on, and for each the
// arithmetic that led to its value.
func writeExplanation(out io.Writer, x *measure.Explanation) error {
	w := &lines{out: out}
	if len(x.Moments) == 0 {
		w.line("%s (%s): nothing was consumed", x.License, x.Metric)
	}
	for i := range x.Moments {
		if i > 0 {
			w.line("")
		}
		w.moment(x, &x.Moments[i])
	}
	return w.err
}

type lines struct {
	out io.Writer
	err error
}

func (w *lines) line(format string, args ...any) {
	if w.err == nil {
		_, w.err = fmt.Fprintf(w.out, strings.TrimRight(format, " ")+"\n", args...)
	}
}

func (w *lines) moment(x *measure.Explanation, m *measure.Moment) {
	what := ""
	if m.Period != "" {
		what = fmt.Sprintf(", the peak of %s,", m.Period)
	}
	w.line("%s (%s), %s%s at %s: %s", x.License, x.Metric, regionName(x.Metric, m.Region), what, m.At, m.Total)
	for i, t := range m.Tiers {
		w.line("  tier %d: %s cores × %s = %s", i+1, t.Cores, t.Factor, t.Value)
	}
	if m.Tiers != nil {
		w.line("  %s cores in all:", m.Cores)
	}
	for i := range m.Servers {
		w.server(x, &m.Servers[i])
	}
	for _, e := range m.Exempt {
		w.line("  %12s  %s: %s", "-", e.Device, e.Why)
	}
	total := m.Total
	if m.Cores != "" {
		total = m.Cores
	}
	w.line("  %12s  total of %s", total, count(len(m.Servers), "server"))
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (w *lines) server(x *measure.Explanation, s *measure.Server) {
	where := "unassigned"
	if s.Location != "" {
		where = "at " + s.Location
	}
	w.line("  %12s  %s (%s, %s)", s.Value, s.Device, s.Kind, where)
	const indent = "                "
	for i := range s.Counted {
		w.line("%s%s", indent, counted(x, s, &s.Counted[i]))
	}
	switch {
	case s.Calculated != "":
		w.line("%soverridden consumption %s replaces %s", indent, s.Overridden, s.Calculated)
	case s.Overridden != "":
		w.line("%soverridden consumption %s is ignored: the server is eligible for sub-capacity", indent, s.Overridden)
	}
	for i := range s.Devices {
		w.device(indent, x, s, &s.Devices[i])
	}
	if len(s.Remarks) > 0 {
		w.line("%sremarks: %s", indent, codeList(s.Remarks))
	}
}

// counted writes one evaluation of a server as a sum.
func counted(x *measure.Explanation, s *measure.Server, c *measure.Counted) string {
	var b strings.Builder
	if c.Product != "" {
		fmt.Fprintf(&b, "%s: ", c.Product)
	}
	if s.Kind == estate.Host {
		hostCount(&b, x, s, c)
	} else {
		fmt.Fprintf(&b, "its own count: %s cores", c.Cores)
	}
	switch x.Metric {
	case estate.PVU:
		rule := s.Rule
		if s.PointsRule != nil && *s.PointsRule > 0 {
			rule = fmt.Sprintf("points rule %d: %s", *s.PointsRule, s.Rule)
		}
		fmt.Fprintf(&b, " × %s points = %s (%s)", c.Rate, c.Value, rule)
	case estate.VPC:
		fmt.Fprintf(&b, " × %s entitlements = %s", c.Rate, c.Value)
	}
	return b.String()
}

func hostCount(b *strings.Builder, x *measure.Explanation, s *measure.Server, c *measure.Counted) {
	if c.Capacity == string(estate.Full) {
		why := "the license always counts it"
		if x.Capacity != estate.Full {
			why = "not every relevant device is eligible for sub-capacity"
		}
		fmt.Fprintf(b, "full capacity, %s cores (%s)", c.Cores, why)
		return
	}
	if c.OnServer && c.Sub == c.Full {
		fmt.Fprintf(b, "sub-capacity, the software runs on the host itself: %s cores", c.Cores)
		return
	}
	fmt.Fprintf(b, "sub-capacity, guests %s", c.Guests)
	if c.InPools != "" {
		fmt.Fprintf(b, ", through pools %s", c.InPools)
		for _, p := range c.Pools {
			if p.Limit != "" {
				fmt.Fprintf(b, " [%s passes %s, at most %s]", p.Pool, p.Passed, p.Limit)
			}
		}
	}
	if s.HostCores != "" {
		fmt.Fprintf(b, ", at most the host's %s", s.HostCores)
	}
	fmt.Fprintf(b, ": %s cores", c.Cores)
}

func (w *lines) device(indent string, x *measure.Explanation, s *measure.Server, d *measure.CountedDevice) {
	number := string(d.Count)
	if number == "" {
		number = "unknown"
	}
	var more []string
	if d.Pool != "" {
		more = append(more, "in pool "+d.Pool)
	}
	more = append(more, d.From, strings.Join(d.Products, " + "))
	if !d.Eligible && x.Capacity != estate.Full {
		more = append(more, "not eligible for sub-capacity")
	}
	if len(d.Remarks) > 0 {
		more = append(more, "remarks: "+codeList(d.Remarks))
	}
	what := "guest"
	if d.Device == s.Device {
		what = "itself"
	}
	w.line("%s  %s %s: %s (%s)", indent, what, d.Device, number, strings.Join(more, "; "))
}

func codeList(codes []measure.Code) string {
	texts := make([]string, len(codes))
	for i, c := range codes {
		texts[i] = string(c)
	}
	return strings.Join(texts, ", ")
}

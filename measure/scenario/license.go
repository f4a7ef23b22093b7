package scenario

import (
	"strings"

	"github.com/highwater-sam/highwater/estate"
)

// license reads: license NAME METRIC.
func (p *parser) license(w *words) {
	e := p.s.Estate
	e.Licenses = append(e.Licenses, estate.License{ID: w.name(), Metric: estate.Metric(w.name()), Products: []estate.LicenseProduct{}})
	i := len(e.Licenses) - 1
	p.block = func(w *words) { p.licenseLine(w, &e.Licenses[i]) }
}

func (p *parser) licenseLine(w *words, l *estate.License) {
	switch {
	case w.is("product"):
		x := estate.LicenseProduct{Product: w.name()}
		for w.more() {
			switch {
			case w.is("supplementary"):
				x.Supplementary = true
			case w.is("ratio"):
				x.Ratio = w.ratio()
			default:
				w.fail("after a product comes: supplementary, or: ratio 2:1")
			}
		}
		l.Products = append(l.Products, x)
	case w.is("per", "product"):
		l.Bundle = estate.PerProduct
	case w.is("once", "per", "device"):
		l.Bundle = estate.OncePerDevice
	case w.is("ratio"):
		l.Ratio = w.ratio()
	case w.is("full", "capacity"):
		l.Capacity = estate.Full
	case w.is("sub-capacity"):
		l.Capacity = estate.Sub
	case w.is("allow", "other", "sources"):
		l.AllowOtherSources = true
	case w.is("points"):
		l.Points = append(l.Points, points(w))
	case w.is("unmatched", "nothing"):
		l.UnmatchedPoints = new(estate.Decimal)
	case w.is("unmatched"):
		d := w.decimal()
		l.UnmatchedPoints = &d
	case w.is("exempt", "role"):
		l.ExemptRoles = append(l.ExemptRoles, w.name())
	case w.is("exempt"):
		x := estate.Exemption{Device: w.name()}
		x.From, x.To = w.dates(0)
		if w.is("because") {
			var reason []string
			for w.more() {
				reason = append(reason, w.name())
			}
			x.Reason = strings.Join(reason, " ")
		}
		l.Exemptions = append(l.Exemptions, x)
	case w.is("overridden"):
		x := estate.Overridden{Device: w.name(), Points: w.decimal()}
		x.From, x.To = w.dates(0)
		l.Overridden = append(l.Overridden, x)
	case w.is("count", "of"):
		x := estate.MetricOverride{Device: w.name(), Count: w.decimal()}
		x.From, x.To = w.dates(0)
		l.OverriddenMetric = append(l.OverriddenMetric, x)
	case w.is("entitlements"):
		l.Entitlements = w.decimal()
	default:
		w.fail("%q says nothing about a license; docs/measure.md lists what does", w.list[0].text)
	}
}

// points reads: points 70 if processor *Xeon*, model M, os linux, hosted in aws or azure, at least 1, at most 2 sockets.
func points(w *words) estate.PointsRule {
	r := estate.PointsRule{PerCore: w.decimal()}
	if !w.is("if") {
		return r
	}
	for w.more() {
		switch {
		case w.is("processor"):
			r.Processor = estate.Text(w.name())
		case w.is("model"):
			r.Model = estate.Text(w.name())
		case w.is("os"):
			r.OS = estate.Text(w.name())
		case w.is("hosted", "in"):
			r.HostedIn = []string{w.name()}
			for w.is("or") {
				r.HostedIn = append(r.HostedIn, w.name())
			}
		case w.is("at", "least"):
			r.MinSockets = w.decimal()
			w.sockets()
		case w.is("at", "most"):
			r.MaxSockets = w.decimal()
			w.sockets()
		default:
			w.fail("%q is no condition: they are processor, model, os, hosted in, at least N sockets, at most N sockets", w.list[0].text)
		}
	}
	return r
}

func (w *words) sockets() {
	if !w.is("sockets") && !w.is("socket") {
		w.fail("sockets is missing behind the number")
	}
}

package main

import (
	"io"

	"github.com/highwater-sam/highwater/measure"
)

// writeDifference writes what differs between two measurements.
func writeDifference(out io.Writer, d *measure.Difference) error {
	w := &lines{out: out}
	if d.Empty() {
		w.line("The measurements are the same.")
	}
	for i := range d.Licenses {
		l := &d.Licenses[i]
		switch l.Only {
		case "before":
			w.line("%s (only in the first estate)", l.ID)
		case "after":
			w.line("%s (only in the second estate)", l.ID)
		default:
			w.line("%s", l.ID)
		}
		w.change("  now", l.Current)
		for _, r := range l.Regions {
			w.change("  now, "+r.Region.String(), r.Exact)
		}
		for _, p := range l.Periods {
			w.change("  "+p.Name+", peak", p.Peak)
			for _, r := range p.Regions {
				name := "  " + p.Name + ", " + r.Region.String()
				w.change(name+", peak", r.Peak)
				w.change(name+", exact", r.Exact)
				if r.DateBefore != r.DateAfter {
					w.line("%s, last day at peak: %s → %s", name, orDash(r.DateBefore), orDash(r.DateAfter))
				}
				if r.StartBefore != r.StartAfter {
					w.line("%s, at peak since: %s → %s", name, orDash(r.StartBefore.String()), orDash(r.StartAfter.String()))
				}
			}
		}
		if l.Remarks != nil {
			w.remarks("gone", l.Remarks.Before)
			w.remarks("new", l.Remarks.After)
		}
	}
	return w.err
}

func (w *lines) change(what string, c *measure.Change) {
	if c == nil {
		return
	}
	sign := ""
	if c.By[0] != '-' {
		sign = "+"
	}
	w.line("%s: %s → %s (%s%s)", what, c.Before, c.After, sign, c.By)
}

func (w *lines) remarks(what string, list []measure.Remark) {
	for _, r := range list {
		until := ""
		if r.To != 0 {
			until = " to " + r.To.String()
		}
		w.line("  remark %s: %s %s from %s%s", what, r.Code, r.Device, r.From, until)
	}
}

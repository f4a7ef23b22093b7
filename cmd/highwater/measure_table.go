package main

import (
	"fmt"
	"io"
	"math/big"
	"strings"
	"text/tabwriter"

	"github.com/highwater-sam/highwater/estate"
	"github.com/highwater-sam/highwater/measure"
)

// writeTable writes the positions as one would paste them in a mail.
func writeTable(out io.Writer, m *measure.Measurement) error {
	fmt.Fprintf(out, "Positions as of %s\n", m.AsOf)
	for _, l := range m.Licenses {
		fmt.Fprintf(out, "\n%s (%s)%s, now %s\n", l.ID, l.Metric, entitled(l.Entitlements), l.Current.Raw)
		if err := writePeriods(out, l); err != nil {
			return err
		}
		if counted := countRemarks(l.Remarks); counted != "" {
			fmt.Fprintf(out, "  remarks: %s\n", counted)
		}
	}
	if len(m.Licenses) == 0 {
		fmt.Fprintln(out, "\nThe estate has no licenses.")
	}
	return nil
}

func entitled(d estate.Decimal) string {
	if d == "" {
		return ", entitlements not stated"
	}
	return fmt.Sprintf(", %s entitlements", d)
}

func writePeriods(out io.Writer, l *measure.License) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "  period\tpeak\tposition\tregion\texact\trounded up\tlast day at peak\tat peak since\t")
	for _, p := range l.Periods {
		fmt.Fprintf(w, "  %s\t%s\t%s\t", p.Name, p.Peak, position(l.Entitlements, p.Peak))
		if len(p.Regions) == 0 {
			fmt.Fprintln(w, "-\t\t\t\t\t")
		}
		for i, r := range p.Regions {
			if i > 0 {
				fmt.Fprint(w, "  \t\t\t")
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t\n", regionName(l.Metric, r.Region), r.Exact, r.Peak, orDash(r.Date), orDash(r.Start.String()))
		}
	}
	return w.Flush()
}

// regionName names a region; ibm-rvu-mapc knows none.
func regionName(m estate.Metric, r measure.Region) string {
	if m == estate.RVU {
		return "all together"
	}
	return r.String()
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// position says how entitlements and peak compare.
func position(entitlements estate.Decimal, peak measure.Number) string {
	if entitlements == "" {
		return "-"
	}
	left := new(big.Rat).Sub(entitlements.Rat(), peak.Rat())
	if left.Sign() < 0 {
		return fmt.Sprintf("%s short", measure.NumberOf(left.Neg(left)))
	}
	return fmt.Sprintf("%s left", measure.NumberOf(left))
}

func countRemarks(list []measure.Remark) string {
	var parts []string
	for i := 0; i < len(list); {
		n := i
		for n < len(list) && list[n].Code == list[i].Code {
			n++
		}
		parts = append(parts, fmt.Sprintf("%d %s", n-i, list[i].Code))
		i = n
	}
	return strings.Join(parts, ", ")
}

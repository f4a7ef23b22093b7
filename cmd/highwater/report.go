package main

import (
	"context"
	"fmt"
	"io"
	"net/url"

	"github.com/highwater-sam/highwater/auth"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/report"
	"github.com/highwater-sam/highwater/store"
)

// reportCmd prints reports from the database.
type reportCmd struct {
	Licenses reportLicensesCmd `cmd:"" help:"The license positions of the newest run, with peaks by region and their dates."`
	List     reportListCmd     `cmd:"" help:"Any list of the pages, as CSV."`
}

type reportLicensesCmd struct {
	databaseFlags
	Period string `help:"The reporting period; by default the current one." placeholder:"NAME"`
	CSV    bool   `name:"csv" help:"As CSV, with exact values."`
}

// Run prints the positions.
func (c *reportLicensesCmd) Run(ctx context.Context, std streams) error {
	st, err := store.Open(ctx, c.Database, store.Options{})
	if err != nil {
		return err
	}
	return closing(st, c.print(ctx, st, std.out), func() {})
}

func (c *reportLicensesCmd) print(ctx context.Context, st *store.Store, w io.Writer) error {
	run, m, ok, err := st.LatestMeasurement(ctx)
	if err != nil {
		return err
	}
	if !ok {
		return fault.New(fault.NotFound, "nothing has been measured yet: 'highwater reconcile' does it now")
	}
	period := c.Period
	if period == "" {
		for _, l := range m.Licenses {
			for _, p := range l.Periods {
				period = p.Name
			}
		}
	}
	names, err := licenseNames(ctx, st)
	if err != nil {
		return err
	}
	lines := report.LicenseLines(m, period, names)
	if len(lines) == 0 && len(m.Licenses) > 0 {
		return fault.New(fault.NotFound, "no license was measured in a period %q", period)
	}
	if c.CSV {
		return report.WriteLicenseCSV(w, lines)
	}
	fmt.Fprintf(w, "License positions, %s, measured to %s\n\n", period, run.AsOf.Format("2 Jan 2006 15:04 UTC"))
	return report.WriteLicenseTable(w, lines)
}

type reportListCmd struct {
	databaseFlags
	Name  string `arg:"" help:"The list: ${lists}."`
	Query string `help:"What a page's address says after the question mark: filters, order, columns." placeholder:"QUERY"`
}

// Run writes the list.
func (c *reportListCmd) Run(ctx context.Context, std streams) error {
	g := report.ListByName(c.Name)
	if g == nil {
		return fault.New(fault.Invalid, "there is no list %q; there are %s", c.Name, listNames())
	}
	values, err := url.ParseQuery(c.Query)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "--query is not what an address says after its question mark")
	}
	q, problems := report.ParseQuery(g, values)
	if len(problems) > 0 {
		return fault.Wrap(problems, fault.Invalid, "--query is wrong")
	}
	st, err := store.Open(ctx, c.Database, store.Options{})
	if err != nil {
		return err
	}
	return closing(st, writeList(ctx, st, g, q, std.out), func() {})
}

func writeList(ctx context.Context, st *store.Store, g *report.Grid, q report.Query, w io.Writer) error {
	out, err := report.NewCSV(w, g.Shown(q))
	if err != nil {
		return err
	}
	for row, err := range st.GridEach(ctx, g, q, auth.Everything) {
		if err != nil {
			return err
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	return out.Flush()
}

func listNames() string {
	names := ""
	for i, g := range report.Lists() {
		if i > 0 {
			names += ", "
		}
		names += g.Name
	}
	return names
}

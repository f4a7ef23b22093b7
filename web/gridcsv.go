package web

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/report"
)

// listCSV answers with all rows that a list's URL leaves, as a file.
func (s *server) listCSV(w http.ResponseWriter, r *http.Request, v *viewer) error {
	name, ok := strings.CutSuffix(r.PathValue("csv"), ".csv")
	g := report.ListByName(name)
	if !ok || g == nil {
		return errNoPage
	}
	if needs := needsOf(g); !v.may(needs) {
		return fault.New(fault.Forbidden, "Your role, %s, does not include this: %s", strings.ToLower(v.Role.Title()), needs)
	}
	if organizationWide[g.Name] && !v.Scope.Unbounded() {
		return errBounded
	}
	q, problems := report.ParseQuery(g, tidyAll(r.URL.Query()))
	if err := problems.Fault(); err != nil {
		return err
	}
	q.Limit, q.After, q.Before = 0, "", ""
	columns := g.Shown(q)
	q.Columns = nil
	for _, c := range columns {
		q.Columns = append(q.Columns, c.Key)
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", strings.ReplaceAll(g.Name, "_list", "s")+"-"+s.Now().UTC().Format("2006-01-02-1504")+".csv"))
	out, err := report.NewCSV(w, columns)
	if err == nil {
		for row, rowErr := range s.Store.GridEach(r.Context(), g, q, v.Scope) {
			if err = rowErr; err == nil {
				err = out.Write(row)
			}
			if err != nil {
				break
			}
		}
	}
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		s.log.Warn("a CSV file was cut short", "list", g.Name, "error", err)
		panic(http.ErrAbortHandler) // a file that is cut short must not look whole
	}
	return nil
}

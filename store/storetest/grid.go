package storetest

import (
	"fmt"
	"testing"

	"github.com/highwater-sam/highwater/auth"
	"github.com/highwater-sam/highwater/report"
	"github.com/highwater-sam/highwater/store"
)

// Grid checks that the store has a list as it is declared: every column can be shown, sorted and filtered by, and
// searched.
func Grid(t *testing.T, st *store.Store, g *report.Grid) {
	t.Helper()
	ask := func(what string, q report.Query) {
		t.Helper()
		page, err := st.Grid(t.Context(), g, q, auth.Everything)
		if err != nil {
			t.Errorf("%s: %s: %v", g.Name, what, err)
			return
		}
		for _, r := range page.Rows {
			if r.ID == "" || len(r.Cells) != len(page.Columns) {
				t.Errorf("%s: %s: row %q has %d cells for %d columns", g.Name, what, r.ID, len(r.Cells), len(page.Columns))
			}
			for i, c := range r.Cells {
				if !fits(page.Columns[i].Kind, c) {
					t.Errorf("%s: %s: column %s of kind %s has a %T", g.Name, what, page.Columns[i].Key, page.Columns[i].Kind, c)
				}
			}
		}
	}
	var all []string
	for _, c := range g.Columns {
		if !c.Inner {
			all = append(all, c.Key)
		}
	}
	ask("as declared", report.Query{})
	ask("all columns", report.Query{Columns: all, Search: "x"})
	ask("all columns", report.Query{Columns: all})
	if _, err := st.Grid(t.Context(), g, report.Query{}, auth.Scope{Locations: []string{"nowhere"}}); err != nil {
		t.Errorf("%s: in a scope: %v", g.Name, err)
	}
	for _, c := range g.Columns {
		ask("sorted by "+c.Key, report.Query{Sort: []report.Sort{{Key: c.Key, Descending: true}}})
		value := "1"
		if c.Kind == report.Choice && len(c.Values) > 0 {
			value = c.Values[0]
		}
		for _, op := range []report.Op{report.Equal, report.Not, report.Less, report.AtLeast, report.Empty, report.Set} {
			ask(fmt.Sprintf("where %s %s", c.Key, op), report.Query{Filters: []report.Filter{{Key: c.Key, Op: op, Value: value}}})
		}
	}
}

// fits says whether a cell is of its column's kind.
func fits(kind report.ColumnKind, cell any) bool {
	switch cell.(type) {
	case nil:
		return true
	case string:
		return kind == report.Text || kind == report.Choice || kind == report.Exact
	case int64:
		return kind == report.Number || kind == report.Instant || kind == report.Day
	}
	return false
}

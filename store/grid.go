package store

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/highwater-sam/highwater/auth"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/report"
)

// Grid returns one page of a list. Rows are in the order the query asks for; unknown values come last in whichever
// direction, and the id decides between equal rows, so that pages neither repeat nor lose a row when others are added
// meanwhile. Of lists about devices, a bounded scope leaves the devices in its locations and below.
func (s *Store) Grid(ctx context.Context, g *report.Grid, q report.Query, scope auth.Scope) (report.Page, error) {
	st, err := s.gridStatement(g, q, scope)
	if err != nil {
		return report.Page{}, err
	}
	page := report.Page{Columns: st.shown}
	tx, err := s.dialect.snapshot(ctx) // the count and the rows are of one state
	if err != nil {
		return report.Page{}, explain(s.dialect, err, "read the list "+g.Name)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	if err := tx.QueryRowContext(ctx, st.count, st.filterArgs...).Scan(&page.Total); err != nil {
		return report.Page{}, explain(s.dialect, err, "count the list "+g.Name)
	}
	limit := q.Limit
	if limit <= 0 {
		limit = report.DefaultLimit
	}
	limit = min(limit, report.MaxLimit)
	text, args, backward, err := st.page(q, limit+1)
	if err != nil {
		return report.Page{}, err
	}
	var rows []gridRow
	for r, err := range st.read(ctx, tx, text, args) {
		if err != nil {
			return report.Page{}, explain(s.dialect, err, "read the list "+g.Name)
		}
		rows = append(rows, r)
	}
	more := len(rows) > limit
	rows = rows[:min(len(rows), limit)]
	if backward {
		slices.Reverse(rows)
	}
	for _, r := range rows {
		page.Rows = append(page.Rows, r.Row)
	}
	if len(rows) == 0 {
		return page, nil
	}
	if more || backward {
		page.Next = st.cursor(rows[len(rows)-1])
	}
	if more && backward || !backward && q.After != "" {
		page.Prev = st.cursor(rows[0])
	}
	return page, nil
}

// GridEach walks every row that the query's filters leave, in its order, without pages: for CSV and XLSX of exactly what
// is filtered. All rows are of one state of the database.
func (s *Store) GridEach(ctx context.Context, g *report.Grid, q report.Query, scope auth.Scope) iter.Seq2[report.Row, error] {
	return func(yield func(report.Row, error) bool) {
		st, err := s.gridStatement(g, q, scope)
		if err != nil {
			yield(report.Row{}, err)
			return
		}
		tx, err := s.dialect.snapshot(ctx)
		if err != nil {
			yield(report.Row{}, explain(s.dialect, err, "read the list "+g.Name))
			return
		}
		defer tx.Rollback() //nolint:errcheck // nothing was written
		for r, err := range st.read(ctx, tx, st.selected+st.where+" ORDER BY "+st.order(false), st.filterArgs) {
			if !yield(r.Row, explain(s.dialect, err, "read the list "+g.Name)) || err != nil {
				return
			}
		}
	}
}

// gridStatement is a list's query as SQL. Identifiers come only from the grid's declaration, values only as parameters.
type gridStatement struct {
	dialect    dialect
	grid       *report.Grid
	shown      []report.Column
	keys       []gridKey
	where      string
	filterArgs []any
	count      string
	selected   string
}

// gridKey is one level of the order.
type gridKey struct {
	expression string
	kind       report.ColumnKind
	descending bool
}

// gridRow is a row and the values it is sorted by.
type gridRow struct {
	report.Row
	keys []any
}

func (s *Store) gridStatement(g *report.Grid, q report.Query, scope auth.Scope) (*gridStatement, error) {
	st := &gridStatement{dialect: s.dialect, grid: g, shown: slices.Clone(g.Shown(q))}
	// Cells that links are made of travel behind those that are shown.
	for _, c := range g.Columns {
		if c.Inner {
			st.shown = append(st.shown, c)
		}
	}
	sorts := q.Sort
	if len(sorts) == 0 {
		sorts = g.Sort
	}
	for _, sort := range sorts {
		c := g.Column(sort.Key)
		if c == nil {
			return nil, fault.New(fault.Invalid, "the list %s has no column %q to sort by", g.Title, sort.Key)
		}
		st.keys = append(st.keys, gridKey{st.expression(*c), c.Kind, sort.Descending})
	}
	st.keys = append(st.keys, gridKey{"id", "id", false})
	if err := st.filter(q, scope); err != nil {
		return nil, err
	}
	columns := make([]string, 0, len(st.shown)+len(st.keys))
	for _, c := range st.shown {
		columns = append(columns, quoted(c.Key))
	}
	for _, k := range st.keys {
		columns = append(columns, k.expression)
	}
	st.selected = "SELECT " + strings.Join(columns, ", ") + " FROM " + quoted(g.Name)
	st.count = "SELECT count(*) FROM " + quoted(g.Name) + st.where
	return st, nil
}

// quoted makes an identifier of a declared name.
func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// expression is what a column is sorted and compared by.
func (st *gridStatement) expression(c report.Column) string {
	switch c.Kind {
	case report.Text, report.Choice:
		return st.dialect.textKey(quoted(c.Key))
	case report.Exact:
		return quoted(c.Key + "_sort")
	}
	return quoted(c.Key)
}

func (st *gridStatement) order(backward bool) string {
	parts := make([]string, len(st.keys))
	for i, k := range st.keys {
		direction, nulls := " ASC", " NULLS LAST"
		if k.descending != backward {
			direction = " DESC"
		}
		if backward {
			nulls = " NULLS FIRST"
		}
		if k.kind == "id" {
			nulls = "" // never unknown; the plain order can use the key's index
		}
		parts[i] = k.expression + direction + nulls
	}
	return strings.Join(parts, ", ")
}

// page is the text for one page, and whether it is read backward.
func (st *gridStatement) page(q report.Query, limit int) (text string, args []any, backward bool, err error) {
	text, args = st.selected+st.where, slices.Clone(st.filterArgs)
	cursor := q.After
	if q.Before != "" {
		cursor, backward = q.Before, true
	}
	if cursor != "" {
		values, err := st.parseCursor(cursor)
		if err != nil {
			return "", nil, false, err
		}
		condition, more := st.beyond(values, backward, len(args))
		args = append(args, more...)
		if st.where == "" {
			text += " WHERE " + condition
		} else {
			text += " AND " + condition
		}
	}
	return text + " ORDER BY " + st.order(backward) + " LIMIT " + strconv.Itoa(limit), args, backward, nil
}

// beyond is the condition for rows after (or before) the row with these key values: the first key that differs decides,
// and an unknown value comes last.
func (st *gridStatement) beyond(values []any, backward bool, used int) (string, []any) {
	var args []any
	parameter := func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(used+len(args))
	}
	var alternatives []string
	for i, k := range st.keys {
		if values[i] == nil && !backward {
			continue // nothing is after unknown
		}
		var same []string
		for j := range i {
			if values[j] == nil {
				same = append(same, st.keys[j].expression+" IS NULL")
			} else {
				same = append(same, st.keys[j].expression+" = "+parameter(values[j]))
			}
		}
		var further string
		switch {
		case values[i] == nil:
			further = k.expression + " IS NOT NULL"
		default:
			comparison := " > "
			if k.descending != backward {
				comparison = " < "
			}
			further = k.expression + comparison + parameter(values[i])
			if !backward && k.kind != "id" {
				further = "(" + further + " OR " + k.expression + " IS NULL)"
			}
		}
		alternatives = append(alternatives, "("+strings.Join(append(same, further), " AND ")+")")
	}
	return "(" + strings.Join(alternatives, " OR ") + ")", args
}

// read runs a query of the statement's columns.
func (st *gridStatement) read(ctx context.Context, tx *sql.Tx, text string, args []any) iter.Seq2[gridRow, error] {
	return func(yield func(gridRow, error) bool) {
		rows, err := tx.QueryContext(ctx, text, args...)
		if err != nil {
			yield(gridRow{}, err)
			return
		}
		defer rows.Close() //nolint:errcheck // rows.Err has it
		n := len(st.shown)
		values, into := make([]any, n+len(st.keys)), make([]any, n+len(st.keys))
		for i := range values {
			into[i] = &values[i]
		}
		for rows.Next() {
			if err := rows.Scan(into...); err != nil {
				yield(gridRow{}, err)
				return
			}
			r := gridRow{Row: report.Row{Cells: make([]any, n)}, keys: make([]any, len(st.keys))}
			for i, v := range values {
				if v, err = cell(v); err != nil {
					yield(gridRow{}, fmt.Errorf("%w in column %d of %s", err, i, st.grid.Name))
					return
				}
				if i < n {
					r.Cells[i] = v
				} else {
					r.keys[i-n] = v
				}
			}
			r.ID = fmt.Sprint(r.keys[len(r.keys)-1])
			if !yield(r, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(gridRow{}, err)
		}
	}
}

// cell is a driver's value as rows carry it.
func cell(v any) (any, error) {
	switch v := v.(type) {
	case nil, string, int64, float64:
		return v, nil
	case []byte:
		return string(v), nil
	}
	return nil, fmt.Errorf("a value of type %T", v)
}

package store

import (
	"encoding/base64"
	"encoding/json"
	"hash/fnv"
	"strconv"
	"strings"

	"github.com/highwater-sam/highwater/auth"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/report"
)

// filter makes the condition of a query: its filters, its search, and the scope.
func (st *gridStatement) filter(q report.Query, scope auth.Scope) error {
	var conditions []string
	for _, f := range q.Filters {
		c := st.grid.Column(f.Key)
		if c == nil {
			return fault.New(fault.Invalid, "the list %s has no column %q to filter by", st.grid.Title, f.Key)
		}
		condition, err := st.condition(*c, f)
		if err != nil {
			return err
		}
		conditions = append(conditions, condition)
	}
	if q.Search != "" {
		parameter := st.parameter(containing(q.Search))
		var found []string
		for _, c := range st.grid.Columns {
			if (c.Kind == report.Text || c.Kind == report.Choice) && !c.Inner {
				found = append(found, st.expression(c)+" LIKE "+parameter+` ESCAPE '\'`)
			}
		}
		conditions = append(conditions, "("+strings.Join(found, " OR ")+")")
	}
	if !scope.Unbounded() && aboutPlaces[st.grid.Name] {
		roots := make([]string, len(scope.Locations))
		for i, l := range scope.Locations {
			roots[i] = st.parameter(l)
		}
		conditions = append(conditions, "scope_location IN (WITH RECURSIVE within(id) AS (SELECT id FROM locations WHERE id IN ("+strings.Join(roots, ", ")+
			") UNION SELECT l.id FROM locations l JOIN within w ON l.parent = w.id) SELECT id FROM within)")
	}
	if len(conditions) > 0 {
		st.where = " WHERE " + strings.Join(conditions, " AND ")
	}
	return nil
}

// aboutPlaces are the views that a bounded scope narrows: those with the column scope_location. Other lists are about the
// whole organization, and who may read them is decided before.
var aboutPlaces = map[string]bool{
	"device_list": true, "installation_list": true, "evidence_list": true, "document_list": true, "remark_list": true,
	"agent_list": true, "location_list": true,
}

func (st *gridStatement) parameter(v any) string {
	st.filterArgs = append(st.filterArgs, v)
	return "$" + strconv.Itoa(len(st.filterArgs))
}

// comparisons are the operators of SQL.
var comparisons = map[report.Op]string{
	report.Equal: " = ", report.Not: " <> ", report.Less: " < ", report.AtMost: " <= ", report.More: " > ", report.AtLeast: " >= ",
}

func (st *gridStatement) condition(c report.Column, f report.Filter) (string, error) {
	column, expression := quoted(c.Key), st.expression(c)
	text := c.Kind == report.Text || c.Kind == report.Choice
	switch f.Op {
	case report.Empty, report.Set:
		condition := column + " IS NULL"
		if text {
			condition = "(" + condition + " OR " + column + " = '')"
		}
		if f.Op == report.Set {
			condition = "NOT (" + condition + ")"
		}
		return condition, nil
	case report.Contains:
		if !text {
			return "", fault.New(fault.Invalid, "%s is no text: it cannot contain %q", c.Title, f.Value)
		}
		return expression + " LIKE " + st.parameter(containing(f.Value)) + ` ESCAPE '\'`, nil
	}
	comparison, known := comparisons[f.Op]
	if !known {
		return "", fault.New(fault.Invalid, "%q is no comparison", f.Op)
	}
	value, err := comparand(c, f.Value)
	if err != nil {
		return "", err
	}
	condition := expression + comparison + st.parameter(value)
	if f.Op == report.Not {
		condition = "(" + condition + " OR " + column + " IS NULL)"
	}
	return condition, nil
}

// comparand is a filter's value in the type that its column compares in.
func comparand(c report.Column, text string) (any, error) {
	switch c.Kind {
	case report.Text, report.Choice:
		return lowerASCII(text), nil
	case report.Exact:
		r, ok := report.ParseExact(text)
		if !ok {
			return nil, fault.New(fault.Invalid, "%s is compared with a number, not %q", c.Title, text)
		}
		f, _ := r.Float64()
		return f, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, fault.New(fault.Invalid, "%s is compared with a whole number, not %q", c.Title, text)
	}
	return n, nil
}

// containing is the pattern of LIKE for text anywhere in a value, in lower case.
func containing(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(lowerASCII(text)) + "%"
}

// lowerASCII is what lower() does in both databases.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// cursorText is a place between two rows: the key values of a row, and which order they belong to.
type cursorText struct {
	Order  uint32            `json:"o"`
	Values []json.RawMessage `json:"v"`
}

// cursor writes the place of a row.
func (st *gridStatement) cursor(r gridRow) string {
	c := cursorText{Order: st.orderSum()}
	for _, v := range r.keys {
		raw, err := json.Marshal(v)
		if err != nil {
			return "" // not reached: strings and numbers always encode
		}
		c.Values = append(c.Values, raw)
	}
	raw, err := json.Marshal(c)
	if err != nil {
		return "" // not reached: see above
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// orderSum tells one order from another, so that a place is not looked for in a list sorted otherwise.
func (st *gridStatement) orderSum() uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(st.order(false))) // a hash does not fail
	return h.Sum32()
}

// errCursor answers a place that is not ours: a damaged link, or one of another order.
var errCursor = fault.New(fault.Invalid, "the page cannot be found by this link; go back to the first page")

// parseCursor reads what cursor wrote.
func (st *gridStatement) parseCursor(text string) ([]any, error) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, errCursor
	}
	var c cursorText
	if json.Unmarshal(raw, &c) != nil || c.Order != st.orderSum() || len(c.Values) != len(st.keys) {
		return nil, errCursor
	}
	values := make([]any, len(c.Values))
	for i, raw := range c.Values {
		if values[i], err = keyValue(st.keys[i].kind, raw); err != nil {
			return nil, errCursor
		}
	}
	return values, nil
}

func keyValue(kind report.ColumnKind, raw json.RawMessage) (any, error) {
	if string(raw) == "null" {
		if kind == "id" {
			return nil, errCursor
		}
		return nil, nil //nolint:nilnil // an unknown value
	}
	switch {
	case kind == report.Text || kind == report.Choice || kind == "id" && raw[0] == '"':
		var s string
		err := json.Unmarshal(raw, &s)
		return s, err
	case kind == report.Exact:
		var f float64
		err := json.Unmarshal(raw, &f)
		return f, err
	}
	var n int64
	err := json.Unmarshal(raw, &n)
	return n, err
}

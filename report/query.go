package report

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/highwater-sam/highwater/fault"
)

// The names of a query's parts in a URL. A filter is f.<column>; it may appear several times, and then all hold.
const (
	searchParam  = "q"
	sortParam    = "sort"
	columnsParam = "cols"
	afterParam   = "after"
	beforeParam  = "before"
	limitParam   = "limit"
	filterPrefix = "f."
)

// FilterParam is the name of a column's filter in a URL.
func FilterParam(key string) string { return filterPrefix + key }

// The limits of a query: what a URL may ask of the store.
const (
	DefaultLimit = 50
	MaxLimit     = 500
	maxSearch    = 200
	maxFilters   = 40
	maxSorts     = 6
	maxCursor    = 4096
)

// Column returns the column with the key, or nil.
func (g *Grid) Column(key string) *Column {
	for i := range g.Columns {
		if g.Columns[i].Key == key {
			return &g.Columns[i]
		}
	}
	return nil
}

// Shown returns the columns of a query in order: those it names, or those the grid shows by itself.
func (g *Grid) Shown(q Query) []Column {
	var shown []Column
	if len(q.Columns) > 0 {
		for _, key := range q.Columns {
			if c := g.Column(key); c != nil {
				shown = append(shown, *c)
			}
		}
		return shown
	}
	for _, c := range g.Columns {
		if !c.Hidden && !c.Inner {
			shown = append(shown, c)
		}
	}
	return shown
}

// A Problem is one part of a query that cannot be understood.
type Problem struct {
	Param string // of the URL, e.g. "f.cores"
	Text  string // what is wrong and how to write it
}

// Problems are all that is wrong with a query.
type Problems []Problem

// Error joins the problems.
func (p Problems) Error() string {
	texts := make([]string, len(p))
	for i, one := range p {
		texts[i] = one.Param + ": " + one.Text
	}
	return strings.Join(texts, "; ")
}

// Fault is the problems as an error that may be shown.
func (p Problems) Fault() error {
	if len(p) == 0 {
		return nil
	}
	return fault.New(fault.Invalid, "%s", p.Error())
}

// ParseQuery reads the query of a grid's URL. Parameters that are no part of a query are left alone; a part that cannot be
// understood is a problem and not applied, so a caller shows no rows when there are problems: they would be the wrong ones.
//
//	q=frankfurt                     rows that hold the text in any text column
//	f.cores=> 16                    a condition on a column, see ParseFilter
//	sort=-used,name                 by used descending, then by name
//	cols=name,cores,os              the columns, in order
//	after=…, before=…, limit=50     the page
func ParseQuery(g *Grid, values url.Values) (Query, Problems) {
	var q Query
	var problems Problems
	wrong := func(param, text string) { problems = append(problems, Problem{param, text}) }

	q.Search = strings.TrimSpace(values.Get(searchParam))
	if len(q.Search) > maxSearch || !utf8.ValidString(q.Search) || strings.ContainsRune(q.Search, 0) {
		wrong(searchParam, "the text to search for has to be valid text of at most "+strconv.Itoa(maxSearch)+" bytes")
		q.Search = ""
	}
	for _, param := range sortedParams(values) {
		for _, text := range values[param] {
			if strings.TrimSpace(text) == "" {
				continue // an empty control of the form
			}
			c := g.Column(strings.TrimPrefix(param, filterPrefix))
			if c == nil {
				wrong(param, "the list has no such column")
				continue
			}
			filters, err := ParseFilter(*c, text)
			if err != nil {
				wrong(param, fault.Message(err))
				continue
			}
			q.Filters = append(q.Filters, filters...)
		}
	}
	if len(q.Filters) > maxFilters {
		wrong(filterPrefix, "more than "+strconv.Itoa(maxFilters)+" conditions at once")
		q.Filters = nil
	}
	if text := values.Get(sortParam); text != "" {
		sorts, problem := g.parseSort(text)
		if problem != "" {
			wrong(sortParam, problem)
		}
		q.Sort = sorts
	}
	for _, text := range values[columnsParam] {
		for key := range strings.SplitSeq(text, ",") {
			switch c := g.Column(key); {
			case key == "" || slices.Contains(q.Columns, key):
			case c == nil || c.Inner:
				wrong(columnsParam, "the list has no column "+strconv.Quote(clip(key)))
			default:
				q.Columns = append(q.Columns, key)
			}
		}
	}
	q.After, q.Before = values.Get(afterParam), values.Get(beforeParam)
	if len(q.After) > maxCursor || len(q.Before) > maxCursor || q.After != "" && q.Before != "" {
		wrong(afterParam, "the page cannot be found by this; go back to the first")
		q.After, q.Before = "", ""
	}
	if text := values.Get(limitParam); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > MaxLimit {
			wrong(limitParam, "a page has 1 to "+strconv.Itoa(MaxLimit)+" rows")
		} else {
			q.Limit = n
		}
	}
	return q, problems
}

// sortedParams are the filter parameters, in an order that does not change.
func sortedParams(values url.Values) []string {
	var params []string
	for param := range values {
		if strings.HasPrefix(param, filterPrefix) {
			params = append(params, param)
		}
	}
	slices.Sort(params)
	return params
}

func (g *Grid) parseSort(text string) ([]Sort, string) {
	var sorts []Sort
	for part := range strings.SplitSeq(text, ",") {
		key, descending := strings.CutPrefix(part, "-")
		if key == "" {
			continue
		}
		c := g.Column(key)
		if c == nil || c.Inner {
			return nil, "the list has no column " + strconv.Quote(clip(key))
		}
		if slices.ContainsFunc(sorts, func(s Sort) bool { return s.Key == key }) {
			continue
		}
		if len(sorts) == maxSorts {
			return nil, "a list is sorted by at most " + strconv.Itoa(maxSorts) + " columns"
		}
		sorts = append(sorts, Sort{key, descending})
	}
	return sorts, ""
}

// Encode writes the query as the values of a URL from which ParseQuery reads the same query.
func (q Query) Encode(g *Grid) url.Values {
	values := url.Values{}
	if q.Search != "" {
		values.Set(searchParam, q.Search)
	}
	for _, f := range q.Filters {
		if c := g.Column(f.Key); c != nil {
			values.Add(filterPrefix+f.Key, FormatFilter(*c, f))
		}
	}
	if len(q.Sort) > 0 {
		values.Set(sortParam, EncodeSort(q.Sort))
	}
	if len(q.Columns) > 0 {
		values.Set(columnsParam, strings.Join(q.Columns, ","))
	}
	if q.After != "" {
		values.Set(afterParam, q.After)
	}
	if q.Before != "" {
		values.Set(beforeParam, q.Before)
	}
	if q.Limit != 0 {
		values.Set(limitParam, strconv.Itoa(q.Limit))
	}
	return values
}

// EncodeSort writes an order as the value of the sort parameter.
func EncodeSort(sorts []Sort) string {
	parts := make([]string, len(sorts))
	for i, s := range sorts {
		if s.Descending {
			parts[i] = "-"
		}
		parts[i] += s.Key
	}
	return strings.Join(parts, ",")
}

// clip shortens what a person sent, for a message.
func clip(s string) string {
	const most = 40
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}

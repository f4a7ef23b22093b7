package web

import (
	"net/url"
	"slices"
	"strings"

	"github.com/highwater-sam/highwater/report"
)

func headOf(settings gridSettings, c report.Column, q report.Query, raw url.Values, problems report.Problems) head {
	h := head{Key: c.Key, Title: c.Title, Unit: c.Unit, Help: c.Help, Number: isNumber(settings.grid, c), Param: report.FilterParam(c.Key)}
	sorts := q.Sort
	if len(sorts) == 0 {
		sorts = settings.grid.Sort
	}
	for i, s := range sorts {
		if s.Key != c.Key {
			continue
		}
		h.Aria = "ascending"
		if s.Descending {
			h.Aria = "descending"
		}
		if len(sorts) > 1 {
			h.Order = i + 1
		}
	}
	descendingFirst := c.Kind != report.Text && c.Kind != report.Choice // figures and times: the largest and latest first
	h.SortURL = settings.link(withSort(raw, sortBy(sorts, c.Key, descendingFirst)))
	h.AddURL = settings.link(withSort(raw, sortAlso(sorts, c.Key, descendingFirst)))
	values := raw[h.Param]
	if len(values) > 0 {
		h.Value = values[0] // further conditions on the column stand among the chips
	}
	h.Placeholder = map[report.ColumnKind]string{
		report.Text: "contains", report.Number: "> 0", report.Exact: "> 0", report.Instant: "after", report.Day: "after",
	}[c.Kind]
	h.Problem = slices.ContainsFunc(problems, func(p report.Problem) bool { return p.Param == h.Param })
	if c.Kind == report.Choice {
		h.Options = options(settings.grid, c, h.Value)
	}
	return h
}

// options are the choices of a column's filter; a condition that is none of them is kept as one more.
func options(g *report.Grid, c report.Column, value string) []option {
	all := []option{{"", "any", value == ""}}
	known := value == ""
	for _, v := range c.Values {
		all = append(all, option{v, choiceTitle(g, c, v), strings.EqualFold(v, value)})
		known = known || strings.EqualFold(v, value)
	}
	if !known {
		all = append(all, option{value, value, true})
	}
	return all
}

// sortBy is the order after the head of a column is chosen: by this column alone, one way, then the other, then the
// list's own order.
func sortBy(now []report.Sort, key string, descendingFirst bool) []report.Sort {
	switch {
	case len(now) == 0 || now[0].Key != key:
		return []report.Sort{{Key: key, Descending: descendingFirst}}
	case now[0].Descending == descendingFirst:
		return []report.Sort{{Key: key, Descending: !descendingFirst}}
	}
	return nil
}

// sortAlso is the order after the head of a column is chosen as a further level: last, then the other way, then gone.
func sortAlso(now []report.Sort, key string, descendingFirst bool) []report.Sort {
	at := slices.IndexFunc(now, func(s report.Sort) bool { return s.Key == key })
	next := slices.Clone(now)
	switch {
	case at < 0:
		return append(next, report.Sort{Key: key, Descending: descendingFirst})
	case now[at].Descending == descendingFirst:
		next[at].Descending = !descendingFirst
		return next
	}
	return slices.Delete(next, at, at+1)
}

func withSort(raw url.Values, sorts []report.Sort) url.Values {
	values := without(raw, "sort", "after", "before")
	if len(sorts) > 0 {
		values.Set("sort", report.EncodeSort(sorts))
	}
	return values
}

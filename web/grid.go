package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/report"
)

// listPage is a page that is one grid.
type listPage struct {
	grid  *report.Grid
	path  string
	views []savedView
	empty emptyState
	title string // "" = the grid's
	crumb string
	extra func(*server) *extraColumn
	note  string // a sentence under the title: what a row is
}

// savedView is a view of a list that many need, as a tab.
type savedView struct {
	Title string
	Query report.Query
}

// emptyState is what an empty list says, and the one thing to do.
type emptyState struct {
	Heading, Text   string
	Action, LinkURL string // "" = none
}

// gridSettings are what the page around a grid decides.
type gridSettings struct {
	grid  *report.Grid
	path  string
	fixed []report.Filter // narrows the list whatever the URL says; not shown as filters
	drop  []string        // columns that the page around says already
	views []savedView
	empty emptyState
	whole bool // the frame grows with its rows
	extra *extraColumn
}

// extraColumn is a column that is drawn, not read: it cannot be sorted or filtered, and files do not have it.
type extraColumn struct {
	after string // the key of the column before it; without that column it is not shown
	title string
	cells func(ctx context.Context, ids []string) (map[string]cell, error)
}

// gridView is what grid.html is filled with.
type gridView struct {
	ID, Path, Label string
	Noun            string
	Total           int64
	Found           string // "50 of 148 licenses"
	Narrowed        bool   // by search or filters
	Tabs            []tab
	Search          string
	Chips           []chip
	Hidden          []param // of the form: what is kept when filters change
	Heads           []head
	Rows            []gridRow
	Columns         []choice
	ColumnsHidden   []param
	Standard        string // URL with the grid's own columns
	Clear           string // URL without search and filters
	CSV             string
	Next, Prev      string
	Problems        []string
	Empty           emptyState
	Whole           bool
	Limit           int
}

type tab struct {
	Title, URL string
	Current    bool
}

type chip struct{ Label, Remove string }

type param struct{ Name, Value string }

type choice struct {
	Key, Title string
	On         bool
	Fixed      bool // the first column names the row: it stays
}

type head struct {
	Key, Title, Unit, Help string
	Number                 bool
	SortURL, AddURL        string
	Aria                   string // aria-sort
	Order                  int    // 1 = sorted first; 0 = not, or the only one
	Param, Value           string // of the filter
	Placeholder            string
	Options                []option // of a choice
	Problem                bool
}

type option struct {
	Value, Title string
	Selected     bool
}

type gridRow struct {
	ID    string
	Cells []cell
}

// gridNames are the parameters of a grid's URL; others are left alone.
var gridNames = []string{"q", "sort", "cols", "after", "before", "limit"}

// rows reads one page of a list as the viewer may see it.
func (s *server) rows(ctx context.Context, v *viewer, g *report.Grid, q report.Query) (report.Page, error) {
	if organizationWide[g.Name] && !v.Scope.Unbounded() {
		return report.Page{}, errBounded
	}
	return s.Store.Grid(ctx, g, q, v.Scope)
}

// list makes the handler of a page that is one grid.
func (s *server) list(p listPage) pageHandler {
	return func(w http.ResponseWriter, r *http.Request, v *viewer) error {
		settings := gridSettings{grid: p.grid, path: p.path, views: p.views, empty: p.empty}
		if p.extra != nil {
			settings.extra = p.extra(s)
		}
		return s.showGrid(w, r, v, settings, func(g *gridView) page {
			title := p.title
			if title == "" {
				title = p.grid.Title
			}
			return page{Title: title, Template: "list.html", Data: listData{title, p.crumb, p.note, s.stampNow(r.Context(), v), g}}
		})
	}
}

// listData fills list.html.
type listData struct {
	Title, Crumb, Note string
	Stamp              stamp
	Grid               *gridView
}

// showGrid answers with the page around a grid, or with the grid alone where htmx asked for it.
func (s *server) showGrid(w http.ResponseWriter, r *http.Request, v *viewer, settings gridSettings, around func(*gridView) page) error {
	w.Header().Add("Vary", "HX-Request")
	raw := tidy(r.URL.Query())
	partial := r.Header.Get("HX-Request") == "true" && r.Header.Get("HX-Target") == gridID(settings.grid)
	clean := settings.path
	if len(raw) > 0 {
		clean += "?" + encode(raw)
	}
	if !partial && r.URL.RequestURI() != clean && len(r.URL.Query()) != len(raw) {
		http.Redirect(w, r, clean, http.StatusFound) // a form without scripts sends its empty controls too
		return nil
	}
	g, status, err := s.grid(r.Context(), v, settings, raw)
	if err != nil {
		return err
	}
	if partial {
		w.Header().Set("HX-Push-Url", clean)
		s.renderPart(w, r, http.StatusOK, "list.html", "grid", g) // htmx swaps only what succeeded
		return nil
	}
	return s.show(w, r, v, status, around(g))
}

func gridID(g *report.Grid) string { return "grid-" + g.Name }

// grid reads the page of rows that the URL's values ask for. A part of them that is not understood shows no rows and says why.
func (s *server) grid(ctx context.Context, v *viewer, settings gridSettings, raw url.Values) (*gridView, int, error) {
	g := settings.grid
	q, problems := report.ParseQuery(g, raw)
	view := newGridView(settings, q, raw, problems)
	if len(problems) > 0 {
		return view, http.StatusUnprocessableEntity, nil
	}
	ask := settings.narrowed(q)
	ask.Columns = nil // the store adds the cells that links are made of
	for _, c := range settings.shown(q) {
		ask.Columns = append(ask.Columns, c.Key)
	}
	if ask.Limit == 0 {
		ask.Limit = report.DefaultLimit
	}
	found, err := s.rows(ctx, v, g, ask)
	if fault.KindOf(err) == fault.Invalid { // e.g. a cursor of another order
		view.Problems = append(view.Problems, sentence(fault.Message(err)))
		return view, http.StatusUnprocessableEntity, nil
	}
	if err != nil {
		return nil, 0, err
	}
	view.fill(settings, raw, found)
	if settings.extra != nil {
		if err := view.insert(ctx, settings.extra); err != nil {
			return nil, 0, err
		}
	}
	return view, http.StatusOK, nil
}

// insert adds the drawn column to the rows and heads.
func (view *gridView) insert(ctx context.Context, extra *extraColumn) error {
	at := slices.IndexFunc(view.Heads, func(h head) bool { return h.Key == extra.after }) + 1
	if at == 0 {
		return nil
	}
	ids := make([]string, len(view.Rows))
	for i, row := range view.Rows {
		ids[i] = row.ID
	}
	cells, err := extra.cells(ctx, ids)
	if err != nil {
		return err
	}
	view.Heads = slices.Insert(view.Heads, at, head{Key: "drawn", Title: extra.title})
	for i := range view.Rows {
		view.Rows[i].Cells = slices.Insert(view.Rows[i].Cells, at, cells[view.Rows[i].ID])
	}
	return nil
}

// narrowed is the query with the filters the page around the grid fixes.
func (settings gridSettings) narrowed(q report.Query) report.Query {
	q.Filters = append(slices.Clone(settings.fixed), q.Filters...)
	return q
}

// shown are the columns to show for a query.
func (settings gridSettings) shown(q report.Query) []report.Column {
	columns := settings.grid.Shown(q)
	return slices.DeleteFunc(columns, func(c report.Column) bool { return slices.Contains(settings.drop, c.Key) })
}

// linkKeys are the names in braces of a link.
func linkKeys(link string) []string {
	var keys []string
	for {
		_, rest, ok := strings.Cut(link, "{")
		if !ok {
			return keys
		}
		key, rest, _ := strings.Cut(rest, "}")
		keys = append(keys, key)
		link = rest
	}
}

// newGridView lays out everything but the rows.
func newGridView(settings gridSettings, q report.Query, raw url.Values, problems report.Problems) *gridView {
	g := settings.grid
	view := &gridView{
		ID: gridID(g), Path: settings.path, Label: g.Title, Noun: g.Noun, Search: raw.Get("q"), Empty: settings.empty, Whole: settings.whole,
		Narrowed: q.Search != "" || len(q.Filters) > 0,
		Clear:    settings.link(without(raw, clearing(raw)...)),
		Standard: settings.link(without(raw, "cols", "after", "before")),
		CSV:      "/lists/" + g.Name + ".csv?" + encode(settings.forCSV(raw)),
	}
	for _, p := range problems {
		view.Problems = append(view.Problems, problemText(g, p))
	}
	for _, name := range []string{"sort", "cols", "limit"} {
		if raw.Get(name) != "" {
			view.Hidden = append(view.Hidden, param{name, strings.Join(raw[name], ",")})
		}
	}
	for _, name := range slices.Sorted(mapKeys(raw)) {
		if name != "cols" && name != "after" && name != "before" {
			for _, value := range raw[name] {
				view.ColumnsHidden = append(view.ColumnsHidden, param{name, value})
			}
		}
	}
	view.tabs(settings, q, raw)
	view.chips(settings, raw, q)
	view.chooser(settings, q)
	for _, c := range settings.shown(q) {
		view.Heads = append(view.Heads, headOf(settings, c, q, raw, problems))
	}
	return view
}

// problemText names the column a problem is about, as the head does.
func problemText(g *report.Grid, p report.Problem) string {
	if key, ok := strings.CutPrefix(p.Param, "f."); ok {
		if c := g.Column(key); c != nil {
			return "The filter on " + c.Title + ": " + sentence(p.Text)
		}
	}
	return sentence(p.Text)
}

// link is the address of the list with these values.
func (settings gridSettings) link(values url.Values) string {
	if len(values) == 0 {
		return settings.path
	}
	return settings.path + "?" + encode(values)
}

// forCSV are the values of the file's address: the page's own, and the filters that the page around fixes.
func (settings gridSettings) forCSV(raw url.Values) url.Values {
	values := without(raw, "after", "before", "limit")
	for _, f := range settings.fixed {
		values.Add(report.FilterParam(f.Key), report.FormatFilter(*settings.grid.Column(f.Key), f))
	}
	return values
}

func (view *gridView) tabs(settings gridSettings, q report.Query, raw url.Values) {
	if len(settings.views) == 0 {
		return
	}
	same := func(filters []report.Filter) bool { return slices.Equal(filters, q.Filters) && q.Search == "" }
	narrowed := len(clearing(raw)) > 3 || raw.Get("q") != "" // beyond q, after and before there are filters
	view.Tabs = append(view.Tabs, tab{"All", settings.path, !narrowed})
	for _, v := range settings.views {
		view.Tabs = append(view.Tabs, tab{v.Title, settings.link(v.Query.Encode(settings.grid)), len(v.Query.Filters) > 0 && same(v.Query.Filters)})
	}
}

// chips show what narrows the list, each with its removal; above all for columns that are not shown.
func (view *gridView) chips(settings gridSettings, raw url.Values, q report.Query) {
	for _, name := range slices.Sorted(mapKeys(raw)) {
		key, ok := strings.CutPrefix(name, "f.")
		if !ok {
			continue
		}
		title := key
		if c := settings.grid.Column(key); c != nil {
			title = c.Title
		}
		for i, value := range raw[name] {
			rest := without(raw, "after", "before")
			rest[name] = slices.Delete(slices.Clone(raw[name]), i, i+1)
			view.Chips = append(view.Chips, chip{title + ": " + value, settings.link(tidy(rest))})
		}
	}
	if q.Search != "" {
		view.Chips = append(view.Chips, chip{"Search: " + q.Search, settings.link(without(raw, "q", "after", "before"))})
	}
}

// chooser lists all columns: the shown in their order, then the others.
func (view *gridView) chooser(settings gridSettings, q report.Query) {
	shown := map[string]bool{}
	for _, c := range settings.shown(q) {
		shown[c.Key] = true
		view.Columns = append(view.Columns, choice{c.Key, c.Title, true, len(view.Columns) == 0})
	}
	for _, c := range settings.grid.Columns {
		if !c.Inner && !shown[c.Key] && !slices.Contains(settings.drop, c.Key) {
			view.Columns = append(view.Columns, choice{c.Key, c.Title, false, false})
		}
	}
}

// fill adds the rows.
func (view *gridView) fill(settings gridSettings, raw url.Values, found report.Page) {
	view.Total = found.Total
	position := map[string]int{}
	for i, c := range found.Columns {
		position[c.Key] = i
	}
	for _, row := range found.Rows {
		get := func(key string) any {
			if key == "id" {
				return row.ID
			}
			if i, ok := position[key]; ok && i < len(row.Cells) {
				return row.Cells[i]
			}
			return nil
		}
		out := gridRow{ID: row.ID}
		for _, h := range view.Heads {
			out.Cells = append(out.Cells, cellOf(settings.grid, *settings.grid.Column(h.Key), get))
		}
		view.Rows = append(view.Rows, out)
	}
	if found.Next != "" {
		view.Next = settings.link(withValue(without(raw, "before"), "after", found.Next))
	}
	if found.Prev != "" {
		view.Prev = settings.link(withValue(without(raw, "after"), "before", found.Prev))
	}
	view.Limit = len(found.Rows)
	if int64(len(found.Rows)) == found.Total {
		view.Found = plural(found.Total, settings.grid.Noun)
	} else {
		view.Found = report.FormatInt(int64(len(found.Rows))) + " of " + plural(found.Total, settings.grid.Noun)
	}
}

package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/highwater-sam/highwater/auth"
	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/report"
	"github.com/highwater-sam/highwater/store"
	"github.com/highwater-sam/highwater/store/storetest"
)

// TestEveryDeclaredColumnExists: each list can be read with all its columns, sorted and filtered by each.
func TestEveryDeclaredColumnExists(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		take(t, st, first("d1", "db01", 6))
		for _, g := range report.Lists() {
			storetest.Grid(t, st, g)
		}
	})
}

// sheep is a list of devices by what tests vary.
var sheep = report.Grid{Name: "device_list", Title: "Sheep", Noun: "sheep", Columns: []report.Column{
	{Key: "name", Title: "Name", Kind: report.Text}, {Key: "domain", Title: "Domain", Kind: report.Text}, {Key: "cores", Title: "Cores", Kind: report.Number},
	{Key: "location", Title: "Location", Kind: report.Text}, {Key: "kind", Title: "Kind", Kind: report.Choice, Values: []string{"computer", "vm"}},
	{Key: "last_document", Title: "Last", Kind: report.Instant}, {Key: "host_id", Kind: report.Number, Inner: true},
}}

// flock makes devices with few different names, domains and cores, so that every order has ties and unknown values.
func flock(t *testing.T, st *store.Store, n int) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		in := first(fmt.Sprintf("doc-%d", i), fmt.Sprintf("sheep%d", i), 6+i)
		names := []string{"alpha", "Alpha", "beta", "BETA_1", "gamma%", "zebra", "äther", "Ω", ""}
		domains := []string{"", "example.net", "Example.org"}
		in.Points[1].Value = &device.Name{Name: names[r.IntN(len(names))], Domain: domains[r.IntN(len(domains))]}
		if r.IntN(4) == 0 {
			in.Points = in.Points[1:] // hardware unknown
		} else {
			in.Points[0].Value = hardware(int64(1 + r.IntN(4)))
		}
		if r.IntN(3) == 0 {
			in.Kind = device.VM
		}
		take(t, st, in)
	}
}

func rowsOf(t *testing.T, st *store.Store, g *report.Grid, q report.Query, scope auth.Scope) []report.Row {
	t.Helper()
	var rows []report.Row
	for r, err := range st.GridEach(t.Context(), g, q, scope) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r)
	}
	return rows
}

// TestPagesAreTheWholeList: walking pages forward and back, by any order, gives exactly the rows of the whole list, also on
// both databases alike.
func TestPagesAreTheWholeList(t *testing.T) {
	orders := map[string][]string{} // by database, the rows of each query
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		flock(t, st, 60)
		rapid.Check(t, func(rt *rapid.T) {
			keys := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"name", "domain", "cores", "kind", "last_document", "location"}), 0, 4, rapid.ID[string]).Draw(rt, "keys")
			var q report.Query
			for _, k := range keys {
				q.Sort = append(q.Sort, report.Sort{Key: k, Descending: rapid.Bool().Draw(rt, "descending")})
			}
			q.Limit = rapid.SampledFrom([]int{3, 7, 20, 59, 60, 70}).Draw(rt, "limit")
			q.Columns = []string{"name", "domain", "cores"}
			want := idsOf(rowsOf(t, st, &sheep, q, auth.Everything))
			forward, lastPage := walk(rt, st, q)
			if !slices.Equal(forward, want) {
				rt.Fatalf("pages forward %v\nlist %v", forward, want)
			}
			var backward []string
			for page := lastPage; ; {
				backward = append(idsOf(page.Rows), backward...)
				if page.Prev == "" {
					break
				}
				q.Before, q.After = page.Prev, ""
				var err error
				if page, err = st.Grid(t.Context(), &sheep, q, auth.Everything); err != nil {
					rt.Fatal(err)
				}
			}
			if !slices.Equal(backward, want) {
				rt.Fatalf("pages backward %v\nlist %v", backward, want)
			}
		})
		// The same order in words, on both databases.
		q := report.Query{Sort: []report.Sort{{Key: "name"}, {Key: "cores", Descending: true}}, Columns: []string{"name", "cores"}}
		orders[st.Database()] = nil
		for _, r := range rowsOf(t, st, &sheep, q, auth.Everything) {
			orders[st.Database()] = append(orders[st.Database()], fmt.Sprint(r.Cells[:2]))
		}
	})
	if a, b := orders["sqlite"], orders["postgres"]; len(b) > 0 && !slices.Equal(a, b) {
		t.Errorf("the databases sort differently:\n%v\n%v", a, b)
	}
}

func walk(rt *rapid.T, st *store.Store, q report.Query) (ids []string, last report.Page) {
	for {
		page, err := st.Grid(rt.Context(), &sheep, q, auth.Everything)
		if err != nil {
			rt.Fatal(err)
		}
		if page.Total != 60 || len(page.Rows) > q.Limit {
			rt.Fatalf("a page of %d rows, %d in all", len(page.Rows), page.Total)
		}
		if q.After != "" && page.Prev == "" {
			rt.Fatal("a later page has no way back")
		}
		ids = append(ids, idsOf(page.Rows)...)
		if page.Next == "" {
			return ids, page
		}
		q.After = page.Next
	}
}

func idsOf(rows []report.Row) []string {
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	return ids
}

// TestAPageStaysWhereItIs: rows that come before the place of a page neither repeat nor hide one.
func TestAPageStaysWhereItIs(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		for i, name := range []string{"b", "d", "f", "h"} {
			take(t, st, first(fmt.Sprint("d", i), name, 6))
		}
		q := report.Query{Sort: []report.Sort{{Key: "name"}}, Columns: []string{"name"}, Limit: 2}
		page, err := st.Grid(t.Context(), &sheep, q, auth.Everything)
		if err != nil {
			t.Fatal(err)
		}
		take(t, st, first("dx", "a", 7))
		take(t, st, first("dy", "g", 7))
		q.After = page.Next
		page, err = st.Grid(t.Context(), &sheep, q, auth.Everything)
		if err != nil {
			t.Fatal(err)
		}
		if got := cells(page.Rows, 0); !slices.Equal(got, []string{"f", "g"}) {
			t.Errorf("the second page has %v, want f and g", got)
		}
	})
}

func cells(rows []report.Row, i int) []string {
	out := make([]string, len(rows))
	for j, r := range rows {
		out[j] = fmt.Sprint(r.Cells[i])
	}
	return out
}

func TestFilters(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		for i, d := range []struct {
			name  string
			cores int64
		}{{"Frankfurt-1", 2}, {"frankfurt_2", 16}, {"berlin%3", 64}, {`ham\burg`, 0}} {
			in := first(fmt.Sprint("d", i), d.name, 6+i)
			in.Points[0].Value = hardware(d.cores)
			if d.cores == 0 {
				in.Points = in.Points[1:]
			}
			take(t, st, in)
		}
		for _, c := range []struct {
			column, text, want string
		}{
			{"name", "FRANK", "Frankfurt-1 frankfurt_2"},
			{"name", "= FRANKFURT-1", "Frankfurt-1"},
			{"name", "!= frankfurt-1", "frankfurt_2 berlin%3 ham\\burg"},
			{"name", "t_", "frankfurt_2"},
			{"name", "%", "berlin%3"},
			{"name", `\`, `ham\burg`},
			{"name", "'; DROP TABLE devices; --", ""},
			{"cores", "16", "frankfurt_2"},
			{"cores", "!= 16", `Frankfurt-1 berlin%3 ham\burg`},
			{"cores", "> 2", "frankfurt_2 berlin%3"},
			{"cores", "2..16", "Frankfurt-1 frankfurt_2"},
			{"cores", "empty", `ham\burg`},
			{"cores", "set", "Frankfurt-1 frankfurt_2 berlin%3"},
			{"kind", "computer", `Frankfurt-1 frankfurt_2 berlin%3 ham\burg`},
			{"kind", "!= computer", ""},
			{"location", "empty", `Frankfurt-1 frankfurt_2 berlin%3 ham\burg`},
			{"last_document", "after 2026-03-01 07:30", `berlin%3 ham\burg`},
		} {
			filters, err := report.ParseFilter(*sheep.Column(c.column), c.text)
			if err != nil {
				t.Fatal(err)
			}
			q := report.Query{Filters: filters, Sort: []report.Sort{{Key: "last_document"}}, Columns: []string{"name"}}
			page, err := st.Grid(t.Context(), &sheep, q, auth.Everything)
			if err != nil {
				t.Errorf("%s %s: %v", c.column, c.text, err)
				continue
			}
			if got := strings.Join(cells(page.Rows, 0), " "); got != c.want || page.Total != int64(len(page.Rows)) {
				t.Errorf("%s %s: %q of %d, want %q", c.column, c.text, got, page.Total, c.want)
			}
		}
		page, err := st.Grid(t.Context(), &sheep, report.Query{Search: "KFURT"}, auth.Everything)
		if err != nil || page.Total != 2 {
			t.Errorf("search found %d, %v", page.Total, err)
		}
		for _, bad := range []report.Query{
			{Sort: []report.Sort{{Key: "id; DROP TABLE devices"}}}, {Filters: []report.Filter{{Key: "serial", Op: report.Equal, Value: "x"}}},
			{Filters: []report.Filter{{Key: "cores", Op: "OR 1=1", Value: "1"}}}, {Filters: []report.Filter{{Key: "cores", Op: report.Equal, Value: "1 OR 1=1"}}},
			{After: "nonsense"}, {Before: "eyJvIjowLCJ2IjpbXX0"},
		} {
			if _, err := st.Grid(t.Context(), &sheep, bad, auth.Everything); fault.KindOf(err) != fault.Invalid {
				t.Errorf("%+v gave %v, want a fault of kind invalid", bad, err)
			}
		}
	})
}

func TestAScopeNarrowsLists(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		ids := map[string]device.ID{}
		for i, name := range []string{"berlin", "paris", "boston", "nowhere"} {
			ids[name] = take(t, st, first(fmt.Sprint("d", i), name, 6)).Device
		}
		save := func(kind store.ConfigurationKind, key string, v any) {
			if err := st.SaveConfiguration(t.Context(), store.Change{Kind: kind, Key: key, Value: v, Author: "anna", Reason: "test"}); err != nil {
				t.Fatal(err)
			}
		}
		for _, l := range []store.Location{{ID: "emea", Region: 2}, {ID: "emea/de", Parent: "emea"}, {ID: "emea/de/berlin", Parent: "emea/de"}, {ID: "emea/fr", Parent: "emea"}, {ID: "amer", Region: 1}} {
			save(store.LocationConfiguration, l.ID, l)
		}
		save(store.DeviceConfiguration, store.DeviceKey(ids["berlin"]), store.DeviceSettings{Location: "emea/de/berlin"})
		save(store.DeviceConfiguration, store.DeviceKey(ids["paris"]), store.DeviceSettings{Location: "emea/fr"})
		save(store.DeviceConfiguration, store.DeviceKey(ids["boston"]), store.DeviceSettings{Location: "amer"})
		for _, c := range []struct {
			roots []string
			want  string
		}{{nil, "berlin boston nowhere paris"}, {[]string{"emea"}, "berlin paris"}, {[]string{"emea/de"}, "berlin"}, {[]string{"amer", "emea/fr"}, "boston paris"}, {[]string{"mars"}, ""}} {
			q := report.Query{Sort: []report.Sort{{Key: "name"}}, Columns: []string{"name"}}
			page, err := st.Grid(t.Context(), &sheep, q, auth.Scope{Locations: c.roots})
			if err != nil || strings.Join(cells(page.Rows, 0), " ") != c.want {
				t.Errorf("scope %v: %v, want %q (%v)", c.roots, cells(page.Rows, 0), c.want, err)
			}
		}
		// A location in use stays; a tree has no loops and no holes.
		for _, bad := range []store.Change{
			{Kind: store.LocationConfiguration, Key: "amer", Revision: 1, Author: "anna"},
			{Kind: store.LocationConfiguration, Key: "emea", Revision: 1, Value: store.Location{ID: "emea", Parent: "emea/de"}, Author: "anna"},
			{Kind: store.LocationConfiguration, Key: "x", Value: store.Location{ID: "x", Parent: "y"}, Author: "anna"},
			{Kind: store.DeviceConfiguration, Key: store.DeviceKey(ids["paris"]), Revision: 1, Value: store.DeviceSettings{Location: "mars"}, Author: "anna"},
			{Kind: store.DeviceConfiguration, Key: "999999", Value: store.DeviceSettings{}, Author: "anna"},
			{Kind: store.LocationConfiguration, Key: "amer", Revision: 0, Value: store.Location{ID: "amer"}, Author: "anna"},
		} {
			if err := st.SaveConfiguration(t.Context(), bad); err == nil || fault.KindOf(err) == fault.Internal {
				t.Errorf("%+v gave %v", bad, err)
			}
		}
		if place, err := st.Place(t.Context(), "emea/de/berlin"); err != nil || !slices.Equal(place, []string{"emea/de/berlin", "emea/de", "emea"}) {
			t.Errorf("place %v %v", place, err)
		}
		if _, err := st.Grid(t.Context(), &report.Licenses, report.Query{}, auth.Scope{Locations: []string{"amer"}}); err != nil {
			t.Errorf("a list that is about no place: %v", err)
		}
	})
}

func TestGridEachStopsWhenAsked(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		flock(t, st, 5)
		n := 0
		for _, err := range st.GridEach(t.Context(), &sheep, report.Query{}, auth.Everything) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n == 2 {
				break
			}
		}
		for _, err := range st.GridEach(t.Context(), &sheep, report.Query{Sort: []report.Sort{{Key: "no"}}}, auth.Everything) {
			if !errors.As(err, new(*fault.Error)) {
				t.Errorf("an unknown column gave %v", err)
			}
			n++
		}
		if n != 3 {
			t.Errorf("%d rows, want 3", n)
		}
	})
}

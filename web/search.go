package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/highwater-sam/highwater/report"
)

// searchData fills search.html.
type searchData struct {
	Text   string
	Groups []searchGroup
	None   bool
}

type searchGroup struct {
	Title, All string
	Found      string
	Hits       []searchHit
}

type searchHit struct {
	Title, Href, Note string
}

// search looks for a text in licenses, devices and documents.
func (s *server) search(w http.ResponseWriter, r *http.Request, v *viewer) error {
	d := searchData{Text: strings.TrimSpace(r.URL.Query().Get("q")), None: true}
	if d.Text != "" {
		for _, one := range []struct {
			grid        *report.Grid
			path, shown string
			notes       []string
		}{
			{&report.Licenses, "/licenses", "name", []string{"publisher", "metric"}},
			{&report.Devices, "/devices", "name", []string{"os_name", "location", "serial"}},
			{&report.Installations, "/installations", "product", []string{"version", "device"}},
			{&report.Documents, "/documents", "document", []string{"device", "source"}},
		} {
			q, problems := report.ParseQuery(one.grid, url.Values{"q": {d.Text}})
			if err := problems.Fault(); err != nil {
				return err
			}
			if !v.may(needsOf(one.grid)) || organizationWide[one.grid.Name] && !v.Scope.Unbounded() {
				continue
			}
			q.Limit, q.Columns = 8, append([]string{one.shown}, one.notes...)
			found, err := s.rows(r.Context(), v, one.grid, q)
			if err != nil {
				return err
			}
			if found.Total == 0 {
				continue
			}
			d.None = false
			d.Groups = append(d.Groups, groupOf(one.grid, one.path, d.Text, found))
		}
	}
	return s.show(w, r, v, http.StatusOK, page{Title: "Search", Template: "search.html", Data: d})
}

func groupOf(g *report.Grid, path, text string, found report.Page) searchGroup {
	group := searchGroup{Title: g.Title, All: path + "?" + encode(url.Values{"q": {text}}), Found: plural(found.Total, g.Noun)}
	for _, row := range found.Rows {
		get := func(key string) any {
			if key == "id" {
				return row.ID
			}
			for i, c := range found.Columns {
				if c.Key == key {
					return row.Cells[i]
				}
			}
			return nil
		}
		var hit searchHit
		for i, c := range found.Columns {
			if c.Inner {
				continue
			}
			one := cellOf(g, c, get)
			if i == 0 {
				hit.Title, hit.Href = one.Text, one.Href
				if g.Name == "installation_list" {
					hit.Href = linkOf("/devices/{device_id}", get)
				}
			} else if one.Text != "–" {
				hit.Note = strings.TrimPrefix(hit.Note+", "+one.Text, ", ")
			}
		}
		group.Hits = append(group.Hits, hit)
	}
	return group
}

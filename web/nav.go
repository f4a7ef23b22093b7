package web

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/highwater-sam/highwater/auth"
	"github.com/highwater-sam/highwater/report"
)

// navGroup is a heading of the navigation with its links.
type navGroup struct {
	Title string
	Links []navLink
}

type navLink struct {
	Title, URL string
	Count      string // "" = not shown
	Urgent     bool   // the count is of what needs a person
	Current    bool
}

// navEntry declares a link, who sees it, and the list it counts.
type navEntry struct {
	group, title, url string
	needs             auth.Action
	count             *report.Grid
	query             report.Query // narrows what is counted
	urgent            bool
}

// atRisk narrows the licenses to those over or near what was bought.
var atRisk = []report.Filter{
	{Key: "status", Op: report.Not, Value: report.StatusWithin},
	{Key: "status", Op: report.Not, Value: report.StatusNotMeasured},
}

var navEntries = []navEntry{
	{"", "Home", "/", "", nil, report.Query{}, false},
	{"Licenses", "All licenses", "/licenses", auth.ReadLicenses, &report.Licenses, report.Query{}, false},
	{"Licenses", "At risk", "/licenses?" + report.Query{Filters: atRisk}.Encode(&report.Licenses).Encode(), auth.ReadLicenses, &report.Licenses, report.Query{Filters: atRisk}, true},
	{"Licenses", "Peaks by region", "/peaks", auth.ReadLicenses, nil, report.Query{}, false},
	{"Licenses", "Installations", "/installations", auth.ReadLicenses, &report.Installations, report.Query{}, false},
	{"Licenses", "Remarks", "/remarks", auth.ReadLicenses, nil, report.Query{}, false},
	{"Inventory", "All devices", "/devices", auth.ReadInventory, &report.Devices, report.Query{}, false},
	{"Inventory", "Software evidence", "/evidence", auth.ReadInventory, nil, report.Query{}, false},
	{"Inventory", "Agents", "/agents", auth.ReadInventory, nil, report.Query{}, false},
	{"Evidence for auditors", "Documents", "/documents", auth.ReadDocuments, &report.Documents, report.Query{}, false},
	{"Evidence for auditors", "Reconciliations", "/runs", auth.ReadLicenses, nil, report.Query{}, false},
	{"Evidence for auditors", "Changes", "/changes", auth.ReadAudit, nil, report.Query{}, false},
	{"Evidence for auditors", "Audit log", "/audit", auth.ReadAudit, nil, report.Query{}, false},
}

// wholeOnly are the links to figures of the whole organization.
var wholeOnly = map[string]bool{navEntries[1].url: true, navEntries[2].url: true, "/peaks": true, "/runs": true, "/changes": true, "/audit": true}

// navigation is the navigation as the viewer sees it, with the link to the path marked.
func (s *server) navigation(ctx context.Context, v *viewer, path string) []navGroup {
	var groups []navGroup
	for _, e := range navEntries {
		if e.needs != "" && !v.may(e.needs) || wholeOnly[e.url] && !v.Scope.Unbounded() {
			continue
		}
		link := navLink{Title: e.title, URL: e.url, Urgent: e.urgent}
		link.Current = !strings.Contains(e.url, "?") && (e.url == path || e.url != "/" && strings.HasPrefix(path, e.url+"/"))
		if e.count != nil {
			if n, ok := s.counted(ctx, v, e); ok {
				link.Count = report.FormatInt(n)
				link.Urgent = e.urgent && n > 0
			}
		}
		if len(groups) == 0 || groups[len(groups)-1].Title != e.group {
			groups = append(groups, navGroup{Title: e.group})
		}
		groups[len(groups)-1].Links = append(groups[len(groups)-1].Links, link)
	}
	return groups
}

// countLife is how old a count in the navigation may be: counting a million rows at every click is no use to anybody.
const countLife = 15 * time.Second

// countCache remembers the counts of the navigation. The zero value is ready.
type countCache struct {
	mu   sync.Mutex
	seen map[string]countSeen
}

type countSeen struct {
	n  int64
	at time.Time
}

// counted returns how many rows an entry's list has for the viewer. A count that fails is left out.
func (s *server) counted(ctx context.Context, v *viewer, e navEntry) (int64, bool) {
	key := e.url + "\x00" + strings.Join(v.Scope.Locations, "\x00")
	now := time.Now() // the age of a count has nothing to do with the time shown on pages
	s.counts.mu.Lock()
	seen, ok := s.counts.seen[key]
	s.counts.mu.Unlock()
	if ok && now.Sub(seen.at) < countLife {
		return seen.n, true
	}
	q := e.query
	q.Limit = 1
	page, err := s.rows(ctx, v, e.count, q)
	if err != nil {
		s.log.Warn("a count of the navigation is left out", "list", e.count.Name, "error", err)
		return 0, false
	}
	s.counts.mu.Lock()
	defer s.counts.mu.Unlock()
	if s.counts.seen == nil || len(s.counts.seen) > 10_000 {
		s.counts.seen = map[string]countSeen{}
	}
	s.counts.seen[key] = countSeen{page.Total, now}
	return page.Total, true
}

// forget drops the counts, when something is known to have changed them.
func (c *countCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = nil
}

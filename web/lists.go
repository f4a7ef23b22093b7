package web

import (
	"context"
	"time"

	"github.com/highwater-sam/highwater/auth"
	"github.com/highwater-sam/highwater/measure"
	"github.com/highwater-sam/highwater/report"
)

// The pages that are one list each.
var (
	licensePage = listPage{
		grid: &report.Licenses, path: "/licenses",
		views: []savedView{{"At risk", report.Query{Filters: atRisk}}},
		extra: func(s *server) *extraColumn { return &extraColumn{"used", "Waterline", s.sparks} },
		empty: emptyState{"No licenses yet", "A license says what was bought and how it is counted. Import licenses with the command 'highwater import'.", "", ""},
	}
	peakPage = listPage{
		grid: &report.Peaks, path: "/peaks", crumb: "Licenses",
		empty: emptyState{"Nothing is measured yet", "Peaks appear with the first reconciliation that has licenses and devices.", "Licenses", "/licenses"},
	}
	installationPage = listPage{
		grid: &report.Installations, path: "/installations", crumb: "Licenses",
		views: []savedView{{"Consuming a license", report.Query{Filters: []report.Filter{{Key: "license", Op: report.Set}}}},
			{"Without a license", report.Query{Filters: []report.Filter{{Key: "license", Op: report.Empty}, {Key: "until", Op: report.Empty}}}}},
		empty: emptyState{"Nothing is recognized yet", "Products appear when devices have sent what is installed on them and a reconciliation has recognized it.", "Devices", "/devices"},
	}
	remarkPage = listPage{
		grid: &report.Remarks, path: "/remarks", crumb: "Licenses",
		note:  "What the measurement could not know about a device, or did not heed, and for how long. Each may move a figure.",
		views: []savedView{{"Still so", report.Query{Filters: []report.Filter{{Key: "until", Op: report.Empty}}}}},
		empty: emptyState{"No remarks", "The last measurement knew all it needed of every device.", "", ""},
	}
	devicePage = listPage{
		grid: &report.Devices, path: "/devices",
		views: []savedView{
			{"Hosts", report.Query{Filters: []report.Filter{{Key: "kind", Op: report.Equal, Value: "host"}}}},
			{"Guests", report.Query{Filters: []report.Filter{{Key: "kind", Op: report.Equal, Value: "vm"}}}},
			{"Computers", report.Query{Filters: []report.Filter{{Key: "kind", Op: report.Equal, Value: "computer"}}}},
		},
		empty: emptyState{"No devices yet", "Install an agent on a machine; it appears here with its first document, within a minute.", "", ""},
	}
	evidencePage = listPage{
		grid: &report.Evidence, path: "/evidence", crumb: "Inventory",
		empty: emptyState{"No software evidence yet", "Packages, files and tags appear with the first full document of a device.", "Devices", "/devices"},
	}
	agentPage = listPage{
		grid: &report.Agents, path: "/agents", crumb: "Collection",
		empty: emptyState{"No agents yet", "An agent enrolls with a token and is then known by its key.", "", ""},
	}
	documentPage = listPage{
		grid: &report.Documents, path: "/documents", crumb: "Evidence for auditors",
		empty: emptyState{"No documents yet", "Every inventory document is kept as it was received.", "Devices", "/devices"},
	}
	runPage = listPage{
		grid: &report.Runs, path: "/runs", crumb: "Evidence for auditors",
		empty: emptyState{"No reconciliation yet", "The first one runs with the first day, or when it is asked for.", "", ""},
	}
	changePage = listPage{
		grid: &report.Changes, path: "/changes", crumb: "Evidence for auditors",
		empty: emptyState{"Nothing was configured yet", "Every change of licenses, locations and settings is listed here with its author and reason.", "", ""},
	}
	auditPage = listPage{
		grid: &report.Audit, path: "/audit", crumb: "Evidence for auditors",
		empty: emptyState{"Nothing was done yet", "Sign-ins and changes are listed here.", "", ""},
	}
)

// organizationWide are the lists whose rows are figures of the whole organization: who sees a part of it does not see them.
var organizationWide = map[string]bool{"license_list": true, "peak_list": true, "run_list": true, "change_list": true, "audit_list": true}

// needsOf is the right to read a list.
func needsOf(g *report.Grid) auth.Action {
	switch g.Name {
	case "device_list", "evidence_list", "agent_list":
		return auth.ReadInventory
	case "document_list":
		return auth.ReadDocuments
	case "audit_list", "change_list":
		return auth.ReadAudit
	}
	return auth.ReadLicenses
}

// stamp says to when the figures of a page are measured.
type stamp struct {
	Measured, Reconciled time.Time
}

// stampNow is the stamp of the latest reconciliation.
func (s *server) stampNow(ctx context.Context, _ *viewer) stamp {
	run, ok, err := s.Store.LatestRun(ctx)
	if err != nil {
		s.log.Warn("the time of the last reconciliation is not shown", "error", err)
	}
	if err != nil || !ok {
		return stamp{}
	}
	return stamp{run.AsOf, run.Finished}
}

// count is how many rows a list has for the viewer with these filters.
func (s *server) count(ctx context.Context, v *viewer, g *report.Grid, filters ...report.Filter) (int64, error) {
	page, err := s.rows(ctx, v, g, report.Query{Filters: filters, Limit: 1})
	return page.Total, err
}

// sparks draws the waterlines of licenses in the newest period, for their list.
func (s *server) sparks(ctx context.Context, ids []string) (map[string]cell, error) {
	cells := map[string]cell{}
	for _, id := range ids {
		cells[id] = cell{Text: "–", Class: "quiet", Region: -1}
	}
	m, err := s.latest(ctx)
	if err != nil || m == nil {
		return cells, err
	}
	spans, err := s.periods(ctx, m)
	if err != nil || len(spans) == 0 {
		return cells, err
	}
	for _, id := range ids {
		l := m.Measurement.License(id)
		if l == nil {
			continue
		}
		for _, line := range report.LicenseLines(&measure.Measurement{Licenses: []*measure.License{l}}, spans[0].Name, nil) {
			series, err := s.seriesOf(ctx, m.Run.ID, id)
			if err != nil {
				return nil, err
			}
			chart := waterlineOf(line, spans[0], series, nil)
			cells[id] = cell{Spark: chart.draw(96, 28, false, false), Title: chart.Finding(), Region: -1}
		}
	}
	return cells, nil
}

package web

import (
	"bytes"
	"context"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/highwater-sam/highwater/assign"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/measure"
	"github.com/highwater-sam/highwater/report"
)

// licenseData is what every page about one license shows.
type licenseData struct {
	ID       string
	License  *assign.License
	Unit     string
	Stamp    stamp
	Tab      string
	Line     *report.LicenseLine // nil: not measured
	Periods  []tab
	Period   *span
	Headline string // "Over by 98 PVU"
	Chip     string
	Terms    []sumTerm
	Against  string
	Short    bool // what is bought is less than what is consumed

	Chart       *waterline
	Fallback    *drawing
	Legend      []legendEntry
	LegendAt    time.Time
	LegendTotal string
	Changes     []changeRow
	ChangeCount int
	Prose       string
	Together    *report.Together
	Figures     []figureLine
	Purchases   []purchaseRow
	Gaps        []gapRow
	GapCount    int // of all, also those not listed
	GapLength   time.Duration
	Remarks     []remarkLine
	Products    []productRow
	Servers     []momentView
	ServersNote string
	Grid        *gridView
}

type sumTerm struct{ Name, Class, Value, Note, Why string }

type legendEntry struct{ Name, Class, Value string }

type changeRow struct {
	At     time.Time
	Values []string
	Total  string
}

type figureLine struct{ Name, Value, Unit, Href string }

type purchaseRow struct {
	Reference, Quantity string
	Date                time.Time
	Expires             *time.Time
}

type productRow struct {
	ID, Role, Ratio string
}

type remarkLine struct {
	Text  string
	Count int
	Href  string
}

// mostGaps is how many unmeasured intervals the license's page lists.
const mostGaps = 12

// mostChanges is how many changes the license's page lists; the file has them all.
const mostChanges = 12

// licenseBase reads what all pages of a license need.
func (s *server) licenseBase(r *http.Request, v *viewer, tabName string) (*licenseData, *measured, error) {
	ctx := r.Context()
	if !v.Scope.Unbounded() {
		return nil, nil, errBounded
	}
	id := r.PathValue("id")
	l, err := s.licenseOf(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	d := &licenseData{ID: id, License: l, Unit: report.MetricName(l.Metric), Tab: tabName, Chip: "blind", Headline: "Not measured"}
	m, err := s.latest(ctx)
	if err != nil || m == nil {
		return d, nil, err
	}
	d.Stamp = stamp{m.Run.AsOf, m.Run.Finished}
	found := m.Measurement.License(id)
	if found == nil {
		return d, m, nil
	}
	spans, err := s.periods(ctx, m)
	if err != nil {
		return nil, nil, err
	}
	spans = slices.DeleteFunc(spans, func(p span) bool {
		return !slices.ContainsFunc(found.Periods, func(q measure.Period) bool { return q.Name == p.Name })
	})
	if len(spans) == 0 {
		return d, m, nil
	}
	chosen := spans[0]
	if name := r.URL.Query().Get("period"); name != "" {
		i := slices.IndexFunc(spans, func(p span) bool { return p.Name == name })
		if i < 0 {
			return nil, nil, fault.New(fault.NotFound, "There is no measured period %q.", name)
		}
		chosen = spans[i]
	}
	d.Period = &chosen
	for _, p := range spans {
		d.Periods = append(d.Periods, tab{p.Name, r.URL.Path + "?period=" + url.QueryEscape(p.Name), p.Name == chosen.Name})
	}
	for _, line := range report.LicenseLines(&measure.Measurement{Licenses: []*measure.License{found}}, chosen.Name, func(string) string { return l.Name }) {
		d.Line = &line
	}
	if d.Line != nil {
		d.Headline, d.Chip = headline(d.Line.Position, d.Unit)
	}
	return d, m, nil
}

// errBounded is said to a user who sees a part of the organization: figures of licenses are of all of it.
var errBounded = fault.New(fault.Forbidden, "A license's figures are sums over the whole organization, and you see a part of it. Its devices are in the list of devices.")

// headline says the position in words, with the class of its chip.
func headline(p report.Position, unit string) (string, string) {
	switch p.Status {
	case report.StatusOver:
		return "Over by " + exactText(new(big.Rat).Neg(p.Left)) + " " + unit, "over"
	case report.StatusNotEntitled:
		return "Not entitled: " + exactText(p.Consumed) + " " + unit, "over"
	case report.StatusNear:
		return "Near: " + exactText(p.Left) + " " + unit + " left", "near"
	case report.StatusNotMeasured:
		return "Not measured", "blind"
	}
	return "Within", "within"
}

// license answers with the page of one license: its position, its chart, its detail.
func (s *server) license(w http.ResponseWriter, r *http.Request, v *viewer) error {
	d, m, err := s.licenseBase(r, v, "compliance")
	if err != nil {
		return err
	}
	for _, p := range d.License.Purchases {
		d.Purchases = append(d.Purchases, purchaseRow{p.Reference, report.FormatNumber(string(p.Quantity)), p.Date, p.Expires})
	}
	d.Products = productRows(d.License)
	if d.Line != nil {
		if err := s.fillCompliance(r.Context(), d, m); err != nil {
			return err
		}
	}
	return s.show(w, r, v, http.StatusOK, page{Title: d.License.Name, Template: "license.html", Data: d,
		Scripts: []string{"uplot.min.js", "waterline.js"}, Styles: []string{"uplot.min.css"}})
}

func productRows(l *assign.License) []productRow {
	var rows []productRow
	for _, p := range l.Products {
		row := productRow{ID: string(p.Product), Role: "consumes"}
		if p.Supplementary {
			row.Role = "supplementary: comes with the others and consumes nothing"
		}
		if p.Ratio != nil {
			row.Ratio = fmt.Sprintf("%s VPC : %s entitlements", p.Ratio.VPC, p.Ratio.Entitlements)
		}
		rows = append(rows, row)
	}
	return rows
}

func (s *server) fillCompliance(ctx context.Context, d *licenseData, m *measured) error {
	series, err := s.seriesOf(ctx, m.Run.ID, d.ID)
	if err != nil {
		return err
	}
	d.terms()
	moments, err := s.peakMoments(ctx, d)
	if err != nil {
		return err
	}
	gaps, err := s.unmeasured(ctx, d, moments)
	if err != nil {
		return err
	}
	d.Gaps, d.GapCount, d.GapLength = gaps.rows[:min(len(gaps.rows), mostGaps)], len(gaps.rows), gaps.length
	d.Chart = waterlineOf(*d.Line, *d.Period, series, gaps.bands)
	d.Fallback = d.Chart.draw(800, 300, true, true)
	d.legend()
	d.changes()
	d.prose()
	d.figures(m.Measurement.License(d.ID))
	d.remarks(m.Measurement.License(d.ID))
	return nil
}

// terms is the answer as a sum: the regional peaks, their total, and what it is held against.
func (d *licenseData) terms() {
	why := func(region int) string {
		return fmt.Sprintf("/licenses/%s/why?period=%s&region=%d", url.PathEscape(d.ID), url.QueryEscape(d.Period.Name), region)
	}
	for _, r := range d.Line.Regions {
		b := band{Region: r.Region, Name: regionName(d.Unit, r.Region), Date: r.Date, Start: r.Start}
		d.Terms = append(d.Terms, sumTerm{Name: b.Name, Class: b.swatch(), Value: report.FormatNumber(r.Peak), Note: b.when(), Why: why(r.Region)})
	}
	p := d.Line.Position
	switch {
	case p.Entitled == nil:
		d.Against = "no entitlement is recorded"
	case p.Left.Sign() < 0:
		d.Against, d.Short = exactText(new(big.Rat).Neg(p.Left))+" short", true
	case p.Left.Sign() == 0:
		d.Against = "all of it consumed"
	default:
		d.Against = exactText(p.Left) + " left"
	}
}

// legend is the readout of the chart: the values now, until a pointer asks for another moment.
func (d *licenseData) legend() {
	if len(d.Chart.Rows) == 0 {
		return
	}
	last := d.Chart.Rows[len(d.Chart.Rows)-1]
	d.LegendAt, d.LegendTotal = d.Chart.Measured, exactText(last.Total)
	for i, b := range d.Chart.Bands {
		d.Legend = append(d.Legend, legendEntry{b.Name, b.swatch(), exactText(last.Values[i])})
	}
	for i, t := range d.Terms {
		if i < len(d.Chart.Bands) {
			t.Note = d.Chart.Bands[i].when()
			d.Terms[i] = t
		}
	}
}

func (d *licenseData) changes() {
	rows := d.Chart.Rows
	d.ChangeCount = len(rows)
	for i := len(rows) - 1; i >= 0 && len(d.Changes) < mostChanges; i-- {
		d.Changes = append(d.Changes, changeOf(rows[i]))
	}
}

func changeOf(r report.SeriesRow) changeRow {
	c := changeRow{At: r.At, Total: exactText(r.Total)}
	for _, v := range r.Values {
		c.Values = append(c.Values, exactText(v))
	}
	return c
}

// prose says why no single moment shows the peak, where that is so.
func (d *licenseData) prose() {
	best := report.HighestTogether(d.Chart.Rows, d.Chart.Measured)
	if best.Value == nil || best.Value.Sign() == 0 || len(d.Chart.Bands) < 2 {
		return
	}
	if best.Value.Cmp(d.Chart.Peak) < 0 {
		d.Together = &best
	}
}

// figures are the other figures of the license.
func (d *licenseData) figures(l *measure.License) {
	add := func(name, value, unit, href string) {
		d.Figures = append(d.Figures, figureLine{name, value, unit, href})
	}
	add("Consumed now, not rounded", report.FormatNumber(string(l.Current.Raw)), d.Unit, "")
	for _, p := range l.Periods {
		if p.Name != d.Period.Name {
			add("Peak "+p.Name, report.FormatNumber(string(p.Peak)), d.Unit, "/licenses/"+url.PathEscape(d.ID)+"?period="+url.QueryEscape(p.Name))
		}
	}
	if p := d.Line.Position; p.Percent != nil {
		add("Used", report.FormatPercent(p.Percent), "%", "")
	}
	capacity := "sub-capacity where eligible"
	if d.License.Rules.Capacity == "full" {
		capacity = "full capacity"
	}
	add("Counted at", capacity, "", "")
	if n := len(d.License.Rules.Exemptions); n > 0 {
		add("Exemptions", report.FormatInt(int64(n)), "", "")
	}
	if n := len(d.License.Rules.Points); n > 0 {
		add("Points rules", report.FormatInt(int64(n)), "", "")
	}
}

// remarks are counted by their code, each with the list behind it.
func (d *licenseData) remarks(l *measure.License) {
	counts := map[string]int{}
	var codes []string
	for _, r := range l.Remarks {
		code := string(r.Code)
		if counts[code] == 0 {
			codes = append(codes, code)
		}
		counts[code]++
	}
	for _, code := range codes {
		q := report.Query{Filters: []report.Filter{{Key: "license", Op: report.Equal, Value: d.License.Name}, {Key: "code", Op: report.Equal, Value: code}}}
		d.Remarks = append(d.Remarks, remarkLine{remarkText(code), counts[code], "/remarks?" + encode(q.Encode(&report.Remarks))})
	}
}

// licenseChanges answers with every change of the period as a file: exact values, one column a region.
func (s *server) licenseChanges(w http.ResponseWriter, r *http.Request, v *viewer) error {
	d, m, err := s.licenseBase(r, v, "compliance")
	if err != nil {
		return err
	}
	if d.Line == nil {
		return fault.New(fault.NotFound, "This license is not measured yet.")
	}
	series, err := s.seriesOf(r.Context(), m.Run.ID, d.ID)
	if err != nil {
		return err
	}
	chart := waterlineOf(*d.Line, *d.Period, series, nil)
	columns := []report.Column{{Key: "from", Kind: report.Instant}}
	for _, b := range chart.Bands {
		columns = append(columns, report.Column{Key: strings.ReplaceAll(strings.ToLower(b.Name), " ", "_"), Kind: report.Exact})
	}
	columns = append(columns, report.Column{Key: "together", Kind: report.Exact})
	var b bytes.Buffer
	out, err := report.NewCSV(&b, columns)
	if err != nil {
		return err
	}
	for _, row := range chart.Rows {
		cells := []any{row.At.UnixMicro()}
		for _, value := range row.Values {
			cells = append(cells, report.FormatExact(value))
		}
		if err := out.Write(report.Row{Cells: append(cells, report.FormatExact(row.Total))}); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", fileName(d.ID+"-"+d.Period.Name)+".csv"))
	_, _ = w.Write(b.Bytes()) // the other side may have gone
	return nil
}

// fileName keeps of a text what every system accepts in the name of a file.
func fileName(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.' {
			return r
		}
		return '-'
	}, text)
}

// assessed answers with the installations that consume from the license.
func (s *server) assessed(w http.ResponseWriter, r *http.Request, v *viewer) error {
	d, _, err := s.licenseBase(r, v, "assessed")
	if err != nil {
		return err
	}
	settings := gridSettings{
		grid: &report.Installations, path: r.URL.Path, drop: []string{"license"},
		fixed: []report.Filter{{Key: "license_id", Op: report.Equal, Value: d.ID}},
		empty: emptyState{"Nothing consumes from it", "No installation is assigned to this license. Its products decide which could be.", "All installations", "/installations"},
	}
	return s.showGrid(w, r, v, settings, func(g *gridView) page {
		d.Grid = g
		return page{Title: d.License.Name, Template: "license-assessed.html", Data: d}
	})
}

package web

import (
	"context"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/highwater-sam/highwater/auth"
	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/estate"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/measure"
	"github.com/highwater-sam/highwater/report"
)

// whyData is the page that goes from a total down to the document: total, region, server, guest, document.
type whyData struct {
	*licenseData
	Title     string
	Terms     []whyTerm
	Others    []whyTerm // regions that are not followed
	AtInstant bool      // a moment was asked for, not the peak
	Moment    *momentView
	Exact     string // of the region, when it is not the rounded figure
	Rounded   string
	Held      string // "Held from … to …"
	HeldFrom  time.Time
	HeldTo    time.Time
	HeldFor   time.Duration
	DateNote  string
	Gaps      []gapRow
	MoreGaps  int
	Server    *serverView
	Device    *deviceView
	Facts     []whyFact
	Document  *documentView
	Missing   string // why the way down ends here
}

type whyTerm struct {
	Name, Class, Value, Note, Href string
	Path                           bool
}

// whyFact is one fact that the count of a device rests on.
type whyFact struct {
	Name, Value, Note, Href string
	From, Until             string
	Learnt                  string
	Document, DocumentHref  string
	Path                    bool
}

func (s *server) why(w http.ResponseWriter, r *http.Request, v *viewer) error {
	base, m, err := s.licenseBase(r, v, "compliance")
	if err != nil {
		return err
	}
	if base.Line == nil {
		return fault.New(fault.NotFound, "This license is not measured yet, so there is no figure to explain.")
	}
	d := &whyData{licenseData: base}
	q := r.URL.Query()
	if err := s.fillWhy(r.Context(), v, d, m, q); err != nil {
		return err
	}
	return s.show(w, r, v, http.StatusOK, page{Title: d.Title, Template: "why.html", Data: d})
}

func (s *server) fillWhy(ctx context.Context, v *viewer, d *whyData, m *measured, q url.Values) error {
	region, err := chosenRegion(d.Line, q.Get("region"))
	if err != nil {
		return err
	}
	query := measure.Query{Period: d.Period.Name}
	if text := q.Get("at"); text != "" {
		at, err := estate.ParseInstant(text)
		if err != nil {
			return fault.New(fault.Invalid, "%q is no instant", clipText(text))
		}
		query, d.AtInstant = measure.Query{At: at}, true
	}
	x, err := s.explain(ctx, d.ID, query)
	if err != nil {
		return err
	}
	if x == nil {
		d.Missing = "This process measures nothing itself, so it cannot tell which servers made the figure."
	}
	d.whyTotal(x, region, q)
	if x == nil {
		return nil
	}
	i := slices.IndexFunc(x.Moments, func(one measure.Moment) bool { return int(one.Region) == region })
	if i < 0 {
		d.Missing = "Nothing was consumed here in this period, so no server stands behind the figure."
		return nil
	}
	return s.whyRegion(ctx, v, d, m, x.Moments[i], q)
}

func clipText(text string) string {
	if len(text) > 40 {
		return text[:40] + "…"
	}
	return text
}

// chosenRegion is the region that is followed: the one asked for, or the largest.
func chosenRegion(line *report.LicenseLine, text string) (int, error) {
	if text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || !slices.ContainsFunc(line.Regions, func(r report.RegionLine) bool { return r.Region == n }) && len(line.Regions) > 0 && (n < 0 || n > 3) {
			return 0, fault.New(fault.NotFound, "There is no region %q.", clipText(text))
		}
		return n, nil
	}
	best, chosen := new(big.Rat), 0
	for i, r := range line.Regions {
		if peak, ok := report.ParseExact(r.Peak); ok && (i == 0 || peak.Cmp(best) > 0) {
			best, chosen = peak, r.Region
		}
	}
	return chosen, nil
}

// address is this page with other choices.
func (d *whyData) address(q url.Values, set ...string) string {
	out := url.Values{"period": {d.Period.Name}}
	if d.AtInstant {
		out.Set("at", q.Get("at"))
	}
	for i := 0; i+1 < len(set); i += 2 {
		out.Set(set[i], set[i+1])
	}
	return "/licenses/" + url.PathEscape(d.ID) + "/why?" + encode(out)
}

// whyTotal is the first depth: the figure as the sum of its regions.
func (d *whyData) whyTotal(x *measure.Explanation, region int, q url.Values) {
	if d.AtInstant {
		total := new(big.Rat)
		for _, one := range x.Moments {
			if r := one.Total.Rat(); r != nil {
				total.Add(total, r)
			}
			d.addTerm(int(one.Region), string(one.Total), "", region, q)
		}
		d.Title = "Why " + exactText(total) + " " + d.Unit
		return
	}
	d.Title = "Why " + report.FormatNumber(d.Line.Peak) + " " + d.Unit
	for _, r := range d.Line.Regions {
		note := ""
		if !r.Date.IsZero() {
			note = r.Date.Format("2 Jan")
		}
		d.addTerm(r.Region, r.Peak, note, region, q)
		if r.Region == region {
			d.Rounded = report.FormatNumber(r.Peak)
			if r.Exact != r.Peak {
				d.Exact = report.FormatNumber(r.Exact)
			}
		}
	}
}

func (d *whyData) addTerm(region int, exact, note string, followed int, q url.Values) {
	name := regionName(d.Unit, region)
	t := whyTerm{Name: name, Class: band{Region: region, Name: name}.swatch(), Value: report.FormatNumber(exact), Note: note,
		Href: d.address(q, "region", strconv.Itoa(region)), Path: region == followed}
	d.licenseData.Terms = append(d.licenseData.Terms, sumTerm{})
	d.Terms = append(d.Terms, t)
	if !t.Path {
		d.Others = append(d.Others, t)
	}
}

// whyRegion is the second depth: the servers of the region, and how long the peak was held.
func (s *server) whyRegion(ctx context.Context, v *viewer, d *whyData, m *measured, one measure.Moment, q url.Values) error {
	names := s.names(ctx)
	region := strconv.Itoa(int(one.Region))
	view := names.momentOf(one, d.Unit, func(server, dev string) string {
		if dev != "" {
			return d.address(q, "region", region, "server", server, "device", dev) + "#s4"
		}
		return d.address(q, "region", region, "server", server) + "#s3"
	})
	d.Moment = &view
	if d.AtInstant {
		d.Rounded = view.Total
	} else if err := s.whyHeld(ctx, d, m, one); err != nil {
		return err
	}
	if len(view.Servers) == 0 {
		d.Missing = "No server stands behind the figure."
		return nil
	}
	at := 0
	if id := q.Get("server"); id != "" {
		at = slices.IndexFunc(view.Servers, func(x serverView) bool { return x.ID == id })
		if at < 0 {
			return fault.New(fault.NotFound, "Server %q does not count here at this moment.", clipText(id))
		}
	}
	d.Server = &view.Servers[at]
	d.Server.Chosen = true
	return s.whyServer(ctx, v, d, one, q)
}

// whyHeld says how long the region stood at its peak, and how much of that was not measured.
func (s *server) whyHeld(ctx context.Context, d *whyData, m *measured, one measure.Moment) error {
	series, err := s.seriesOf(ctx, m.Run.ID, d.ID)
	if err != nil {
		return err
	}
	for _, all := range series {
		if all.Region != int(one.Region) {
			continue
		}
		from := one.At.Time()
		rows := report.Rows([]report.Series{all}, from, d.Period.Measured)
		if len(rows) == 0 {
			return nil
		}
		d.HeldFrom, d.HeldTo = from, d.Period.Measured
		if len(rows) > 1 {
			d.HeldTo = rows[1].At
		}
		d.HeldFor = d.HeldTo.Sub(d.HeldFrom)
	}
	if d.HeldFor == 0 {
		return nil
	}
	part := *d.licenseData
	part.Period = &span{d.Period.Name, d.HeldFrom, d.HeldTo, d.HeldTo, false}
	gaps, err := s.unmeasured(ctx, &part, []measure.Moment{one})
	if err != nil {
		return err
	}
	const most = 3
	d.Gaps = gaps.rows[:min(len(gaps.rows), most)]
	d.MoreGaps = len(gaps.rows) - len(d.Gaps)
	return nil
}

// whyServer is the third depth: how the server's cores were counted, device by device.
func (s *server) whyServer(ctx context.Context, v *viewer, d *whyData, one measure.Moment, q url.Values) error {
	if len(d.Server.Devices) == 0 {
		d.Missing = "No device stands behind this server."
		return nil
	}
	at := slices.IndexFunc(d.Server.Devices, func(x deviceView) bool { return x.Count != "unknown" })
	at = max(at, 0)
	if id := q.Get("device"); id != "" {
		at = slices.IndexFunc(d.Server.Devices, func(x deviceView) bool { return x.ID == id })
		if at < 0 {
			return fault.New(fault.NotFound, "Device %q does not count on this server at this moment.", clipText(id))
		}
	}
	d.Device = &d.Server.Devices[at]
	d.Device.Chosen = true
	return s.whyDevice(ctx, v, d, one.At.Time(), q)
}

// whyDevice is the fourth depth: the facts about the device at that moment, each with its document; and the fifth, one of
// these documents.
func (s *server) whyDevice(ctx context.Context, v *viewer, d *whyData, at time.Time, q url.Values) error {
	number, err := strconv.ParseInt(d.Device.ID, 10, 64)
	if err != nil {
		d.Missing = "The device is not in the store."
		return nil
	}
	id := device.ID(number)
	history, err := s.Store.FullHistory(ctx, id, nil)
	if err != nil {
		return err
	}
	names := s.names(ctx)
	d.Facts = pointFacts(names, effectivePoints(history), at)
	installations, err := s.Store.Installations(ctx, id)
	if err != nil {
		return err
	}
	assignments, err := s.Store.Assignments(ctx, id)
	if err != nil {
		return err
	}
	for _, in := range installations {
		if in.From.After(at) || in.To != nil && !in.To.After(at) {
			continue
		}
		for _, a := range assignments {
			if a.Product != in.Product || string(a.License) != d.ID {
				continue
			}
			d.Facts = append(d.Facts, whyFact{Name: "Installed", Value: strings.TrimSpace(in.Name + " " + in.Version), Note: "rule " + in.Rule, From: report.FormatInstant(in.From),
				Until: untilText(in.To), Document: evidenceDocument(history, in.From)})
			d.Facts = append(d.Facts, whyFact{Name: "This license", Value: sentenceStart(a.Status), Note: a.Reason, From: "at the latest run", Until: "–"})
		}
	}
	place, err := s.Store.Place(ctx, d.Server.locationID())
	if err != nil {
		return err
	}
	region := whyFact{Name: "Region", Value: "Unassigned", Note: "the server has no location with a region", From: "all history, unless moved", Until: "still so"}
	if d.Server.Location != "no location" {
		region.Value, region.Note = d.Moment.Name, "by "+strings.Join(place, ", in ")
	}
	d.Facts = append(d.Facts, region)
	for i := range d.Facts {
		if f := &d.Facts[i]; f.Document != "" {
			f.DocumentHref = d.address(q, "region", strconv.Itoa(d.Moment.Region), "server", d.Server.ID, "device", d.Device.ID, "document", f.Document) + "#s5"
		}
	}
	return s.whyDocument(ctx, v, d, q.Get("document"))
}

// locationID is the server's location; "" when it has none.
func (v *serverView) locationID() string {
	if v.Location == "no location" {
		return ""
	}
	return v.Location
}

func untilText(to *time.Time) string {
	if to == nil {
		return "still so"
	}
	return report.FormatInstant(*to)
}

// whyDocument is the fifth depth: the document of the followed fact, or the one asked for.
func (s *server) whyDocument(ctx context.Context, v *viewer, d *whyData, asked string) error {
	if !v.may(auth.ReadDocuments) {
		return nil
	}
	i := slices.IndexFunc(d.Facts, func(f whyFact) bool { return f.Document != "" && (f.Document == asked || asked == "" && f.Path) })
	if i < 0 {
		if asked != "" {
			return fault.New(fault.NotFound, "Document %q shows none of these facts.", clipText(asked))
		}
		d.Missing = "No document stands behind this count: a person stated it."
		return nil
	}
	for j := range d.Facts {
		d.Facts[j].Path = j == i
	}
	marks := map[string][]string{"Cores": {"hardware.cores", "hardware.threads", "hardware.processors", "virtual.partition"}, "Host": {"virtual.host_id", "virtual.vm_id", "virtual.guests"}}[d.Facts[i].Name]
	if d.Device.From != "" && strings.Contains(d.Device.From, "threads") {
		marks = []string{"hardware.threads"}
	} else if d.Facts[i].Name == "Cores" {
		marks = []string{"hardware.cores"}
	}
	doc, err := s.documentOf(ctx, v, d.Facts[i].Document, marks)
	if fault.KindOf(err) == fault.NotFound {
		d.Missing = "The document is no longer kept: its time of retention is over."
		return nil
	}
	if err != nil {
		return fmt.Errorf("show the document behind a figure: %w", err)
	}
	d.Document = around(doc)
	return nil
}

// around shortens a document to the lines about the marked one: the whole of it has its own page.
func around(d *documentView) *documentView {
	const before, after = 14, 24
	i := slices.IndexFunc(d.Lines, func(l docLine) bool { return l.Marked })
	from, to := max(0, i-before), min(len(d.Lines), max(i, 0)+after)
	d.Cut += len(d.Lines) - (to - from)
	d.Lines = d.Lines[from:to]
	return d
}

package web

import (
	"context"
	"fmt"
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

// momentView is the consumption of one region at one instant, server by server.
type momentView struct {
	Region  int
	Name    string
	Class   string
	At      time.Time
	Period  string
	Total   string
	Servers []serverView
	More    int // servers beyond those shown
	Exempt  []exemptView
	Tiers   []measure.Tier
	Cores   string
}

// serverView is one server of a moment.
type serverView struct {
	ID, Name, Href string
	Kind           string
	Location       string
	Cores          string // "28 of 32"
	Rate           string
	Value          string
	How            string // "sub-capacity", "full capacity: …"
	Remarks        []string
	Devices        []deviceView
	Why            string // the address of its explanation
	Chosen         bool

	Host, Sub, Full, Guests, InPools string // exact, of the first evaluation; "" where they do not apply
	Evaluations                      []measure.Counted
	Rule                             string
	Overridden                       string
	Calculated                       string
	OnServer                         bool
	IsSub                            bool
	Limited                          bool // the host's cores limit its guests
}

type deviceView struct {
	ID, Name, Href string
	Count          string // "unknown" when it counts as 0 because nothing is known
	From           string // which quantity was counted
	Pool           string
	Products       string
	Eligible       bool
	Remarks        []string
	Why            string
	Chosen         bool
}

type exemptView struct{ Name, Href, Why string }

// mostServers is how many servers a page lists; a license with more has them in the API and the bundle.
const mostServers = 200

// explain asks the engine; nil when this server has none to ask.
func (s *server) explain(ctx context.Context, license string, q measure.Query) (*measure.Explanation, error) {
	if s.Explain == nil {
		return nil, nil
	}
	x, _, err := s.Explain(ctx, license, q)
	if err != nil && fault.KindOf(err) == fault.Internal {
		return nil, fmt.Errorf("explain %s: %w", license, err)
	}
	return x, err
}

// peakMoments are the peaks of a license's regions in the period, with the servers that made them; none without an engine.
func (s *server) peakMoments(ctx context.Context, d *licenseData) ([]measure.Moment, error) {
	x, err := s.explain(ctx, d.ID, measure.Query{Period: d.Period.Name})
	if err != nil || x == nil {
		return nil, err
	}
	return x.Moments, nil
}

// deviceName finds what a device calls itself, once a page.
type deviceNames struct {
	s     *server
	ctx   context.Context
	known map[string]deviceLabel
}

type deviceLabel struct{ name, location string }

func (s *server) names(ctx context.Context) *deviceNames {
	return &deviceNames{s, ctx, map[string]deviceLabel{}}
}

// of returns the name of a device by its number in text; the number itself when it has no name.
func (n *deviceNames) of(id string) deviceLabel {
	if label, ok := n.known[id]; ok {
		return label
	}
	label := deviceLabel{name: "device " + id}
	q := report.Query{Filters: []report.Filter{{Key: "id", Op: report.Equal, Value: id}}, Columns: []string{"name", "location"}, Limit: 1}
	page, err := n.s.Store.Grid(n.ctx, &report.Devices, q, auth.Everything)
	if err == nil && len(page.Rows) == 1 {
		if name, ok := page.Rows[0].Cells[0].(string); ok && name != "" {
			label.name = name
		}
		label.location, _ = page.Rows[0].Cells[1].(string)
	}
	n.known[id] = label
	return label
}

// momentOf prepares a moment for a page. why is the address of the page that explains, up to the server.
func (n *deviceNames) momentOf(m measure.Moment, unit string, why func(server, device string) string) momentView {
	region := int(m.Region)
	name := regionName(unit, region)
	v := momentView{Region: region, Name: name, Class: band{Region: region, Name: name}.swatch(), At: m.At.Time(), Period: m.Period,
		Total: report.FormatNumber(string(m.Total)), Tiers: m.Tiers, Cores: report.FormatNumber(string(m.Cores))}
	for i, one := range m.Servers {
		if i == mostServers {
			v.More = len(m.Servers) - i
			break
		}
		v.Servers = append(v.Servers, n.serverOf(one, why))
	}
	for _, x := range m.Exempt {
		v.Exempt = append(v.Exempt, exemptView{n.of(x.Device).name, "/devices/" + url.PathEscape(x.Device), x.Why})
	}
	return v
}

func (n *deviceNames) serverOf(one measure.Server, why func(server, device string) string) serverView {
	label := n.of(one.Device)
	v := serverView{ID: one.Device, Name: label.name, Href: "/devices/" + url.PathEscape(one.Device), Kind: deviceKind(string(one.Kind)), Location: one.Location,
		Value: report.FormatNumber(string(one.Value)), Rule: one.Rule, Overridden: report.FormatNumber(string(one.Overridden)),
		Calculated: report.FormatNumber(string(one.Calculated)), Why: why(one.Device, ""), Evaluations: one.Counted, Host: report.FormatNumber(string(one.HostCores))}
	if v.Location == "" {
		v.Location = "no location"
	}
	if len(one.Counted) > 0 {
		v.counted(one)
	}
	v.How = capacityWords(one)
	for _, code := range one.Remarks {
		v.Remarks = append(v.Remarks, remarkText(string(code)))
	}
	for _, d := range one.Devices {
		dv := deviceView{ID: d.Device, Name: n.of(d.Device).name, Href: "/devices/" + url.PathEscape(d.Device), Count: report.FormatNumber(string(d.Count)), From: d.From,
			Pool: d.Pool, Products: productNames(d.Products), Eligible: d.Eligible, Why: why(one.Device, d.Device)}
		if d.Count == "" {
			dv.Count = "unknown"
		}
		for _, code := range d.Remarks {
			dv.Remarks = append(dv.Remarks, remarkText(string(code)))
		}
		v.Devices = append(v.Devices, dv)
	}
	return v
}

// productNames are products without the license that the estate tells them apart by (assign.Result.EstateProduct).
func productNames(products []string) string {
	names := make([]string, len(products))
	for i, p := range products {
		names[i], _, _ = strings.Cut(p, "@")
	}
	return strings.Join(names, ", ")
}

// counted lays out the first evaluation of a server; where products count one by one, the page lists all.
func (v *serverView) counted(one measure.Server) {
	c := one.Counted[0]
	v.Cores = report.FormatNumber(string(c.Cores))
	if len(one.Counted) > 1 {
		v.Cores, v.Rate = "", ""
	} else {
		v.Rate = report.FormatNumber(string(c.Rate))
		if one.HostCores != "" {
			v.Cores += " of " + report.FormatNumber(string(one.HostCores))
		}
	}
	v.Sub, v.Full = report.FormatNumber(string(c.Sub)), report.FormatNumber(string(c.Full))
	v.Guests, v.InPools = report.FormatNumber(string(c.Guests)), report.FormatNumber(string(c.InPools))
	v.OnServer, v.IsSub = c.OnServer, c.Capacity == "sub"
	before := c.Guests
	if c.InPools != "" {
		before = c.InPools
	}
	v.Limited = v.IsSub && !c.OnServer && one.HostCores != "" && before.Rat() != nil && one.HostCores.Rat() != nil && before.Cmp(one.HostCores) > 0
}

// capacityWords says by which of the two capacities a server counts, and why not by the lower.
func capacityWords(one measure.Server) string {
	if one.Overridden != "" {
		return "overridden"
	}
	if len(one.Counted) == 0 {
		return ""
	}
	c := one.Counted[0]
	if c.Capacity == "sub" {
		switch {
		case c.OnServer && one.Kind == estate.Host:
			return "sub-capacity, software on the host itself"
		case len(c.Pools) > 0 && c.InPools != "" && c.InPools != c.Guests:
			return "sub-capacity, pool limit"
		}
		return "sub-capacity"
	}
	if one.Eligible {
		return "full capacity: the license says so"
	}
	return "full capacity: not every device on it has its own agent"
}

// unmeasuredTime is when devices that count were not measured.
type unmeasuredTime struct {
	rows   []gapRow
	bands  []bandGap
	length time.Duration
}

type gapRow struct {
	Name, Href    string
	Region, Class string
	From          time.Time
	Length        time.Duration
}

// leastGap is the shortest time without a check that is called unmeasured: two of the usual checks have failed.
const leastGap = 65 * time.Minute

// mostCovered bounds how many devices a page asks for their measured time.
const mostCovered = 300

// unmeasured finds the unmeasured time, in the period, of the devices that made the regions' peaks.
func (s *server) unmeasured(ctx context.Context, d *licenseData, moments []measure.Moment) (unmeasuredTime, error) {
	var found unmeasuredTime
	names := s.names(ctx)
	asked := 0
	for _, m := range moments {
		bandAt := -1
		for i, r := range d.Line.Regions {
			if r.Region == int(m.Region) {
				bandAt = i
			}
		}
		name := regionName(d.Unit, int(m.Region))
		for _, one := range m.Servers {
			for _, counted := range one.Devices {
				if asked++; asked > mostCovered {
					return found.joined(), nil
				}
				gaps, err := s.gapsOf(ctx, counted.Device, d.Period.From, d.Period.Measured)
				if err != nil {
					return found, err
				}
				for _, g := range gaps {
					found.length += g.To.Sub(g.From)
					found.rows = append(found.rows, gapRow{names.of(counted.Device).name, "/devices/" + url.PathEscape(counted.Device), name,
						band{Region: int(m.Region), Name: name}.swatch(), g.From, g.To.Sub(g.From)})
					if bandAt >= 0 {
						found.bands = append(found.bands, bandGap{bandAt, g.From, g.To})
					}
				}
			}
		}
	}
	return found.joined(), nil
}

// joined makes one gap of those that overlap in a band: a band is unmeasured where any of its devices is.
func (u unmeasuredTime) joined() unmeasuredTime {
	slices.SortFunc(u.bands, func(a, b bandGap) int {
		if a.Band != b.Band {
			return a.Band - b.Band
		}
		return a.From.Compare(b.From)
	})
	var joined []bandGap
	for _, g := range u.bands {
		if n := len(joined); n > 0 && joined[n-1].Band == g.Band && !g.From.After(joined[n-1].To) {
			if g.To.After(joined[n-1].To) {
				joined[n-1].To = g.To
			}
			continue
		}
		joined = append(joined, g)
	}
	u.bands = joined
	slices.SortStableFunc(u.rows, func(a, b gapRow) int { return b.From.Compare(a.From) })
	return u
}

func (s *server) gapsOf(ctx context.Context, id string, from, to time.Time) ([]report.Gap, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return nil, nil //nolint:nilerr // a device that is not in the store has no measured time
	}
	covered, err := s.Store.Coverage(ctx, device.ID(n))
	if err != nil {
		return nil, err
	}
	spans := make([]report.Gap, len(covered))
	for i, c := range covered {
		spans[i] = report.Gap{From: c.From, To: c.To}
	}
	return report.Gaps(spans, from, to, leastGap), nil
}

// consumption answers with the servers that consume, now or at the peak of a region.
func (s *server) consumption(w http.ResponseWriter, r *http.Request, v *viewer) error {
	d, m, err := s.licenseBase(r, v, "consumption")
	if err != nil {
		return err
	}
	var instants []instantTab
	if d.Line != nil {
		if instants, err = s.fillConsumption(r, d, m); err != nil {
			return err
		}
	}
	return s.show(w, r, v, http.StatusOK, page{Title: d.License.Name, Template: "license-consumption.html", Data: consumptionData{d, instants}})
}

// consumptionData fills license-consumption.html.
type consumptionData struct {
	*licenseData
	Instants []instantTab
}

type instantTab struct {
	tab
	Class, Hidden string
}

func (s *server) fillConsumption(r *http.Request, d *licenseData, m *measured) ([]instantTab, error) {
	if s.Explain == nil {
		d.ServersNote = "The servers cannot be listed here: this process measures nothing itself."
		return nil, nil
	}
	base := r.URL.Path + "?period=" + url.QueryEscape(d.Period.Name)
	chosen := r.URL.Query().Get("peak")
	instants := []instantTab{{tab{"Now", base, chosen == ""}, "", ""}}
	query := measure.Query{At: estate.At(m.Run.AsOf) - 1}
	for _, one := range d.Line.Regions {
		if one.Start.IsZero() {
			continue
		}
		name := strconv.Itoa(one.Region)
		label := regionName(d.Unit, one.Region)
		instants = append(instants, instantTab{tab{one.Date.Format("2 Jan"), base + "&peak=" + name, chosen == name}, band{Region: one.Region, Name: label}.swatch(), "Peak of " + label})
		if chosen == name {
			region := measure.Region(one.Region)
			query = measure.Query{Period: d.Period.Name, Region: &region}
		}
	}
	x, err := s.explain(r.Context(), d.ID, query)
	if err != nil {
		return nil, err
	}
	names := s.names(r.Context())
	for _, moment := range x.Moments {
		if moment.Period == "" {
			moment.Period = d.Period.Name
		}
		d.Servers = append(d.Servers, names.momentOf(moment, d.Unit, whyAddress(d, moment, chosen == "")))
	}
	return instants, nil
}

// whyAddress makes the addresses of explanations of a moment's servers and devices.
func whyAddress(d *licenseData, m measure.Moment, now bool) func(server, device string) string {
	return func(server, dev string) string {
		q := url.Values{"period": {d.Period.Name}, "region": {strconv.Itoa(int(m.Region))}}
		if now {
			q.Set("at", m.At.String())
		}
		q.Set("server", server)
		anchor := "#s3"
		if dev != "" {
			q.Set("device", dev)
			anchor = "#s4"
		}
		return "/licenses/" + url.PathEscape(d.ID) + "/why?" + encode(q) + anchor
	}
}

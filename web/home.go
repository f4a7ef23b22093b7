package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/highwater-sam/highwater/auth"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/measure"
	"github.com/highwater-sam/highwater/report"
	"github.com/highwater-sam/highwater/store"
)

// homeData fills home.html.
type homeData struct {
	Today        time.Time
	Stamp        stamp
	MayReconcile bool
	Figures      []deviceFigure
	Attention    []attention
	AttentionCut int
	Minis        []mini
	MinisTitle   string
	Changed      []peakChange
	ChangedRun   string
	ChangedNote  string
	Collection   []factLine
	Fresh        bool // nothing is known yet: the page says how to begin
}

type attention struct {
	Chip, Word   string
	Title, Href  string
	TitleRest    string
	Effect, Unit string
	Text         string
	Act, ActHref string
}

type mini struct {
	Name, Href    string
	Reading, Unit string
	Over          bool
	Drawing       *drawing
}

type peakChange struct {
	Name, Href           string
	Before, After, Delta string
	More                 bool
}

// mostAttention and mostMinis bound the home page: it shows what comes first, the lists show all.
const (
	mostAttention = 8
	mostMinis     = 4
)

func (s *server) home(w http.ResponseWriter, r *http.Request, v *viewer) error {
	ctx := r.Context()
	d := &homeData{Today: s.Now().UTC(), Stamp: s.stampNow(ctx, v), MayReconcile: s.Reconcile != nil && v.may(auth.Reconcile)}
	m, err := s.latest(ctx)
	if err != nil {
		return err
	}
	if v.Scope.Unbounded() {
		if err := s.homeLicenses(ctx, v, d, m); err != nil {
			return err
		}
	}
	if v.may(auth.ReadInventory) {
		if err := s.homeDevices(ctx, v, d); err != nil {
			return err
		}
	}
	if m != nil && v.Scope.Unbounded() {
		d.Figures = append(d.Figures, runFigure(m.Run))
	}
	if len(d.Attention) > mostAttention {
		d.AttentionCut, d.Attention = len(d.Attention)-mostAttention, d.Attention[:mostAttention]
	}
	return s.show(w, r, v, http.StatusOK, page{Title: "Home", Template: "home.html", Data: d})
}

func runFigure(run store.Run) deviceFigure {
	took := strings.SplitN(report.FormatLength(run.Finished.Sub(run.Started).Round(time.Millisecond)), "\u202f", 2)
	f := deviceFigure{Name: "Last reconciliation", Value: took[0], Href: "/runs", Note: report.FormatInstant(run.Finished) + ", " + plural(run.Devices, "device")}
	if len(took) > 1 {
		f.Unit = took[1]
	}
	return f
}

// addressOf is the address of a list with filters.
func addressOf(path string, g *report.Grid, filters ...report.Filter) string {
	return path + "?" + encode(report.Query{Filters: filters}.Encode(g))
}

func equal(key, value string) report.Filter {
	return report.Filter{Key: key, Op: report.Equal, Value: value}
}

// homeLicenses says which licenses need a person, draws the most used, and compares with the run before.
func (s *server) homeLicenses(ctx context.Context, v *viewer, d *homeData, m *measured) error {
	total, err := s.count(ctx, v, &report.Licenses)
	if err != nil {
		return err
	}
	over, err := s.count(ctx, v, &report.Licenses, equal("status", report.StatusOver))
	if err != nil {
		return err
	}
	bare, err := s.count(ctx, v, &report.Licenses, equal("status", report.StatusNotEntitled))
	if err != nil {
		return err
	}
	near, err := s.count(ctx, v, &report.Licenses, equal("status", report.StatusNear))
	if err != nil {
		return err
	}
	note := "of " + report.FormatInt(total)
	if bare > 0 {
		note += "; " + report.FormatInt(bare) + " not entitled"
	}
	d.Figures = append(d.Figures,
		deviceFigure{Name: "Licenses over", Value: report.FormatInt(over + bare), Note: note, Href: addressOf("/licenses", &report.Licenses, report.Filter{Key: "position", Op: report.Less, Value: "0"})},
		deviceFigure{Name: "Licenses near", Value: report.FormatInt(near), Note: fmt.Sprintf("%d\u202f%% or more used", report.NearPercent), Href: addressOf("/licenses", &report.Licenses, equal("status", report.StatusNear))})
	if m == nil {
		d.Fresh = total == 0
		return nil
	}
	lines, err := s.currentLines(ctx, m)
	if err != nil {
		return err
	}
	for _, line := range lines {
		if a, ok := attentionOf(line); ok {
			d.Attention = append(d.Attention, a)
		}
	}
	if err := s.homeRemarks(ctx, v, d); err != nil {
		return err
	}
	if err := s.homeMinis(ctx, d, m, lines); err != nil {
		return err
	}
	return s.homeChanged(ctx, d, m, lines)
}

// homeLine is a license in its newest period, with what its page needs.
type homeLine struct {
	report.LicenseLine
	ID   string
	Span span
}

// currentLines are the licenses in the newest period, the most urgent first, then by the share used.
func (s *server) currentLines(ctx context.Context, m *measured) ([]homeLine, error) {
	spans, err := s.periods(ctx, m)
	if err != nil || len(spans) == 0 {
		return nil, err
	}
	rows, err := s.Store.Grid(ctx, &report.Licenses, report.Query{Columns: []string{"name"}, Limit: report.MaxLimit}, auth.Everything)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, row := range rows.Rows {
		names[row.ID], _ = row.Cells[0].(string)
	}
	var lines []homeLine
	for _, l := range m.Measurement.Licenses {
		if names[l.ID] == "" {
			continue // removed since it was measured
		}
		one := &measure.Measurement{Licenses: []*measure.License{l}}
		for _, line := range report.LicenseLines(one, spans[0].Name, func(id string) string { return names[id] }) {
			lines = append(lines, homeLine{line, l.ID, spans[0]})
		}
	}
	slices.SortStableFunc(lines, func(a, b homeLine) int {
		if x := slices.Index(report.Statuses, a.Position.Status) - slices.Index(report.Statuses, b.Position.Status); x != 0 {
			return x
		}
		if a.Position.Percent == nil || b.Position.Percent == nil {
			return 0
		}
		return b.Position.Percent.Cmp(a.Position.Percent)
	})
	return lines, nil
}

func attentionOf(line homeLine) (attention, bool) {
	path := "/licenses/" + url.PathEscape(line.ID)
	a := attention{Title: line.Name, Href: path, Unit: line.Metric, Act: "Why this number", ActHref: path + "/why"}
	p := line.Position
	peak := report.FormatNumber(line.Peak)
	switch p.Status {
	case report.StatusOver:
		a.Chip, a.Word = "over", "Over"
		a.Effect, a.Unit = strings.TrimPrefix(exactText(p.Left), "−"), line.Metric+" over"
		a.Text = "Peak " + peak + " against " + exactText(p.Entitled) + ". " + peakDays(line)
	case report.StatusNotEntitled:
		a.Chip, a.Word = "over", "Not entitled"
		a.Effect = peak
		a.Text = "Peak " + peak + ", and no entitlement is recorded. " + peakDays(line)
	case report.StatusNear:
		a.Chip, a.Word = "near", "Near"
		a.Effect, a.Unit = exactText(p.Left), line.Metric+" left"
		a.Text = "Peak " + peak + " of " + exactText(p.Entitled) + ", " + report.FormatPercent(p.Percent) + "\u202f% used. " + peakDays(line)
	default:
		return attention{}, false
	}
	return a, true
}

// peakDays says when the regions stood at their peaks.
func peakDays(line homeLine) string {
	var parts []string
	for _, r := range line.Regions {
		if !r.Date.IsZero() {
			parts = append(parts, regionName(line.Metric, r.Region)+" "+report.FormatNumber(r.Peak)+" on "+report.FormatDay(r.Date))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return strings.Join(parts, ", ") + "."
}

// homeRemarks says what may move a figure: what the measurement could not know of a device and still does not.
func (s *server) homeRemarks(ctx context.Context, v *viewer, d *homeData) error {
	for _, code := range []string{"cores-missing", "points-unmatched", "host-unknown", "host-cores-missing"} {
		filters := []report.Filter{equal("code", code), {Key: "until", Op: report.Empty}}
		n, err := s.count(ctx, v, &report.Remarks, filters...)
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		href := addressOf("/remarks", &report.Remarks, filters...)
		d.Attention = append(d.Attention, attention{Chip: "near", Word: "Moves a figure", Title: remarkText(code), Href: href,
			Effect: report.FormatInt(n), Unit: strings.TrimPrefix(plural(n, "remark"), report.FormatInt(n)+" "), Text: remarkAdvice[code], Act: "Show", ActHref: href})
	}
	return nil
}

// remarkAdvice says what a person can do about a remark.
var remarkAdvice = map[string]string{
	"cores-missing":      "No source says how many cores these devices have, so they count as 0. An agent on them, or an override, closes the gap.",
	"points-unmatched":   "No points rule fits the processor, model or sockets of these servers, so the rate for unmatched servers applies.",
	"host-unknown":       "These guests count by themselves, without the limit of a host. A connection to their hypervisor shows where they run.",
	"host-cores-missing": "The cores of these hosts are unknown, so their guests are added up without a limit.",
}

func (s *server) homeMinis(ctx context.Context, d *homeData, m *measured, lines []homeLine) error {
	for _, line := range lines {
		if len(d.Minis) == mostMinis {
			break
		}
		if line.Position.Consumed == nil || line.Position.Consumed.Sign() == 0 {
			continue
		}
		series, err := s.seriesOf(ctx, m.Run.ID, line.ID)
		if err != nil {
			return err
		}
		chart := waterlineOf(line.LicenseLine, line.Span, series, nil)
		one := mini{Name: line.Name, Href: "/licenses/" + url.PathEscape(line.ID), Unit: line.Metric, Drawing: chart.draw(320, 96, true, false), Reading: report.PositionWords(line.Position)}
		one.Over = line.Position.Status == report.StatusOver || line.Position.Status == report.StatusNotEntitled
		one.Reading = strings.TrimSuffix(one.Reading, ", near")
		d.Minis, d.MinisTitle = append(d.Minis, one), "Waterlines, "+line.Period
	}
	return nil
}

// homeChanged compares the peaks of the newest period with those of the run before.
func (s *server) homeChanged(ctx context.Context, d *homeData, m *measured, lines []homeLine) error {
	runs, err := s.Store.Runs(ctx, 20)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(runs, func(r store.Run) bool { return r.KnownAt == nil && r.ID < m.Run.ID })
	if i < 0 || len(lines) == 0 {
		d.ChangedNote = "This is the first reconciliation: there is none to compare with."
		return nil
	}
	before, err := s.Store.Measurement(ctx, runs[i].ID)
	if fault.KindOf(err) == fault.NotFound {
		d.ChangedNote = "The run before is no longer kept."
		return nil
	}
	if err != nil {
		return err
	}
	d.ChangedRun = report.FormatInstant(runs[i].Finished)
	for _, line := range lines {
		was := ""
		if l := before.License(line.ID); l != nil {
			for _, p := range l.Periods {
				if p.Name == line.Period {
					was = string(p.Peak)
				}
			}
		}
		now, _ := report.ParseExact(line.Peak)
		then, ok := report.ParseExact(was)
		if now == nil || ok && now.Cmp(then) == 0 {
			continue
		}
		change := peakChange{Name: line.Name, Href: "/licenses/" + url.PathEscape(line.ID), Before: "–", After: report.FormatNumber(line.Peak), Delta: "new"}
		if ok {
			delta := report.FormatExact(then.Neg(then).Add(then, now))
			change.Before, change.Delta, change.More = report.FormatNumber(was), report.FormatNumber(delta), !strings.HasPrefix(delta, "-")
			if change.More {
				change.Delta = "+" + change.Delta
			}
		}
		d.Changed = append(d.Changed, change)
	}
	if len(d.Changed) == 0 {
		d.ChangedNote = "No peak changed since the run of " + d.ChangedRun + "."
	}
	return nil
}

// homeDevices says how much is seen of the devices.
func (s *server) homeDevices(ctx context.Context, v *viewer, d *homeData) error {
	total, err := s.count(ctx, v, &report.Devices)
	if err != nil {
		return err
	}
	late := []report.Filter{{Key: "last_check", Op: report.Less, Value: fmt.Sprint(s.Now().Add(-silence).Truncate(time.Minute).UnixMicro())}, equal("status", string(store.Active))}
	silent, err := s.count(ctx, v, &report.Devices, late...)
	if err != nil {
		return err
	}
	never := []report.Filter{{Key: "last_check", Op: report.Empty}, equal("status", string(store.Awaiting))}
	awaiting, err := s.count(ctx, v, &report.Devices, never...)
	if err != nil {
		return err
	}
	d.Figures = append(d.Figures,
		deviceFigure{Name: "Devices", Value: report.FormatInt(total), Note: "known now", Href: "/devices"},
		deviceFigure{Name: "Devices unmeasured", Value: report.FormatInt(silent), Note: "no check for " + report.FormatLength(silence), Href: addressOf("/devices", &report.Devices, late...)})
	if silent > 0 {
		d.Attention = append(d.Attention, attention{Chip: "blind", Word: "Unmeasured", Title: plural(silent, "device"), Href: addressOf("/devices", &report.Devices, late...),
			TitleRest: " without a check for " + report.FormatLength(silence), Effect: report.FormatInt(silent), Unit: "of " + report.FormatInt(total),
			Text: "Their last values are held in every figure until they are heard of again.", Act: "Show", ActHref: addressOf("/devices", &report.Devices, late...)})
	}
	if awaiting > 0 {
		href := addressOf("/devices", &report.Devices, never...)
		d.Attention = append(d.Attention, attention{Chip: "blind", Word: "Not inventoried", Title: plural(awaiting, "device"), Href: href, TitleRest: " known only from a host or a cloud",
			Effect: report.FormatInt(awaiting), Unit: "of " + report.FormatInt(total), Text: "What runs on them is unknown until an agent or another source has looked.", Act: "Show", ActHref: href})
	}
	agents, err := s.count(ctx, v, &report.Agents)
	if err != nil {
		return err
	}
	day := report.Filter{Key: "last_contact", Op: report.AtLeast, Value: fmt.Sprint(s.Now().Add(-24 * time.Hour).UnixMicro())}
	heard, err := s.count(ctx, v, &report.Agents, day)
	if err != nil {
		return err
	}
	d.Collection = append(d.Collection, factLine{Name: "Agents", Value: report.FormatInt(heard) + " of " + report.FormatInt(agents) + " heard in 24 h", Href: "/agents"})
	if v.may(auth.ReadDocuments) {
		received, err := s.count(ctx, v, &report.Documents, report.Filter{Key: "received", Op: report.AtLeast, Value: fmt.Sprint(s.Now().Add(-24 * time.Hour).UnixMicro())})
		if err != nil {
			return err
		}
		all, err := s.count(ctx, v, &report.Documents)
		if err != nil {
			return err
		}
		d.Collection = append(d.Collection, factLine{Name: "Documents", Value: report.FormatInt(received) + " in 24 h, " + report.FormatInt(all) + " kept", Href: "/documents"})
	}
	hosts, err := s.count(ctx, v, &report.Devices, equal("kind", "host"))
	if err != nil {
		return err
	}
	guests, err := s.count(ctx, v, &report.Devices, equal("kind", "vm"))
	if err != nil {
		return err
	}
	d.Collection = append(d.Collection, factLine{Name: "Devices", Value: plural(hosts, "host") + ", " + plural(guests, "guest") + ", " + plural(total-hosts-guests, "computer"), Href: "/devices"})
	return nil
}

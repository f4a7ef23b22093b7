package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/report"
	"github.com/highwater-sam/highwater/store"
)

// deviceData is what every page about one device shows.
type deviceData struct {
	ID       string
	Name     string
	Tab      string
	Row      map[string]cell // of the list, by key
	Chip     cell
	LastDoc  cell
	LastSeen cell
	Counts   map[string]string // of the tabs

	Figures    []deviceFigure
	Chart      *coresChart
	History    []historyEntry
	Hardware   []factLine
	Cloud      []factLine
	Adapters   []adapterLine
	Installed  []installedLine
	Covered    string
	Gaps       []report.Gap
	Remarks    []remarkLine
	Grid       *gridView
	GridTitle  string
	HistoryCut int
}

type deviceFigure struct{ Name, Value, Unit, Note, Href string }

type factLine struct {
	Name, Value, Unit string
	Mono, Quiet       bool
	Href              string
}

type adapterLine struct{ Name, MAC, Addresses string }

type historyEntry struct {
	Title, Text string
	At          time.Time
	Source      string
	Document    string // id; "" = none
	Learnt      string
	Class       string // of the entry: "warn", "correction"
}

type installedLine struct {
	Name, Version, Edition, Rule string
	Since                        time.Time
	Until                        *time.Time
	Free                         bool
	License, LicenseHref         string
	Reason                       string
	Others                       []assignmentLine
}

type assignmentLine struct{ License, Href, Status, Reason string }

// mostHistory is how many changes a device's page lists.
const mostHistory = 60

// deviceBase reads what all pages of a device need.
func (s *server) deviceBase(r *http.Request, v *viewer, tabName string) (*deviceData, device.ID, error) {
	ctx := r.Context()
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id <= 0 {
		return nil, 0, fault.New(fault.NotFound, "There is no device %q.", r.PathValue("id"))
	}
	q := report.Query{Filters: []report.Filter{{Key: "id", Op: report.Equal, Value: strconv.FormatInt(id, 10)}}, Limit: 1}
	for _, c := range report.Devices.Columns {
		if !c.Inner {
			q.Columns = append(q.Columns, c.Key)
		}
	}
	found, err := s.rows(ctx, v, &report.Devices, q)
	if err != nil {
		return nil, 0, err
	}
	if len(found.Rows) == 0 {
		return nil, 0, fault.New(fault.NotFound, "There is no device %d, or it lies outside what you see.", id)
	}
	row := found.Rows[0]
	get := func(key string) any {
		for i, c := range found.Columns {
			if c.Key == key {
				return row.Cells[i]
			}
		}
		return nil
	}
	d := &deviceData{ID: strconv.FormatInt(id, 10), Tab: tabName, Row: map[string]cell{}, Counts: map[string]string{}}
	for _, c := range report.Devices.Columns {
		d.Row[c.Key] = cellOf(&report.Devices, c, get)
	}
	d.Name, _ = get("name").(string)
	if d.Name == "" {
		d.Name = "Device " + d.ID
	}
	d.LastDoc, d.LastSeen = d.Row["last_document"], d.Row["last_check"]
	d.Chip = s.measuredChip(get)
	fixed := report.Filter{Key: "device_id", Op: report.Equal, Value: d.ID}
	for name, g := range map[string]*report.Grid{"software": &report.Evidence, "documents": &report.Documents} {
		if v.may(needsOf(g)) {
			n, err := s.count(ctx, v, g, fixed)
			if err != nil {
				return nil, 0, err
			}
			d.Counts[name] = report.FormatInt(n)
		}
	}
	return d, device.ID(id), nil
}

func deviceID(n int64) device.ID { return device.ID(n) }

// silence is how long ago the last check may be before a device is called unmeasured: a daily run, and half a day.
const silence = 36 * time.Hour

// measuredChip says whether a device is being measured.
func (s *server) measuredChip(get func(string) any) cell {
	status, _ := get("status").(string)
	switch status {
	case "", string(store.Active):
	case string(store.Awaiting):
		return cell{Text: "Awaiting its inventory", Chip: "blind"}
	default:
		return cell{Text: sentenceStart(status), Chip: "fact"}
	}
	last, ok := get("last_check").(int64)
	if !ok {
		return cell{Text: "Not measured", Chip: "blind"}
	}
	if age := s.Now().Sub(time.UnixMicro(last)); age > silence {
		return cell{Text: "Unmeasured for " + report.FormatLength(age.Truncate(time.Hour)), Chip: "blind"}
	}
	return cell{Text: "Measured", Chip: "within"}
}

func (s *server) device(w http.ResponseWriter, r *http.Request, v *viewer) error {
	d, id, err := s.deviceBase(r, v, "hardware")
	if err != nil {
		return err
	}
	ctx := r.Context()
	history, err := s.Store.FullHistory(ctx, id, nil)
	if err != nil {
		return err
	}
	covered, err := s.Store.Coverage(ctx, id)
	if err != nil {
		return err
	}
	if err := s.fillInstalled(ctx, d, id); err != nil {
		return err
	}
	if err := s.fillDevice(ctx, d, history, covered); err != nil {
		return err
	}
	return s.show(w, r, v, http.StatusOK, page{Title: d.Name, Template: "device.html", Data: d})
}

func (s *server) fillDevice(ctx context.Context, d *deviceData, history []device.Point, covered []store.Span) error {
	effective := effectivePoints(history)
	now := map[device.Aspect]device.Point{}
	for _, p := range effective {
		now[p.Aspect] = p // in order of time: the last stays
	}
	spans := make([]report.Gap, len(covered))
	for i, c := range covered {
		spans[i] = report.Gap{From: c.From, To: c.To}
	}
	end := s.Now()
	if m, err := s.latest(ctx); err == nil && m != nil {
		end = m.Run.AsOf
	}
	var gapped time.Duration
	if len(spans) > 0 {
		// The time since the last check is no gap yet while the next one is not overdue.
		until := end
		if last := spans[len(spans)-1].To; end.Sub(last) < silence {
			until = last
		}
		d.Gaps = report.Gaps(spans, spans[0].From, until, leastGap)
		for _, g := range d.Gaps {
			gapped += g.To.Sub(g.From)
		}
		whole := until.Sub(spans[0].From)
		if whole > 0 {
			d.Covered = percentOf(whole-gapped, whole)
		}
	}
	if p, ok := now[device.HardwareAspect]; ok {
		d.hardwareFacts(p)
	}
	if p, ok := now[device.CloudAspect]; ok {
		d.cloudFacts(p)
	}
	d.Chart = chartOfCores(effective, d.Gaps, spans, end)
	d.deviceFigures(effective, gapped)
	d.History = s.historyEntries(ctx, history, d.Gaps)
	if len(d.History) > mostHistory {
		d.HistoryCut, d.History = len(d.History)-mostHistory, d.History[:mostHistory]
	}
	return nil
}

// effectivePoints leaves out points that a later record superseded, in order of aspect and time.
func effectivePoints(history []device.Point) []device.Point {
	var effective []device.Point
	for _, p := range history {
		if n := len(effective); n > 0 && effective[n-1].Aspect == p.Aspect && effective[n-1].From.Equal(p.From) {
			effective[n-1] = p
			continue
		}
		effective = append(effective, p)
	}
	return effective
}

// percentOf is a share of a length of time in percent, exact to two decimals, rounded down: 99.995 is not 100.
func percentOf(part, whole time.Duration) string {
	if part >= whole {
		return "100"
	}
	hundredths := int64(float64(part) / float64(whole) * 10000)
	return fmt.Sprintf("%d.%02d", hundredths/100, hundredths%100)
}

func (d *deviceData) deviceFigures(points []device.Point, gapped time.Duration) {
	add := func(f deviceFigure) { d.Figures = append(d.Figures, f) }
	cores := deviceFigure{Name: "Cores now", Value: d.Row["cores"].Text}
	if lowest, highest, changes := coresRange(points); changes > 0 {
		cores.Note = fmt.Sprintf("between %d and %d, %s", lowest, highest, plural(changes, "change"))
	} else {
		cores.Note = "never changed"
	}
	if d.Row["cores"].Text == "–" {
		cores.Value, cores.Note = "unknown", "no document says"
	}
	add(cores)
	add(deviceFigure{Name: "Threads, processors", Value: d.Row["threads"].Text + ", " + d.Row["processors"].Text, Note: d.Row["processor"].Text})
	if host := d.Row["host"]; host.Href != "" {
		figure := deviceFigure{Name: "Host", Value: host.Text, Href: host.Href, Note: d.Row["pool"].Text}
		if figure.Note = "in pool " + figure.Note; d.Row["pool"].Text == "–" {
			figure.Note = "in no pool"
		}
		add(figure)
	} else {
		add(deviceFigure{Name: "Kind", Value: d.Row["kind"].Text, Note: d.Row["hosted_in"].Text})
	}
	location := deviceFigure{Name: "Location", Value: d.Row["location"].Text, Note: d.Row["role"].Text}
	if location.Value == "–" {
		location.Value, location.Note = "none", "so no IBM region: unassigned"
	}
	add(location)
	measuredShare := deviceFigure{Name: "Measured since first seen", Value: d.Covered, Unit: "%"}
	switch {
	case d.Covered == "":
		measuredShare.Value, measuredShare.Unit, measuredShare.Note = "unknown", "", "no check is recorded"
	case gapped == 0:
		measuredShare.Note = "nothing missing"
	default:
		measuredShare.Note = report.FormatLength(gapped.Round(time.Minute)) + " missing in " + plural(len(d.Gaps), "interval")
	}
	add(measuredShare)
}

func coresRange(points []device.Point) (lowest, highest int64, changes int) {
	var last *int64
	for _, p := range points {
		h, ok := p.Value.(*device.Hardware)
		if p.Aspect != device.HardwareAspect || !ok || h.Cores == nil {
			continue
		}
		if last == nil {
			lowest, highest = *h.Cores, *h.Cores
		} else if *last != *h.Cores {
			changes++
		}
		lowest, highest, last = min(lowest, *h.Cores), max(highest, *h.Cores), h.Cores
	}
	return lowest, highest, changes
}

func (d *deviceData) hardwareFacts(p device.Point) {
	h, ok := p.Value.(*device.Hardware)
	if !ok {
		d.Hardware = append(d.Hardware, factLine{Name: "Hardware", Value: "unknown since " + report.FormatInstant(p.From), Quiet: true})
		return
	}
	add := func(name, value, unit string, mono bool) {
		if value != "" {
			d.Hardware = append(d.Hardware, factLine{Name: name, Value: value, Unit: unit, Mono: mono})
		}
	}
	add("Processors", known(h.Processors), "", false)
	add("Sockets, at most", known(h.MaxSockets), "", false)
	add("Cores", known(h.Cores), "", false)
	add("Threads", known(h.Threads), "", false)
	add("Processor", h.Processor, "", false)
	if h.Detail.ClockMHz > 0 {
		add("Clock", report.FormatInt(h.Detail.ClockMHz), "MHz", false)
	}
	if h.Partition != nil {
		add("Partition", partitionWords(h), "", false)
	}
	if h.Detail.MemoryBytes > 0 {
		add("Memory", bytesText(h.Detail.MemoryBytes), "GiB", false)
	}
	add("Manufacturer", h.Detail.Manufacturer, "", false)
	add("Model", h.Model, "", false)
	add("Chassis", h.Detail.Chassis, "", false)
	add("Serial", h.Detail.Serial, "", true)
	add("System UUID", h.Detail.UUID, "", true)
	add("Operating system", h.Detail.OS.Name, "", false)
	add("Kernel, architecture", strings.Trim(h.Detail.OS.Kernel+", "+h.Detail.OS.Arch, ", "), "", false)
	for _, a := range h.Detail.Adapters {
		d.Adapters = append(d.Adapters, adapterLine{a.Name, a.MAC, strings.Join(a.Addresses, ", ")})
	}
}

// known writes a count that may be unknown.
func known(n *int64) string {
	if n == nil {
		return "unknown"
	}
	return report.FormatInt(*n)
}

// bytesText writes bytes as GiB with one decimal where it is not whole.
func bytesText(n int64) string {
	const gib = 1 << 30
	if n%gib == 0 {
		return report.FormatInt(n / gib)
	}
	return strconv.FormatFloat(float64(n)/gib, 'f', 1, 64)
}

func partitionWords(h *device.Hardware) string {
	p := h.Partition
	text := p.Kind
	if p.Kind == "shared" {
		text += ", uncapped"
		if p.Capped {
			text = p.Kind + ", capped"
		}
	}
	if p.Entitlement != "" {
		text += ", entitled to " + p.Entitlement + " cores"
	}
	if p.VirtualProcessors != nil {
		text += ", " + plural(*p.VirtualProcessors, "virtual processor")
	}
	return text
}

func (d *deviceData) cloudFacts(p device.Point) {
	c, ok := p.Value.(*device.Cloud)
	if !ok {
		return
	}
	for _, f := range []factLine{{Name: "Provider", Value: c.Provider}, {Name: "Account", Value: c.Account, Mono: true}, {Name: "Region, zone", Value: strings.Trim(c.Region+", "+c.Zone, ", ")},
		{Name: "Instance", Value: c.InstanceID, Mono: true}, {Name: "Type", Value: c.Type}, {Name: "Image", Value: c.Image, Mono: true}, {Name: "State", Value: d.Row["cloud_state"].Text}} {
		if f.Value != "" && f.Value != "–" {
			d.Cloud = append(d.Cloud, f)
		}
	}
}

// fillInstalled lists the products on the device, the license of each, and why not the others.
func (s *server) fillInstalled(ctx context.Context, d *deviceData, id device.ID) error {
	installations, err := s.Store.Installations(ctx, id)
	if err != nil {
		return err
	}
	assignments, err := s.Store.Assignments(ctx, id)
	if err != nil {
		return err
	}
	for _, in := range installations {
		line := installedLine{Name: in.Name, Version: in.Version, Edition: in.Edition, Rule: in.Rule, Since: in.From, Until: in.To, Free: in.Free}
		for _, a := range assignments {
			if a.Product != in.Product || in.To != nil {
				continue
			}
			name := string(a.License)
			if l, err := s.licenseOf(ctx, name); err == nil {
				name = l.Name
			}
			href := "/licenses/" + string(a.License)
			if a.Status == store.Consumes {
				line.License, line.LicenseHref, line.Reason = name, href, a.Reason
			} else {
				line.Others = append(line.Others, assignmentLine{name, href, a.Status, a.Reason})
			}
		}
		d.Installed = append(d.Installed, line)
	}
	slices.SortStableFunc(d.Installed, func(a, b installedLine) int {
		if (a.License == "") != (b.License == "") {
			if a.License != "" {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	return nil
}

func (s *server) deviceSoftware(w http.ResponseWriter, r *http.Request, v *viewer) error {
	return s.deviceGrid(w, r, v, "software", "Software evidence", gridSettings{grid: &report.Evidence,
		empty: emptyState{"No software evidence", "This device has not sent a full document yet, or it holds none.", "", ""}})
}

func (s *server) deviceDocuments(w http.ResponseWriter, r *http.Request, v *viewer) error {
	if !v.may(needsOf(&report.Documents)) {
		return fault.New(fault.Forbidden, "")
	}
	return s.deviceGrid(w, r, v, "documents", "Documents", gridSettings{grid: &report.Documents,
		empty: emptyState{"No documents", "This device is known from others' documents only.", "", ""}})
}

func (s *server) deviceGrid(w http.ResponseWriter, r *http.Request, v *viewer, tabName, title string, settings gridSettings) error {
	d, _, err := s.deviceBase(r, v, tabName)
	if err != nil {
		return err
	}
	settings.path, settings.drop = r.URL.Path, []string{"device"}
	settings.fixed = []report.Filter{{Key: "device_id", Op: report.Equal, Value: d.ID}}
	return s.showGrid(w, r, v, settings, func(g *gridView) page {
		d.Grid, d.GridTitle = g, title
		return page{Title: d.Name, Template: "device-list.html", Data: d}
	})
}

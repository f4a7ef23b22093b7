package web

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/report"
)

// historyEntries tells a device's history, newest first: what changed, the document behind it, and unmeasured time.
// Points that a later record superseded are told as what they are.
func (s *server) historyEntries(ctx context.Context, history []device.Point, gaps []report.Gap) []historyEntry {
	names := s.names(ctx)
	var entries []historyEntry
	before := map[device.Aspect]device.Value{}
	seen := map[device.Aspect]bool{}
	for i, p := range history {
		superseded := i+1 < len(history) && history[i+1].Aspect == p.Aspect && history[i+1].From.Equal(p.From)
		if superseded {
			continue
		}
		corrected := i > 0 && history[i-1].Aspect == p.Aspect && history[i-1].From.Equal(p.From)
		title, text := changeWords(names, p, before[p.Aspect], seen[p.Aspect])
		before[p.Aspect], seen[p.Aspect] = p.Value, true
		if title == "" {
			continue
		}
		e := historyEntry{Title: title, Text: text, At: p.From, Source: p.Source, Document: p.Document, Learnt: learnt(p.From, p.Recorded)}
		if p.Value == nil {
			e.Class = "warn"
		}
		if corrected {
			e.Text = strings.TrimSpace(e.Text + " A later record took the place of an earlier one at this instant.")
		}
		entries = append(entries, e)
	}
	for _, g := range gaps {
		entries = append(entries, historyEntry{Title: "Not measured for " + report.FormatLength(g.To.Sub(g.From).Round(time.Minute)),
			Text: "The last values are held over this time.", At: g.From, Source: "coverage", Class: "warn"})
	}
	slices.SortStableFunc(entries, func(a, b historyEntry) int { return b.At.Compare(a.At) })
	return entries
}

// changeWords says what a point changed; "" when nothing that a person would see.
func changeWords(names *deviceNames, p device.Point, before device.Value, known bool) (title, text string) {
	if p.Value == nil {
		return map[device.Aspect]string{device.HardwareAspect: "Hardware unknown from here on", device.PlacementAspect: "Host unknown from here on",
			device.EvidenceAspect: "Software unknown from here on", device.CloudAspect: "Cloud identity unknown from here on"}[p.Aspect], "The last value is not held: nothing is known."
	}
	switch v := p.Value.(type) {
	case *device.Hardware:
		was, _ := before.(*device.Hardware)
		return hardwareWords(v, was, known)
	case *device.Placement:
		return placementWords(names, v, before)
	case *device.EvidenceSet:
		was, ok := before.(*device.EvidenceSet)
		if !ok {
			return "Software first seen: " + plural(v.Count, "title"), ""
		}
		return "Software changed: " + plural(was.Count, "title") + " → " + report.FormatInt(int64(v.Count)), ""
	case *device.Name:
		was, ok := before.(*device.Name)
		if !ok {
			return "", ""
		}
		if was.Name == v.Name {
			return "Domain " + orUnknown(was.Domain) + " → " + orUnknown(v.Domain), ""
		}
		return "Renamed " + was.Name + " → " + v.Name, ""
	case *device.Cloud:
		was, ok := before.(*device.Cloud)
		if !ok {
			return "Runs in " + strings.Trim(v.Provider+" "+v.Zone, " "), "Instance " + v.InstanceID + " of type " + v.Type + "."
		}
		if was.Type != v.Type {
			return "Instance type " + was.Type + " → " + v.Type, ""
		}
		return "Cloud identity changed", "Instance " + v.InstanceID + " in " + v.Zone + "."
	case *device.Pools:
		return "Resource pools changed: " + strconv.Itoa(len(v.Pools)) + " now", ""
	}
	return string(p.Aspect) + " changed", ""
}

func hardwareWords(v, was *device.Hardware, seen bool) (title, text string) {
	if was == nil || was.Processor == "" && was.Threads == nil && v.Processor != "" {
		head := "First seen: "
		switch {
		case was != nil:
			head = "First inventory of its own: "
		case seen:
			head = "Known again: "
		}
		var parts []string
		for _, one := range []struct {
			n    *int64
			noun string
		}{{v.Cores, "core"}, {v.Threads, "thread"}, {v.Processors, "processor"}} {
			if one.n != nil {
				parts = append(parts, plural(*one.n, one.noun))
			}
		}
		if len(parts) == 0 {
			parts = append(parts, "its cores unknown")
		}
		if v.Detail.MemoryBytes > 0 {
			parts = append(parts, bytesText(v.Detail.MemoryBytes)+"\u202fGiB")
		}
		return head + strings.Join(parts, ", "), ""
	}
	var changed []string
	count := func(name string, a, b *int64) {
		if known(a) != known(b) {
			changed = append(changed, known(a)+" → "+known(b)+" "+name)
		}
	}
	count("cores", was.Cores, v.Cores)
	count("threads", was.Threads, v.Threads)
	count("processors", was.Processors, v.Processors)
	count("sockets at most", was.MaxSockets, v.MaxSockets)
	text1 := func(name, a, b string) {
		if a != b {
			changed = append(changed, name+" "+orUnknown(a)+" → "+orUnknown(b))
		}
	}
	text1("processor", was.Processor, v.Processor)
	text1("model", was.Model, v.Model)
	text1("serial", was.Detail.Serial, v.Detail.Serial)
	text1("operating system", was.Detail.OS.Name, v.Detail.OS.Name)
	text1("kernel", was.Detail.OS.Kernel, v.Detail.OS.Kernel)
	if was.Detail.MemoryBytes != v.Detail.MemoryBytes {
		changed = append(changed, "memory "+bytesText(was.Detail.MemoryBytes)+" → "+bytesText(v.Detail.MemoryBytes)+"\u202fGiB")
	}
	if (was.Partition == nil) != (v.Partition == nil) || was.Partition != nil && partitionWords(was) != partitionWords(v) {
		changed = append(changed, "partition changed")
	}
	if len(changed) == 0 {
		return "Adapters, disks or other detail changed", ""
	}
	return sentenceStart(changed[0]), sentence(strings.Join(changed[1:], ", "))
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}

func placementWords(names *deviceNames, v *device.Placement, before device.Value) (title, text string) {
	name := func(p *device.Placement) string {
		if p == nil || p.Host == 0 {
			return "no known host"
		}
		return names.of(strconv.FormatInt(int64(p.Host), 10)).name
	}
	was, ok := before.(*device.Placement)
	switch {
	case !ok:
		title = "Runs on " + name(v)
	case was.Host != v.Host:
		title = "Moved from " + name(was) + " to " + name(v)
	case was.Pool != v.Pool:
		return fmt.Sprintf("Pool %s → %s", orUnknown(was.Pool), orUnknown(v.Pool)), ""
	}
	if v.Pool != "" {
		text = "In pool " + v.Pool + "."
	}
	return title, text
}

// coresChart is the drawing of a device's cores over time, with the checks below.
type coresChart struct {
	Wide, Narrow coresDrawing
	Label        string
}

type coresDrawing struct {
	Width, Left, Right int
	Lines              []chartLine // of the axis
	Area, Surface      string
	PeakY, PeakText    string
	TextX              string
	Covered, Missing   []box
	Ticks              []tick
	LeftText           string
}

type chartLine struct {
	Y, TextY, Text string
	Axis           bool
}

type box struct{ X, Width string }

type tick struct{ X, Text, Anchor string }

// chartOfCores draws the cores; nil when nothing is known of them.
func chartOfCores(points []device.Point, gaps, covered []report.Gap, end time.Time) *coresChart {
	var all []device.Point
	for _, p := range points {
		if p.Aspect == device.HardwareAspect {
			all = append(all, p)
		}
	}
	if len(all) == 0 || !all[0].From.Before(end) {
		return nil
	}
	_, highest, changes := coresRange(points)
	if highest == 0 {
		return nil
	}
	c := &coresChart{Label: fmt.Sprintf("At most %d cores, %s, since %s.", highest, plural(changes, "change"), report.FormatDay(all[0].From))}
	c.Wide = drawCores(1016, 48, 4, all, gaps, covered, end, highest, 7)
	c.Narrow = drawCores(358, 40, 4, all, gaps, covered, end, highest, 3)
	return c
}

func drawCores(width, left, right int, points []device.Point, gaps, covered []report.Gap, end time.Time, highest int64, ticks int) coresDrawing {
	const top, bottom = 22.0, 138.0
	start := points[0].From
	x := func(t time.Time) float64 {
		if t.Before(start) {
			t = start
		}
		return float64(left) + float64(width-left-right)*t.Sub(start).Seconds()/end.Sub(start).Seconds()
	}
	y := func(n int64) float64 { return bottom - (bottom-top)*float64(n)/float64(highest) }
	n := func(v float64) string { return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0") }
	d := coresDrawing{Width: width, Left: left, Right: width - right, LeftText: strconv.Itoa(left - 8), TextX: strconv.Itoa(left + 4)}
	marks := []int64{0, highest}
	if highest%2 == 0 {
		marks = []int64{0, highest / 2, highest}
	}
	for _, m := range marks {
		d.Lines = append(d.Lines, chartLine{n(y(m)), n(y(m) + 4), report.FormatInt(m), m == 0})
	}
	d.PeakY, d.PeakText = n(y(highest)), "Highest: "+plural(highest, "core")
	d.Area, d.Surface = corePaths(points, x, y, bottom, end, n)
	for _, c := range covered {
		if c.To.After(start) && c.From.Before(end) {
			d.Covered = append(d.Covered, box{n(x(c.From)), n(max(x(earliest(c.To, end))-x(c.From), 1))})
		}
	}
	for _, g := range gaps {
		d.Missing = append(d.Missing, box{n(x(g.From) - 1), n(max(x(g.To)-x(g.From), 2) + 2)})
	}
	for i := range ticks {
		at := start.Add(end.Sub(start) / time.Duration(ticks) * time.Duration(i))
		anchor := "middle"
		if i == 0 {
			anchor = "start"
		}
		layout := "2 Jan"
		if end.Sub(start) < 48*time.Hour {
			layout = "15:04"
		}
		d.Ticks = append(d.Ticks, tick{n(x(at)), at.UTC().Format(layout), anchor})
	}
	return d
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// corePaths are the filled area and the line above it; where nothing is known both are interrupted.
func corePaths(points []device.Point, x func(time.Time) float64, y func(int64) float64, bottom float64, end time.Time, n func(float64) string) (area, surface string) {
	var fill, line strings.Builder
	for i, p := range points {
		h, ok := p.Value.(*device.Hardware)
		if !ok || h.Cores == nil {
			continue
		}
		to := end
		if i+1 < len(points) {
			to = points[i+1].From
		}
		fmt.Fprintf(&fill, "M%s %sV%sH%sV%sZ", n(x(p.From)), n(bottom), n(y(*h.Cores)), n(x(to)), n(bottom))
		verb := "M%s %s"
		if i > 0 {
			if was, ok := points[i-1].Value.(*device.Hardware); ok && was.Cores != nil {
				verb = "H%sV%s"
			}
		}
		fmt.Fprintf(&line, verb+"H%s", n(x(p.From)), n(y(*h.Cores)), n(x(to)))
	}
	return fill.String(), line.String()
}

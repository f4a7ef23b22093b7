package report

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/highwater-sam/highwater/measure"
)

// LicenseLine is one license in the table of positions.
type LicenseLine struct {
	Name     string
	Metric   string // in words: PVU
	Entitled string // exact; "" when no entitlement is recorded
	Current  string // exact raw consumption at the last measured instant
	Period   string
	Peak     string // exact
	Regions  []RegionLine
	Position Position
}

// RegionLine is the peak of one region.
type RegionLine struct {
	Region int // 1 to 3; 0 is unassigned
	Exact  string
	Peak   string
	Date   time.Time // zero when the region never consumed
	Start  time.Time // zero when the region never consumed
}

// LicenseLines lays out a measurement's positions in a period, in the estate's order. name gives a license's name by its
// id; nil or "" shows the id. A license without the period is left out.
func LicenseLines(m *measure.Measurement, period string, name func(id string) string) []LicenseLine {
	var lines []LicenseLine
	for _, l := range m.Licenses {
		for _, p := range l.Periods {
			if p.Name == period {
				lines = append(lines, lineOf(l, p, name))
			}
		}
	}
	return lines
}

func lineOf(l *measure.License, p measure.Period, name func(string) string) LicenseLine {
	line := LicenseLine{
		Name: l.ID, Metric: MetricName(string(l.Metric)), Entitled: string(l.Entitlements),
		Current: string(l.Current.Raw), Period: p.Name, Peak: string(p.Peak),
	}
	if name != nil {
		if shown := name(l.ID); shown != "" {
			line.Name = shown
		}
	}
	line.Position, _ = PositionOf(line.Peak, line.Entitled)
	for _, r := range p.Regions {
		region := RegionLine{Region: int(r.Region), Exact: string(r.Exact), Peak: string(r.Peak)}
		if day, err := time.Parse(time.DateOnly, r.Date); err == nil {
			region.Date = day
			region.Start = r.Start.Time()
		}
		line.Regions = append(line.Regions, region)
	}
	return line
}

// WriteLicenseTable writes the positions as an aligned table for a terminal: one line a license, and one for each region
// beyond the first.
func WriteLicenseTable(w io.Writer, lines []LicenseLine) error {
	t := textTable{
		heads: []string{"License", "Metric", "Entitled", "Now", "Peak", "Position", "Region", "Peak", "On"},
		right: map[int]bool{2: true, 3: true, 4: true, 7: true},
	}
	for _, l := range lines {
		first := []string{l.Name, l.Metric, orDash(l.Entitled), FormatNumber(l.Current), FormatNumber(l.Peak), PositionWords(l.Position)}
		if len(l.Regions) == 0 {
			t.rows = append(t.rows, append(first, "–", "", ""))
		}
		for i, r := range l.Regions {
			if i > 0 {
				first = make([]string, 6)
			}
			name, date := RegionName(r.Region), "never"
			if l.Metric == "RVU" && r.Region == 0 {
				name = "All regions"
			}
			if !r.Date.IsZero() {
				date = FormatDay(r.Date)
			}
			t.rows = append(t.rows, append(first, name, FormatNumber(r.Peak), date))
		}
	}
	return t.write(w)
}

// PositionWords says a position in words: "98 over", "8 left, near", "1,050 left".
func PositionWords(p Position) string {
	switch p.Status {
	case StatusNotMeasured:
		return "not measured"
	case StatusNotEntitled:
		return FormatNumber(FormatExact(p.Consumed)) + " not entitled"
	case StatusOver:
		return strings.TrimPrefix(FormatNumber(FormatExact(p.Left)), "−") + " over"
	case StatusNear:
		return FormatNumber(FormatExact(p.Left)) + " left, near"
	}
	if p.Entitled == nil {
		return "nothing consumed"
	}
	return FormatNumber(FormatExact(p.Left)) + " left"
}

func orDash(exact string) string {
	if exact == "" {
		return "–"
	}
	return FormatNumber(exact)
}

// textTable aligns columns of text by what they measure in characters.
type textTable struct {
	heads []string
	right map[int]bool
	rows  [][]string
}

func (t textTable) write(w io.Writer) error {
	widths := make([]int, len(t.heads))
	for _, row := range append([][]string{t.heads}, t.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	total := 2 * (len(widths) - 1)
	for _, n := range widths {
		total += n
	}
	if err := t.line(w, widths, t.heads); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(w, strings.Repeat("─", total)); err != nil {
		return err
	}
	for _, row := range t.rows {
		if err := t.line(w, widths, row); err != nil {
			return err
		}
	}
	return nil
}

func (t textTable) line(w io.Writer, widths []int, row []string) error {
	var b strings.Builder
	for i, cell := range row {
		if i > 0 {
			b.WriteString("  ")
		}
		pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
		if t.right[i] {
			b.WriteString(pad + cell)
		} else {
			b.WriteString(cell + pad)
		}
	}
	_, err := fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	return err
}

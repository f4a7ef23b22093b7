package web

import (
	"encoding/json"
	"fmt"
	"html/template"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/highwater-sam/highwater/report"
)

// waterline is the chart of a license in a period: the bands of its regions, each as high as its own peak, stacked, so
// that the top is the license's peak although the regions peak on different days.
type waterline struct {
	Unit           string
	From, To       time.Time // the axis
	Measured       time.Time // the end of what is known
	Peak, Entitled *big.Rat  // Entitled nil = none recorded
	Bands          []band
	Rows           []report.SeriesRow // in the order of the bands
	Gaps           []bandGap
}

// band is one region of the chart.
type band struct {
	Region int
	Name   string
	Peak   *big.Rat // rounded up: the height of the band
	Base   *big.Rat // the sum of the peaks below
	Date   time.Time
	Start  time.Time
	Still  bool // stands at its peak at the end of what is measured
}

// bandGap is unmeasured time of devices in a band.
type bandGap struct {
	Band     int
	From, To time.Time
}

// plotColumns is how many columns the finest drawing has.
const plotColumns = 1500

// waterlineOf lays out the chart of a license's period. gaps may be nil.
func waterlineOf(line report.LicenseLine, p span, all []report.Series, gaps []bandGap) *waterline {
	w := &waterline{Unit: line.Metric, From: p.From, To: p.To, Measured: p.Measured, Entitled: line.Position.Entitled, Gaps: gaps}
	base := new(big.Rat)
	var shown []report.Series
	for _, r := range line.Regions {
		peak, ok := report.ParseExact(r.Peak)
		if !ok {
			continue
		}
		b := band{Region: r.Region, Name: regionName(line.Metric, r.Region), Peak: peak, Base: new(big.Rat).Set(base), Date: r.Date, Start: r.Start}
		base.Add(base, peak)
		one := report.Series{Region: r.Region}
		for _, s := range all {
			if s.Region == r.Region {
				one = s
			}
		}
		exact, _ := report.ParseExact(r.Exact)
		b.Still = exact != nil && exact.Sign() > 0 && one.ValueAt(p.Measured.Add(-time.Microsecond)).Cmp(exact) == 0
		w.Bands = append(w.Bands, b)
		shown = append(shown, one)
	}
	w.Peak = base
	if peak, ok := report.ParseExact(line.Peak); ok {
		w.Peak = peak
	}
	w.Rows = report.Rows(shown, p.From, p.Measured)
	return w
}

// regionName is the region in words; where the metric knows no regions, all are together.
func regionName(metric string, region int) string {
	if region == 0 && metric == "RVU" {
		return "All regions"
	}
	return report.RegionName(region)
}

// swatchOf is the class of a band's color; a band of all regions has none of its own.
func (b band) swatch() string {
	if b.Name == "All regions" {
		return "all"
	}
	return "r" + strconv.Itoa(b.Region)
}

// plot is the chart as waterline.js reads it. Numbers are for drawing only; the texts are exact.
type plot struct {
	Unit     string      `json:"unit"`
	From     int64       `json:"from"` // seconds since 1970, as all times
	To       int64       `json:"to"`
	Measured int64       `json:"measured"`
	Peak     float64     `json:"peak"`
	PeakText string      `json:"peakText"`
	Entitled *float64    `json:"entitled"`
	EntText  string      `json:"entitledText"`
	Over     string      `json:"over,omitempty"` // "98 over"
	Bands    []plotBand  `json:"bands"`
	Times    []int64     `json:"times"`
	Values   [][]float64 `json:"values"` // by band
	Texts    [][]string  `json:"texts"`  // by band, as shown in the readout
	Totals   []string    `json:"totals"`
	Gaps     []plotGap   `json:"gaps"`
}

type plotBand struct {
	Name   string  `json:"name"`
	Class  string  `json:"class"`
	Base   float64 `json:"base"`
	Peak   float64 `json:"peak"`
	Text   string  `json:"text"`   // the peak
	Note   string  `json:"note"`   // "on 24 Apr 2026"
	Date   string  `json:"date"`   // "24 Apr": beside the mark
	MarkAt int64   `json:"markAt"` // where the plateau ends; 0 = no mark
}

type plotGap struct {
	Band int   `json:"band"`
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// data is the chart for the script.
func (w *waterline) data() plot {
	rows := report.Thin(w.Rows, w.From, w.Measured, plotColumns)
	p := plot{
		Unit: w.Unit, From: w.From.Unix(), To: w.To.Unix(), Measured: w.Measured.Unix(), Peak: float(w.Peak), PeakText: exactText(w.Peak),
		Bands: []plotBand{}, Times: []int64{}, Values: [][]float64{}, Texts: [][]string{}, Totals: []string{}, Gaps: []plotGap{},
	}
	if w.Entitled != nil {
		entitled := float(w.Entitled)
		p.Entitled, p.EntText = &entitled, exactText(w.Entitled)
		if over := new(big.Rat).Sub(w.Peak, w.Entitled); over.Sign() > 0 {
			p.Over = exactText(over) + " over"
		}
	}
	for i, b := range w.Bands {
		one := plotBand{Name: b.Name, Class: b.swatch(), Base: float(b.Base), Peak: float(b.Peak), Text: exactText(b.Peak), Note: b.when()}
		if end, ok := w.plateauEnd(i); ok {
			one.MarkAt, one.Date = end.Unix(), b.Date.Format("2 Jan")
		}
		values, texts := make([]float64, 0, len(rows)+1), make([]string, 0, len(rows)+1)
		for _, r := range rows {
			values, texts = append(values, float(r.Values[i])), append(texts, exactText(r.Values[i]))
		}
		if n := len(rows); n > 0 { // the last value holds to the end of what is measured
			values, texts = append(values, values[n-1]), append(texts, texts[n-1])
		}
		p.Bands, p.Values, p.Texts = append(p.Bands, one), append(p.Values, values), append(p.Texts, texts)
	}
	for _, r := range rows {
		p.Times, p.Totals = append(p.Times, r.At.Unix()), append(p.Totals, exactText(r.Total))
	}
	if n := len(rows); n > 0 {
		p.Times, p.Totals = append(p.Times, w.Measured.Unix()), append(p.Totals, p.Totals[n-1])
	}
	for _, g := range w.Gaps {
		p.Gaps = append(p.Gaps, plotGap{g.Band, g.From.Unix(), g.To.Unix()})
	}
	return p
}

// when says on which day a band stood at its peak.
func (b band) when() string {
	switch {
	case b.Date.IsZero():
		return "never"
	case b.Still:
		return "still, " + report.FormatDay(b.Date)
	}
	return "on " + report.FormatDay(b.Date)
}

// plateauEnd is the instant at which a band's latest stretch at its peak ends; ok is false when it still holds or never was.
func (w *waterline) plateauEnd(i int) (time.Time, bool) {
	b := w.Bands[i]
	if b.Still || b.Start.IsZero() {
		return time.Time{}, false
	}
	inside := false
	for _, r := range w.Rows {
		if inside && r.Values[i].Cmp(w.valueAt(i, b.Start)) != 0 {
			return r.At, true
		}
		inside = inside || !r.At.Before(b.Start)
	}
	return time.Time{}, false
}

func (w *waterline) valueAt(i int, at time.Time) *big.Rat {
	value := new(big.Rat)
	for _, r := range w.Rows {
		if r.At.After(at) {
			break
		}
		value = r.Values[i]
	}
	return value
}

// JSON is the chart for a script element of type application/json.
func (w *waterline) JSON() (template.JS, error) {
	b, err := json.Marshal(w.data()) // escapes < and > and & itself
	if err != nil {
		return "", fmt.Errorf("write the chart: %w", err)
	}
	return template.JS(b), nil
}

// Finding is the chart in one sentence, for who cannot see it.
func (w *waterline) Finding() string {
	text := "Each region is a band as high as its own peak; the bands stack to " + exactText(w.Peak) + " " + w.Unit
	if len(w.Bands) == 1 {
		text = w.Bands[0].Name + " peaks at " + exactText(w.Peak) + " " + w.Unit
	}
	if w.Entitled == nil {
		return text + ". No entitlement is recorded."
	}
	left := new(big.Rat).Sub(w.Entitled, w.Peak)
	if left.Sign() < 0 {
		return text + ", " + exactText(left.Neg(left)) + " above the entitlement of " + exactText(w.Entitled) + "."
	}
	return text + ", " + exactText(left) + " below the entitlement of " + exactText(w.Entitled) + "."
}

func float(r *big.Rat) float64 {
	if r == nil {
		return 0
	}
	f, _ := r.Float64()
	return f
}

func exactText(r *big.Rat) string { return report.FormatNumber(report.FormatExact(r)) }

// drawing is a small chart as paths of an SVG: for lists and the home page, and where no script runs.
type drawing struct {
	Width, Height       int
	Bands               []drawnBand
	PeakY, EntY         string // "" = no line
	AxisY               string
	PeakText, EntText   string
	FromText, ToText    string
	ToX                 string
	Label               string
	PeakTextY, EntTextY string
}

type drawnBand struct{ Class, AirY, AirHeight, AirWidth, Area, Surface string }

// draw lays the chart into a box; text says whether room is left for it above and below.
func (w *waterline) draw(width, height int, text, regions bool) *drawing {
	top, bottom := 2.0, float64(height-1)
	if text {
		top, bottom = 18.5, float64(height-15)
	}
	highest := max(float(w.Peak), float(w.Entitled), 1)
	length := w.To.Sub(w.From).Seconds()
	x := func(at time.Time) float64 { return float64(width) * at.Sub(w.From).Seconds() / max(length, 1) }
	y := func(v float64) float64 { return bottom - (bottom-top)*v/highest }
	n := func(v float64) string { return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0") }
	d := &drawing{Width: width, Height: height, AxisY: n(bottom), Label: w.Finding(), ToX: n(x(w.Measured)),
		FromText: w.From.Format("2 Jan"), ToText: w.Measured.Add(-time.Microsecond).Format("2 Jan")}
	rows := report.Thin(w.Rows, w.From, w.Measured, width)
	end := x(w.Measured)
	for i, b := range w.Bands {
		if b.Peak.Sign() == 0 {
			continue
		}
		base := float(b.Base)
		var path strings.Builder
		for j, r := range rows {
			value := y(base + float(r.Values[i]))
			if j == 0 {
				fmt.Fprintf(&path, "M%s %s", n(x(r.At)), n(value))
			} else if r.Values[i].Cmp(rows[j-1].Values[i]) != 0 {
				fmt.Fprintf(&path, "H%sV%s", n(x(r.At)), n(value))
			}
		}
		if len(rows) > 0 {
			fmt.Fprintf(&path, "H%s", n(end))
		}
		surface := path.String()
		one := drawnBand{AirY: n(y(base + float(b.Peak))), AirHeight: n(y(base) - y(base+float(b.Peak))), AirWidth: n(end), Surface: surface}
		if surface != "" {
			one.Area = surface + "V" + n(y(base)) + "H0Z"
		}
		if regions {
			one.Class = b.swatch()
		}
		d.Bands = append(d.Bands, one)
	}
	if w.Peak.Sign() > 0 {
		d.PeakY, d.PeakText = n(y(float(w.Peak))), "Peak "+exactText(w.Peak)
	}
	if w.Entitled != nil {
		d.EntY, d.EntText = n(y(float(w.Entitled))), "Entitled "+exactText(w.Entitled)
	}
	return d
}

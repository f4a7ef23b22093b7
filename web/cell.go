package web

import (
	"fmt"
	"math/big"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/highwater-sam/highwater/report"
)

// cell is one value of a grid, ready for the template.
type cell struct {
	Text   string
	Title  string // the full value where Text is short
	Href   string // "" = no link
	Number bool
	Strong bool
	Class  string // of the text: "over-text", "quiet", "mono"
	Time   string // of a time: its datetime attribute
	Chip   string // class of a status
	Region int    // 1 to 3, 0 unassigned, -1 = the cell is no region
	Gauge  *gauge
	Spark  *drawing
}

// gauge is a share against its rim: widths of an SVG 72 wide.
type gauge struct {
	Level, Excess string // "" = no excess
	Rim           string
	Near          bool
}

// decorators print the columns that are more than their kind, by list and key.
var decorators = map[string]map[string]func(c *cell, value any, get func(string) any){
	"license_list": {
		"metric":   metricCell,
		"status":   statusCell,
		"position": func(c *cell, v any, _ func(string) any) { negativeIsOver(c, v) },
		"consumed": func(c *cell, _ any, _ func(string) any) { c.Strong = true },
		"used":     usedCell,
	},
	"peak_list": {
		"metric": metricCell,
		"region": regionCell,
		"peak":   func(c *cell, _ any, _ func(string) any) { c.Strong = true },
	},
	"device_list": {
		"kind":   deviceKindCell,
		"serial": monoCell, "instance_id": monoCell,
		"cores": func(c *cell, _ any, _ func(string) any) { c.Strong = true },
	},
	"installation_list": {"rule": monoCell},
	"evidence_list":     {"path": monoCell},
	"document_list":     {"document": documentCell},
	"run_list":          {"took": lengthCell, "estate_digest": monoCell},
	"remark_list":       {"code": remarkCell, "until": stillSoCell},
}

// isNumber says whether a column is set to the right.
func isNumber(g *report.Grid, c report.Column) bool {
	if g.Name == "peak_list" && c.Key == "region" {
		return false
	}
	return c.Kind == report.Number || c.Kind == report.Exact
}

// choiceTitle is a value of a choice as people say it.
func choiceTitle(g *report.Grid, c report.Column, value string) string {
	switch {
	case c.Key == "metric":
		return report.MetricName(value)
	case g.Name == "device_list" && c.Key == "kind":
		return deviceKind(value)
	}
	return sentenceStart(value)
}

func cellOf(g *report.Grid, column report.Column, get func(string) any) cell {
	value := get(column.Key)
	c := cell{Number: isNumber(g, column), Region: -1}
	switch v := value.(type) {
	case nil:
		c.Text, c.Class = "–", "quiet"
	case string:
		c.Text = v
		if column.Kind == report.Exact {
			c.Text = report.FormatNumber(v)
		}
		if v == "" {
			c.Text, c.Class = "–", "quiet"
		}
	case int64:
		switch column.Kind {
		case report.Instant:
			at := time.UnixMicro(v).UTC()
			c.Text, c.Time = report.FormatInstant(at.Truncate(time.Minute)), at.Format(time.RFC3339)
		case report.Day:
			at := time.UnixMicro(v).UTC()
			c.Text, c.Time = report.FormatDay(at), at.Format(time.DateOnly)
		default:
			c.Text = report.FormatInt(v)
		}
	default:
		c.Text = fmt.Sprint(v)
	}
	if value != nil && value != "" && column.Link != "" {
		c.Href = linkOf(column.Link, get)
	}
	if decorate := decorators[g.Name][column.Key]; decorate != nil {
		decorate(&c, value, get)
	}
	return c
}

// linkOf fills the names in braces; a link without all its values is none.
func linkOf(link string, get func(string) any) string {
	for _, key := range linkKeys(link) {
		value := get(key)
		if value == nil || value == "" {
			return ""
		}
		link = strings.ReplaceAll(link, "{"+key+"}", url.PathEscape(fmt.Sprint(value)))
	}
	return link
}

func monoCell(c *cell, value any, _ func(string) any) {
	if value != nil && value != "" {
		c.Class = "mono"
	}
}

func documentCell(c *cell, value any, _ func(string) any) {
	if id, ok := value.(string); ok && id != "" {
		c.Text, c.Title, c.Class = shortID(id), id, "mono"
	}
}

func metricCell(c *cell, value any, _ func(string) any) {
	if metric, ok := value.(string); ok {
		c.Text = report.MetricName(metric)
	}
}

func lengthCell(c *cell, value any, _ func(string) any) {
	if n, ok := value.(int64); ok {
		c.Text = report.FormatLength(time.Duration(n) * time.Microsecond)
	}
}

// remarkWords say the codes of remarks in words.
var remarkWords = map[string]string{
	"cores-missing":      "Its cores are unknown: counted as 0",
	"host-cores-missing": "The cores of the host are unknown: no limit applied",
	"host-unknown":       "The host is unknown: counted as its own server",
	"override-ignored":   "The overridden consumption does not apply",
	"points-unmatched":   "No points rule fits the server",
}

func remarkText(code string) string {
	if words := remarkWords[code]; words != "" {
		return words
	}
	return code
}

func remarkCell(c *cell, value any, _ func(string) any) {
	if code, ok := value.(string); ok {
		c.Text, c.Title = remarkText(code), code
	}
}

func stillSoCell(c *cell, value any, _ func(string) any) {
	if value == nil {
		c.Text = "still so"
	}
}

// statusChips are the classes of the statuses; the words are shown beside.
var statusChips = map[string]string{
	report.StatusOver: "over", report.StatusNotEntitled: "over", report.StatusNear: "near", report.StatusWithin: "within", report.StatusNotMeasured: "blind",
}

func statusCell(c *cell, value any, _ func(string) any) {
	if status, ok := value.(string); ok {
		c.Text, c.Chip = sentenceStart(status), statusChips[status]
	}
}

func deviceKind(kind string) string {
	switch kind {
	case "vm":
		return "Guest"
	case "host":
		return "Host"
	case "computer":
		return "Computer"
	}
	return kind
}

func deviceKindCell(c *cell, value any, _ func(string) any) {
	if kind, ok := value.(string); ok {
		c.Text = deviceKind(kind)
	}
}

func regionCell(c *cell, value any, get func(string) any) {
	n, _ := value.(int64)
	c.Region, c.Text, c.Class = int(n), report.RegionName(int(n)), ""
	if get("metric") == "ibm-rvu-mapc" {
		c.Region, c.Text = -1, "All regions"
	}
}

func negativeIsOver(c *cell, value any) {
	if text, ok := value.(string); ok && strings.HasPrefix(text, "-") {
		c.Class = "over-text"
	}
}

// usedCell draws the share of the entitlement: a tank with the entitlement as its rim.
func usedCell(c *cell, value any, _ func(string) any) {
	text, ok := value.(string)
	if !ok {
		return
	}
	percent, ok := report.ParseExact(text)
	if !ok {
		return
	}
	c.Text = report.FormatPercent(percent) + "\u202f%"
	c.Gauge = gaugeOf(percent)
}

const gaugeWidth = 72

// gaugeOf lays out the tank: full at 100 %; beyond that the whole is the consumption and the rim stands within.
func gaugeOf(percent *big.Rat) *gauge {
	share, _ := percent.Float64()
	width := func(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }
	if share <= 100 {
		return &gauge{Level: width(gaugeWidth * share / 100), Rim: width(gaugeWidth), Near: share >= report.NearPercent}
	}
	rim := gaugeWidth * 100 / share
	return &gauge{Level: width(rim), Excess: width(gaugeWidth - rim), Rim: width(rim)}
}

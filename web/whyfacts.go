package web

import (
	"strconv"
	"time"

	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/report"
)

// evidenceDocument is the document by which software was seen from an instant on.
func evidenceDocument(history []device.Point, from time.Time) string {
	document := ""
	for _, p := range history {
		if p.Aspect == device.EvidenceAspect && !p.From.After(from) {
			document = p.Document
		}
	}
	return document
}

// pointFacts are the hardware and the placement in force at an instant.
func pointFacts(names *deviceNames, points []device.Point, at time.Time) []whyFact {
	var facts []whyFact
	for _, aspect := range []device.Aspect{device.HardwareAspect, device.PlacementAspect} {
		var of []device.Point
		for _, p := range points {
			if p.Aspect == aspect {
				of = append(of, p)
			}
		}
		i := len(of) - 1
		for i >= 0 && of[i].From.After(at) {
			i--
		}
		if i < 0 {
			continue
		}
		f := whyFact{From: report.FormatInstant(of[i].From), Until: "still so", Learnt: learnt(of[i].From, of[i].Recorded), Document: of[i].Document}
		if i+1 < len(of) {
			f.Until = report.FormatInstant(of[i+1].From)
		}
		switch value := of[i].Value.(type) {
		case *device.Hardware:
			f.Name, f.Value, f.Path = "Cores", known(value.Cores), true
			f.Note = "threads " + known(value.Threads) + ", processors " + known(value.Processors) + aroundCores(of, i)
		case *device.Placement:
			f.Name, f.Value = "Host", "no known host"
			if value.Host != 0 {
				host := strconv.FormatInt(int64(value.Host), 10)
				f.Value, f.Href = names.of(host).name, "/devices/"+host
			}
			if value.Pool != "" {
				f.Note = "pool " + value.Pool
			}
		default:
			f.Name, f.Value = sentenceStart(string(aspect)), "unknown"
		}
		facts = append(facts, f)
	}
	return facts
}

// aroundCores says what the count was before and after, where it differs.
func aroundCores(points []device.Point, i int) string {
	cores := func(p device.Point) string {
		if h, ok := p.Value.(*device.Hardware); ok {
			return known(h.Cores)
		}
		return "unknown"
	}
	now, text := cores(points[i]), ""
	if i > 0 && cores(points[i-1]) != now {
		text += "; " + cores(points[i-1]) + " cores before"
	}
	if i+1 < len(points) && cores(points[i+1]) != now {
		text += "; " + cores(points[i+1]) + " after"
	}
	return text
}

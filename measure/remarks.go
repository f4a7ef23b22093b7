package measure

import (
	"cmp"
	"slices"
	"strings"

	"github.com/highwater-sam/highwater/estate"
)

// remarkSpan is an unbroken span during which a remark about a device holds.
type remarkSpan struct {
	device   uint32
	from, to uint32 // to is open when it still holds at the end
	code     uint8
	open     bool
}

// spansOf joins what workers noted into spans, by license. Each span's reasons are counted, so that one which ends
// as another begins leaves the span unbroken.
func (e *Engine) spansOf(changes []remarkChange) [][]remarkSpan {
	slices.SortFunc(changes, func(a, b remarkChange) int {
		return cmp.Or(cmp.Compare(a.license, b.license), cmp.Compare(a.device, b.device),
			cmp.Compare(a.code, b.code), cmp.Compare(a.at, b.at))
	})
	spans := make([][]remarkSpan, len(e.plan.licenses))
	for i := 0; i < len(changes); {
		first := changes[i]
		list := &spans[first.license]
		reasons, from := 0, uint32(0)
		for i < len(changes) {
			c := changes[i]
			if c.license != first.license || c.device != first.device || c.code != first.code {
				break
			}
			before := reasons
			for at := c.at; i < len(changes) && changes[i].at == at && changes[i].device == first.device &&
				changes[i].code == first.code && changes[i].license == first.license; i++ {
				reasons += int(changes[i].by)
			}
			switch {
			case before == 0 && reasons > 0:
				from = c.at
			case before > 0 && reasons == 0:
				*list = append(*list, remarkSpan{device: first.device, code: first.code, from: from, to: c.at})
			}
		}
		if reasons > 0 {
			*list = append(*list, remarkSpan{device: first.device, code: first.code, from: from, open: true})
		}
	}
	return spans
}

// remarksOf writes the spans as remarks, within the earliest period's start and as_of.
func (e *Engine) remarksOf(spans []remarkSpan) []Remark {
	remarks := []Remark{}
	if !slices.ContainsFunc(e.header.Periods, func(p estate.Period) bool { return p.From < e.header.AsOf }) {
		return remarks
	}
	for _, s := range spans {
		r := Remark{Code: codes[s.code], Device: e.facts.ids.at(int(s.device)), From: e.facts.clock.instant(s.from)}
		if !s.open {
			r.To = e.facts.clock.instant(s.to)
		}
		remarks = append(remarks, r)
	}
	slices.SortFunc(remarks, func(a, b Remark) int {
		return cmp.Or(strings.Compare(string(a.Code), string(b.Code)), strings.Compare(a.Device, b.Device), cmp.Compare(a.From, b.From))
	})
	return remarks
}

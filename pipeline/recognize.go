package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/highwater-sam/highwater/assign"
	"github.com/highwater-sam/highwater/catalog"
	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/store"
)

// recognized is what recognition found on one device over all its history.
type recognized struct {
	installations []store.Installation
	last          map[catalog.ProductID]catalog.Recognized // as the newest evidence shows each product
}

// recognize turns the evidence of every device, past and present, into installations, and saves those that changed. It
// returns each pair of device and product once, as assignment wants them.
func (p *Pipeline) recognize(ctx context.Context, devices []device.ID, step func(done int)) ([]assign.Installation, error) {
	sets := map[string][]catalog.Recognized{}
	var all []assign.Installation
	const batch = 500
	for start := 0; start < len(devices); start += batch {
		part := devices[start:min(start+batch, len(devices))]
		save := make([]store.DeviceInstallations, 0, len(part))
		for _, id := range part {
			found, err := p.recognizeDevice(ctx, id, sets)
			if err != nil {
				return nil, fmt.Errorf("recognize the software of device %d: %w", id, err)
			}
			save = append(save, store.DeviceInstallations{Device: id, Installations: found.installations})
			all = append(all, found.pairs(id)...)
		}
		if _, err := p.Store.SaveInstallations(ctx, save...); err != nil {
			return nil, err
		}
		step(start + len(part))
	}
	return all, nil
}

// recognizeDevice walks the evidence of one device through its history.
func (p *Pipeline) recognizeDevice(ctx context.Context, id device.ID, sets map[string][]catalog.Recognized) (recognized, error) {
	history, err := p.Store.History(ctx, id, nil)
	if err != nil {
		return recognized{}, err
	}
	out := recognized{last: map[catalog.ProductID]catalog.Recognized{}}
	open := map[catalog.ProductID]*store.Installation{}
	end := endOf(history)
	closeAt := func(product catalog.ProductID, at time.Time) {
		in := open[product]
		delete(open, product)
		if at.After(in.From) {
			in.To = &at
			out.installations = append(out.installations, *in)
		}
	}
	for _, point := range history {
		if point.Aspect != device.EvidenceAspect || end != nil && !point.From.Before(*end) {
			continue
		}
		set, _ := point.Value.(*device.EvidenceSet)
		found, err := p.recognizeSet(ctx, set, sets)
		if err != nil {
			return recognized{}, err
		}
		now := map[catalog.ProductID]store.Installation{}
		for _, r := range found {
			now[r.Product] = p.installation(r, point.From, set.Hash)
			out.last[r.Product] = r
		}
		for product, was := range open {
			if is, still := now[product]; !still || is.Version != was.Version || is.Edition != was.Edition || is.Rule != was.Rule {
				closeAt(product, point.From)
			}
		}
		for product, in := range now {
			if open[product] == nil {
				open[product] = &in
			}
		}
	}
	for product, in := range open {
		if end != nil {
			closeAt(product, *end)
			continue
		}
		out.installations = append(out.installations, *in)
	}
	slices.SortFunc(out.installations, func(a, b store.Installation) int {
		if a.Product != b.Product {
			return compareText(string(a.Product), string(b.Product))
		}
		return a.From.Compare(b.From)
	})
	return out, nil
}

// endOf is the instant at which a cloud instance was terminated; nil for every other device. What was installed on it
// counts up to then.
func endOf(history []device.Point) *time.Time {
	var end *time.Time
	for _, point := range history {
		if c, ok := point.Value.(*device.Cloud); ok && point.Aspect == device.CloudAspect {
			switch {
			case c == nil || c.State != "terminated":
				end = nil
			case end == nil:
				at := point.From
				end = &at
			}
		}
	}
	return end
}

// recognizeSet applies the catalog to a set of evidence, once for all devices that show it.
func (p *Pipeline) recognizeSet(ctx context.Context, set *device.EvidenceSet, known map[string][]catalog.Recognized) ([]catalog.Recognized, error) {
	if set == nil {
		return nil, nil
	}
	if found, ok := known[set.Hash]; ok {
		return found, nil
	}
	var titles []catalog.Title
	for _, part := range set.Parts {
		some, err := p.Store.Titles(ctx, part.Hash)
		if err != nil {
			return nil, err
		}
		titles = append(titles, some...)
	}
	found := p.recognizer.Recognize(titles).Products
	known[set.Hash] = found
	return found, nil
}

func (p *Pipeline) installation(r catalog.Recognized, from time.Time, evidence string) store.Installation {
	product, _ := p.Catalog.Product(r.Product)
	return store.Installation{
		Product: r.Product, Name: product.Name, Publisher: product.Publisher, Version: r.Version, Edition: r.Edition, Free: product.Free,
		Rule: r.Rule, From: from, Evidence: evidence,
	}
}

// pairs gives each product of the device once, as its newest installation says it.
func (r recognized) pairs(id device.ID) []assign.Installation {
	var out []assign.Installation
	for i, in := range r.installations {
		if i+1 < len(r.installations) && r.installations[i+1].Product == in.Product {
			continue
		}
		out = append(out, assign.Installation{
			Device: deviceKey(id), Product: in.Product, Version: in.Version, Edition: in.Edition, Free: in.Free,
			PartOf: r.last[in.Product].PartOf, MaySupport: r.last[in.Product].MaySupport,
		})
	}
	return out
}

// deviceKey is a device's id in an estate.
func deviceKey(id device.ID) string { return strconv.FormatInt(int64(id), 10) }

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

package assign

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/highwater-sam/highwater/catalog"
)

// result collects and sorts what the run found.
func (r *run) result() *Result {
	out := &Result{Unlicensed: r.ignored, names: map[counts]bool{}, consumed: map[LicenseID]Consumption{}}
	r.countUp(out)
	tried := 0
	for _, it := range r.open {
		tried += len(it.tried)
	}
	out.Tried, out.Counted = make([]Tried, 0, tried), make([]Counted, 0, len(r.open))
	for _, it := range r.open {
		for i := range it.tried {
			it.tried[i].Order = i + 1
		}
		out.Tried = append(out.Tried, it.tried...)
		if !it.done {
			out.Unlicensed = append(out.Unlicensed, it.unlicensed())
		}
	}
	r.name(out)
	for _, it := range r.open {
		if it.done && it.tried[it.linked()].Reason != Component {
			out.Counted = append(out.Counted, Counted{it.Device, it.Product, it.by.ID, out.EstateProduct(it.by.ID, it.Product)})
		}
	}
	slices.SortFunc(out.Unlicensed, func(a, b Unlicensed) int {
		return cmp.Or(cmp.Compare(a.Device, b.Device), cmp.Compare(a.Product, b.Product))
	})
	return out
}

// linked is the place of the answer that took the installation.
func (it *item) linked() int {
	return slices.IndexFunc(it.tried, func(t Tried) bool { return t.Status == Consumes || t.Status == Covered || t.Status == Exempt })
}

func (it *item) unlicensed() Unlicensed {
	u := Unlicensed{Device: it.Device, Product: it.Product, Cause: NoLicense, Text: fmt.Sprintf("no license covers %s", it.Product)}
	if len(it.tried) > 0 {
		var why []string
		for _, t := range it.tried {
			why = append(why, fmt.Sprintf("%s: %s", t.License, t.Text))
		}
		u.Cause, u.Text = AllRejected, strings.Join(why, "; ")
	}
	return u
}

// name decides which products need an estate name of their own under a license: those that another license lists too, or
// of which some installation is not this license's.
func (r *run) name(out *Result) {
	shared := map[catalog.ProductID]bool{}
	for product, licenses := range r.covering {
		shared[product] = len(licenses) > 1
	}
	for _, it := range r.open {
		if !it.done || it.tried[it.linked()].Reason == Component {
			shared[it.Product] = true
		}
	}
	for product, licenses := range r.covering {
		for _, l := range licenses {
			out.names[counts{l.ID, product}] = shared[product]
		}
	}
}

// EstateProduct is the name under which a license's estate lists a product, and under which the installations that the
// license took are entered: the product's id where no other license and no other installation has a part in it, else the id
// and the license's, so that the engine counts for the license what it took and nothing else.
func (r *Result) EstateProduct(license LicenseID, product catalog.ProductID) string {
	if r.names[counts{license, product}] {
		return string(product) + "@" + string(license)
	}
	return string(product)
}

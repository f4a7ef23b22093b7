package assign

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/highwater-sam/highwater/catalog"
)

// Assign decides for each installation which license it consumes from, in this order:
//
//  1. Allocations: an allocated device consumes from that license and from no other.
//  2. Bundles: licenses of several products, those with most products first, then most entitlements, then by priority.
//     A device with a primary product of the bundle (or MinProducts of its products, one of them primary) takes it.
//  3. Licenses for each installation by itself: those that prefer the device's location, then by priority, unlimited
//     before limited before true-up.
//  4. Excess: what found only licenses without free entitlements stays on the first of them, which shows the risk.
//
// Entitlements decide in 2 and 3 only for metrics counted at this instant; for those the engine measures over time (PVU,
// VPC, RVU) they never do. Parts of a product on the same device follow it. Every pair of installation and license that was
// looked at is in the result.
func Assign(in Input) *Result {
	r := newRun(in)
	r.allocations()
	r.bundles()
	r.singles(false)
	r.parts()
	return r.result()
}

// allocations binds allocated devices.
func (r *run) allocations() {
	for _, it := range r.open {
		var to []*License
		for _, l := range r.covering[it.Product] {
			if r.allocation(l, it.Device) != nil {
				to = append(to, l)
			}
		}
		for _, l := range to {
			it.bound = true
			if it.done {
				it.try(l, NotAssessed, HigherLicense, "license "+string(it.by.ID)+" took it, to which the device is allocated too")
				continue
			}
			reason, text := r.refuse(l, it.device, it.Installation)
			switch {
			case reason != "":
				it.try(l, Rejected, reason, "the device is allocated to this license, but "+text)
			case l.product(it.Installation).Supplementary:
				r.link(it, l, Covered, Supplementary, "supplementary product on a device that is allocated to this license")
			default:
				text := withReason("the device is allocated to this license", r.allocation(l, it.Device).Reason)
				r.consume(it, l, ByAllocation, text)
			}
		}
	}
	for _, it := range r.open {
		if !it.bound {
			continue
		}
		for _, l := range r.covering[it.Product] {
			if r.allocation(l, it.Device) == nil {
				it.try(l, Rejected, AllocatedTo, "the device is allocated to another license")
			}
		}
	}
}

func (r *run) allocation(l *License, device string) *Allocation {
	for i := range l.Allocations {
		if l.Allocations[i].Device == device {
			return &l.Allocations[i]
		}
	}
	return nil
}

// bundles tries the licenses of several products.
func (r *run) bundles() {
	var several []*License
	for _, l := range r.licenses {
		if len(l.Products) > 1 {
			several = append(several, l)
		}
	}
	slices.SortStableFunc(several, func(a, b *License) int {
		return cmp.Or(cmp.Compare(len(b.Products), len(a.Products)),
			r.entitled[b.ID].Cmp(r.entitled[a.ID]), cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.ID, b.ID))
	})
	for _, l := range several {
		for start := 0; start < len(r.open); {
			end := start
			for end < len(r.open) && r.open[end].Device == r.open[start].Device {
				end++
			}
			r.bundle(l, r.open[start:end])
			start = end
		}
	}
}

// bundle gives a bundle all that it covers of one device, if it takes the device at all.
func (r *run) bundle(l *License, onDevice []*item) {
	var takes []*item
	primary := false
	for _, it := range onDevice {
		if it.bound || it.done || r.part(it) || !l.covers(it.Product) {
			continue
		}
		if reason, _ := r.refuse(l, it.device, it.Installation); reason != "" {
			continue // the single phase tells why
		}
		takes = append(takes, it)
		primary = primary || !l.product(it.Installation).Supplementary
	}
	if !primary || len(takes) < max(1, l.MinProducts) {
		return
	}
	if ok, _ := r.capacity(l, takes[0]); !ok {
		for _, it := range takes {
			if it.full == nil && !l.product(it.Installation).Supplementary {
				it.full, it.bundle = l, true
			}
		}
		return
	}
	for _, it := range takes {
		if l.product(it.Installation).Supplementary {
			r.link(it, l, Covered, Supplementary, "comes with a primary product of this license on the same device")
		} else {
			r.consume(it, l, Normal, fmt.Sprintf("the device has %d of this license's products; a bundle goes before licenses of one product", len(takes)))
		}
		it.tried[len(it.tried)-1].Bundle = true
	}
}

func (l *License) covers(p catalog.ProductID) bool {
	return slices.ContainsFunc(l.Products, func(x LicensedProduct) bool { return x.Product == p })
}

// sortLicenses orders the licenses of one product: by priority, unlimited first and true-up last, then by id.
func sortLicenses(of []*License) {
	slices.SortStableFunc(of, func(a, b *License) int {
		return cmp.Or(cmp.Compare(a.rank(), b.rank()), cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.ID, b.ID))
	})
}

// rank puts true-up licenses behind all others; with automatic priority unlimited ones come first.
func (l *License) rank() int {
	switch {
	case l.Limit == LimitTrueUp:
		return 2
	case l.Limit == LimitUnlimited && l.Priority == 0:
		return 0
	}
	return 1
}

// singles walks the licenses of each installation by itself; parts of other products only where told. Products that some
// license has as supplementary come last: whether their primary product consumes must be known by then.
func (r *run) singles(parts bool) {
	for _, last := range []bool{false, true} {
		for _, it := range r.open {
			if !it.bound && r.supplementary[it.Product] == last && r.part(it) == parts && !(parts && it.done) {
				r.single(it)
			}
		}
	}
	for _, it := range r.open {
		if !it.done && !it.bound && r.part(it) == parts && it.full != nil {
			it.retract(it.full)
			text := "no license has a free entitlement: it stays on this one, which is over-consumed"
			r.consume(it, it.full, Excess, text)
			it.tried[len(it.tried)-1].Bundle = it.bundle
		}
	}
	for _, it := range r.open { // their primary product may have become excess
		for i := 0; i < len(it.tried) && !it.done && r.part(it) == parts; i++ {
			if l := r.byID[it.tried[i].License]; it.tried[i].Reason == NoPrimary && r.primaryOn(l, it.Device) {
				it.retract(l)
				r.link(it, l, Covered, Supplementary, "comes with a primary product of this license on the same device")
			}
		}
	}
}

func (r *run) single(it *item) {
	for _, l := range r.order(it) {
		switch {
		case it.done && it.by == l:
		case it.done:
			it.try(l, NotAssessed, HigherLicense, "license "+string(it.by.ID)+" took it before")
		default:
			r.offer(it, l)
		}
	}
}

// order is the order in which an installation's licenses are asked.
func (r *run) order(it *item) []*License {
	of := r.covering[it.Product]
	if !slices.ContainsFunc(of, func(l *License) bool { return len(l.Preferred) > 0 }) {
		return of
	}
	of = slices.Clone(of)
	slices.SortStableFunc(of, func(a, b *License) int {
		return cmp.Compare(r.preference(a, it.device), r.preference(b, it.device))
	})
	return of
}

func (r *run) preference(l *License, d *Device) int {
	if r.places.within(d.Location, l.Preferred) {
		return 0
	}
	return 1
}

// offer asks one license.
func (r *run) offer(it *item, l *License) {
	reason, text := r.refuse(l, it.device, it.Installation)
	if reason != "" {
		it.try(l, Rejected, reason, text)
		return
	}
	if l.product(it.Installation).Supplementary {
		if r.primaryOn(l, it.Device) {
			r.link(it, l, Covered, Supplementary, "comes with a primary product of this license on the same device")
			return
		}
		it.try(l, Rejected, NoPrimary, "it is a supplementary product of this license, and no primary one on the device consumes from it")
		return
	}
	ok, missing := r.capacity(l, it)
	switch {
	case ok:
		r.consume(it, l, Normal, "the license covers the product, and none before it took it")
	case missing != "":
		it.try(l, Rejected, missing, "what the device counts is not known: "+string(missing))
	default:
		if it.full == nil {
			it.full = l
		}
		it.try(l, Rejected, NoCapacity, fmt.Sprintf("%s of %s entitlements are taken, too many to take this device", decimalOf(r.taken(l.ID)), decimalOf(r.entitled[l.ID])))
	}
}

// parts lets the parts of a product follow it; those of a product that found no license look for their own.
func (r *run) parts() {
	for range r.open { // as deep as parts of parts go
		moved := false
		for _, it := range r.open {
			if it.done || it.bound || !r.part(it) {
				continue
			}
			if whole := r.on(it.Device, it.PartOf); whole.done {
				r.link(it, whole.by, Covered, Component, fmt.Sprintf("part of %s, which this license covers on the device", it.PartOf))
				moved = true
			}
		}
		if !moved {
			break
		}
	}
	r.singles(true)
}

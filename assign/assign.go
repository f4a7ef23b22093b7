package assign

import (
	"cmp"
	"fmt"
	"math/big"
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

// run is one assignment under way.
type run struct {
	in          Input
	places      places
	units       places
	costCenters places
	devices     map[string]*Device
	licenses    []*License                       // by id
	covering    map[catalog.ProductID][]*License // by id
	open        []*item                          // installations that need a license, by device and product
	items       map[string][]*item               // by device
	entitled    map[LicenseID]*big.Rat           // at the instant of the run
	used        map[LicenseID]*big.Rat           // entitlements taken, of counted metrics
	counted     map[LicenseID]map[string]bool    // devices that count already
	ignored     []Unlicensed
	desktops    map[string][]*item // installations on desktops, by user; made when first needed
}

// item is one installation on its way to a license.
type item struct {
	*Installation
	device *Device
	tried  []Tried
	bound  bool     // allocated: no other license is tried
	done   bool     // a license took it
	by     *License // which
	full   *License // the first license that would have taken it but for its entitlements
	bundle bool     // that license is a bundle
}

func newRun(in Input) *run {
	r := &run{
		in: in, places: newPlaces(in.Locations), units: newPlaces(in.Units), costCenters: newPlaces(in.CostCenters), devices: map[string]*Device{}, covering: map[catalog.ProductID][]*License{},
		items: map[string][]*item{}, entitled: map[LicenseID]*big.Rat{},
		used: map[LicenseID]*big.Rat{}, counted: map[LicenseID]map[string]bool{},
	}
	for i := range in.Devices {
		r.devices[in.Devices[i].ID] = &in.Devices[i]
	}
	for i := range in.Licenses {
		r.licenses = append(r.licenses, &in.Licenses[i])
	}
	slices.SortFunc(r.licenses, func(a, b *License) int { return cmp.Compare(a.ID, b.ID) })
	for _, l := range r.licenses {
		r.entitled[l.ID] = new(big.Rat) // nothing recorded lets nothing be taken
		if e := l.Entitlements(in.At); e.Stated() {
			r.entitled[l.ID] = e.Rat()
		}
		for _, p := range l.Products {
			r.covering[p.Product] = append(r.covering[p.Product], l)
		}
	}
	for _, of := range r.covering {
		sortLicenses(of)
	}
	r.open = make([]*item, 0, len(in.Installations))
	for i := range in.Installations {
		r.take(&in.Installations[i])
	}
	slices.SortFunc(r.open, func(a, b *item) int {
		return cmp.Or(cmp.Compare(a.Device, b.Device), cmp.Compare(a.Product, b.Product))
	})
	return r
}

// take puts an installation among those that need a license.
func (r *run) take(in *Installation) {
	d := r.devices[in.Device]
	if d == nil || in.Free || r.on(in.Device, in.Product) != nil {
		return
	}
	if d.Ignored {
		r.ignored = append(r.ignored, Unlicensed{in.Device, in.Product, DeviceIgnored, "the device is ignored: nothing on it is assessed"})
		return
	}
	it := &item{Installation: in, device: d}
	if n := len(r.covering[in.Product]); n > 0 {
		it.tried = make([]Tried, 0, n)
	}
	r.items[in.Device] = append(r.items[in.Device], it)
	r.open = append(r.open, it)
}

// on finds an installation on a device; a device has few.
func (r *run) on(device string, product catalog.ProductID) *item {
	for _, it := range r.items[device] {
		if it.Product == product {
			return it
		}
	}
	return nil
}

// part says whether the installation is to follow another on the same device.
func (r *run) part(it *item) bool {
	return it.PartOf != "" && it.PartOf != it.Product && r.on(it.Device, it.PartOf) != nil
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

// singles walks the licenses of each installation by itself; parts of other products only where told.
func (r *run) singles(parts bool) {
	for _, it := range r.open {
		if !it.bound && r.part(it) == parts && !(parts && it.done) {
			r.single(it)
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

// primaryOn says whether a primary product of the license on the device already consumes from it.
func (r *run) primaryOn(l *License, device string) bool {
	for _, other := range r.items[device] {
		if other.by == l && !l.product(other.Installation).Supplementary {
			return true
		}
	}
	return false
}

// capacity says whether the license can take one more device; where it cannot because the device's own count is unknown,
// which value is missing.
func (r *run) capacity(l *License, it *item) (bool, Reason) {
	d := it.device
	m, counted := metricOf(l.Metric)
	if engineMetric(l.Metric) || !counted || m.unit == nil || r.counted[l.ID][d.ID] && !l.EachInstallation {
		return true, ""
	}
	if reason, _ := r.exempt(l, it); reason != "" {
		return true, ""
	}
	units, missing := r.counts(m, l, d)
	if units == nil {
		return false, missing
	}
	if l.Limit == LimitUnlimited || l.Limit == LimitTrueUp {
		return true, ""
	}
	after := new(big.Rat).Add(r.taken(l.ID), units)
	return after.Cmp(r.entitled[l.ID]) <= 0, ""
}

func (r *run) taken(id LicenseID) *big.Rat {
	if r.used[id] == nil {
		r.used[id] = new(big.Rat)
	}
	return r.used[id]
}

// consume links an installation that counts, unless it is exempt.
func (r *run) consume(it *item, l *License, reason Reason, text string) {
	if why, words := r.exempt(l, it); why != "" {
		r.link(it, l, Exempt, why, words)
		return
	}
	if m, ok := metricOf(l.Metric); ok && m.unit != nil && (l.EachInstallation || !r.counted[l.ID][it.Device]) {
		if units, _ := r.counts(m, l, it.device); units != nil {
			r.taken(l.ID).Add(r.taken(l.ID), units)
		}
		if r.counted[l.ID] == nil {
			r.counted[l.ID] = map[string]bool{}
		}
		r.counted[l.ID][it.Device] = true
	}
	for _, by := range it.MaySupport {
		text += fmt.Sprintf("; it may be here only for the use of %s, which the device does not tell", by)
	}
	r.link(it, l, Consumes, reason, text)
}

func (r *run) link(it *item, l *License, status Status, reason Reason, text string) {
	it.done, it.by = true, l
	it.try(l, status, reason, text)
}

func (it *item) try(l *License, status Status, reason Reason, text string) {
	it.tried = append(it.tried, Tried{Device: it.Device, Product: it.Product, License: l.ID, Status: status, Reason: reason, Text: text})
}

// retract takes back an earlier answer of the license, which is about to give another.
func (it *item) retract(l *License) {
	it.tried = slices.DeleteFunc(it.tried, func(t Tried) bool { return t.License == l.ID })
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

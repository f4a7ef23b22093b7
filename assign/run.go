package assign

import (
	"cmp"
	"math/big"
	"slices"

	"github.com/highwater-sam/highwater/catalog"
)

// run is one assignment under way.
type run struct {
	in            Input
	places        places
	units         places
	costCenters   places
	devices       map[string]*Device
	licenses      []*License // by id
	byID          map[LicenseID]*License
	supplementary map[catalog.ProductID]bool       // products that some license has as supplementary
	covering      map[catalog.ProductID][]*License // by id
	open          []*item                          // installations that need a license, by device and product
	items         map[string][]*item               // by device
	entitled      map[LicenseID]*big.Rat           // at the instant of the run
	used          map[LicenseID]*big.Rat           // entitlements taken, of counted metrics
	counted       map[LicenseID]map[string]bool    // devices that count already
	ignored       []Unlicensed
	desktops      map[string][]*item // installations on desktops, by user; made when first needed
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
		byID: map[LicenseID]*License{}, supplementary: map[catalog.ProductID]bool{},
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
		r.byID[l.ID] = l
		r.entitled[l.ID] = new(big.Rat) // nothing recorded lets nothing be taken
		if e := l.Entitlements(in.At); e.Stated() {
			r.entitled[l.ID] = e.Rat()
		}
		for _, p := range l.Products {
			r.supplementary[p.Product] = r.supplementary[p.Product] || p.Supplementary
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

package measure

import (
	"math/big"
	"slices"

	"github.com/highwater-sam/highwater/estate"
)

// Difference is what differs between two measurements, by license, period and region.
type Difference struct {
	Licenses []LicenseDifference `json:"licenses"` // only those that differ, in the order of the second measurement
}

// LicenseDifference is what differs for one license.
type LicenseDifference struct {
	ID      string             `json:"id"`
	Only    string             `json:"only,omitzero"` // before or after, when only that measurement has the license
	Current *Change            `json:"current,omitzero"`
	Regions []RegionDifference `json:"current_regions,omitzero"`
	Periods []PeriodDifference `json:"periods,omitzero"`
	Remarks *RemarkDifference  `json:"remarks,omitzero"`
}

// Change is a figure before and after, and by how much it is higher after (below 0 if lower).
type Change struct {
	Before Number `json:"before"`
	After  Number `json:"after"`
	By     Number `json:"by"`
}

// RegionDifference is what differs in one region: now, or in a period.
type RegionDifference struct {
	Region      Region         `json:"region"`
	Exact       *Change        `json:"exact,omitzero"`
	Peak        *Change        `json:"peak,omitzero"`
	DateBefore  string         `json:"peak_date_before,omitzero"` // the dates are there when one of them differs
	DateAfter   string         `json:"peak_date_after,omitzero"`
	StartBefore estate.Instant `json:"peak_start_before,omitzero"`
	StartAfter  estate.Instant `json:"peak_start_after,omitzero"`
}

// PeriodDifference is what differs in one period.
type PeriodDifference struct {
	Name    string             `json:"name"`
	Peak    *Change            `json:"peak,omitzero"`
	Regions []RegionDifference `json:"regions,omitzero"`
}

// RemarkDifference lists the remarks that only one measurement has.
type RemarkDifference struct {
	Before []Remark `json:"before"`
	After  []Remark `json:"after"`
}

// Empty reports whether the measurements have the same figures and remarks.
func (d *Difference) Empty() bool { return len(d.Licenses) == 0 }

// Compare returns what differs between two measurements.
func Compare(before, after *Measurement) *Difference {
	d := &Difference{Licenses: []LicenseDifference{}}
	for _, a := range after.Licenses {
		b := before.License(a.ID)
		if b == a {
			continue
		}
		var diff LicenseDifference
		var differs bool
		if b == nil {
			diff, _ = compareLicense(&License{ID: a.ID, Current: Current{Raw: "0"}}, a)
			diff.Only, differs = "after", true
		} else {
			diff, differs = compareLicense(b, a)
		}
		if differs {
			d.Licenses = append(d.Licenses, diff)
		}
	}
	for _, b := range before.Licenses {
		if after.License(b.ID) == nil {
			diff, _ := compareLicense(b, &License{ID: b.ID, Current: Current{Raw: "0"}})
			diff.Only = "before"
			d.Licenses = append(d.Licenses, diff)
		}
	}
	return d
}

// changed returns nil when the numbers are equal; an absent one is 0.
func changed(before, after Number) *Change {
	if before == after {
		return nil
	}
	if before == "" {
		before = "0"
	}
	if after == "" {
		after = "0"
	}
	by := new(big.Rat).Sub(after.Rat(), before.Rat())
	if by.Sign() == 0 {
		return nil
	}
	sign := ""
	if by.Sign() < 0 {
		sign = "-"
	}
	return &Change{before, after, Number(sign) + NumberOf(by.Abs(by))}
}

func compareLicense(b, a *License) (d LicenseDifference, differs bool) {
	d.ID = a.ID
	d.Current = changed(b.Current.Raw, a.Current.Raw)
	for _, region := range inOrder {
		if c := changed(currentOf(b, region), currentOf(a, region)); c != nil {
			d.Regions = append(d.Regions, RegionDifference{Region: region, Exact: c})
		}
	}
	for _, name := range periodNames(b, a) {
		if p, differs := comparePeriods(name, periodOf(b, name), periodOf(a, name)); differs {
			d.Periods = append(d.Periods, p)
		}
	}
	r := RemarkDifference{Before: onlyIn(b.Remarks, a.Remarks), After: onlyIn(a.Remarks, b.Remarks)}
	if len(r.Before)+len(r.After) > 0 {
		d.Remarks = &r
	}
	return d, d.Current != nil || d.Regions != nil || d.Periods != nil || d.Remarks != nil
}

func currentOf(l *License, region Region) Number {
	for _, r := range l.Current.Regions {
		if r.Region == region {
			return r.Value
		}
	}
	return ""
}

func periodNames(b, a *License) []string {
	var names []string
	for _, l := range []*License{a, b} {
		for i := range l.Periods {
			if !slices.Contains(names, l.Periods[i].Name) {
				names = append(names, l.Periods[i].Name)
			}
		}
	}
	return names
}

func periodOf(l *License, name string) Period {
	for _, p := range l.Periods {
		if p.Name == name {
			return p
		}
	}
	return Period{}
}

func comparePeriods(name string, b, a Period) (d PeriodDifference, differs bool) {
	d = PeriodDifference{Name: name, Peak: changed(b.Peak, a.Peak)}
	of := func(p Period, region Region) RegionPeak {
		for _, r := range p.Regions {
			if r.Region == region {
				return r
			}
		}
		return RegionPeak{}
	}
	for _, region := range inOrder {
		rb, ra := of(b, region), of(a, region)
		r := RegionDifference{Region: region, Exact: changed(rb.Exact, ra.Exact), Peak: changed(rb.Peak, ra.Peak)}
		moved := rb.Date != ra.Date || rb.Start != ra.Start
		if moved {
			r.DateBefore, r.DateAfter, r.StartBefore, r.StartAfter = rb.Date, ra.Date, rb.Start, ra.Start
		}
		if r.Exact != nil || r.Peak != nil || moved {
			d.Regions = append(d.Regions, r)
		}
	}
	return d, d.Peak != nil || d.Regions != nil
}

// onlyIn returns the remarks of list that other has not. Both are sorted alike.
func onlyIn(list, other []Remark) []Remark {
	only := []Remark{}
	known := make(map[Remark]bool, len(other))
	for _, r := range other {
		known[r] = true
	}
	for _, r := range list {
		if !known[r] {
			only = append(only, r)
		}
	}
	return only
}

package assign

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/highwater-sam/highwater/estate"
)

// places answers which locations lie below which.
type places map[string]string // parent of each

func newPlaces(locations []Location) places {
	p := places{}
	for _, l := range locations {
		p[l.ID] = l.Parent
	}
	return p
}

// within says whether a location is one of those given, or below one.
func (p places) within(location string, among []string) bool {
	for seen := 0; location != "" && seen <= len(p); seen++ {
		if slices.Contains(among, location) {
			return true
		}
		location = p[location]
	}
	return false
}

// refuse says why a license does not take an installation on a device, apart from its entitlements; "" when it does.
func (r *run) refuse(l *License, d *Device, in *Installation) (Reason, string) {
	if reason, text := r.outside(l, d); reason != "" {
		return reason, text
	}
	if l.AllocatedOnly && r.allocation(l, d.ID) == nil {
		return NeedsAllocation, "the license takes allocated devices only"
	}
	if reason, text := tooLarge(l, d); reason != "" {
		return reason, text
	}
	if l.Metric == "named-user" && !slices.Contains(l.NamedUsers, d.User) {
		return NeedsAllocation, fmt.Sprintf("its user %q is not among the named users of the license", d.User)
	}
	p := l.product(in)
	if len(p.Editions) > 0 && in.Edition != "" && !containsFold(p.Editions, in.Edition) {
		return EditionNotCovered, fmt.Sprintf("edition %s is installed; the license covers %s", in.Edition, strings.Join(p.Editions, ", "))
	}
	if p.MaxVersion != "" && in.Version != "" && newer(in.Version, p.MaxVersion) {
		return VersionNotCovered, fmt.Sprintf("version %s is installed; the license covers versions up to %s", in.Version, p.MaxVersion)
	}
	return "", ""
}

// outside checks the hard boundary of a license.
func (r *run) outside(l *License, d *Device) (Reason, string) {
	for _, bound := range []struct {
		reason Reason
		tree   places
		where  string
		within []string
	}{
		{OutsideLocation, r.places, d.Location, l.Locations},
		{OutsideUnit, r.units, d.Unit, l.Units},
		{OutsideCostCenter, r.costCenters, d.CostCenter, l.CostCenters},
	} {
		if len(bound.within) > 0 && !bound.tree.within(bound.where, bound.within) {
			where := "not assigned to any"
			if bound.where != "" {
				where = "in " + bound.where
			}
			kind := strings.ReplaceAll(strings.TrimPrefix(string(bound.reason), "outside-"), "-", " ")
			return bound.reason, fmt.Sprintf("the device is %s; the license is restricted to %s %s", where, kind, strings.Join(bound.within, ", "))
		}
	}
	hosted := d.hosted()
	if len(l.HostedIn) > 0 && !slices.Contains(l.HostedIn, hosted) {
		return HostedElsewhere, fmt.Sprintf("the device is hosted in %s; the license is restricted to %s", hosted, strings.Join(l.HostedIn, ", "))
	}
	return "", ""
}

func tooLarge(l *License, d *Device) (Reason, string) {
	switch {
	case l.MaxProcessors > 0 && d.Processors == nil:
		return ProcessorsMissing, "the license limits processors, and the device's are not known"
	case l.MaxProcessors > 0 && *d.Processors > l.MaxProcessors:
		return TooManyProcessors, fmt.Sprintf("the device has %d processors; the license covers up to %d", *d.Processors, l.MaxProcessors)
	case l.MaxCores > 0 && d.Cores == nil:
		return CoresMissing, "the license limits cores, and the device's are not known"
	case l.MaxCores > 0 && *d.Cores > l.MaxCores:
		return TooManyCores, fmt.Sprintf("the device has %d cores; the license covers up to %d", *d.Cores, l.MaxCores)
	}
	return "", ""
}

// product is the license's entry for the installation's product; a license is only asked about products it lists.
func (l *License) product(in *Installation) LicensedProduct {
	for _, p := range l.Products {
		if p.Product == in.Product {
			return p
		}
	}
	return LicensedProduct{}
}

func containsFold(list []string, s string) bool {
	return slices.ContainsFunc(list, func(x string) bool { return strings.EqualFold(x, s) })
}

// newer says whether version is beyond limit, compared by numbers as far as the limit states them: 9.3.5 is not beyond 9.3.
func newer(version, limit string) bool {
	v, l := numbers(version), numbers(limit)
	for i := range l {
		if i >= len(v) {
			return false
		}
		if v[i] != l[i] {
			return v[i] > l[i]
		}
	}
	return false
}

func numbers(version string) []uint64 {
	var out []uint64
	for _, s := range strings.FieldsFunc(version, func(r rune) bool { return r < '0' || r > '9' }) {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			n = ^uint64(0)
		}
		out = append(out, n)
	}
	return out
}

// exempt says why a device linked to a license counts nothing; "" when it counts. The engine applies the same rules over
// time (docs/design/engine.md, rule 1); here they are told as they are now.
func (r *run) exempt(l *License, it *item) (Reason, string) {
	d := it.device
	for _, e := range l.Rules.Exemptions {
		if !r.inForce(e.From, e.To) {
			continue
		}
		switch e.Device {
		case d.ID:
			return ExemptDevice, withReason("the device is exempt from this license", e.Reason)
		case d.Host:
			if d.Host != "" {
				return ExemptHost, withReason("the host it runs on, "+d.Host+", is exempt from this license", e.Reason)
			}
		}
	}
	role := d.Role
	if role == "" {
		role = estate.DefaultRole
	}
	if d.Kind != "host" && slices.Contains(l.Rules.ExemptRoles, role) {
		return ExemptRole, fmt.Sprintf("devices with the role %s are exempt from this license", role)
	}
	if l.UsageDays > 0 && it.LastUsed != nil && r.in.At.After(it.LastUsed.AddDate(0, 0, l.UsageDays)) {
		return NoUsage, fmt.Sprintf("last used on %s; the license counts what was used within %d days", it.LastUsed.Format("2006-01-02"), l.UsageDays)
	}
	if other := r.desktopOf(l, d); other != "" {
		return SecondUse, fmt.Sprintf("second use: %s has it on %s too", d.User, other)
	}
	return "", ""
}

// desktopOf finds the desktop on which the user of a portable computer has software of the license as well; "" when second
// use is not granted, or there is none. A virtual machine is neither.
func (r *run) desktopOf(l *License, d *Device) string {
	if !l.SecondUse || !d.Portable || d.Kind == "vm" || d.User == "" {
		return ""
	}
	if r.desktops == nil {
		r.desktops = map[string][]*item{}
		for _, it := range r.open {
			if o := it.device; o.User != "" && !o.Portable && o.Kind != "vm" {
				r.desktops[o.User] = append(r.desktops[o.User], it)
			}
		}
	}
	for _, it := range r.desktops[d.User] {
		if l.covers(it.Product) {
			if reason, _ := r.refuse(l, it.device, it.Installation); reason == "" {
				return it.Device
			}
		}
	}
	return ""
}

func withReason(text, reason string) string {
	if reason == "" {
		return text
	}
	return text + ": " + reason
}

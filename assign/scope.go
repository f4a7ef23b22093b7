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
	if len(l.Locations) > 0 && !r.places.within(d.Location, l.Locations) {
		where := "at no location"
		if d.Location != "" {
			where = "at " + d.Location
		}
		return OutsideLocation, fmt.Sprintf("the device is %s; the license is restricted to %s", where, strings.Join(l.Locations, ", "))
	}
	hosted := d.HostedIn
	if hosted == "" {
		hosted = estate.DefaultHostedIn
	}
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
func (r *run) exempt(l *License, d *Device) (Reason, string) {
	for _, e := range l.Rules.Exemptions {
		if e.From != 0 && e.From.Time().After(r.in.At) || e.To != 0 && !r.in.At.Before(e.To.Time()) {
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
	return "", ""
}

func withReason(text, reason string) string {
	if reason == "" {
		return text
	}
	return text + ": " + reason
}

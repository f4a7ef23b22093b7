package assign

import (
	"fmt"
	"time"

	"github.com/highwater-sam/highwater/assign/points"
	"github.com/highwater-sam/highwater/estate"
)

// DefaultUnmatchedPoints is the rate of a server that no points rule fits, where the license states none: what IBM's own
// tool uses when it cannot determine the rate (ibm.com, License Metric Tool, default sub-capacity counting).
const DefaultUnmatchedPoints estate.Decimal = "120"

// EstateLicense is the license as the engine needs it at an instant: its rules, with the products under their names in the
// estate, the entitlements that count then, and, for PVU without rules of its own, the points library. Exceptions that
// name devices the estate does not hold are left out and told.
func (r *Result) EstateLicense(l License, at time.Time, known func(device string) bool) (estate.License, []string) {
	e := l.Rules
	e.ID, e.Metric = string(l.ID), estate.Metric(l.Metric)
	e.Products = nil
	for _, p := range l.Products {
		e.Products = append(e.Products, estate.LicenseProduct{Product: r.EstateProduct(l.ID, p.Product), Supplementary: p.Supplementary, Ratio: p.Ratio})
	}
	e.Entitlements = l.Entitlements(at)
	if e.Metric == estate.PVU {
		if e.Points == nil {
			e.Points = points.Library().Rules(nil)
		}
		if e.UnmatchedPoints == nil {
			d := DefaultUnmatchedPoints
			e.UnmatchedPoints = &d
		}
	}
	return dropUnknown(e, known)
}

// dropUnknown leaves out the exceptions of devices that the estate does not hold: there they would be errors.
func dropUnknown(e estate.License, known func(string) bool) (estate.License, []string) {
	var remarks []string
	left := func(what, device string) bool {
		if known(device) {
			return true
		}
		remarks = append(remarks, fmt.Sprintf("license %s: the %s of device %s has no effect: the device is not known", e.ID, what, device))
		return false
	}
	var exemptions []estate.Exemption
	for _, x := range e.Exemptions {
		if left("exemption", x.Device) {
			exemptions = append(exemptions, x)
		}
	}
	var overridden []estate.Overridden
	for _, x := range e.Overridden {
		if left("overridden consumption", x.Device) {
			overridden = append(overridden, x)
		}
	}
	var metric []estate.MetricOverride
	for _, x := range e.OverriddenMetric {
		if left("overridden count", x.Device) {
			metric = append(metric, x)
		}
	}
	e.Exemptions, e.Overridden, e.OverriddenMetric = exemptions, overridden, metric
	return e, remarks
}

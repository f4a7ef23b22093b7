package assign

import (
	"fmt"
	"math/big"
	"slices"
)

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

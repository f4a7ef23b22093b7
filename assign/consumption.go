package assign

import (
	"math/big"

	"github.com/highwater-sam/highwater/estate"
)

// Consumption is what a license counts at the instant of the run, for metrics the engine does not measure.
type Consumption struct {
	Consumed estate.Decimal // "" where the metric has no count, or nobody stated it
	Devices  int            // devices that count
	Rows     []CountRow     // what each device, server or user adds; their sum may differ where groups are rounded
	Missing  []string       // devices whose count is not known and that add nothing, with what is missing
}

// CountRow is one line of a count.
type CountRow struct {
	Name  string // a device's id, "user ann", an account
	Count estate.Decimal
}

// Consumption returns what a license consumes at the instant of the run; zero for licenses of the engine's metrics, whose
// consumption is a measurement.
func (r *Result) Consumption(license LicenseID) Consumption { return r.consumed[license] }

// countUp counts every license whose metric is not the engine's. A permanent allocation counts 1 without an installation,
// whatever the device's size.
func (r *run) countUp(out *Result) {
	linked := map[LicenseID][]*item{}
	for _, it := range r.open {
		if it.done && it.tried[it.linked()].Status == Consumes {
			linked[it.by.ID] = append(linked[it.by.ID], it)
		}
	}
	for _, l := range r.licenses {
		m, counted := metricOf(l.Metric)
		if engineMetric(l.Metric) || !counted {
			continue
		}
		t := &tally{run: r, license: l, items: linked[l.ID], rows: map[string]*big.Rat{}}
		var sum *big.Rat
		switch {
		case m.unit != nil:
			sum = r.sumUnits(t, m)
		case m.total != nil:
			sum = m.total(t)
		}
		c := Consumption{Devices: len(t.devices()), Rows: t.sortedRows(), Missing: t.missing}
		if m.unit != nil {
			c.Devices = len(t.rows) + len(t.missing)
		}
		if sum != nil {
			c.Consumed = decimalOf(sum)
		}
		out.consumed[l.ID] = c
	}
}

// sumUnits adds the units of each device, and the permanent allocations of devices without an installation.
func (r *run) sumUnits(t *tally, m Metric) *big.Rat {
	for _, d := range t.devices() {
		units, missing := r.counts(m, t.license, d)
		if units == nil {
			t.miss(d, missing)
			continue
		}
		t.rows[d.ID] = units
	}
	if t.license.EachInstallation {
		for _, d := range t.devices() {
			n := int64(0)
			for _, it := range t.items {
				if it.device == d {
					n++
				}
			}
			if t.rows[d.ID] != nil {
				t.rows[d.ID] = new(big.Rat).Mul(t.rows[d.ID], new(big.Rat).SetInt64(n))
			}
		}
	}
	for _, a := range t.license.Allocations {
		if d := r.devices[a.Device]; a.Kind == Permanent && d != nil && !d.Ignored && t.rows[a.Device] == nil {
			t.rows[a.Device] = big.NewRat(1, 1)
			if set := r.overridden(t.license, d); set != nil {
				t.rows[a.Device] = set
			}
		}
	}
	return t.sum()
}

// counts is what a device counts: the consumption its owner states, where it is not zero, else the metric's.
func (r *run) counts(m Metric, l *License, d *Device) (*big.Rat, Reason) {
	if set := r.overridden(l, d); set != nil {
		return set, ""
	}
	return m.unit(l, d)
}

// overridden is the consumption stated by hand for a device at the instant of the run; nil where there is none. Zero is none.
func (r *run) overridden(l *License, d *Device) *big.Rat {
	for _, o := range l.Rules.Overridden {
		if o.Device == d.ID && r.inForce(o.From, o.To) {
			if points := o.Points.Rat(); points != nil && points.Sign() > 0 {
				return points
			}
		}
	}
	return nil
}

// inForce says whether a dated entry holds at the instant of the run.
func (r *run) inForce(from, to estate.Instant) bool {
	return (from.IsZero() || !from.Time().After(r.in.At)) && (to.IsZero() || r.in.At.Before(to.Time()))
}

package assign

import (
	"math/big"

	"github.com/highwater-sam/highwater/estate"
)

// Consumption is what a license counts at the instant of the run, for metrics the engine does not measure.
type Consumption struct {
	Consumed estate.Decimal // "" for metrics that have no count
	Devices  int            // devices that count
}

// Consumption returns what a license consumes at the instant of the run; zero for licenses of the engine's metrics, whose
// consumption is a measurement.
func (r *Result) Consumption(license LicenseID) Consumption { return r.consumed[license] }

// countUp adds what permanent allocations count without an installation, and writes the sums down. A device of unknown
// size that is allocated counts 1, as any allocation without an installation does.
func (r *run) countUp(out *Result) {
	for _, l := range r.licenses {
		m, counted := metricOf(l.Metric)
		if engineMetric(l.Metric) || !counted || m.unit == nil {
			continue
		}
		for _, a := range l.Allocations {
			d := r.devices[a.Device]
			if a.Kind == Permanent && d != nil && !d.Ignored && !r.counted[l.ID][a.Device] {
				r.taken(l.ID).Add(r.taken(l.ID), big.NewRat(1, 1))
				if r.counted[l.ID] == nil {
					r.counted[l.ID] = map[string]bool{}
				}
				r.counted[l.ID][a.Device] = true
			}
		}
		out.consumed[l.ID] = Consumption{Consumed: decimalOf(r.taken(l.ID)), Devices: len(r.counted[l.ID])}
	}
}

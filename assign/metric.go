package assign

import (
	"math/big"

	"github.com/highwater-sam/highwater/estate"
)

// Metric says how a license that the engine does not measure is counted. The engine's own metrics are measured over time;
// these are counted at the instant of the run.
type Metric struct {
	ID   string
	Name string
	// unit is what one device with the license's software counts, nil when a value it needs is unknown (then the reason
	// says which). Only metrics with a unit have entitlements that run out.
	unit func(*Device) (*big.Rat, Reason)
}

// Metrics lists the metrics beside the engine's.
var Metrics = []Metric{
	{"device", "Device", func(*Device) (*big.Rat, Reason) { return big.NewRat(1, 1), "" }},
	{"processor", "Processor", func(d *Device) (*big.Rat, Reason) { return known(d.Processors, ProcessorsMissing) }},
	{"core", "Core", func(d *Device) (*big.Rat, Reason) { return known(d.Cores, CoresMissing) }},
	{"microsoft-server-core", "Microsoft Server Core", serverCore},
	{"enterprise", "Enterprise or Site", nil},
	{"custom", "Custom, counted by hand", nil},
}

// engineMetric says whether the engine measures the metric over time. For these free entitlements never decide which
// license an installation takes: the peak is known only after all are assigned.
func engineMetric(metric string) bool {
	switch estate.Metric(metric) {
	case estate.PVU, estate.VPC, estate.RVU:
		return true
	}
	return false
}

// KnownMetric says whether the metric is one that can be counted at all.
func KnownMetric(metric string) bool {
	if engineMetric(metric) {
		return true
	}
	_, ok := metricOf(metric)
	return ok
}

func metricOf(id string) (Metric, bool) {
	for _, m := range Metrics {
		if m.ID == id {
			return m, true
		}
	}
	return Metric{}, false
}

func known(n *int64, missing Reason) (*big.Rat, Reason) {
	if n == nil || *n <= 0 {
		return nil, missing
	}
	return new(big.Rat).SetInt64(*n), ""
}

// serverCore counts the cores of a server, at least four for each processor; of a virtual machine, at least four.
func serverCore(d *Device) (*big.Rat, Reason) {
	cores, missing := known(d.Cores, CoresMissing)
	if cores == nil {
		return nil, missing
	}
	least := int64(4)
	if d.Kind != "vm" {
		if d.Processors == nil || *d.Processors <= 0 {
			return nil, ProcessorsMissing
		}
		least = 4 * *d.Processors
	}
	if floor := new(big.Rat).SetInt64(least); cores.Cmp(floor) < 0 {
		return floor, ""
	}
	return cores, ""
}

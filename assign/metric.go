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
	// unit is what one device with the license's software counts by itself; nil, with the value that is missing, when it
	// cannot be told. Of metrics with a unit the entitlements run out one device after the other; of others, which are
	// counted over all devices together, free entitlements do not decide.
	unit func(*License, *Device) (*big.Rat, Reason)
	// total counts what is linked to the license, where that is more than the sum of units.
	total func(*tally) *big.Rat
}

// Metrics lists the metrics beside the engine's.
var Metrics = []Metric{
	{"device", "Device", oneEach, nil},
	{"processor", "Processor", perProcessor, nil},
	{"core", "Core", perCore, nil},
	{"core-points", "Core Points", corePoints, nil},
	{"microsoft-server-core", "Microsoft Server Core", serverCore, nil},
	{"microsoft-server-management-core", "Microsoft Server/Management Core", nil, managementCores},
	{"oracle-processor", "Oracle Processor", nil, oracleProcessors},
	{"oracle-nup", "Oracle Named User Plus", nil, namedUsersPlus},
	{"user", "User", nil, users},
	{"named-user", "Named User", nil, namedUsers},
	{"ibm-rvu", "IBM RVU, resource counted by hand", nil, banded},
	{"ibm-auvu", "IBM Application User Value Unit", nil, banded},
	{"ibm-euvu", "IBM Employee User Value Unit", nil, banded},
	{"ibm-xuvu", "IBM External User Value Unit", nil, banded},
	{"authorized-user", "Authorized User, counted by hand", nil, byHand},
	{"custom", "Custom, counted by hand", nil, byHand},
	{"enterprise", "Enterprise or Site", nil, nil},
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

func oneEach(*License, *Device) (*big.Rat, Reason) { return big.NewRat(1, 1), "" }
func perProcessor(_ *License, d *Device) (*big.Rat, Reason) {
	return known(d.Processors, ProcessorsMissing)
}
func perCore(_ *License, d *Device) (*big.Rat, Reason) { return known(d.Cores, CoresMissing) }

// serverCore counts the cores of a server, at least four for each processor; of a virtual machine, at least four.
func serverCore(_ *License, d *Device) (*big.Rat, Reason) {
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
	return largest(cores, new(big.Rat).SetInt64(least)), ""
}

// corePoints counts cores times the points of the rule that fits best; of a virtual machine its threads, where known.
func corePoints(l *License, d *Device) (*big.Rat, Reason) {
	cores, missing := known(d.Cores, CoresMissing)
	if threads, _ := known(d.Threads, CoresMissing); d.Kind == "vm" && threads != nil {
		cores, missing = threads, ""
	}
	if cores == nil {
		return nil, missing
	}
	points := l.pointsOf(d)
	if points == nil {
		return nil, PointsUnmatched
	}
	return cores.Mul(cores, points), ""
}

func largest(first *big.Rat, rest ...*big.Rat) *big.Rat {
	for _, r := range rest {
		if r.Cmp(first) > 0 {
			first = r
		}
	}
	return first
}

// ceil is the least whole number not below r.
func ceil(r *big.Rat) *big.Rat {
	q, m := new(big.Int).QuoRem(r.Num(), r.Denom(), new(big.Int))
	if m.Sign() > 0 {
		q.Add(q, big.NewInt(1))
	}
	return new(big.Rat).SetInt(q)
}

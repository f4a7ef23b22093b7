package assign

import (
	"math/big"
	"slices"

	"github.com/highwater-sam/highwater/assign/points"
	"github.com/highwater-sam/highwater/estate"
)

// pointsOf is the rate of the rule of the license that fits the device best: the one with most conditions, of these the
// one with the longest patterns, of these the first. Without a fitting rule it is the rate for unmatched devices, else nil.
func (l *License) pointsOf(d *Device) *big.Rat {
	server := points.Server{Processor: d.Processor, Model: d.Model, OS: d.OS, HostedIn: d.hosted(), MaxSockets: d.MaxSockets}
	var best *estate.PointsRule
	for i := range l.Rules.Points {
		r := &l.Rules.Points[i]
		if points.Holds(r, server) && (best == nil || slices.Compare(points.Weight(r), points.Weight(best)) > 0) {
			best = r
		}
	}
	switch {
	case best != nil:
		return best.PerCore.Rat()
	case l.Rules.UnmatchedPoints != nil && l.Rules.UnmatchedPoints.Stated():
		return l.Rules.UnmatchedPoints.Rat()
	}
	return nil
}

func (d *Device) hosted() string {
	if d.HostedIn == "" {
		return estate.DefaultHostedIn
	}
	return d.HostedIn
}

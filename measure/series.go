package measure

import (
	"fmt"
	"math/big"

	"github.com/highwater-sam/highwater/estate"
	"github.com/highwater-sam/highwater/timeline"
)

// Step says that consumption is Value from At until the next step of the same region.
type Step struct {
	At    estate.Instant
	Value Number
}

// RegionSeries is the step function of one region over the measured time.
type RegionSeries struct {
	Region Region
	Steps  []Step
}

// Series returns the consumption of a license over the measured time, of each region that ever had a relevant device,
// beginning with the value at the start of that time. It fails when the estate has no such license.
func (e *Engine) Series(id string) ([]RegionSeries, error) {
	e.Measured()
	for n := range e.plan.licenses {
		if e.plan.licenses[n].stated.ID != id {
			continue
		}
		var all []RegionSeries
		for _, region := range inOrder {
			if s := e.regionSeries(int32(n), region); s != nil {
				all = append(all, RegionSeries{region, s})
			}
		}
		return all, nil
	}
	return nil, fmt.Errorf("series: the estate has no license %q", id)
}

func (e *Engine) regionSeries(n int32, region Region) []Step {
	devices := e.result.series[seriesOf(n, int8(region))+presence]
	if len(devices) == 0 && !(e.plan.licenses[n].tiered && region == Unassigned) {
		return nil
	}
	ln := e.lineOf(e.result, n, region)
	written := map[int64]Number{}
	write := func(value int64) Number {
		text, ok := written[value]
		if !ok {
			text = NumberOf(ln.number(value))
			written[value] = text
		}
		return text
	}
	steps := make([]Step, 0, len(ln.deltas)+1)
	if len(ln.deltas) == 0 || ln.deltas[0].At > 0 {
		steps = append(steps, Step{e.facts.clock.from, NumberOf(new(big.Rat))})
	}
	for _, s := range timeline.Sum(ln.deltas) {
		steps = append(steps, Step{e.facts.clock.instant(uint32(s.At)), write(s.Value)})
	}
	return steps
}

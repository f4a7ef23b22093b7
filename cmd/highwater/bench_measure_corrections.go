package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/highwater-sam/highwater/estate"
	"github.com/highwater-sam/highwater/measure"
	"github.com/highwater-sam/highwater/measure/synthetic"
)

// corrections times corrections of the measured estate: the override of one device, hosts and guests by turns, and the
// region of a location that holds about one device in a hundred. Each is taken back afterwards.
func (c *benchMeasureCmd) corrections(engine *measure.Engine) (overrideMS, locationMS float64, err error) {
	engine.Measure()
	timed := func(x measure.Correction) float64 {
		start := time.Now()
		if _, e := engine.Correct(x); e != nil && err == nil {
			err = fmt.Errorf("correct the synthetic estate: %w", e)
		}
		return milliseconds(time.Since(start))
	}
	maker := synthetic.New(c.Devices, c.Days, c.Licenses, c.Moves)
	var overrides, locations []float64
	for i := range 30 {
		id := maker.ID(i * 7919 % engine.Devices())
		change := []estate.HardwareChange{{Hardware: estate.Hardware{Cores: estate.Int(int64(3 + i%5)), Threads: "12"}}}
		overrides = append(overrides, timed(measure.SetOverrides{Device: id, Overrides: change}), timed(measure.SetOverrides{Device: id}))
	}
	for i := range 8 {
		place := synthetic.Place(i * 10)
		locations = append(locations, timed(measure.SetRegion{Location: place, Region: estate.Region(1 + (i*10+1)%3)}),
			timed(measure.SetRegion{Location: place, Region: estate.Region(1 + i*10%3)}))
	}
	slices.Sort(overrides)
	slices.Sort(locations)
	return overrides[len(overrides)/2], locations[len(locations)/2], err
}

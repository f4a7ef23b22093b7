package main

import (
	"fmt"
	"io"
	"math"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/measure"
	"github.com/highwater-sam/highwater/measure/synthetic"
)

// benchMeasureCmd measures a synthetic estate and prints what it took, beside the time of reading every fact once.
type benchMeasureCmd struct {
	Devices  int     `default:"100000" help:"How many devices."`
	Days     int     `default:"184" help:"How many days of history."`
	Licenses int     `default:"50" help:"How many licenses."`
	Moves    float64 `name:"moves-per-vm-month" default:"0.5" help:"How often a guest moves to another host, a month."`
	Workers  int     `help:"How many shards to replay at a time; 0 is one for each core."`
	JSON     bool    `name:"json" help:"Write one JSON object."`
}

// benchFigures are what the benchmark found. Times are in milliseconds: of the fastest of several runs, for
// corrections the median.
type benchFigures struct {
	Devices        int     `json:"devices"`
	Facts          int     `json:"facts"`
	Days           int     `json:"days"`
	Licenses       int     `json:"licenses"`
	Workers        int     `json:"workers"`
	BuildMS        float64 `json:"build_ms"`
	FloorMS        float64 `json:"floor_ms"`
	FullMS         float64 `json:"full_ms"`
	FullOverFloor  float64 `json:"full_over_floor"`
	NaiveOverFull  float64 `json:"naive_over_full"`
	BytesPerDevice float64 `json:"bytes_per_device"`
	OverrideMS     float64 `json:"override_ms"`
	LocationMS     float64 `json:"location_ms"`
	PeakRSSMB      float64 `json:"peak_rss_mb"`
}

// Run builds the estate, measures it several times, and prints.
func (c *benchMeasureCmd) Run(std streams) error {
	if c.Devices < 1 || c.Days < 1 || c.Licenses < 1 || c.Moves < 0 {
		return fault.New(fault.Invalid, "devices, days and licenses must be at least 1, moves not negative")
	}
	f := benchFigures{Days: c.Days, Licenses: c.Licenses, Workers: c.Workers}
	if f.Workers <= 0 {
		f.Workers = runtime.GOMAXPROCS(0)
	}
	before := heap()
	start := time.Now()
	engine, err := c.build()
	if err != nil {
		return err
	}
	f.BuildMS = milliseconds(time.Since(start))
	f.Devices, f.Facts = engine.Devices(), engine.Facts()
	f.BytesPerDevice = float64(heap()-before) / float64(f.Devices)

	var sum uint64
	f.FloorMS = best(15, func() { sum += engine.ReadFacts() })
	f.FullMS = best(9, func() { engine.Measure() })
	f.FullOverFloor = f.FullMS / f.FloorMS
	naive, err := c.naive()
	if err != nil {
		return err
	}
	f.NaiveOverFull = naive / f.FullMS
	if f.OverrideMS, f.LocationMS, err = c.corrections(engine); err != nil {
		return err
	}
	f.PeakRSSMB = peakRSS()
	if sum == 0 {
		return fmt.Errorf("the estate has no facts")
	}
	if c.JSON {
		return writeJSON(std.out, f)
	}
	return f.write(std.out)
}

func (c *benchMeasureCmd) build() (*measure.Engine, error) {
	s := synthetic.New(c.Devices, c.Days, c.Licenses, c.Moves)
	b := measure.NewBuilder(s.Header())
	s.Each(b.Device, b.Installation)
	engine, err := b.Engine()
	if err == nil {
		engine.Workers = c.Workers
	}
	return engine, err
}

// heap returns the bytes in use after everything unused is gone.
func heap() uint64 {
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// best returns the time of the fastest run, which is the one that other programs on the machine disturbed least.
func best(runs int, do func()) float64 {
	fastest := math.MaxFloat64
	for range runs {
		start := time.Now()
		do()
		fastest = min(fastest, milliseconds(time.Since(start)))
	}
	return fastest
}

func (f *benchFigures) write(out io.Writer) error {
	w := &lines{out: out}
	w.line("%d devices, %d facts, %d days, %d licenses, %d workers", f.Devices, f.Facts, f.Days, f.Licenses, f.Workers)
	w.line("%12.1f ms  to build the engine from the estate", f.BuildMS)
	w.line("%12.3f ms  to read every fact once", f.FloorMS)
	w.line("%12.3f ms  for a full measurement: %.0f times reading the facts", f.FullMS, f.FullOverFloor)
	w.line("%12.0f ×   faster than counting every device anew at every half-hour (sampled)", f.NaiveOverFull)
	w.line("%12.0f     bytes a device", f.BytesPerDevice)
	w.line("%12.3f ms  to measure again after the override of one device", f.OverrideMS)
	w.line("%12.3f ms  to measure again after a location with 1 %% of the devices changes its region", f.LocationMS)
	w.line("%12.0f MB  of memory at most", f.PeakRSSMB)
	return w.err
}

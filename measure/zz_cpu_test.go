package measure_test

import (
	"fmt"
	"math"
	"syscall"
	"testing"
)

func TestZZCPU(t *testing.T) {
	e := synthetically(t, 100_000)
	e.Workers = 1
	cpu := func() float64 {
		var r syscall.Rusage
		syscall.Getrusage(syscall.RUSAGE_THREAD, &r)
		return 0
	}
	_ = cpu
	best := math.MaxFloat64
	for range 40 {
		var a, b syscall.Rusage
		syscall.Getrusage(syscall.RUSAGE_SELF, &a)
		e.Measure()
		syscall.Getrusage(syscall.RUSAGE_SELF, &b)
		d := float64(b.Utime.Nano()-a.Utime.Nano()) / 1e6
		best = min(best, d)
	}
	fmt.Printf("best cpu %.1f ms\n", best)
}

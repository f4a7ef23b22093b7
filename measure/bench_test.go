package measure_test

import (
	"testing"

	"github.com/highwater-sam/highwater/measure"
	"github.com/highwater-sam/highwater/measure/synthetic"
)

func BenchmarkMeasure(b *testing.B) {
	e := synthetically(b, 100_000)
	e.Workers = 1
	for b.Loop() {
		e.Measure()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(e.Facts()), "ns/fact")
}

func synthetically(t testing.TB, devices int) *measure.Engine {
	t.Helper()
	s := synthetic.New(devices, 184, 50, 0.5)
	b := measure.NewBuilder(s.Header())
	s.Each(b.Device, b.Installation)
	e, err := b.Engine()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

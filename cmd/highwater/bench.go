package main

// benchCmd holds the benchmarks: each prints ratios that were measured side by side in one run.
type benchCmd struct {
	Measure benchMeasureCmd `cmd:"" help:"Measure a synthetic estate: how fast, in how much memory, against how little it could take."`
}

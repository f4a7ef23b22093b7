package main

// benchCmd holds the benchmarks: each prints ratios that were measured side by side in one run.
type benchCmd struct {
	Intake  benchIntakeCmd  `cmd:"" help:"Take in documents: how many a second, beside the cost of parsing them alone."`
	Measure benchMeasureCmd `cmd:"" help:"Measure a synthetic estate: how fast, in how much memory, against how little it could take."`
}

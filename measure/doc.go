// Package measure is the engine: an estate in, positions with their peaks and explanations out.
//
// It is a pure function of the estate (docs/design/engine.md): no clock, no order of input, no hidden state, and no
// binary floating point. New compiles an estate into columns of facts; Engine.Measure replays them.
//
// How a measurement runs. Devices that ever shared a host form a cluster; clusters are dealt into shards, whose facts
// lie together in the order of time. A worker replays one shard at a time for all licenses at once: at each instant of
// change it brings the touched guests and servers up to date (ledger.go), and writes down by how much each license's
// consumption in each region changed, net (replay.go). These changes, which are whole numbers in the license's common
// denominator, add up in any order to the same step functions (package timeline), from which the peaks are read
// (peaks.go). A license whose numbers could leave int64 is evaluated in rationals instead (exact.go), by the same
// code that explains a figure.
package measure

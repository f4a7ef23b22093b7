// Package timeline is the arithmetic of step functions: values that hold from one instant until the next.
//
// Instants and values are plain integers: seconds of whatever clock the caller has, and units of whatever denominator.
// A function is given as its changes (Delta), which may be added in any order, and read as its steps (Steps). Before its
// first step a function is 0. Nothing here wraps around unless the caller's values do: every sum that Sum forms is a
// value of the function, so a caller who bounds the values has bounded the arithmetic.
package timeline

import "sort"

// Delta is one change of a step function: from At on, the value is higher by By.
type Delta struct {
	At int64
	By int64
}

// Step says that the value is Value from At until the next step.
type Step struct {
	At    int64
	Value int64
}

// Steps is a step function: steps in ascending order of At, no two at one instant, neighbors of different value.
type Steps []Step

// Compact sorts deltas by instant and merges those of one instant, dropping what cancels out. It works in place and
// returns the front part of the slice; scratch is room for sorting, which may be nil, and comes back for the next use.
func Compact(deltas, scratch []Delta) (compacted, newScratch []Delta) {
	scratch = order(deltas, scratch)
	return mergeSorted(deltas), scratch
}

func mergeSorted(deltas []Delta) []Delta {
	n := 0
	for i := 0; i < len(deltas); {
		at, by := deltas[i].At, deltas[i].By
		for i++; i < len(deltas) && deltas[i].At == at; i++ {
			by += deltas[i].By
		}
		if by != 0 {
			deltas[n] = Delta{at, by}
			n++
		}
	}
	return deltas[:n]
}

// Merge returns the compact sum of two compact lists of deltas, in a new slice.
func Merge(a, b []Delta) []Delta {
	sum := make([]Delta, 0, len(a)+len(b))
	i := 0
	for _, d := range b {
		from := i
		for i < len(a) && a[i].At < d.At {
			i++
		}
		sum = append(sum, a[from:i]...)
		if i < len(a) && a[i].At == d.At {
			d.By += a[i].By
			i++
		}
		if d.By != 0 {
			sum = append(sum, d)
		}
	}
	return append(sum, a[i:]...)
}

// Sum returns the step function of compact deltas.
func Sum(deltas []Delta) Steps {
	steps := make(Steps, len(deltas))
	value := int64(0)
	for i, d := range deltas {
		value += d.By
		steps[i] = Step{d.At, value}
	}
	return steps
}

// At returns the value at an instant.
func (s Steps) At(at int64) int64 {
	i := sort.Search(len(s), func(i int) bool { return s[i].At > at })
	if i == 0 {
		return 0
	}
	return s[i-1].Value
}

// Last returns the value after the last step.
func (s Steps) Last() int64 {
	if len(s) == 0 {
		return 0
	}
	return s[len(s)-1].Value
}

// Peak is the maximum of a step function over a span, and where it was.
type Peak struct {
	Value int64
	// Start is the first instant of the latest unbroken stretch at Value within the span, End the instant at which
	// that stretch is over: a change, or the end of the span.
	Start, End int64
}

// PeakOf finds the maximum over [from, to) of the function whose compact deltas these are. from must be below to.
func PeakOf(deltas []Delta, from, to int64) Peak {
	value := int64(0)
	i := 0
	for ; i < len(deltas) && deltas[i].At <= from; i++ {
		value += deltas[i].By
	}
	peak := Peak{Value: value, Start: from, End: to}
	at := true // whether the function stands at the peak
	for ; i < len(deltas) && deltas[i].At < to; i++ {
		if at {
			peak.End = deltas[i].At
		}
		value += deltas[i].By
		if at = value >= peak.Value; at {
			peak = Peak{Value: value, Start: deltas[i].At, End: to}
		}
	}
	return peak
}

// AnyAbove0 reports whether the function is above 0 at some instant of [from, to).
func AnyAbove0(deltas []Delta, from, to int64) bool {
	return from < to && PeakOf(deltas, from, to).Value > 0
}

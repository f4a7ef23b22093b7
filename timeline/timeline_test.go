package timeline

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// plain is a step function as the list of its values at 0, 1, 2, … : what every function here is compared with.
func plain(deltas []Delta, end int64) []int64 {
	values := make([]int64, end)
	for _, d := range deltas {
		for at := max(d.At, 0); at < end; at++ {
			values[at] += d.By
		}
	}
	return values
}

func drawDeltas(t *rapid.T, label string, most int) []Delta {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Delta {
		return Delta{rapid.Int64Range(-3, 60).Draw(t, "at"), rapid.Int64Range(-4, 4).Draw(t, "by")}
	}), 0, most).Draw(t, label)
}

func TestCompactKeepsTheFunction(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		deltas := drawDeltas(t, "deltas", 40)
		want := plain(deltas, 64)
		got, _ := Compact(slices.Clone(deltas), nil)
		if d := cmp.Diff(want, plain(got, 64)); d != "" {
			t.Fatal(d)
		}
		for i, d := range got {
			if d.By == 0 || i > 0 && got[i-1].At >= d.At {
				t.Fatalf("not compact: %v", got)
			}
		}
		for at, v := range want {
			if s := Sum(got); s.At(int64(at)) != v {
				t.Fatalf("at %d: %d, not %d", at, s.At(int64(at)), v)
			}
		}
		if s := Sum(got); s.Last() != want[63] || s.At(-10) != 0 {
			t.Fatal("the ends differ")
		}
	})
}

// TestCompactOfLongLists takes lists that are sorted by radix, over small and over the largest ranges.
func TestCompactOfLongLists(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(500, 3000).Draw(t, "n")
		seed := rapid.Uint64().Draw(t, "seed")
		shift := rapid.IntRange(0, 63).Draw(t, "shift")
		var scratch []Delta
		for range 2 { // the scratch space of one list serves the next
			deltas := make([]Delta, n)
			for i := range deltas {
				seed = seed*6364136223846793005 + 1442695040888963407
				deltas[i] = Delta{int64(seed) >> shift, int64(seed>>60) - 7}
			}
			sums := map[int64]int64{}
			for _, d := range deltas {
				sums[d.At] += d.By
			}
			var got []Delta
			got, scratch = Compact(deltas, scratch)
			for i, d := range got {
				if sums[d.At] != d.By || i > 0 && got[i-1].At >= d.At {
					t.Fatalf("wrong at %d: %v", i, d)
				}
				delete(sums, d.At)
			}
			for at, by := range sums {
				if by != 0 {
					t.Fatalf("lost: %d at %d", by, at)
				}
			}
		}
	})
}

func TestMergeAdds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, _ := Compact(drawDeltas(t, "a", 20), nil)
		b, _ := Compact(drawDeltas(t, "b", 20), nil)
		got := Merge(a, b)
		want, _ := Compact(slices.Concat(a, b), nil)
		if !slices.Equal(want, got) {
			t.Fatalf("%v + %v: %v, not %v", a, b, got, want)
		}
	})
}

func TestPeakIsTheMaximumWithItsLatestStretch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		deltas, _ := Compact(drawDeltas(t, "deltas", 12), nil)
		values := plain(deltas, 64)
		from := rapid.Int64Range(0, 62).Draw(t, "from")
		to := rapid.Int64Range(from+1, 64).Draw(t, "to")
		want := Peak{Value: slices.Max(values[from:to]), End: to}
		for want.End = to; values[want.End-1] != want.Value; want.End-- {
		}
		for want.Start = want.End - 1; want.Start > from && values[want.Start-1] == want.Value; want.Start-- {
		}
		if got := PeakOf(deltas, from, to); got != want {
			t.Fatalf("%v of %v in [%d, %d), not %v", got, deltas, from, to, want)
		}
		if AnyAbove0(deltas, from, to) != (want.Value > 0) || AnyAbove0(deltas, to, to) {
			t.Fatal("AnyAbove0 is wrong")
		}
	})
}

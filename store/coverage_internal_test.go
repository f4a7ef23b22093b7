package store

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestSpansJoinAsMinutesDo compares the union of spans with a plain table of minutes.
func TestSpansJoinAsMinutesDo(t *testing.T) {
	minute := func(n int) int64 { return int64(n) * time.Minute.Microseconds() }
	rapid.Check(t, func(t *rapid.T) {
		gap := rapid.IntRange(0, 3).Draw(t, "gap")
		var come []Span
		var covered [80]bool
		for range rapid.IntRange(0, 6).Draw(t, "spans") {
			from := rapid.IntRange(0, 60).Draw(t, "from")
			to := from + rapid.IntRange(0, 12).Draw(t, "length")
			come = append(come, Span{instant(minute(from)), instant(minute(to))})
			for m := from; m <= to+gap && m < len(covered); m++ {
				covered[m] = true
			}
		}
		got, err := joined(nil, come, minute(gap))
		if err != nil {
			t.Fatal(err)
		}
		var spans int
		for m := range covered {
			if covered[m] && (m == 0 || !covered[m-1]) {
				spans++
			}
		}
		// Minutes m and m+1 next to each other are one run in the table; spans that end and begin so touch only with a gap.
		if len(got) < spans {
			t.Fatalf("%d spans, at least %d runs of minutes are apart", len(got), spans)
		}
		for i, s := range got {
			if i > 0 && s.from <= got[i-1].to+minute(gap) {
				t.Fatalf("spans %d and %d are at most the gap apart and not joined", i-1, i)
			}
		}
		again, err := joined(got, come, minute(gap))
		if err != nil || !cmp.Equal(again, got, cmp.AllowUnexported(coverageStep{})) {
			t.Fatalf("joining the same again changed %v to %v (%v)", got, again, err)
		}
		if steps := difference(got, again); len(steps) != 0 {
			t.Fatalf("nothing new wants writing: %v", steps)
		}
	})
}

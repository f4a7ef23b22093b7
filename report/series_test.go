package report

import (
	"math/big"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func hour(n int) time.Time { return time.Date(2026, 6, 1, n, 0, 0, 0, time.UTC) }

func steps(pairs ...int64) []Step {
	var all []Step
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, Step{hour(int(pairs[i])), big.NewRat(pairs[i+1], 2)})
	}
	return all
}

func TestRowsLaySeriesSideBySide(t *testing.T) {
	all := []Series{{1, steps(0, 4, 3, 6, 5, 4)}, {2, steps(2, 1, 3, 1, 9, 7)}, {3, nil}}
	rows := Rows(all, hour(1), hour(8))
	want := []struct {
		hour  int
		total string
	}{{1, "2"}, {2, "5/2"}, {3, "7/2"}, {5, "5/2"}}
	if len(rows) != len(want) {
		t.Fatalf("%d rows, want %d", len(rows), len(want))
	}
	for i, w := range want {
		if !rows[i].At.Equal(hour(w.hour)) || rows[i].Total.RatString() != w.total {
			t.Errorf("row %d: %v %s, want %d %s", i, rows[i].At, rows[i].Total.RatString(), w.hour, w.total)
		}
	}
	if Rows(all, hour(8), hour(8)) != nil {
		t.Error("no time has no rows")
	}
}

func TestHighestTogetherIsTheLatestStretch(t *testing.T) {
	all := []Series{{1, steps(0, 8, 1, 2, 3, 8, 5, 2)}, {2, steps(0, 2, 4, 2)}}
	best := HighestTogether(Rows(all, hour(0), hour(10)), hour(10))
	if best.Value.RatString() != "5" || !best.From.Equal(hour(3)) || !best.To.Equal(hour(5)) {
		t.Errorf("%s from %v to %v", best.Value.RatString(), best.From, best.To)
	}
	still := HighestTogether(Rows([]Series{{1, steps(0, 2, 4, 6)}}, hour(0), hour(10)), hour(10))
	if !still.To.Equal(hour(10)) {
		t.Errorf("what holds still ends at %v", still.To)
	}
	if HighestTogether(nil, hour(1)).Value != nil {
		t.Error("nothing measured has no highest")
	}
}

// Thinning never loses the highest value of a region, nor the order, nor the first row.
func TestThinKeepsPeaks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 400).Draw(t, "steps")
		s := Series{Region: 1}
		minute := 0
		for range n {
			minute += rapid.IntRange(1, 30).Draw(t, "minutes")
			s.Steps = append(s.Steps, Step{hour(0).Add(time.Duration(minute) * time.Minute), big.NewRat(int64(rapid.IntRange(0, 50).Draw(t, "value")), 1)})
		}
		to := hour(0).Add(time.Duration(minute+1) * time.Minute)
		rows := Rows([]Series{s}, hour(0), to)
		columns := rapid.IntRange(1, 60).Draw(t, "columns")
		thin := Thin(rows, hour(0), to, columns)
		if len(thin) > max(2*columns, 4*(columns+1)) {
			t.Fatalf("%d of %d rows remain for %d columns", len(thin), len(rows), columns)
		}
		highest := func(rows []SeriesRow) *big.Rat { return HighestTogether(rows, to).Value }
		if highest(rows).Cmp(highest(thin)) != 0 || !thin[0].At.Equal(rows[0].At) {
			t.Fatal("a peak or the beginning is lost")
		}
		if !slices.IsSortedFunc(thin, func(a, b SeriesRow) int { return a.At.Compare(b.At) }) {
			t.Fatal("the order is lost")
		}
	})
}

func TestGaps(t *testing.T) {
	covered := []Gap{{hour(1), hour(3)}, {hour(5), hour(6)}, {hour(7), hour(9)}}
	gaps := Gaps(covered, hour(0), hour(12), 90*time.Minute)
	want := []Gap{{hour(3), hour(5)}, {hour(9), hour(12)}}
	if !slices.Equal(gaps, want) {
		t.Errorf("gaps %v, want %v", gaps, want)
	}
	if g := Gaps(covered, hour(4), hour(8), 0); !slices.Equal(g, []Gap{{hour(4), hour(5)}, {hour(6), hour(7)}}) {
		t.Errorf("clipped gaps %v", g)
	}
	if g := Gaps(nil, hour(0), hour(9), 0); g != nil {
		t.Errorf("a device that was never covered has no gaps but no time either: %v", g)
	}
}

package schedule

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// ledger is a Claimer in memory: each (name, due) is run once, as the store's lease table does it.
type ledger struct {
	mu       sync.Mutex
	claimed  map[string]bool
	outcomes []error
	extended int
	lose     bool
}

func (l *ledger) Claim(_ context.Context, name string, due time.Time, _ time.Duration) (Claim, bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := name + due.Format(time.RFC3339)
	if l.claimed[key] {
		return nil, false, nil
	}
	if l.claimed == nil {
		l.claimed = map[string]bool{}
	}
	l.claimed[key] = true
	return ledgerClaim{l}, true, nil
}

type ledgerClaim struct{ *ledger }

func (c ledgerClaim) Extend(context.Context, time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.extended++
	if c.lose {
		return errors.New("taken by another server")
	}
	return nil
}

func (c ledgerClaim) Done(_ context.Context, outcome error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outcomes = append(c.outcomes, outcome)
	return nil
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// runFor runs the schedulers in fake time.
func runFor(t *testing.T, d time.Duration, schedulers ...*Scheduler) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	var all sync.WaitGroup
	for _, s := range schedulers {
		all.Go(func() {
			if err := s.Run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestTwoServersRunTheDailyReconciliationOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		book, runs := &ledger{}, []time.Time{}
		var mu sync.Mutex
		work := Job{Name: "reconcile", Spec: "30 2 * * *", Run: func(context.Context) error {
			mu.Lock()
			defer mu.Unlock()
			runs = append(runs, time.Now().UTC())
			return nil
		}}
		a, errA := New(book, quiet(), work)
		b, errB := New(book, quiet(), work)
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		runFor(t, 3*24*time.Hour, a, b)
		if len(runs) != 3 {
			t.Fatalf("in three days the work ran %d times, at %v; want 3", len(runs), runs)
		}
		for _, at := range runs {
			if at.Hour() != 2 || at.Minute() != 30 {
				t.Errorf("ran at %v, want 02:30 UTC", at)
			}
		}
	})
}

func TestAMissedRunIsMadeUpForOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		book, runs := &ledger{}, 0
		work := Job{Name: "reconcile", Spec: "@daily", Missed: true, Run: func(context.Context) error { runs++; return nil }}
		for range 2 { // the second start finds it done
			s, err := New(book, quiet(), work)
			if err != nil {
				t.Fatal(err)
			}
			runFor(t, time.Minute, s)
		}
		if runs != 1 {
			t.Fatalf("the missed run was made up for %d times, want once", runs)
		}
	})
}

func TestFailureAndPanicAreRecordedAndTheNextRunComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		book, n := &ledger{}, 0
		s, err := New(book, quiet(), Job{Name: "w", Spec: "@every 1h", Run: func(context.Context) error {
			n++
			switch n {
			case 1:
				return errors.New("disk full")
			case 2:
				panic("boom")
			}
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		runFor(t, 3*time.Hour+time.Minute, s)
		if len(book.outcomes) != 3 || book.outcomes[0] == nil || book.outcomes[1] == nil || book.outcomes[2] != nil {
			t.Fatalf("outcomes are %v, want an error, a panic, success", book.outcomes)
		}
		if !strings.Contains(book.outcomes[1].Error(), "boom") {
			t.Errorf("the panic's outcome is %v, want its value", book.outcomes[1])
		}
	})
}

func TestLongWorkExtendsItsLeaseAndStopsWhenItIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		book := &ledger{}
		s, err := New(book, quiet(), Job{Name: "w", Spec: "@every 1h", Run: func(ctx context.Context) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(10 * time.Minute):
				book.mu.Lock()
				book.lose = true
				book.mu.Unlock()
			}
			<-ctx.Done()
			return ctx.Err()
		}})
		if err != nil {
			t.Fatal(err)
		}
		runFor(t, 90*time.Minute, s)
		if book.extended < 30 {
			t.Errorf("the lease was extended %d times in ten minutes, want three a minute", book.extended)
		}
		if len(book.outcomes) != 1 || !errors.Is(book.outcomes[0], errLeaseLost) {
			t.Errorf("outcomes are %v, want the lost lease", book.outcomes)
		}
	})
}

func TestAWrongTimeNamesTheJob(t *testing.T) {
	for _, spec := range []string{"", "every day", "61 2 * * *"} {
		_, err := New(&ledger{}, quiet(), Job{Name: "reconcile", Spec: spec})
		if err == nil || !strings.Contains(err.Error(), "reconcile") {
			t.Errorf("spec %q: error is %v, want one that names the job", spec, err)
		}
	}
}

func TestEveryIsTheSameInstantOnAllServers(t *testing.T) {
	times, err := Parse("@every 30m")
	if err != nil {
		t.Fatal(err)
	}
	a := times.Next(time.Date(2026, 3, 1, 10, 3, 0, 0, time.UTC))
	b := times.Next(time.Date(2026, 3, 1, 10, 29, 59, 0, time.UTC))
	if want := time.Date(2026, 3, 1, 10, 30, 0, 0, time.UTC); a != want || b != want {
		t.Errorf("two servers name %v and %v as the next run, want %v", a, b, want)
	}
}

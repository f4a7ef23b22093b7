package deliver

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/highwater-sam/highwater/fault"
)

// line is an uploader that is up or down as a test says, without a network.
type line struct {
	tries []time.Time
	up    func() error
	got   []string
}

func (l *line) Upload(_ context.Context, items []Item) ([]Outcome, string, error) {
	l.tries = append(l.tries, time.Now())
	if err := l.up(); err != nil {
		return nil, "", err
	}
	var out []Outcome
	for _, i := range items {
		l.got = append(l.got, i.ID)
		out = append(out, Outcome{ID: i.ID, Status: Accepted})
	}
	return out, "http://server", nil
}

func TestTheServerIsAwayForADayAndEverythingArrives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		begin := time.Now()
		back := begin.Add(24 * time.Hour)
		l := &line{up: func() error {
			if time.Now().Before(back) {
				return fault.New(fault.Unavailable, "no server could be reached")
			}
			return nil
		}}
		s := &Sender{Spool: open(t, t.TempDir(), SpoolLimits{}), Uploader: l, Log: quiet}
		ended := make(chan error)
		go func() { ended <- s.Run(ctx) }()
		for n := range 48 { // a change every half hour
			if err := s.Spool.Put(item(n)); err != nil {
				t.Error(err)
			}
			time.Sleep(30 * time.Minute)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Run returned %v", err)
		}
		if len(l.got) != 48 {
			t.Fatalf("%d items arrived", len(l.got))
		}
		for n, id := range l.got {
			if id != item(n).ID {
				t.Fatalf("item %d is %s", n, id)
			}
		}
		// It neither hammers nor sleeps for good: waits grow to half an hour, give or take half.
		if n := len(l.tries); n < 40 || n > 120 {
			t.Errorf("%d attempts in a day", n)
		}
		for n := 1; n < len(l.tries) && l.tries[n].Before(back); n++ {
			if d := l.tries[n].Sub(l.tries[n-1]); d < 7*time.Second || d > 46*time.Minute {
				t.Errorf("attempt %d came %s after the last", n, d)
			}
		}
		if after := l.tries[len(l.tries)-1].Sub(back); after > 60*time.Minute {
			t.Errorf("the last attempt came %s after the server was back", after)
		}
	})
}

func TestAnItemIsSentAsSoonAsItIsPut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		l := &line{up: func() error { return nil }}
		s := &Sender{Spool: open(t, t.TempDir(), SpoolLimits{}), Uploader: l, Log: quiet}
		go func() { _ = s.Run(ctx) }()
		time.Sleep(10 * time.Second)
		if err := s.Spool.Put(item(1)); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if len(l.got) != 1 {
			t.Errorf("%d items arrived at once", len(l.got))
		}
		cancel()
	})
}

func TestASenderThatIsAskedToComeLaterDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		asked := false
		l := &line{}
		l.up = func() error {
			if !asked {
				asked = true
				return fault.Wrap(fmt.Errorf("busy: %w", retryLater{20 * time.Minute}), fault.Unavailable, "no server could be reached")
			}
			return nil
		}
		s := &Sender{Spool: open(t, t.TempDir(), SpoolLimits{}), Uploader: l, Log: quiet}
		if err := s.Spool.Put(item(1)); err != nil {
			t.Error(err)
		}
		go func() { _ = s.Run(ctx) }()
		time.Sleep(time.Hour)
		synctest.Wait()
		cancel()
		if len(l.tries) < 2 || l.tries[1].Sub(l.tries[0]) < 20*time.Minute {
			t.Errorf("attempts at %v", l.tries)
		}
	})
}

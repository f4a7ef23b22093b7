package deliver

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/highwater-sam/highwater/fault"
)

// Uploader is the side of a Client that a Sender needs.
type Uploader interface {
	Upload(ctx context.Context, items []Item) (results []Outcome, target string, err error)
}

// Sender moves what is in a spool to a receiver, oldest first.
type Sender struct {
	Spool    *Spool
	Uploader Uploader
	Log      *slog.Logger      // nil = slog.Default()
	Batch    int               // items of one request; 0 = 100
	Bytes    int64             // bytes of one request, unless one item is larger; 0 = 4 MiB
	Done     func(SendReport)  // called after each attempt to empty the spool; may be nil
	Wait     func() WaitPolicy // nil = DefaultWait; tests and relays set their own
}

// WaitPolicy is how long a sender waits after failures: from Initial to Max, each wait Multiplier times the last, give
// or take the share Jitter, so that a fleet does not come back at once.
type WaitPolicy struct {
	Initial, Max       time.Duration
	Multiplier, Jitter float64
}

// DefaultWait is 15 s, doubling to 30 min, give or take half.
func DefaultWait() WaitPolicy {
	return WaitPolicy{Initial: 15 * time.Second, Max: 30 * time.Minute, Multiplier: 2, Jitter: 0.5}
}

// SendReport says what one attempt did.
type SendReport struct {
	At       time.Time
	Target   string // the receiver that answered last
	Accepted int
	Rejected int
	Err      error // why it ended before the spool was empty
}

// errLater is the error of an attempt in which the receiver asked for some items again.
var errLater = errors.New("the receiver asks to try again")

// Flush sends until the spool is empty, a receiver asks to wait, or none answers.
func (s *Sender) Flush(ctx context.Context) SendReport {
	r := SendReport{At: time.Now()}
	count, size := s.Batch, s.Bytes
	if count <= 0 || count > MaxBatch {
		count = 100
	}
	if size <= 0 {
		size = 4 << 20
	}
	for r.Err == nil {
		items, err := s.Spool.Oldest(count, size)
		if err != nil || len(items) == 0 {
			r.Err = err
			break
		}
		r.Err = s.send(ctx, items, &r)
		if fault.KindOf(r.Err) == fault.TooLarge && len(items) > 1 {
			count, r.Err = 1, nil // this receiver takes less at once
		}
	}
	if s.Done != nil {
		s.Done(r)
	}
	return r
}

// send uploads one batch and settles each item in the spool.
func (s *Sender) send(ctx context.Context, items []Item, r *SendReport) error {
	results, target, err := s.Uploader.Upload(ctx, items)
	if err != nil {
		if kind := fault.KindOf(err); len(items) == 1 && (kind == fault.TooLarge || kind == fault.Invalid) {
			// One item alone that a receiver cannot even read is what is wrong with the request.
			r.Rejected++
			return s.reject(items[0].ID, kind.String(), fault.Message(err))
		}
		if fault.KindOf(err) == fault.Invalid {
			return s.oneByOne(ctx, items, r)
		}
		return err
	}
	r.Target = target
	later := 0
	for _, o := range results {
		switch o.Status {
		case Accepted:
			r.Accepted++
			err = s.Spool.Done(o.ID)
		case Rejected:
			r.Rejected++
			err = s.reject(o.ID, o.Kind, o.Reason)
		default:
			later++
		}
		if err != nil {
			return err
		}
	}
	if later > 0 {
		return errLater
	}
	return nil
}

// oneByOne finds the item that makes a receiver refuse a whole batch.
func (s *Sender) oneByOne(ctx context.Context, items []Item, r *SendReport) error {
	for _, i := range items {
		if err := s.send(ctx, []Item{i}, r); err != nil {
			return err
		}
	}
	return nil
}

func (s *Sender) reject(id, kind, reason string) error {
	s.log().Error("a document was refused and set aside", "item", id, "kind", kind, "reason", reason)
	return s.Spool.Reject(id, kind, reason)
}

func (s *Sender) log() *slog.Logger {
	if s.Log != nil {
		return s.Log
	}
	return slog.Default()
}

// Run sends whatever is or comes into the spool, until ctx ends; it returns ctx's error. After a failure it waits, longer
// each time, whatever comes meanwhile; after a success it waits for the next item.
func (s *Sender) Run(ctx context.Context) error {
	policy := DefaultWait()
	if s.Wait != nil {
		policy = s.Wait()
	}
	waits := &backoff.ExponentialBackOff{InitialInterval: policy.Initial, MaxInterval: policy.Max, Multiplier: policy.Multiplier, RandomizationFactor: policy.Jitter}
	waits.Reset()
	for {
		r := s.Flush(ctx)
		if err := ctx.Err(); err != nil {
			return err
		}
		if r.Err == nil {
			waits.Reset()
			// Other processes may put items too: look again from time to time.
			if err := pause(ctx, time.Minute, s.Spool.Waits()); err != nil {
				return err
			}
			continue
		}
		if r.Accepted > 0 {
			waits.Reset()
		}
		wait := waits.NextBackOff()
		if later := (retryLater{}); errors.As(r.Err, &later) {
			wait = max(wait, later.after)
		}
		s.log().Warn("delivery will be tried again", "in", wait.Round(time.Second), "error", r.Err)
		if err := pause(ctx, wait, nil); err != nil {
			return err
		}
	}
}

// pause returns after d, when wake receives, or with ctx's error.
func pause(ctx context.Context, d time.Duration, wake <-chan struct{}) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
	case <-wake:
	}
	return nil
}

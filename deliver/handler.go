package deliver

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/highwater-sam/highwater/fault"
)

// Receiver takes what a Handler received. The server's pipeline is one, a Relay another.
type Receiver interface {
	// Enroll makes an agent's key known, when its token allows that. The request's proof has been verified.
	Enroll(ctx context.Context, e Enrollment) (Enrolled, error)
	// Accept takes one item, and returns nil only when it is durable; an item that was taken before is taken again
	// without effect. A fault of kind Invalid, Unauthorized, Forbidden or TooLarge makes the sender give the item up;
	// any other makes it try again. It is called for several items at once, for those of one sender in order.
	Accept(ctx context.Context, i Item) error
}

// Handler is the HTTP side of a receiver: a beacon's, and the one built into the server.
type Handler struct {
	Name     string // what this receiver calls itself in stamps
	Receiver Receiver
	Log      *slog.Logger     // nil = slog.Default()
	Now      func() time.Time // nil = time.Now
	// Parallel bounds the items that are with the Receiver at once (0 = 64), Requests the requests that are read at
	// once (0 = 256): beyond that a sender is told to come again.
	Parallel, Requests int

	once  sync.Once
	slots chan struct{}
	turns chan struct{}
}

// retryAfter is when a sender that was turned away comes again, in seconds; senders add their own jitter.
const retryAfter = 15

func (h *Handler) init() {
	h.once.Do(func() {
		if h.Log == nil {
			h.Log = slog.Default()
		}
		if h.Now == nil {
			h.Now = time.Now
		}
		if h.Parallel <= 0 {
			h.Parallel = 64
		}
		if h.Requests <= 0 {
			h.Requests = 256
		}
		h.slots, h.turns = make(chan struct{}, h.Parallel), make(chan struct{}, h.Requests)
	})
}

// ServeHTTP answers the paths of this protocol and nothing else.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.init()
	received := h.Now()
	w.Header().Set(headerProtocol, protocol)
	w.Header().Set(headerTime, strconv.FormatInt(micros(received), 10))
	w.Header().Set("Cache-Control", "no-store")
	serve := map[string]func(http.ResponseWriter, *http.Request, time.Time) error{PathEnroll: h.enroll, PathDocuments: h.documents, PathPolicy: h.policy}[r.URL.Path]
	method := http.MethodPost
	if r.URL.Path == PathPolicy {
		method = http.MethodGet
	}
	switch {
	case serve == nil:
		h.fail(w, r, fault.New(fault.NotFound, "there is nothing at %.100s", r.URL.Path))
	case r.Method != method:
		w.Header().Set("Allow", method)
		h.say(w, http.StatusMethodNotAllowed, answer{Kind: fault.Invalid.String(), Message: "use " + method})
	case r.Header.Get(headerProtocol) != protocol:
		h.fail(w, r, fault.New(fault.Conflict, "this receiver speaks protocol %s, the request states %.20q", protocol, r.Header.Get(headerProtocol)))
	default:
		select {
		case h.turns <- struct{}{}:
			defer func() { <-h.turns }()
		default:
			w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
			h.say(w, http.StatusServiceUnavailable, answer{Kind: fault.Unavailable.String(), Message: "too many requests at once; come again later"})
			return
		}
		if err := serve(w, r, received); err != nil {
			h.fail(w, r, err)
		}
	}
}

func (h *Handler) enroll(w http.ResponseWriter, r *http.Request, _ time.Time) error {
	var e Enrollment
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxMeta))
	if err := d.Decode(&e); err != nil {
		return fault.Wrap(err, fault.Invalid, "the enrollment is not the JSON it should be")
	}
	if err := e.check(); err != nil {
		return err
	}
	done, err := h.Receiver.Enroll(r.Context(), e)
	if err != nil {
		return err
	}
	h.Log.Info("agent enrolled", "agent", e.AgentID, "device", e.DeviceName, "key", done.KeyID)
	h.say(w, http.StatusOK, done)
	return nil
}

func (h *Handler) documents(w http.ResponseWriter, r *http.Request, received time.Time) error {
	items, err := readBatch(http.MaxBytesReader(w, r.Body, MaxBytes))
	if err != nil {
		if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
			return fault.New(fault.TooLarge, "a request of more than %d bytes", MaxBytes)
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return fault.Wrap(err, fault.Unavailable, "the request was cut off on the way; send it again")
		}
		if errors.Is(err, errFrame) {
			return fault.Wrap(err, fault.Invalid, "the request is broken: %v", err)
		}
		return err
	}
	stamp := Stamp{By: h.Name, ReceivedAt: received.UTC(), Offset: senderOffset(r.Header, received)}
	for n := range items {
		items[n].Stamps = append(items[n].Stamps, stamp)
	}
	results := h.take(r.Context(), items)
	for n, o := range results {
		if o.Status != Accepted {
			h.Log.Warn("an item was not taken", "item", o.ID, "from", items[n].From, "status", o.Status, "kind", o.Kind, "reason", o.Reason)
		}
	}
	h.say(w, http.StatusOK, answer{Results: results})
	return nil
}

// take gives the items to the receiver: those of one sender one after the other, up to the first that is to be tried
// again, so that none overtakes it; those of several senders at once.
func (h *Handler) take(ctx context.Context, items []Item) []Outcome {
	results := make([]Outcome, len(items))
	lanes := map[string][]int{}
	for n, i := range items {
		lanes[i.From] = append(lanes[i.From], n)
	}
	var all sync.WaitGroup
	for _, lane := range lanes {
		h.slots <- struct{}{}
		all.Add(1)
		go func() {
			defer func() { <-h.slots; all.Done() }()
			var before error
			for _, n := range lane {
				if before == nil {
					err := h.accept(ctx, items[n])
					results[n] = outcomeOf(items[n].ID, err)
					if results[n].Status == Retry {
						before = err
					}
					continue
				}
				results[n] = Outcome{ID: items[n].ID, Status: Retry, Kind: fault.Unavailable.String(), Reason: "an older item of this sender comes first"}
			}
		}()
	}
	all.Wait()
	return results
}

// accept calls the receiver and turns a panic of it into an error: one item must not end the others.
func (h *Handler) accept(ctx context.Context, i Item) (err error) {
	defer func() {
		if p := recover(); p != nil {
			h.Log.Error("defect while an item was taken", "item", i.ID, "panic", p)
			err = fault.New(fault.Internal, "defect while the item was taken")
		}
	}()
	if err = h.Receiver.Accept(ctx, i); err != nil && fault.KindOf(err) == fault.Internal {
		h.Log.Error("an item failed", "item", i.ID, "from", i.From, "error", err)
	}
	return err
}

// readBatch reads the items of a request.
func readBatch(body io.Reader) ([]Item, error) {
	r := bufio.NewReaderSize(body, 64<<10)
	var items []Item
	for {
		i, err := readFrame(r)
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if len(items) == MaxBatch {
			return nil, fault.New(fault.TooLarge, "more than %d items in one request", MaxBatch)
		}
		if len(i.Stamps) >= maxHops {
			return nil, fault.New(fault.Invalid, "item %s passed %d relays: they form a circle", i.ID, len(i.Stamps))
		}
		items = append(items, i)
	}
	if len(items) == 0 {
		return nil, fault.New(fault.Invalid, "no items in the request")
	}
	return items, nil
}

// senderOffset returns how far the sender's clock is ahead of ours, in microseconds. The sender measured it in its last
// exchange without the time a request takes; that is used while what this request shows does not contradict it.
func senderOffset(h http.Header, received time.Time) *int64 {
	sent, err := strconv.ParseInt(h.Get(headerSentAt), 10, 64)
	if err != nil {
		return nil
	}
	seen := sent - micros(received)
	if measured, err := strconv.ParseInt(h.Get(headerOffset), 10, 64); err == nil {
		if d := measured - seen; d > -contradiction && d < contradiction {
			return &measured
		}
	}
	return &seen
}

// contradiction is how far a measured offset may be from what one request shows, in microseconds: large uploads over
// slow lines take time before they are received.
const contradiction = 30_000_000

func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	kind := fault.KindOf(err)
	log := h.Log.Warn
	if kind == fault.Internal {
		log = h.Log.Error
	}
	log("request refused", "path", r.URL.Path, "remote", r.RemoteAddr, "kind", kind, "error", err)
	h.say(w, statusOf(kind), answer{Kind: kind.String(), Message: fault.Message(err)})
}

func (h *Handler) say(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		h.Log.Warn("an answer was not delivered", "error", err)
	}
}

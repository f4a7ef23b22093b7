package deliver

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/highwater-sam/highwater/fault"
)

var quiet = slog.New(slog.DiscardHandler)

// shelf is a receiver that keeps what it takes in memory, once for each id, and fails as it is told.
type shelf struct {
	mu       sync.Mutex
	items    []Item
	repeated int
	fail     func(Item) error
	keys     map[string]ed25519.PublicKey
}

func (s *shelf) Enroll(_ context.Context, e Enrollment) (Enrolled, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.Token != "good" {
		return Enrolled{}, fault.New(fault.Forbidden, "the token is not valid, or has expired")
	}
	if s.keys == nil {
		s.keys = map[string]ed25519.PublicKey{}
	}
	s.keys[e.AgentID] = e.PublicKey
	return Enrolled{KeyID: "k1", Server: "test"}, nil
}

func (s *shelf) Accept(_ context.Context, i Item) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		if err := s.fail(i); err != nil {
			return err
		}
	}
	for _, have := range s.items {
		if have.ID == i.ID {
			s.repeated++
			return nil
		}
	}
	s.items = append(s.items, i)
	return nil
}

func (s *shelf) ids() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, i := range s.items {
		out = append(out, strings.TrimPrefix(i.ID, "doc-"))
	}
	return strings.Join(out, " ")
}

func serve(t testing.TB, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func client(t testing.TB, o ClientOptions, urls ...string) *Client {
	t.Helper()
	for n, u := range urls {
		o.Targets = append(o.Targets, Target{URL: u, Priority: n})
	}
	c, err := NewClient(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func sender(t testing.TB, c *Client, items ...Item) *Sender {
	t.Helper()
	s := open(t, t.TempDir(), SpoolLimits{})
	if err := s.Put(items...); err != nil {
		t.Fatal(err)
	}
	return &Sender{Spool: s, Uploader: c, Log: quiet}
}

func TestWhatIsSpooledArrivesInOrderAndIsForgottenThen(t *testing.T) {
	s := &shelf{}
	send := sender(t, client(t, ClientOptions{}, serve(t, &Handler{Name: "server", Receiver: s, Log: quiet})), item(2), item(1), item(3))
	send.Batch = 2
	if r := send.Flush(t.Context()); r.Err != nil || r.Accepted != 3 {
		t.Errorf("%+v", r)
	}
	if got := s.ids(); got != "0001 0002 0003" {
		t.Errorf("arrived: %s", got)
	}
	if left := ids(t, send.Spool); left != "" {
		t.Errorf("still spooled: %s", left)
	}
	got := s.items[0]
	if string(got.Body) != "body 1" || got.From != "agent-1" || len(got.Stamps) != 1 || got.Stamps[0].By != "server" {
		t.Errorf("arrived as %+v", got)
	}
}

// The receiver commits, and its answer is lost: the item is sent again and taken once.
func TestALostAnswerMakesARepetitionNotASecondItem(t *testing.T) {
	s := &shelf{}
	h := &Handler{Receiver: s, Log: quiet}
	lose := true
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if lose {
			lose = false
			h.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler) // cuts the connection
		}
		h.ServeHTTP(w, r)
	}))
	send := sender(t, client(t, ClientOptions{}, url), item(1))
	if r := send.Flush(t.Context()); r.Err == nil {
		t.Error("a lost answer was taken for one")
	}
	if r := send.Flush(t.Context()); r.Err != nil || r.Accepted != 1 {
		t.Errorf("%+v", r)
	}
	if s.ids() != "0001" || s.repeated != 1 {
		t.Errorf("arrived %s, repeated %d", s.ids(), s.repeated)
	}
}

func TestTheKindOfAFaultDecidesWhatTheSenderDoes(t *testing.T) {
	for kind, want := range map[fault.Kind]Status{
		fault.Internal: Retry, fault.Unavailable: Retry, fault.Conflict: Retry, fault.NotFound: Retry,
		fault.Invalid: Rejected, fault.Unauthorized: Rejected, fault.Forbidden: Rejected, fault.TooLarge: Rejected,
	} {
		s := &shelf{fail: func(i Item) error {
			if i.ID == item(2).ID {
				return fault.New(kind, "about %s", i.ID)
			}
			return nil
		}}
		send := sender(t, client(t, ClientOptions{}, serve(t, &Handler{Receiver: s, Log: quiet})), item(1), item(2), item(3))
		r := send.Flush(t.Context())
		stats, err := send.Spool.Stats()
		if err != nil {
			t.Fatal(err)
		}
		switch want {
		case Rejected:
			why, _ := send.Spool.Rejections()
			if r.Err != nil || s.ids() != "0001 0003" || stats.Items != 0 || len(why) != 1 || why[0].Kind != kind.String() || why[0].Reason != "about doc-0002" {
				t.Errorf("%s: %+v, arrived %s, %+v, %+v", kind, r, s.ids(), stats, why)
			}
		case Retry:
			// The third does not overtake the second of the same sender.
			if r.Err == nil || s.ids() != "0001" || stats.Items != 2 || stats.Rejected != 0 {
				t.Errorf("%s: %+v, arrived %s, %+v", kind, r, s.ids(), stats)
			}
		}
	}
}

func TestOneSendersTroubleHoldsUpNoOther(t *testing.T) {
	s := &shelf{fail: func(i Item) error {
		if i.From == "agent-1" {
			panic("a defect")
		}
		return nil
	}}
	other := item(2)
	other.From = "agent-2"
	send := sender(t, client(t, ClientOptions{}, serve(t, &Handler{Receiver: s, Log: quiet})), item(1), other)
	send.Flush(t.Context())
	if s.ids() != "0002" || ids(t, send.Spool) != "0001" {
		t.Errorf("arrived %q, kept %q", s.ids(), ids(t, send.Spool))
	}
}

// What stands between an agent and its server may answer anything; nothing is forgotten for it.
func TestAnAnswerThatIsNotAReceiversForgetsNothing(t *testing.T) {
	ok := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set(headerProtocol, protocol)
			fmt.Fprint(w, body)
		}
	}
	for name, h := range map[string]http.HandlerFunc{
		"a portal's page":      func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>please sign in</html>") },
		"a proxy's refusal":    func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "denied", http.StatusForbidden) },
		"a proxy's bad server": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "bad gateway", http.StatusBadGateway) },
		"a redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://example.com/", http.StatusTemporaryRedirect)
		},
		"cut off":         ok(`{"results":[{"id":"doc-0001","sta`),
		"about too few":   ok(`{"results":[]}`),
		"about another":   ok(`{"results":[{"id":"doc-0009","status":"accepted"}]}`),
		"with a new word": ok(`{"results":[{"id":"doc-0001","status":"maybe"}]}`),
		"another protocol": func(w http.ResponseWriter, r *http.Request) {
			r.Header.Set(headerProtocol, "2")
			(&Handler{Receiver: &shelf{}, Log: quiet}).ServeHTTP(w, r)
		},
	} {
		send := sender(t, client(t, ClientOptions{}, serve(t, h)), item(1))
		r := send.Flush(t.Context())
		if stats, _ := send.Spool.Stats(); r.Err == nil || stats.Items != 1 || stats.Rejected != 0 {
			t.Errorf("%s: %+v, %+v", name, r, stats)
		}
	}
}

func TestItemsThatARequestCannotCarryAreFoundOneByOne(t *testing.T) {
	s := &shelf{}
	h := &Handler{Receiver: s, Log: quiet}
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		if bytes.Contains(b, []byte("body 2")) { // a receiver whose form of an item is narrower
			w.Header().Set(headerProtocol, protocol)
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"kind":"invalid","message":"cannot read this"}`)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(b))
		h.ServeHTTP(w, r)
	}))
	send := sender(t, client(t, ClientOptions{}, url), item(1), item(2), item(3))
	r := send.Flush(t.Context())
	if stats, _ := send.Spool.Stats(); r.Err != nil || s.ids() != "0001 0003" || stats.Rejected != 1 || stats.Items != 0 {
		t.Errorf("%+v, arrived %s, %+v", r, s.ids(), stats)
	}
}

func TestTheNextTargetIsTakenWhenOneIsAwayAndTheFirstComesBack(t *testing.T) {
	first, second := &shelf{}, &shelf{}
	down := true
	h := &Handler{Receiver: first, Log: quiet}
	a := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down {
			http.Error(w, "restarting", http.StatusServiceUnavailable)
			return
		}
		h.ServeHTTP(w, r)
	}))
	now := noon
	c := client(t, ClientOptions{Now: func() time.Time { return now }}, a, serve(t, &Handler{Receiver: second, Log: quiet}))
	send := sender(t, c, item(1))
	if r := send.Flush(t.Context()); r.Err != nil || r.Accepted != 1 || second.ids() != "0001" {
		t.Errorf("%+v, the second has %q", r, second.ids())
	}
	down = false
	for n, at := range []time.Duration{time.Minute, shun + time.Minute} {
		now = noon.Add(at)
		if err := send.Spool.Put(item(2 + n)); err != nil {
			t.Fatal(err)
		}
		send.Flush(t.Context())
	}
	if first.ids() != "0003" || second.ids() != "0001 0002" {
		t.Errorf("the first has %q, the second %q", first.ids(), second.ids())
	}
}

func TestClocksAreComparedOverEveryHop(t *testing.T) {
	clock := func(ahead time.Duration) func() time.Time { return func() time.Time { return noon.Add(ahead) } }
	server := &shelf{}
	up := serve(t, &Handler{Name: "server", Receiver: server, Log: quiet, Now: clock(0)})
	relaySpool := open(t, t.TempDir(), SpoolLimits{Refuse: true})
	relayClient := client(t, ClientOptions{Now: clock(-40 * time.Second)}, up)
	relay := serve(t, &Handler{Name: "beacon", Receiver: &Relay{Spool: relaySpool, Parent: relayClient}, Log: quiet, Now: clock(-40 * time.Second)})
	agent := client(t, ClientOptions{Now: clock(7 * time.Minute)}, relay)
	send := sender(t, agent, item(1))
	if r := send.Flush(t.Context()); r.Err != nil {
		t.Fatal(r.Err)
	}
	if d, ok := agent.Offset(relay); !ok || d != 7*time.Minute+40*time.Second {
		t.Errorf("the agent measured %s, %v", d, ok)
	}
	if r := (&Sender{Spool: relaySpool, Uploader: relayClient, Log: quiet}).Flush(t.Context()); r.Err != nil {
		t.Fatal(r.Err)
	}
	got := server.items[0]
	if len(got.Stamps) != 2 || got.Stamps[0].By != "beacon" || got.Stamps[1].By != "server" {
		t.Fatalf("%+v", got.Stamps)
	}
	if d, ok := got.ClockOffset(); !ok || d != 7*time.Minute {
		t.Errorf("over both hops the agent is ahead by %s, %v; want 7m", d, ok)
	}
}

func TestAMeasuredOffsetYieldsToWhatARequestShows(t *testing.T) {
	h := http.Header{}
	if senderOffset(h, noon) != nil {
		t.Error("nothing was sent, something was read")
	}
	h.Set(headerSentAt, fmt.Sprint(micros(noon.Add(time.Second))))
	h.Set(headerOffset, "1500000")
	if got := senderOffset(h, noon); got == nil || *got != 1_500_000 {
		t.Errorf("the measured offset was not used: %v", got)
	}
	h.Set(headerOffset, "-900000000") // measured before the clock jumped
	if got := senderOffset(h, noon); got == nil || *got != 1_000_000 {
		t.Errorf("a stale offset was used: %v", got)
	}
}

func TestEnrollment(t *testing.T) {
	s := &shelf{}
	down := client(t, ClientOptions{}, "http://127.0.0.1:1")
	relay := serve(t, &Handler{Receiver: &Relay{Parent: client(t, ClientOptions{}, serve(t, &Handler{Receiver: s, Log: quiet}))}, Log: quiet})
	orphan := serve(t, &Handler{Receiver: &Relay{Parent: down}, Log: quiet})
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(url string, change func(*Enrollment)) (Enrolled, error) {
		e := Enrollment{Token: "good", AgentID: "a1", DeviceName: "db01"}
		e.Sign(private)
		if change != nil {
			change(&e)
		}
		return client(t, ClientOptions{}, url).Enroll(t.Context(), e)
	}
	done, err := ask(relay, nil)
	if err != nil || done.KeyID != "k1" || !s.keys["a1"].Equal(public) {
		t.Errorf("%+v, %v", done, err)
	}
	if _, err := ask(relay, func(e *Enrollment) { e.Token = "bad"; e.Sign(private) }); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("a bad token: %v", err)
	}
	if _, err := ask(relay, func(e *Enrollment) { e.AgentID = "a2" }); fault.KindOf(err) != fault.Unauthorized {
		t.Errorf("another agent under this proof: %v", err)
	}
	if _, err := ask(relay, func(e *Enrollment) { e.PublicKey = make([]byte, 32) }); fault.KindOf(err) != fault.Unauthorized {
		t.Errorf("another key under this proof: %v", err)
	}
	if _, err := ask(relay, func(e *Enrollment) { e.AgentID = ""; e.Sign(private) }); fault.KindOf(err) != fault.Invalid {
		t.Errorf("no agent: %v", err)
	}
	if _, err := ask(orphan, nil); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("the relay's parent is away: %v", err)
	}
}

func TestTheHandlerAnswersNothingElse(t *testing.T) {
	h := &Handler{Receiver: &shelf{}, Log: quiet, Requests: 1}
	try := func(method, path, body string) int {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set(headerProtocol, protocol)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	for _, c := range []struct {
		method, path, body string
		want               int
	}{
		{"GET", PathDocuments, "", 405}, {"POST", "/v1/other", "", 404}, {"POST", PathDocuments, "", 400}, {"POST", PathDocuments, "\x00\x00\x00\x02{}", 503},
		{"POST", PathDocuments, "\xff\xff\xff\xff", 400}, {"POST", PathEnroll, "{", 400}, {"POST", PathDocuments, "<xml>", 400},
	} {
		if got := try(c.method, c.path, c.body); got != c.want {
			t.Errorf("%s %s %q: %d, want %d", c.method, c.path, c.body, got, c.want)
		}
	}
	frame, err := appendFrame(nil, item(1))
	if err != nil {
		t.Fatal(err)
	}
	if got := try("POST", PathDocuments, string(bytes.Repeat(frame, MaxBatch+1))); got != 413 {
		t.Errorf("too many items: %d", got)
	}
	h.init()
	h.turns <- struct{}{} // somebody else is being served
	if got := try("POST", PathDocuments, string(frame)); got != 503 {
		t.Errorf("too many requests: %d", got)
	}
}

func TestAddressesAreChecked(t *testing.T) {
	for _, url := range []string{"", "server", "ftp://server", "https://", "https://user:secret@server", "https://server?x=1"} {
		if _, err := NewClient(ClientOptions{Targets: []Target{{URL: url}}}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: %v", url, err)
		}
	}
	if _, err := NewClient(ClientOptions{}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("no address: %v", err)
	}
}

func TestACertificateNobodyVouchesForIsRefused(t *testing.T) {
	s := httptest.NewTLSServer(&Handler{Receiver: &shelf{}, Log: quiet})
	defer s.Close()
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	send := sender(t, client(t, ClientOptions{}, s.URL), item(1))
	if r := send.Flush(t.Context()); fault.KindOf(r.Err) != fault.Unavailable || !strings.Contains(r.Err.Error(), "certificate") {
		t.Errorf("%v", r.Err)
	}
}

func FuzzHandler(f *testing.F) {
	frame, err := appendFrame(nil, item(1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(frame, PathDocuments)
	f.Add(append(bytes.Clone(frame), frame[:20]...), PathDocuments)
	f.Add([]byte(`{"token":"good","agent_id":"a","public_key":"","proof":""}`), PathEnroll)
	f.Fuzz(func(t *testing.T, body []byte, path string) {
		if path != PathDocuments {
			path = PathEnroll
		}
		s := &shelf{}
		r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
		r.Header.Set(headerProtocol, protocol)
		w := httptest.NewRecorder()
		(&Handler{Receiver: s, Log: quiet}).ServeHTTP(w, r)
		if w.Code != http.StatusOK && len(s.items) > 0 {
			t.Fatal("a request was refused and taken")
		}
		if len(s.keys) > 0 {
			t.Fatal("enrolled without a proof")
		}
	})
}

package pipeline_test

import (
	"crypto/ed25519"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/highwater-sam/highwater/deliver"
	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/inventory/inventorytest"
	"github.com/highwater-sam/highwater/pipeline"
	"github.com/highwater-sam/highwater/store"
	"github.com/highwater-sam/highwater/store/storetest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// start is the first instant of the documents in these tests.
var start = time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)

// server is a pipeline on one database, with an agent's key that is enrolled.
type server struct {
	*pipeline.Receiver
	store *store.Store
	t     *testing.T
	token string
}

func newServer(t *testing.T, st *store.Store) *server {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := pipeline.New(pipeline.Config{Store: st, Key: key, Clock: func() time.Time { return start.AddDate(0, 1, 0) }})
	if err != nil {
		t.Fatal(err)
	}
	s := &server{Receiver: &pipeline.Receiver{Pipeline: p, Name: "test"}, store: st, t: t}
	if _, s.token, err = st.CreateToken(t.Context(), store.Token{Name: "test", Author: "test"}); err != nil {
		t.Fatal(err)
	}
	return s
}

// enroll makes the key of a test document's agent known.
func (s *server) enroll(seed uint64) {
	s.t.Helper()
	d := inventorytest.Document(inventorytest.Options{Seed: seed})
	s.enrollAs(d.Header.AgentID, inventorytest.Key(seed))
}

func (s *server) enrollAs(agent string, key ed25519.PrivateKey) {
	s.t.Helper()
	e := deliver.Enrollment{Token: s.token, AgentID: agent, DeviceName: "test"}
	e.Sign(key)
	if _, err := s.Enroll(s.t.Context(), e); err != nil {
		s.t.Fatal(err)
	}
}

// send delivers a document whose sender's clock was right.
func (s *server) send(d *inventory.Document, key ed25519.PrivateKey) error {
	s.t.Helper()
	envelope, err := inventory.Seal(d, key)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.Accept(s.t.Context(), item(d, envelope, 0))
}

func item(d *inventory.Document, envelope []byte, offset time.Duration) deliver.Item {
	us := offset.Microseconds()
	return deliver.Item{ID: d.Header.ID, From: d.Header.AgentID, At: d.Header.CollectedAt, Body: envelope,
		Stamps: []deliver.Stamp{{By: "test", ReceivedAt: d.Header.CollectedAt.Add(time.Second - offset), Offset: &us}}}
}

func (s *server) mustSend(o inventorytest.Options) *inventory.Document {
	s.t.Helper()
	d := inventorytest.Document(o)
	if err := s.send(d, inventorytest.Key(o.Seed)); err != nil {
		s.t.Fatalf("send %s of %s: %v", d.Header.DeviceName, d.Header.CollectedAt, err)
	}
	return d
}

// deviceOf finds the device a document was taken in for.
func (s *server) deviceOf(d *inventory.Document) device.ID {
	s.t.Helper()
	id, ok, err := s.store.DocumentDevice(s.t.Context(), d.Header.ID)
	if err != nil || !ok {
		s.t.Fatalf("document %s is not in the store: %v", d.Header.ID, err)
	}
	return id
}

// history tells the points of one aspect as "from value" lines.
func (s *server) history(id device.ID, aspect device.Aspect) []string {
	s.t.Helper()
	points, err := s.store.History(s.t.Context(), id, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	var lines []string
	for _, p := range points {
		if p.Aspect == aspect {
			lines = append(lines, p.From.Format("01-02 15:04")+" "+shown(p.Value))
		}
	}
	return lines
}

func shown(v device.Value) string {
	switch v := v.(type) {
	case *device.Hardware:
		return fmt.Sprintf("%d cores", *v.Cores)
	case *device.Placement:
		return fmt.Sprintf("on %d", v.Host)
	case *device.EvidenceSet:
		return fmt.Sprintf("%d titles", v.Count)
	}
	return fmt.Sprint(v)
}

func TestAnUnchangedDocumentOnlyExtendsTheMeasuredTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newServer(t, st)
		s.enroll(1)
		first := s.mustSend(inventorytest.Options{Seed: 1, At: start})
		before, err := st.FullHistory(t.Context(), s.deviceOf(first), nil)
		if err != nil {
			t.Fatal(err)
		}
		var last *inventory.Document
		for day := range 5 {
			last = s.mustSend(inventorytest.Options{Seed: 1, At: start.AddDate(0, 0, day+1)})
		}
		id := s.deviceOf(first)
		if got := s.deviceOf(last); got != id {
			t.Fatalf("the same machine became device %d and %d", id, got)
		}
		after, err := st.FullHistory(t.Context(), id, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(after) != len(before) {
			t.Errorf("five unchanged documents added %d points of change", len(after)-len(before))
		}
		spans, err := st.Coverage(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		want := store.Span{From: start, To: start.AddDate(0, 0, 5)}
		if len(spans) != 1 || !spans[0].From.Equal(want.From) || !spans[0].To.Equal(want.To) {
			t.Errorf("measured time is %v, want one span %v", spans, want)
		}
		if envelope, err := st.Envelope(t.Context(), last.Header.ID); err != nil || len(envelope) == 0 {
			t.Errorf("the unchanged document's envelope was not kept: %v", err)
		}
	})
}

func TestALateDocumentEntersHistoryAtItsCollectionTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newServer(t, st)
		s.enroll(1)
		at := func(day int) time.Time { return start.AddDate(0, 0, day) }
		first := s.mustSend(inventorytest.Options{Seed: 1, At: at(0), Cores: 16})
		s.mustSend(inventorytest.Options{Seed: 1, At: at(9), Cores: 16})
		s.mustSend(inventorytest.Options{Seed: 1, At: at(6), Cores: 16})
		s.mustSend(inventorytest.Options{Seed: 1, At: at(3), Cores: 32})
		want := []string{"03-01 06:00 16 cores", "03-04 06:00 32 cores", "03-07 06:00 16 cores"}
		if got := s.history(s.deviceOf(first), device.HardwareAspect); !slices.Equal(got, want) {
			t.Errorf("history is %q, want %q", got, want)
		}
	})
}

func TestAWrongClockCountsFromReceiptAndSaysSo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newServer(t, st)
		s.enroll(1)
		d := inventorytest.Document(inventorytest.Options{Seed: 1, At: start})
		envelope, err := inventory.Seal(d, inventorytest.Key(1))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Accept(t.Context(), item(d, envelope, 48*time.Hour)); err != nil {
			t.Fatal(err)
		}
		row, err := st.Document(t.Context(), d.Header.ID)
		if err != nil {
			t.Fatal(err)
		}
		if want := start.Add(time.Second - 48*time.Hour); !row.Effective.Equal(want.Truncate(time.Second)) {
			t.Errorf("it counts from %s, want from its receipt %s", row.Effective, want)
		}
		if !strings.Contains(row.Remark, "ahead") {
			t.Errorf("its remark is %q, want one that tells of the clock", row.Remark)
		}
	})
}

func TestAHardwareOnlyDocumentNeverErasesSoftware(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newServer(t, st)
		s.enroll(1)
		first := s.mustSend(inventorytest.Options{Seed: 1, At: start, Cores: 16})
		before := s.history(s.deviceOf(first), device.EvidenceAspect)
		s.mustSend(inventorytest.Options{Seed: 1, At: start.Add(30 * time.Minute), Cores: 24, Kind: inventory.HardwareOnly})
		if got := s.history(s.deviceOf(first), device.EvidenceAspect); len(before) != 1 || !slices.Equal(got, before) {
			t.Errorf("evidence was %q and is %q after a hardware-only document", before, got)
		}
		want := []string{"03-01 06:00 16 cores", "03-01 06:30 24 cores"}
		if got := s.history(s.deviceOf(first), device.HardwareAspect); !slices.Equal(got, want) {
			t.Errorf("hardware is %q, want %q", got, want)
		}
	})
}

func TestDocumentsThatMustNotCount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newServer(t, st)
		s.enroll(1)
		s.enroll(2)
		good := inventorytest.Document(inventorytest.Options{Seed: 1, At: start})
		envelope, err := inventory.Seal(good, inventorytest.Key(1))
		if err != nil {
			t.Fatal(err)
		}
		altered := slices.Clone(envelope)
		altered[len(altered)-5] ^= 1
		foreign, err := inventory.Seal(good, inventorytest.Key(2))
		if err != nil {
			t.Fatal(err)
		}
		stranger, err := inventory.Seal(good, inventorytest.Key(99))
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			body []byte
			kind fault.Kind
		}{
			"altered on its way":                {altered, fault.Unauthorized},
			"signed with another agent's key":   {foreign, fault.Unauthorized},
			"signed with a key nobody enrolled": {stranger, fault.Unauthorized},
			"no envelope at all":                {[]byte("<html>502 Bad Gateway</html>"), fault.Invalid},
		} {
			err := s.Accept(t.Context(), item(good, c.body, 0))
			if fault.KindOf(err) != c.kind {
				t.Errorf("a document %s: error %v of kind %v, want %v", name, err, fault.KindOf(err), c.kind)
			}
		}
		if known, err := st.DocumentKnown(t.Context(), good.Header.ID); err != nil || known {
			t.Errorf("a refused document is in the store (%v)", err)
		}
		if err := st.RevokeAgent(t.Context(), good.Header.AgentID, "test"); err != nil {
			t.Fatal(err)
		}
		if err := s.Accept(t.Context(), item(good, envelope, 0)); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("a revoked agent's document: error %v, want Forbidden", err)
		}
	})
}

func TestTheSameDocumentTwiceIsTakenOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newServer(t, st)
		s.enroll(1)
		first := s.mustSend(inventorytest.Options{Seed: 1, At: start})
		s.mustSend(inventorytest.Options{Seed: 1, At: start})
		rows, err := st.Documents(t.Context(), s.deviceOf(first), 10)
		if err != nil || len(rows) != 1 {
			t.Errorf("the device has %d documents (%v), want 1", len(rows), err)
		}
	})
}

// TestManyAgentsAtOnce: each device once, whatever comes at the same time, also two documents of one new device.
func TestManyAgentsAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newServer(t, st)
		const devices, documents = 24, 4
		for seed := range uint64(devices) {
			s.enroll(seed + 1)
		}
		var all sync.WaitGroup
		errs := make(chan error, devices*documents)
		for n := range documents {
			for seed := range uint64(devices) {
				all.Go(func() {
					d := inventorytest.Document(inventorytest.Options{Seed: seed + 1, At: start.Add(time.Duration(n) * time.Hour), Change: uint64(n)})
					if err := s.send(d, inventorytest.Key(seed+1)); err != nil {
						errs <- fmt.Errorf("seed %d document %d: %w", seed+1, n, err)
					}
				})
			}
		}
		all.Wait()
		close(errs)
		for err := range errs {
			t.Error(err)
		}
		ids := map[device.ID]bool{}
		for seed := range uint64(devices) {
			for n := range documents {
				ids[s.deviceOf(inventorytest.Document(inventorytest.Options{Seed: seed + 1, At: start.Add(time.Duration(n) * time.Hour), Change: uint64(n)}))] = true
			}
		}
		if len(ids) != devices {
			t.Errorf("%d machines became %d devices", devices, len(ids))
		}
	})
}

func TestEnrollmentNeedsAGoodToken(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newServer(t, st)
		e := deliver.Enrollment{Token: "hw_guess", AgentID: "a1"}
		e.Sign(inventorytest.Key(1))
		_, err := s.Enroll(t.Context(), e)
		if fault.KindOf(err) != fault.Unauthorized {
			t.Errorf("a guessed token: error %v, want Unauthorized", err)
		}
		if strings.Contains(fmt.Sprint(err), "hw_guess") {
			t.Error("the error repeats the token")
		}
		var known *fault.Error
		if !errors.As(err, &known) {
			t.Error("the error is no fault")
		}
	})
}

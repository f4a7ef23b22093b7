package beaconcmd

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/highwater-sam/highwater/deliver"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/inventory/inventorytest"
	"github.com/highwater-sam/highwater/pipeline"
	"github.com/highwater-sam/highwater/store"
	"github.com/highwater-sam/highwater/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// realServer is a server with its database, and a token for it.
func realServer(t *testing.T) (url, token string, st *store.Store, r *pipeline.Receiver) {
	t.Helper()
	st = storetest.Open(t, storetest.Address(t, "sqlite"), store.Options{})
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := pipeline.New(pipeline.Config{Store: st, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	r = &pipeline.Receiver{Pipeline: p, Name: "server"}
	server := httptest.NewServer(&deliver.Handler{Name: "server", Receiver: r, Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(server.Close)
	if _, token, err = st.CreateToken(t.Context(), store.Token{Name: "test", Author: "test"}); err != nil {
		t.Fatal(err)
	}
	return server.URL, token, st, r
}

// command runs one command and returns its status and what it printed.
func command(t *testing.T, state string, args ...string) (int, string, string) {
	t.Helper()
	var out, errs bytes.Buffer
	status := Main(t.Context(), append([]string{"--state", state}, args...), Streams{Out: &out, Err: &errs, Version: "1.0.0"})
	return status, out.String(), errs.String()
}

// running starts a beacon in this process and returns its address; it ends with the test.
func running(t *testing.T, state string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- Main(ctx, append([]string{"--state", state, "run", "--listen", "127.0.0.1:0", "--retry", "20ms"}, args...), Streams{Out: w, Err: w, Version: "1.0.0"})
		_ = w.Close()
	}()
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if _, rest, ok := strings.Cut(lines.Text(), "msg=relaying address="); ok {
			t.Cleanup(func() {
				cancel()
				if status := <-ended; status != 0 {
					t.Errorf("the beacon was told to stop and ended with %d", status)
				}
			})
			go func() { _, _ = io.Copy(io.Discard, r) }()
			return strings.Fields(rest)[0]
		}
	}
	t.Fatalf("the beacon did not start: %d", <-ended)
	return ""
}

func client(t *testing.T, url, caFile string) *deliver.Client {
	t.Helper()
	c, err := deliver.NewClient(deliver.ClientOptions{Targets: []deliver.Target{{URL: url}}, CAFile: caFile})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func healthOf(t *testing.T, address string) health {
	t.Helper()
	answer, err := http.Get("http://" + address + "/healthz") //nolint:noctx // a test's own
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var h health
	if err := json.NewDecoder(answer.Body).Decode(&h); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v", answer.Status, err)
	}
	return h
}

func itemOf(d *inventory.Document, envelope []byte) deliver.Item {
	return deliver.Item{ID: d.Header.ID, From: d.Header.AgentID, At: d.Header.CollectedAt, Body: envelope}
}

// A beacon enrolls itself, an agent through it, and refuses what is no document of anyone's, each with its reason.
func TestABeaconRefusesWhatIsNoDocument(t *testing.T) {
	url, token, st, server := realServer(t)
	folder := t.TempDir()
	if status, out, errs := command(t, folder, "enroll", "--parent", url, "--token", token, "--name", "b1"); status != 0 || !strings.Contains(out, "enrolled with server as beacon-") {
		t.Fatalf("%d %s %s", status, out, errs)
	}
	first, err := load(folder)
	if err != nil {
		t.Fatal(err)
	}
	if status, _, errs := command(t, folder, "enroll", "--parent", url, "--token", token); status != 0 {
		t.Fatalf("enrolled again: %s", errs)
	}
	if again, err := load(folder); err != nil || again.ID != first.ID || again.Name != "b1" {
		t.Errorf("enrolled again as another: %+v, %v", again, err)
	}
	address := running(t, folder)
	c := client(t, "http://"+address, "")
	d := inventorytest.Document(inventorytest.Options{Seed: 1})
	e := deliver.Enrollment{Token: token, AgentID: d.Header.AgentID}
	e.Sign(inventorytest.Key(1))
	if done, err := c.Enroll(t.Context(), e); err != nil || !bytes.Equal(done.ServerKey, first.ServerKey) {
		t.Fatalf("%+v, %v", done, err)
	}
	good := inventorytest.Sealed(inventorytest.Options{Seed: 1})
	altered := bytes.Clone(good)
	altered[len(altered)-5] ^= 1
	mislabeled := itemOf(d, good)
	mislabeled.ID = "another"
	outcomes, _, err := c.Upload(t.Context(), []deliver.Item{
		{ID: "no-document", From: "x", At: d.Header.CollectedAt, Body: []byte("rubbish")},
		{ID: "altered", From: "y", At: d.Header.CollectedAt, Body: altered},
		mislabeled,
		itemOf(d, good),
	})
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range []struct {
		status deliver.Status
		kind   fault.Kind
	}{{deliver.Rejected, fault.Invalid}, {deliver.Rejected, fault.Unauthorized}, {deliver.Rejected, fault.Invalid}, {status: deliver.Accepted}} {
		if got := outcomes[n]; got.Status != want.status || want.status == deliver.Rejected && got.Kind != want.kind.String() {
			t.Errorf("item %d: %+v, want %+v", n, got, want)
		}
	}
	eventually(t, "the document is at the server", func() bool {
		_, known, err := st.DocumentDevice(t.Context(), d.Header.ID)
		return err == nil && known
	})
	eventually(t, "the beacon knows that it is", func() bool { return healthOf(t, address).Delivery.Taken == 1 })
	if h := healthOf(t, address); h.Refused != 3 || h.Accepted != 1 || h.Spool.Items != 0 || h.Name != "b1" {
		t.Errorf("%+v", h)
	}
	eventually(t, "the server has heard of the beacon itself", func() bool {
		if err := server.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		b, ok, err := st.Agent(t.Context(), first.ID)
		return err == nil && ok && b.PolicyRevision != ""
	})
}

// Documents of an agent that the server does not know are kept at the beacon, and sent again once it enrolls.
func TestDocumentsOfAnUnknownAgentWaitForItsEnrollment(t *testing.T) {
	url, token, st, _ := realServer(t)
	address := running(t, t.TempDir(), "--parent", url)
	c := client(t, "http://"+address, "")
	d := inventorytest.Document(inventorytest.Options{Seed: 3})
	if _, _, err := c.Upload(t.Context(), []deliver.Item{itemOf(d, inventorytest.Sealed(inventorytest.Options{Seed: 3}))}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the server refuses it", func() bool { return healthOf(t, address).Spool.Rejected == 1 })
	e := deliver.Enrollment{Token: token, AgentID: d.Header.AgentID}
	e.Sign(inventorytest.Key(3))
	if _, err := c.Enroll(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	another := inventorytest.Options{Seed: 3, At: d.Header.CollectedAt.Add(time.Hour)}
	if _, _, err := c.Upload(t.Context(), []deliver.Item{itemOf(inventorytest.Document(another), inventorytest.Sealed(another))}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "both are at the server", func() bool {
		id, known, err := st.DocumentDevice(t.Context(), d.Header.ID)
		if err != nil || !known {
			return false
		}
		all, err := st.Documents(t.Context(), id, 10)
		return err == nil && len(all) == 2
	})
}

func TestABeaconSpeaksTLS(t *testing.T) {
	url, token, _, _ := realServer(t)
	authority := httptest.NewUnstartedServer(nil)
	authority.StartTLS()
	defer authority.Close()
	folder := t.TempDir()
	certificate, keyPath := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	writePair(t, authority.TLS.Certificates[0], certificate, keyPath)
	address := running(t, filepath.Join(folder, "state"), "--parent", url, "--tls-cert", certificate, "--tls-key", keyPath)
	d := inventorytest.Document(inventorytest.Options{Seed: 1})
	e := deliver.Enrollment{Token: token, AgentID: d.Header.AgentID}
	e.Sign(inventorytest.Key(1))
	if _, err := client(t, "https://"+address, certificate).Enroll(t.Context(), e); err != nil {
		t.Error(err)
	}
	if _, err := client(t, "https://"+address, "").Enroll(t.Context(), e); err == nil {
		t.Error("a certificate that nobody vouches for was accepted")
	}
}

func writePair(t *testing.T, pair tls.Certificate, certificate, key string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{certificate: {Type: "CERTIFICATE", Bytes: pair.Certificate[0]}, key: {Type: "PRIVATE KEY", Bytes: der}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWrongInputIsRefusedWithAReason(t *testing.T) {
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"run"}, "no parent"},
		{[]string{"run", "--parent", "http://127.0.0.1:1", "--listen", "0.0.0.0:0"}, "--tls-cert"},
		{[]string{"run", "--parent", "http://127.0.0.1:1", "--listen", "here"}, "ADDRESS:PORT"},
		{[]string{"run", "--parent", "nowhere"}, "https://name:port"},
		{[]string{"run", "--parent", "http://127.0.0.1:1", "--tls-cert", "x"}, "go together"},
		{[]string{"run", "--parent", "http://127.0.0.1:1", "--retry", "1ms"}, "--retry"},
		{[]string{"enroll", "--parent", "http://127.0.0.1:1"}, "token is needed"},
	} {
		if status, _, errs := command(t, t.TempDir(), c.args...); status != 2 || !strings.Contains(errs, c.says) || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: status %d: %s", c.args, status, errs)
		}
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, beaconFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, _, errs := command(t, folder, "status"); status != 2 || !strings.Contains(errs, "enroll again") {
		t.Errorf("a damaged state: status %d: %s", status, errs)
	}
	if status, out, errs := command(t, t.TempDir(), "status"); status != 0 || !strings.Contains(out, "enrolled      no") {
		t.Errorf("status %d: %s%s", status, out, errs)
	}
}

// eventually waits for what other goroutines are about to do.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline, tick := time.After(20*time.Second), time.NewTicker(10*time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not so after 20 s: %s", what)
		}
	}
}

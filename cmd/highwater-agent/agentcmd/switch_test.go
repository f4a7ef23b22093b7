package agentcmd

import (
	"context"
	"crypto/ed25519"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/highwater-sam/highwater/deliver"
	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/inventory/inventorytest"
	"github.com/highwater-sam/highwater/pipeline"
	"github.com/highwater-sam/highwater/policy"
	"github.com/highwater-sam/highwater/store"
	"github.com/highwater-sam/highwater/store/storetest"
)

// inProcess carries requests to a handler of this process, so that a fake clock stands still only while nothing waits.
type inProcess struct{ http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w.Result(), nil
}

// compressOnce makes what compresses before a fake clock starts: its channels, made on first use, belong to where it was.
func compressOnce(t *testing.T) {
	t.Helper()
	st := storetest.Open(t, storetest.Address(t, "sqlite"), store.Options{})
	r := switchingServer(t, st)
	_, token, err := st.CreateToken(t.Context(), store.Token{Name: "test", Author: "test"})
	if err != nil {
		t.Fatal(err)
	}
	d := inventorytest.Document(inventorytest.Options{})
	e := deliver.Enrollment{Token: token, AgentID: d.Header.AgentID}
	e.Sign(inventorytest.Key(0))
	if _, err := r.Enroll(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if err := r.Accept(t.Context(), deliver.Item{ID: d.Header.ID, From: d.Header.AgentID, At: d.Header.CollectedAt, Body: inventorytest.Sealed(inventorytest.Options{})}); err != nil {
		t.Fatal(err)
	}
	turnSwitch(t, st, true)
	if _, _, err := r.ExplainPolicy(t.Context(), d.Header.AgentID); err != nil {
		t.Fatal(err)
	}
}

// The switch for high-frequency checks goes round in one policy interval at most, whenever it is turned: an agent and
// the server with its database, by a fake clock.
func TestTheSwitchReachesTheAgentWithinOneInterval(t *testing.T) {
	const interval = 15 * time.Minute
	compressOnce(t)
	for _, database := range storetest.Databases {
		t.Run(database, func(t *testing.T) {
			address, root, folder := storetest.Address(t, database), machine(t, "db01", 16), filepath.Join(t.TempDir(), "state")
			synctest.Test(t, func(t *testing.T) {
				st := storetest.Open(t, address, store.Options{Readers: 2})
				r := switchingServer(t, st)
				a := reopen(t, folder, root)
				a.network = inProcess{&deliver.Handler{Name: "server", Receiver: r, Log: slog.New(slog.DiscardHandler)}}
				a.settings.Targets = []deliver.Target{{URL: "http://server"}}
				_, token, err := st.CreateToken(t.Context(), store.Token{Name: "test", Author: "test"})
				if err != nil {
					t.Fatal(err)
				}
				d, err := a.look(t.Context(), inventory.HardwareOnly)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := a.enroll(t.Context(), d, token); err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan error)
				go func() { ended <- a.run(ctx) }()
				time.Sleep(time.Hour)
				for turn, after := range []time.Duration{0, time.Second, 7 * time.Minute, 14*time.Minute + 59*time.Second} {
					time.Sleep(after)
					on := turn%2 == 0
					turnSwitch(t, st, on)
					turned := time.Now()
					for a.inForce().Check.On != on {
						time.Sleep(time.Second)
						if time.Since(turned) > interval {
							t.Fatalf("turn %d: after %s the agent still has %+v", turn, time.Since(turned), a.inForce())
						}
					}
					t.Logf("turn %d reached the agent after %s", turn, time.Since(turned))
				}
				turnSwitch(t, st, true)
				turned := time.Now()
				time.Sleep(interval)
				synctest.Wait()
				if check := a.remembered().Check; check.Before(turned.Truncate(time.Second)) {
					t.Errorf("one interval after the switch no check has run; the last one was %s before it", turned.Sub(check))
				}
				cancel()
				<-ended
			})
		})
	}
}

func switchingServer(t *testing.T, st *store.Store) *pipeline.Receiver {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := pipeline.New(pipeline.Config{Store: st, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	return &pipeline.Receiver{Pipeline: p, Name: "server"}
}

// turnSwitch records the settings as an operator does.
func turnSwitch(t *testing.T, st *store.Store, on bool) {
	t.Helper()
	o, _, err := st.ConfigurationObject(t.Context(), store.SettingConfiguration, pipeline.PolicySetting, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := policy.Settings{HighFrequency: policy.HighFrequency{On: on, Targets: []policy.Target{{Name: "databases", Include: []policy.Condition{{Name: "db*"}}}}}}
	c := store.Change{Kind: store.SettingConfiguration, Key: pipeline.PolicySetting, Revision: o.Revision, Value: s, Author: "operator", Reason: "test"}
	if err := st.SaveConfiguration(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

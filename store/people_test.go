package store_test

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/highwater-sam/highwater/auth"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/schedule"
	"github.com/highwater-sam/highwater/store"
	"github.com/highwater-sam/highwater/store/storetest"
)

var _ scs.CtxStore = (*store.Sessions)(nil)
var _ schedule.Claimer = (*store.Jobs)(nil)

func TestUsers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		u := auth.User{Name: "Anna", FullName: "Anna Berg", Role: auth.LicenseManager, Scope: auth.Scope{Locations: []string{"emea"}}, Password: "$argon2id$…", Theme: auth.DarkTheme, Created: day}
		id, err := st.CreateUser(t.Context(), u)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := st.CreateUser(t.Context(), u); fault.KindOf(err) != fault.Conflict {
			t.Errorf("a second user of the name gave %v", err)
		}
		u.ID, u.Name = id, "anna"
		got, ok, err := st.UserByName(t.Context(), " ANNA ")
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		if diff := cmp.Diff(u, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		u.Disabled, u.Role = true, auth.Auditor
		if err := st.UpdateUser(t.Context(), u); err != nil {
			t.Fatal(err)
		}
		if err := st.SignedIn(t.Context(), id, day); err != nil {
			t.Fatal(err)
		}
		all, err := st.Users(t.Context())
		if err != nil || len(all) != 1 || !cmp.Equal(all[0], u) {
			t.Errorf("users %+v %v", all, err)
		}
		if _, ok, err := st.User(t.Context(), id+1000); ok || err != nil {
			t.Errorf("an unknown user: %v %v", ok, err)
		}
		u.ID += 1000
		if err := st.UpdateUser(t.Context(), u); fault.KindOf(err) != fault.NotFound {
			t.Errorf("a change of nobody gave %v", err)
		}
	})
}

func TestSessions(t *testing.T) {
	eachWithClock(t, func(t *testing.T, st *store.Store, now *time.Time) {
		s := st.Sessions()
		if err := s.CommitCtx(t.Context(), "secret", []byte{1, 0, 2}, now.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := s.Commit("secret", []byte{3}, now.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if data, found, err := s.Find("secret"); err != nil || !found || string(data) != "\x03" {
			t.Errorf("found %v %v %v", data, found, err)
		}
		for _, token := range []string{"other", "", "secret\x00"} {
			if _, found, err := s.Find(token); found || err != nil {
				t.Errorf("token %q: %v %v", token, found, err)
			}
		}
		*now = now.Add(time.Hour)
		if _, found, err := s.Find("secret"); found || err != nil {
			t.Errorf("an expired session: %v %v", found, err)
		}
		if n, err := s.DeleteExpired(t.Context()); n != 1 || err != nil {
			t.Errorf("removed %d, %v", n, err)
		}
		if err := s.Delete("secret"); err != nil {
			t.Errorf("removing what is not there: %v", err)
		}
	})
}

func TestEnrolment(t *testing.T) {
	eachWithClock(t, func(t *testing.T, st *store.Store, now *time.Time) {
		expires, uses := now.Add(time.Hour), int64(2)
		id, secret, err := st.CreateToken(t.Context(), store.Token{Name: "berlin", Author: "anna", Expires: &expires, MaxUses: &uses})
		if err != nil {
			t.Fatal(err)
		}
		agent := func(name string) store.Agent {
			seed := make([]byte, ed25519.SeedSize)
			copy(seed, name)
			return store.Agent{ID: name, Name: name, Version: "1", Key: ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)}
		}
		enroll := func(secret string, a store.Agent, want fault.Kind) {
			t.Helper()
			if err := st.Enroll(t.Context(), secret, a); err != nil && fault.KindOf(err) != want || err == nil && want != 0 {
				t.Errorf("enrolling %s gave %v, want kind %v", a.ID, err, want)
			}
		}
		enroll("hw_wrong", agent("a"), fault.Unauthorized)
		enroll(secret, agent("a"), 0)
		enroll(secret, agent("a"), 0) // a lost answer
		other := agent("b")
		other.ID = "a"
		enroll(secret, other, fault.Conflict)
		enroll(secret, agent("b"), 0)
		enroll(secret, agent("c"), fault.Unauthorized) // used up
		*now = now.Add(2 * time.Hour)
		_, second, err := st.CreateToken(t.Context(), store.Token{Name: "second", Author: "anna", Expires: &expires})
		if err != nil {
			t.Fatal(err)
		}
		enroll(second, agent("c"), fault.Unauthorized) // expired
		third, text, err := st.CreateToken(t.Context(), store.Token{Name: "third", Author: "anna"})
		if err != nil || st.RevokeToken(t.Context(), third) != nil {
			t.Fatal(err)
		}
		enroll(text, agent("c"), fault.Unauthorized) // revoked
		tokens, err := st.Tokens(t.Context())
		if err != nil || len(tokens) != 3 || tokens[0].ID != id || tokens[0].Uses != 2 {
			t.Errorf("tokens %+v %v", tokens, err)
		}
		offset := -3 * time.Second
		if err := st.Contacts(t.Context(), store.Contact{Agent: "a", At: *now, Offset: &offset, Version: "2"}, store.Contact{Agent: "a", At: now.Add(-time.Hour), Version: "1"}); err != nil {
			t.Fatal(err)
		}
		in := first("d1", "db01", 6)
		in.Document.Agent = "a"
		device := take(t, st, in).Device
		a, ok, err := st.Agent(t.Context(), "a")
		if err != nil || !ok || a.Device != device || *a.ClockOffset != offset || !a.LastContact.Equal(*now) || a.Version != "2" || a.Token != id {
			t.Errorf("agent %+v %v %v", a, ok, err)
		}
		if found, err := st.AgentsByKey(t.Context(), inventory.KeyID(a.Key)); err != nil || len(found) != 1 || found[0].ID != "a" {
			t.Errorf("by its key: %+v %v", found, err)
		}
		if err := st.RevokeAgent(t.Context(), "a", "anna"); err != nil {
			t.Fatal(err)
		}
		enroll(secret, agent("a"), fault.Forbidden)
	})
}

// TestOneServerRunsAJob: however many servers ask, one gets each piece of work, and jobs do not wait for each other.
func TestOneServerRunsAJob(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		refused := func(what, name string, due int) {
			t.Helper()
			if _, mine, err := st.Jobs().Claim(t.Context(), name, at(due), time.Hour); mine || err != nil {
				t.Errorf("%s was claimed: %v %v", what, mine, err)
			}
		}
		for due := range 3 {
			var won atomic.Int64
			claims := make(chan schedule.Claim, 8)
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					c, mine, err := st.Jobs().Claim(t.Context(), "reconcile", at(due), time.Hour)
					if err != nil {
						t.Error(err)
					}
					if mine {
						won.Add(1)
						claims <- c
					}
				})
			}
			all.Wait()
			if won.Load() != 1 {
				t.Fatalf("%d servers got the work due at %d", won.Load(), due)
			}
			claim := <-claims
			refused("the next work, while this runs,", "reconcile", due+1)
			other, mine, err := st.Jobs().Claim(t.Context(), "other", at(due), time.Hour)
			if !mine || err != nil {
				t.Fatalf("another job waits for this one: %v %v", mine, err)
			}
			if err := claim.Extend(t.Context(), time.Hour); err != nil {
				t.Error(err)
			}
			if err := errors.Join(claim.Done(t.Context(), nil), other.Done(t.Context(), errors.New("the disk is full"))); err != nil {
				t.Error(err)
			}
			refused("work that is done", "reconcile", due)
			if err := claim.Extend(t.Context(), time.Hour); err == nil {
				t.Error("work that is done was extended")
			}
		}
		runs, err := st.JobRuns(t.Context(), "reconcile", 10)
		if err != nil || len(runs) != 3 || runs[0].Finished == nil || runs[0].Outcome != "" || !runs[0].Due.Equal(at(2)) {
			t.Errorf("runs %+v %v", runs, err)
		}
		if runs, err = st.JobRuns(t.Context(), "other", 1); err != nil || len(runs) != 1 || runs[0].Outcome != "the disk is full" {
			t.Errorf("runs %+v %v", runs, err)
		}
	})
}

func TestADeadServersJobGoesToAnother(t *testing.T) {
	eachWithClock(t, func(t *testing.T, st *store.Store, now *time.Time) {
		dead, mine, err := st.Jobs().Claim(t.Context(), "reconcile", at(0), time.Minute)
		if !mine || err != nil {
			t.Fatal(mine, err)
		}
		*now = now.Add(59 * time.Second)
		if _, mine, _ := st.Jobs().Claim(t.Context(), "reconcile", at(0), time.Minute); mine {
			t.Error("claimed before the lease lapsed")
		}
		*now = now.Add(2 * time.Second)
		if err := dead.Extend(t.Context(), time.Minute); err == nil {
			t.Error("a lapsed lease was extended")
		}
		next, mine, err := st.Jobs().Claim(t.Context(), "reconcile", at(0), time.Minute)
		if !mine || err != nil {
			t.Fatal(mine, err)
		}
		if err := dead.Done(t.Context(), errors.New("lost")); err != nil {
			t.Error(err)
		}
		if err := next.Extend(t.Context(), time.Minute); err != nil {
			t.Errorf("the dead server's outcome ended the other's claim: %v", err)
		}
		if err := next.Done(t.Context(), nil); err != nil {
			t.Error(err)
		}
		runs, err := st.JobRuns(t.Context(), "reconcile", 10)
		if err != nil || len(runs) != 2 || runs[0].Outcome != "" || runs[1].Outcome != "lost" {
			t.Errorf("runs %+v %v", runs, err)
		}
		later, mine, err := st.Jobs().Claim(t.Context(), "reconcile", at(24), time.Minute)
		if !mine || err != nil {
			t.Errorf("the next day's work: %v %v", mine, err)
		}
		if _, mine, _ := st.Jobs().Claim(t.Context(), "reconcile", at(12), time.Minute); mine {
			t.Error("older work was claimed while newer runs")
		}
		if later != nil {
			_ = later.Done(t.Context(), nil)
		}
		if _, mine, _ := st.Jobs().Claim(t.Context(), "reconcile", at(12), time.Minute); mine {
			t.Error("older work was claimed after newer was done")
		}
	})
}

// TestIDsAreNeverGivenTwice: two stores on one database are two servers.
func TestIDsAreNeverGivenTwice(t *testing.T) {
	for _, database := range storetest.Databases {
		t.Run(database, func(t *testing.T) {
			dsn := storetest.Address(t, database)
			servers := []*store.Store{storetest.Open(t, dsn, store.Options{}), storetest.Open(t, dsn, store.Options{})}
			var seen sync.Map
			var all sync.WaitGroup
			for i, st := range servers {
				for j := range 4 {
					all.Go(func() {
						for k := range 10 {
							r, err := st.Intake(t.Context(), first(fmt.Sprintf("d-%d-%d-%d", i, j, k), fmt.Sprintf("n-%d-%d-%d", i, j, k), 6))
							if err != nil {
								t.Error(err)
								return
							}
							if _, twice := seen.LoadOrStore(r.Device, true); twice {
								t.Errorf("device %d was made twice", r.Device)
							}
						}
					})
				}
			}
			all.Wait()
		})
	}
}

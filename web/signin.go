package web

import (
	"fmt"
	"net/http"
	"time"

	"github.com/highwater-sam/highwater/auth"
	"github.com/highwater-sam/highwater/report"
)

// signInData fills sign-in.html.
type signInData struct {
	Host, Version string
	User, To      string
	Problem       string
}

func (s *server) signInPage(w http.ResponseWriter, r *http.Request) {
	if v, err := s.who(r.Context()); err == nil && v != nil {
		http.Redirect(w, r, localPath(r.URL.Query().Get("to")), http.StatusSeeOther)
		return
	}
	s.showSignIn(w, r, http.StatusOK, signInData{To: r.URL.Query().Get("to")})
}

func (s *server) showSignIn(w http.ResponseWriter, r *http.Request, status int, d signInData) {
	d.Host, d.Version = r.Host, s.Version
	s.render(w, r, status, "sign-in.html", d)
}

// signIn answers the form: who the user is, slowed down by the throttle, in the same time for a wrong name and a wrong
// password.
func (s *server) signIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 8<<10)
	if err := r.ParseForm(); err != nil {
		s.showSignIn(w, r, http.StatusUnprocessableEntity, signInData{Problem: "The form could not be read. Try again."})
		return
	}
	name, password, to := auth.NormalName(r.PostForm.Get("user")), r.PostForm.Get("password"), r.PostForm.Get("to")
	if len(name) > 200 {
		name = name[:200]
	}
	address, now := clientAddress(r, s.TrustedProxies), s.Now()
	verdict := s.throttle.Begin(name, address, now)
	if !verdict.Allowed {
		w.Header().Set("Retry-After", fmt.Sprint(int(verdict.Wait.Seconds())+1))
		s.showSignIn(w, r, http.StatusTooManyRequests, signInData{User: name, To: to,
			Problem: "Too many tries. Sign-in is paused for " + report.FormatLength(verdict.Wait.Round(time.Minute)+time.Minute) + "."})
		return
	}
	u, ok, err := s.checkPassword(r, name, password)
	if err != nil {
		s.fail(w, r, nil, err)
		return
	}
	if !ok {
		s.audit(r, name, "sign-in refused", "user", name, "")
		s.showSignIn(w, r, http.StatusUnprocessableEntity, signInData{User: name, To: to, Problem: wrongPassword(verdict.Left - 1)})
		return
	}
	s.throttle.Succeed(name, address, now)
	if err := s.openSession(r, u); err != nil {
		s.fail(w, r, nil, err)
		return
	}
	if err := s.Store.SignedIn(r.Context(), u.ID, now); err != nil {
		s.log.Warn("the time of a sign-in is not kept", "error", err)
	}
	s.audit(r, u.Name, "signed in", "user", u.Name, "")
	http.Redirect(w, r, localPath(to), http.StatusSeeOther)
}

func wrongPassword(left int) string {
	pause := report.FormatLength(auth.Pause)
	switch left {
	case 0:
		return "User name and password do not match. Sign-in is now paused for " + pause + "."
	case 1:
		return "User name and password do not match. One try left before a pause of " + pause + "."
	}
	return fmt.Sprintf("User name and password do not match. %d tries left before a pause of %s.", left, pause)
}

// openSession begins a new session for the user; the token before signing in is worth nothing afterwards.
func (s *server) openSession(r *http.Request, u auth.User) error {
	if err := s.sessions.RenewToken(r.Context()); err != nil {
		return fmt.Errorf("open a session: %w", err)
	}
	s.sessions.Put(r.Context(), sessionUser, int64(u.ID))
	s.sessions.Put(r.Context(), sessionStamp, stampOf(u))
	return nil
}

// checkPassword finds the user and compares the password. A hash with old parameters is made again.
func (s *server) checkPassword(r *http.Request, name, password string) (auth.User, bool, error) {
	ctx := r.Context()
	u, _, err := s.Store.UserByName(ctx, name) // of nobody the hash is empty, which takes as long to refuse
	if err != nil {
		return auth.User{}, false, err
	}
	if len(password) > auth.MaxPassword {
		password = "" // what is hashed is bounded; no password is that long
	}
	select {
	case s.hashing <- struct{}{}:
		defer func() { <-s.hashing }()
	case <-ctx.Done():
		return auth.User{}, false, ctx.Err()
	}
	ok, again, err := auth.VerifyPassword(u.Password, password)
	if err != nil {
		return auth.User{}, false, fmt.Errorf("verify the password of %s: %w", name, err)
	}
	if !ok || u.Disabled {
		return auth.User{}, false, nil
	}
	if again {
		u.Password = auth.HashPassword(password)
		if err := s.Store.UpdateUser(ctx, u); err != nil {
			return auth.User{}, false, err
		}
	}
	return u, true, nil
}

func (s *server) signOut(w http.ResponseWriter, r *http.Request) {
	if v, err := s.who(r.Context()); err == nil && v != nil {
		s.audit(r, v.Name, "signed out", "user", v.Name, "")
	}
	if err := s.sessions.Destroy(r.Context()); err != nil {
		s.fail(w, r, nil, fmt.Errorf("end a session: %w", err))
		return
	}
	http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
}

package web

import (
	"net/http"

	"github.com/highwater-sam/highwater/auth"
	"github.com/highwater-sam/highwater/fault"
)

// accountData fills account.html.
type accountData struct {
	Problems map[string]string // by field
}

func (s *server) account(w http.ResponseWriter, r *http.Request, v *viewer) error {
	return s.showAccount(w, r, v, http.StatusOK, accountData{})
}

func (s *server) showAccount(w http.ResponseWriter, r *http.Request, v *viewer, status int, d accountData) error {
	return s.show(w, r, v, status, page{Title: "Your account", Template: "account.html", Data: d})
}

func (s *server) setTheme(w http.ResponseWriter, r *http.Request, v *viewer) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	theme, err := auth.ParseTheme(r.PostForm.Get("theme"))
	if err != nil {
		return err
	}
	u := v.User
	u.Theme = theme
	if err := s.Store.UpdateUser(r.Context(), u); err != nil {
		return err
	}
	http.Redirect(w, r, backTo(r), http.StatusSeeOther)
	return nil
}

// backTo is the page a form was sent from, or the account's own.
func backTo(r *http.Request) string {
	if to := r.PostForm.Get("to"); to != "" {
		return localPath(to)
	}
	return "/account"
}

func (s *server) setPassword(w http.ResponseWriter, r *http.Request, v *viewer) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	now, chosen, again := r.PostForm.Get("now"), r.PostForm.Get("new"), r.PostForm.Get("again")
	address := clientAddress(r, s.TrustedProxies)
	if verdict := s.throttle.Begin(v.Name, address, s.Now()); !verdict.Allowed {
		return s.showAccount(w, r, v, http.StatusTooManyRequests, accountData{map[string]string{"now": "Too many tries. Wait a while and try again."}})
	}
	u, ok, err := s.checkPassword(r, v.Name, now)
	if err != nil {
		return err
	}
	if !ok {
		return s.showAccount(w, r, v, http.StatusUnprocessableEntity, accountData{map[string]string{"now": "This is not your password now."}})
	}
	s.throttle.Succeed(v.Name, address, s.Now())
	problems := map[string]string{}
	if err := auth.CheckPassword(v.Name, chosen); err != nil {
		problems["new"] = sentence(fault.Message(err))
	} else if chosen == now {
		problems["new"] = "This is the password you have already."
	} else if chosen != again {
		problems["again"] = "The two new passwords differ."
	}
	if len(problems) > 0 {
		return s.showAccount(w, r, v, http.StatusUnprocessableEntity, accountData{problems})
	}
	u.Password = auth.HashPassword(chosen)
	if err := s.Store.UpdateUser(r.Context(), u); err != nil {
		return err
	}
	// All other sessions of the user end with the old password; this one goes on with a new token.
	if err := s.openSession(r, u); err != nil {
		return err
	}
	s.audit(r, v.Name, "changed the password", "user", v.Name, "")
	s.sessions.Put(r.Context(), sessionToast, "Password changed. Other sessions are signed out.")
	http.Redirect(w, r, "/account", http.StatusSeeOther)
	return nil
}

// parseForm reads a small form.
func parseForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		return fault.Wrap(err, fault.Invalid, "The form could not be read. Go back and send it again.")
	}
	return nil
}

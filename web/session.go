package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/highwater-sam/highwater/auth"
	"github.com/highwater-sam/highwater/fault"
)

// sessionLife is how long somebody stays signed in: a working day, whatever they do in it.
const sessionLife = 12 * time.Hour

// The keys of a session.
const (
	sessionUser  = "user"  // int64: the user's id
	sessionStamp = "stamp" // string: of the password's hash, so that a changed password ends all other sessions
	sessionToast = "toast" // string: said once on the next page
)

func newSessions(c Config) *scs.SessionManager {
	m := scs.New()
	m.Store = c.Store.Sessions()
	m.Lifetime = sessionLife
	m.Cookie.Name = "highwater"
	if c.Secure {
		m.Cookie.Name = "__Host-highwater" // bound to this host and to TLS
	}
	m.Cookie.HttpOnly = true
	m.Cookie.Secure = c.Secure
	m.Cookie.SameSite = http.SameSiteLaxMode
	m.Cookie.Path = "/"
	m.Cookie.Persist = false
	return m
}

// stampOf says which password a session was opened with, without saying anything about it.
func stampOf(u auth.User) string {
	sum := sha256.Sum256([]byte("session\x00" + u.Password))
	return hex.EncodeToString(sum[:16])
}

// viewer is who looks at a page.
type viewer struct {
	auth.User
}

// may says whether the viewer may do something somewhere, for templates.
func (v *viewer) may(a auth.Action) bool { return auth.CanSomewhere(v.User, a) }

// pageHandler answers a request of somebody who is signed in. An error becomes the page that says so.
type pageHandler func(w http.ResponseWriter, r *http.Request, v *viewer) error

// who returns the user of the request's session; nil when nobody is signed in.
func (s *server) who(ctx context.Context) (*viewer, error) {
	id := s.sessions.GetInt64(ctx, sessionUser)
	if id == 0 {
		return nil, nil
	}
	u, ok, err := s.Store.User(ctx, auth.UserID(id))
	if err != nil {
		return nil, err
	}
	if !ok || u.Disabled || s.sessions.GetString(ctx, sessionStamp) != stampOf(u) {
		return nil, nil
	}
	return &viewer{u}, nil
}

// signedIn lets only users through who may take the action ("" = any user); others are asked to sign in, or refused.
func (s *server) signedIn(action auth.Action, next pageHandler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, err := s.who(r.Context())
		switch {
		case err != nil:
			s.fail(w, r, nil, err)
		case v == nil:
			s.askToSignIn(w, r)
		case action != "" && !v.may(action):
			s.fail(w, r, v, fault.New(fault.Forbidden, "Your role, %s, does not include this: %s. An administrator can change your role.", strings.ToLower(v.Role.Title()), action))
		default:
			if err := next(w, r, v); err != nil {
				s.fail(w, r, v, err)
			}
		}
	})
}

// askToSignIn sends a person to the sign-in page and back afterwards.
func (s *server) askToSignIn(w http.ResponseWriter, r *http.Request) {
	target := "/sign-in"
	if r.Method == http.MethodGet && r.URL.Path != "/" {
		target += "?" + url.Values{"to": {r.URL.RequestURI()}}.Encode()
	}
	if r.Header.Get("HX-Request") == "true" {
		w.Header().Set("HX-Redirect", target) // the whole page, not the part that was asked for
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	http.Redirect(w, r, target, http.StatusSeeOther)
}

// localPath returns where to go after signing in: a path of ours, never another site.
func localPath(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(to, "/") ||
		strings.HasPrefix(to, "//") || strings.HasPrefix(u.Path, "//") || strings.ContainsAny(to, "\\\r\n\t") || strings.HasPrefix(u.Path, "/sign-") {
		return "/"
	}
	return u.RequestURI()
}

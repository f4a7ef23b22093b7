package web

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/highwater-sam/highwater/auth"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/report"
	"github.com/highwater-sam/highwater/store"
)

//go:embed templates
var templateFiles embed.FS

// pages are the parsed templates: one set a page, each with the shared parts.
type pages struct{ sets map[string]*template.Template }

// shared are the files every page may use.
var shared = []string{"templates/layout.html", "templates/grid.html", "templates/parts.html"}

func loadPages(a assets) (*pages, error) {
	base, err := template.New("").Funcs(functions(a)).ParseFS(templateFiles, shared...)
	if err != nil {
		return nil, fmt.Errorf("read the templates: %w", err)
	}
	p := &pages{map[string]*template.Template{}}
	names, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("list the templates: %w", err)
	}
	for _, name := range names {
		set, err := base.Clone()
		if err == nil {
			_, err = set.ParseFS(templateFiles, name)
		}
		if err != nil {
			return nil, fmt.Errorf("read the template %s: %w", name, err)
		}
		p.sets[strings.TrimPrefix(name, "templates/")] = set
	}
	return p, nil
}

// render writes a template as the answer. It is rendered whole before the first byte is sent, so that an error is never
// half a page.
func (s *server) render(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	s.renderPart(w, r, status, name, name, data)
}

// renderPart writes one named part of a page's template set.
func (s *server) renderPart(w http.ResponseWriter, r *http.Request, status int, set, part string, data any) {
	var b bytes.Buffer
	t := s.pages.sets[set]
	if t == nil {
		s.log.Error("a page has no template", "template", set)
		http.Error(w, "This page could not be made.", http.StatusInternalServerError)
		return
	}
	if err := t.ExecuteTemplate(&b, part, data); err != nil {
		s.log.Error("a page could not be made", "template", set, "path", r.URL.Path, "error", err)
		http.Error(w, "This page could not be made.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the other side may have gone
}

// page is what a handler says of a page; show adds the rest.
type page struct {
	Title    string // in the browser's tab and, by itself, as the head
	Template string
	Data     any
	Scripts  []string // files of static beside the ones of all pages
	Styles   []string
}

// shell is what layout.html is filled with: the page and what stands around it.
type shell struct {
	page
	Viewer  *viewer
	Theme   string
	Nav     []navGroup
	Path    string // of this page with its query, to come back to
	Toast   string
	Version string
	Home    bool
}

// show renders a page inside the shell.
func (s *server) show(w http.ResponseWriter, r *http.Request, v *viewer, status int, p page) error {
	sh := shell{page: p, Viewer: v, Theme: string(v.Theme), Path: r.URL.RequestURI(), Version: s.Version}
	sh.Toast = s.sessions.PopString(r.Context(), sessionToast)
	sh.Nav = s.navigation(r.Context(), v, r.URL.Path)
	s.render(w, r, status, p.Template, sh)
	return nil
}

// errNoPage is returned for an address nothing answers to.
var errNoPage = fault.New(fault.NotFound, "Nothing is at this address. The link may be old, or the address mistyped.")

// statusOf maps the kinds of faults to HTTP, in this one place.
func statusOf(err error) int {
	switch fault.KindOf(err) {
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.Unauthorized:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// errorData fills error.html.
type errorData struct {
	Status  int
	Heading string
	Text    string
}

// fail answers with the page for an error. What is no fault is logged in full and not shown.
func (s *server) fail(w http.ResponseWriter, r *http.Request, v *viewer, err error) {
	if r.Context().Err() != nil {
		return // nobody waits for the answer any more
	}
	status := statusOf(err)
	text := ""
	if status >= http.StatusInternalServerError {
		s.log.Error("a request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	if fault.KindOf(err) != fault.Internal {
		text = sentence(fault.Message(err))
	}
	if v == nil {
		s.showError(w, r, status, text)
		return
	}
	d := errorOf(status, text)
	if err := s.show(w, r, v, status, page{Title: d.Heading, Template: "error.html", Data: d}); err != nil {
		s.log.Error("the page for an error could not be shown", "error", err)
	}
}

// showError answers with the page for an error to somebody who may not be signed in.
func (s *server) showError(w http.ResponseWriter, r *http.Request, status int, text string) {
	s.render(w, r, status, "bare-error.html", errorOf(status, text))
}

func errorOf(status int, text string) errorData {
	d := errorData{status, "", text}
	other := ""
	switch {
	case status == http.StatusNotFound:
		d.Heading, other = "Not found", errNoPage.Message
	case status == http.StatusForbidden:
		d.Heading, other = "Not allowed", "Your role does not include this."
	case status == http.StatusServiceUnavailable:
		d.Heading, other = "Not available now", "Something this page needs does not answer. Nothing was changed. Try again in a moment."
	case status >= 500:
		d.Heading, other = "This page failed", "Something failed on our side. Nothing you entered was applied. The server's log has the cause; try again, and tell an administrator if it stays."
	case status == http.StatusConflict:
		d.Heading, other = "Changed meanwhile", "The state does not allow this now. Reload the page and look again."
	default:
		d.Heading, other = "Not understood", "The request could not be understood. Nothing was changed."
	}
	if d.Text == "" {
		d.Text = other
	}
	return d
}

// sentence makes a message of a fault a sentence: with a capital letter and a full stop.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	text = strings.ToUpper(text[:1]) + text[1:]
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}

// functions are what templates may call.
func functions(a assets) template.FuncMap {
	return template.FuncMap{
		"asset":   a.url,
		"num":     report.FormatNumber,
		"exact":   exactText,
		"int":     func(n any) string { return report.FormatNumber(fmt.Sprint(n)) },
		"instant": report.FormatInstant,
		"day":     report.FormatDay,
		"length":  report.FormatLength,
		"iso":     func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"isoday":  func(t time.Time) string { return t.UTC().Format(time.DateOnly) },
		"region":  report.RegionName,
		"metric":  report.MetricName,
		"plural":  plural,
		"product": func(p string) string { return productNames([]string{p}) },
		"plurals": plurals,
		"short":   shortID,
		"add":     func(a, b int) int { return a + b },
		"themes":  func() []string { return []string{"system", string(auth.LightTheme), string(auth.DarkTheme)} },
		"dict":    dict,
		"upper":   sentenceStart,
	}
}

func sentenceStart(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// plural writes a count with its noun: 1 license, 148 licenses. n is an int or int64.
func plural(n any, noun string) string {
	count := fmt.Sprint(n)
	if count != "1" {
		noun = plurals(noun)
	}
	return report.FormatNumber(count) + " " + noun
}

// plurals is the plural of a noun of ours.
func plurals(noun string) string {
	if before, ok := strings.CutSuffix(noun, "y"); ok {
		return before + "ies"
	}
	return noun + "s"
}

// shortID is the beginning of a document's id, its time in milliseconds: enough to tell it apart by eye.
func shortID(id string) string {
	if len(id) > 13 {
		return id[:13]
	}
	return id
}

// dict gives a part of a template several values.
func dict(pairs ...any) (map[string]any, error) {
	m := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		key, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: %v is no name", pairs[i])
		}
		m[key] = pairs[i+1]
	}
	return m, nil
}

// audit keeps who did what. A failure to keep it is logged: the act itself has happened.
func (s *server) audit(r *http.Request, author, action, kind, key, reason string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), 10*time.Second)
	defer cancel()
	if err := s.Store.Audit(ctx, store.AuditEntry{At: s.Now(), Author: author, Action: action, Kind: kind, Key: key, Reason: reason, Remote: clientAddress(r, s.TrustedProxies)}); err != nil {
		s.log.Error("an act is not in the audit log", "author", author, "action", action, "error", err)
	}
}

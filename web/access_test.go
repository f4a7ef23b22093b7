package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/highwater-sam/highwater/auth"
	"github.com/highwater-sam/highwater/report"
	"github.com/highwater-sam/highwater/store"
	"github.com/highwater-sam/highwater/store/storetest"
	"github.com/highwater-sam/highwater/web/webtest"
)

// empty is a server without the sample, with a user admin.
func empty(t *testing.T) *webtest.Site {
	t.Helper()
	site := webtest.Serve(t, storetest.Open(t, storetest.Address(t, "sqlite"), store.Options{}), false)
	site.User(t, "admin", auth.Administrator)
	return site
}

func post(t *testing.T, c *http.Client, address string, form url.Values, headers ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var b strings.Builder
	buffer := make([]byte, 32<<10)
	for {
		n, err := res.Body.Read(buffer)
		b.Write(buffer[:n])
		if err != nil {
			return res, b.String()
		}
	}
}

func TestNobodySeesAnythingWithoutSigningIn(t *testing.T) {
	site := empty(t)
	c := site.Client(t)
	for _, path := range []string{"/devices?q=x", "/licenses/a", "/documents/a/envelope", "/lists/device_list.csv", "/nowhere", "/account", "/audit"} {
		res, body := get(t, c, site.Server.URL+path)
		if res.StatusCode != http.StatusSeeOther || !strings.HasPrefix(res.Header.Get("Location"), "/sign-in?to="+url.QueryEscape(path)) || body != "" && !strings.Contains(body, "See Other") {
			t.Errorf("%s: %s to %s", path, res.Status, res.Header.Get("Location"))
		}
	}
	for _, path := range []string{"/reconcile", "/account/theme", "/account/password"} {
		if res, _ := post(t, c, site.Server.URL+path, nil); res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/sign-in" {
			t.Errorf("POST %s: %s", path, res.Status)
		}
	}
	res, _ := get(t, c, site.Server.URL+"/devices", "HX-Request", "true")
	if res.StatusCode != http.StatusUnauthorized || !strings.HasPrefix(res.Header.Get("HX-Redirect"), "/sign-in") {
		t.Errorf("htmx is not told to sign in: %s", res.Status)
	}
}

func TestSignIn(t *testing.T) {
	site := empty(t)
	c := site.Client(t)
	res, page := get(t, c, site.Server.URL+"/sign-in?to=/devices")
	if res.StatusCode != http.StatusOK || !strings.Contains(page, `name="to" value="/devices"`) {
		t.Fatalf("%s", res.Status)
	}
	// A wrong name and a wrong password are answered alike.
	var texts []string
	for _, name := range []string{"nobody", "admin"} {
		res, page := post(t, c, site.Server.URL+"/sign-in", url.Values{"user": {name}, "password": {"wrong"}})
		if res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(page, "4 tries left") {
			t.Errorf("%s: %s", name, res.Status)
		}
		texts = append(texts, strings.ReplaceAll(page, `value="`+name+`"`, ""))
	}
	if texts[0] != texts[1] {
		t.Error("the page tells an unknown name from a wrong password")
	}
	res, _ = post(t, c, site.Server.URL+"/sign-in", url.Values{"user": {" ADMIN "}, "password": {site.Password}, "to": {"/devices"}})
	if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/devices" {
		t.Fatalf("%s to %s", res.Status, res.Header.Get("Location"))
	}
	cookie := res.Cookies()[0]
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || cookie.Secure {
		t.Errorf("the cookie is %v", cookie)
	}
	if data, found, err := site.Store.Sessions().Find(cookie.Value); err != nil || !found || strings.Contains(string(data), site.Password) {
		t.Errorf("the session is not in the store: %v %v", found, err)
	}
	if res, _ := get(t, c, site.Server.URL+"/devices"); res.StatusCode != http.StatusOK {
		t.Errorf("signed in: %s", res.Status)
	}
	// The session ends with signing out, also for who kept the cookie.
	if res, _ := post(t, c, site.Server.URL+"/sign-out", nil); res.StatusCode != http.StatusSeeOther {
		t.Errorf("sign out: %s", res.Status)
	}
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, site.Server.URL+"/devices", nil)
	req.AddCookie(cookie)
	res, err := site.Client(t).Do(req)
	if err != nil || res.StatusCode != http.StatusSeeOther {
		t.Errorf("the kept cookie still works: %v %v", res, err)
	}
	_ = res.Body.Close()
	log, err := site.Store.AuditLog(t.Context(), 10)
	if err != nil || len(log) != 4 || log[0].Action != "signed out" || log[1].Action != "signed in" || log[2].Action != "sign-in refused" || log[1].Remote != "127.0.0.1" {
		t.Errorf("the audit log has %+v, %v", log, err)
	}
}

func TestGuessingIsSlowedDown(t *testing.T) {
	site := empty(t)
	c := site.Client(t)
	for i := range auth.TriesPerAccount {
		res, _ := post(t, c, site.Server.URL+"/sign-in", url.Values{"user": {"admin"}, "password": {"wrong"}})
		if res.StatusCode != http.StatusUnprocessableEntity {
			t.Fatalf("try %d: %s", i+1, res.Status)
		}
	}
	// Not even the right password helps now.
	res, page := post(t, c, site.Server.URL+"/sign-in", url.Values{"user": {"admin"}, "password": {site.Password}})
	if res.StatusCode != http.StatusTooManyRequests || !strings.Contains(page, "paused") || res.Header.Get("Retry-After") == "" {
		t.Errorf("%s", res.Status)
	}
	// An address that a client invents is not believed.
	res, _ = post(t, c, site.Server.URL+"/sign-in", url.Values{"user": {"admin"}, "password": {site.Password}}, "X-Forwarded-For", "192.0.2.1")
	if res.StatusCode != http.StatusTooManyRequests {
		t.Errorf("an invented address is believed: %s", res.Status)
	}
}

func TestSignInLeadsNowhereElse(t *testing.T) {
	site := empty(t)
	for _, to := range []string{"https://example.com/", "//example.com/", `/\example.com`, "javascript:alert(1)", "/sign-in", "/a\r\nb", "http:/x", "@example.com", "%2F%2Fexample.com"} {
		c := site.Client(t)
		res, _ := post(t, c, site.Server.URL+"/sign-in", url.Values{"user": {"admin"}, "password": {site.Password}, "to": {to}})
		if at := res.Header.Get("Location"); at != "/" {
			t.Errorf("to %q leads to %q", to, at)
		}
	}
}

func TestOtherSitesCannotAct(t *testing.T) {
	site := empty(t)
	c := site.SignedIn(t, "admin")
	for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://example.com"}, {"Origin", "null"}} {
		res, body := post(t, c, site.Server.URL+"/account/theme", url.Values{"theme": {"dark"}}, headers...)
		if res.StatusCode != http.StatusForbidden || !strings.Contains(body, "another site") {
			t.Errorf("%v: %s", headers, res.Status)
		}
	}
	u, _, err := site.Store.UserByName(t.Context(), "admin")
	if err != nil || u.Theme != auth.SystemTheme {
		t.Errorf("another site has set the theme %q, %v", u.Theme, err)
	}
	res, _ := post(t, c, site.Server.URL+"/account/theme", url.Values{"theme": {"dark"}, "to": {"/devices"}}, "Sec-Fetch-Site", "same-origin", "Origin", site.Server.URL)
	if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/devices" {
		t.Errorf("our own form: %s", res.Status)
	}
	if _, page := get(t, c, site.Server.URL+"/account"); !strings.Contains(page, `data-theme="dark"`) {
		t.Error("the theme is not applied")
	}
	if res, _ := post(t, c, site.Server.URL+"/account/theme", url.Values{"theme": {"blue"}}); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a theme that is none: %s", res.Status)
	}
}

func TestEveryAnswerIsGuarded(t *testing.T) {
	site := sampleSite(t)
	admin := site.SignedIn(t, "admin")
	for _, path := range []string{"/", "/devices", "/sign-in", "/nowhere", "/static/none", "/healthz", "/lists/device_list.csv", "/api/v1/lists/devices", "/licenses/db2-pvu"} {
		res, body := get(t, admin, site.Server.URL+path)
		policy := res.Header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "script-src 'self'") || strings.Contains(policy, "unsafe") || !strings.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("%s has the policy %q", path, policy)
		}
		if res.Header.Get("X-Content-Type-Options") != "nosniff" || res.Header.Get("Referrer-Policy") != "same-origin" || res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s lacks a header: %v", path, res.Header)
		}
		for _, inline := range []string{" style=", "<style", " onclick=", " onload=", "javascript:", "http://", "src=\"data:"} {
			if strings.Contains(strings.ReplaceAll(body, "http://www.w3.org", ""), inline) && strings.Contains(res.Header.Get("Content-Type"), "html") {
				t.Errorf("%s holds %q", path, inline)
			}
		}
	}
}

func TestAChangedPasswordEndsOtherSessions(t *testing.T) {
	site := empty(t)
	here, there := site.SignedIn(t, "admin"), site.SignedIn(t, "admin")
	change := func(now, chosen, again string) (*http.Response, string) {
		return post(t, here, site.Server.URL+"/account/password", url.Values{"now": {now}, "new": {chosen}, "again": {again}})
	}
	const better = "four green boats sail"
	for _, bad := range []struct{ now, chosen, again, text string }{
		{"wrong", better, better, "not your password now"}, {site.Password, "short", "short", "fewer than 12"},
		{site.Password, better, better + "!", "differ"}, {site.Password, site.Password, site.Password, "have already"},
	} {
		if res, page := change(bad.now, bad.chosen, bad.again); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(page, bad.text) {
			t.Errorf("%q: %s", bad.text, res.Status)
		}
	}
	if res, _ := change(site.Password, better, better); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("%s", res.Status)
	}
	if res, page := get(t, here, site.Server.URL+"/account"); res.StatusCode != http.StatusOK || !strings.Contains(page, "Password changed") {
		t.Errorf("this session: %s", res.Status)
	}
	if res, _ := get(t, there, site.Server.URL+"/account"); res.StatusCode != http.StatusSeeOther {
		t.Errorf("the other session goes on: %s", res.Status)
	}
	u, _, err := site.Store.UserByName(t.Context(), "admin")
	if err != nil {
		t.Fatal(err)
	}
	u.Disabled = true
	if err := site.Store.UpdateUser(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	if res, _ := get(t, here, site.Server.URL+"/account"); res.StatusCode != http.StatusSeeOther {
		t.Errorf("a disabled user goes on: %s", res.Status)
	}
	if res, _ := post(t, here, site.Server.URL+"/sign-in", url.Values{"user": {"admin"}, "password": {better}}); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a disabled user signs in: %s", res.Status)
	}
}

func TestRightsOfRoles(t *testing.T) {
	site := sampleSite(t)
	site.User(t, "auditor", auth.Auditor)
	site.User(t, "engineer", auth.Engineer)
	auditor, engineer := site.SignedIn(t, "auditor"), site.SignedIn(t, "engineer")
	if res, page := post(t, auditor, site.Server.URL+"/reconcile", nil); res.StatusCode != http.StatusForbidden || !strings.Contains(page, "Your role, auditor") {
		t.Errorf("an auditor reconciles: %s", res.Status)
	}
	if _, page := get(t, auditor, site.Server.URL+"/"); strings.Contains(page, "Reconcile now") {
		t.Error("an auditor is offered to reconcile")
	}
	if res, _ := get(t, auditor, site.Server.URL+"/audit"); res.StatusCode != http.StatusOK {
		t.Errorf("an auditor does not see the audit log: %s", res.Status)
	}
	for _, path := range []string{"/audit", "/changes", "/lists/audit_list.csv", "/api/v1/lists/audits"} {
		if res, _ := get(t, engineer, site.Server.URL+path); res.StatusCode != http.StatusForbidden {
			t.Errorf("an engineer at %s: %s", path, res.Status)
		}
	}
}

// Who sees a part of the organization sees its devices and nothing of the others, whichever way they ask.
func TestABoundedUserSeesTheirPart(t *testing.T) {
	site := sampleSite(t)
	site.User(t, "berlin", auth.LicenseManager, "emea")
	c := site.SignedIn(t, "berlin")
	inside, outside := deviceNamed(t, site, "ber-db-01"), deviceNamed(t, site, "nyc-mq-01")
	doc := newestDocument(t, site, outside)
	want, err := site.Store.Grid(t.Context(), &report.Devices, report.Query{}, auth.Scope{Locations: []string{"emea"}})
	if err != nil || want.Total == 0 || want.Total == totalOf(t, site, &report.Devices) {
		t.Fatalf("%d devices make no test, %v", want.Total, err)
	}
	if res, page := get(t, c, site.Server.URL+"/devices?limit=200"); res.StatusCode != http.StatusOK || len(rowPattern.FindAllString(page, -1)) != int(want.Total) || strings.Contains(page, "nyc-") {
		t.Errorf("%s: %d devices, want %d", res.Status, len(rowPattern.FindAllString(page, -1)), want.Total)
	}
	_, file := get(t, c, site.Server.URL+"/lists/device_list.csv")
	if strings.Count(file, "\r\n") != int(want.Total)+1 || strings.Contains(file, "nyc-") {
		t.Errorf("the file has %d lines", strings.Count(file, "\r\n"))
	}
	for path, status := range map[string]int{
		"/": 200, "/search?q=nyc-mq-01": 200, "/devices/" + inside: 200, "/devices/" + outside: 404, "/devices/" + outside + "/software": 404, "/documents/" + doc: 404,
		"/documents/" + doc + "/envelope": 404, "/licenses": 403, "/licenses/db2-pvu": 403, "/licenses/db2-pvu/why": 403, "/licenses/db2-pvu/changes.csv": 403, "/peaks": 403,
		"/runs": 403, "/lists/license_list.csv": 403, "/lists/peak_list.csv": 403, "/api/v1/lists/licenses": 403, "/api/v1/measurement": 403, "/api/v1/licenses/db2-pvu": 403,
		"/api/v1/licenses/db2-pvu/series": 403, "/api/v1/licenses/db2-pvu/explanation": 403, "/api/v1/devices/" + outside: 404, "/api/v1/devices/" + inside: 200,
	} {
		res, body := get(t, c, site.Server.URL+path)
		if res.StatusCode != status {
			t.Errorf("%s: %s, want %d", path, res.Status, status)
		}
		if path == "/search?q=nyc-mq-01" { // it repeats what was asked for, and finds nothing
			if !strings.Contains(body, "Nothing holds this text") {
				t.Errorf("%s finds a device elsewhere", path)
			}
		} else if strings.Contains(body, "nyc-mq-01") {
			t.Errorf("%s tells of a device elsewhere", path)
		}
	}
}

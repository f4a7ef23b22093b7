package web_test

import (
	"encoding/csv"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/highwater-sam/highwater/auth"
	"github.com/highwater-sam/highwater/report"
	"github.com/highwater-sam/highwater/store"
	"github.com/highwater-sam/highwater/store/storetest"
	"github.com/highwater-sam/highwater/web/webtest"
)

// listPages are the addresses of the lists, by list.
var listPages = map[string]string{
	"license_list": "/licenses", "peak_list": "/peaks", "installation_list": "/installations", "remark_list": "/remarks", "device_list": "/devices",
	"evidence_list": "/evidence", "agent_list": "/agents", "document_list": "/documents", "run_list": "/runs", "change_list": "/changes", "audit_list": "/audit",
}

// TestFiguresAreTheStores checks on both databases that pages, files and the API show what the measurement says.
func TestFiguresAreTheStores(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		site := webtest.Serve(t, st, true)
		site.User(t, "admin", auth.Administrator)
		c := site.SignedIn(t, "admin")
		_, m, ok, err := st.LatestMeasurement(t.Context())
		if err != nil || !ok || len(m.Licenses) == 0 {
			t.Fatal(ok, err)
		}
		_, list := get(t, c, site.Server.URL+"/licenses")
		for _, l := range m.Licenses {
			period := l.Periods[len(l.Periods)-1]
			peak := report.FormatNumber(string(period.Peak))
			if !strings.Contains(list, `<a href="/licenses/`+l.ID+`/why"><b>`+peak+`</b></a>`) {
				t.Errorf("the list does not show the peak %s of %s", peak, l.ID)
			}
			res, page := get(t, c, site.Server.URL+"/licenses/"+l.ID)
			if res.StatusCode != http.StatusOK || !strings.Contains(page, ">"+peak+"</a>") || !strings.Contains(page, report.FormatNumber(string(l.Current.Raw))) {
				t.Errorf("%s: the page of %s does not show %s and %s", res.Status, l.ID, peak, l.Current.Raw)
			}
			for _, r := range period.Regions {
				if !strings.Contains(page, ">"+report.FormatNumber(string(r.Peak))+"</a>") {
					t.Errorf("the page of %s does not show the peak %s of %v", l.ID, r.Peak, r.Region)
				}
			}
			_, why := get(t, c, site.Server.URL+"/licenses/"+l.ID+"/why")
			if !strings.Contains(why, "Why "+peak+" ") {
				t.Errorf("the explanation of %s does not begin with %s", l.ID, peak)
			}
			for _, path := range []string{"/consumption", "/assessed", "/changes.csv"} {
				if res, _ := get(t, c, site.Server.URL+"/licenses/"+l.ID+path); res.StatusCode != http.StatusOK {
					t.Errorf("%s%s: %s", l.ID, path, res.Status)
				}
			}
		}
		for _, g := range report.Lists() {
			everyRowOnce(t, site, c, g)
		}
		res, home := get(t, c, site.Server.URL+"/")
		if res.StatusCode != http.StatusOK || !strings.Contains(home, "Needs attention") {
			t.Errorf("home: %s", res.Status)
		}
	})
}

var rowPattern = regexp.MustCompile(`<th scope="row"`)
var nextPattern = regexp.MustCompile(`id="grid-[a-z_]+-next" href="([^"]+)"`)

// everyRowOnce pages through a list by its own links, without scripts, and counts; the file has the same rows.
func everyRowOnce(t *testing.T, site *webtest.Site, c *http.Client, g *report.Grid) {
	t.Helper()
	want := totalOf(t, site, g)
	address, rows, pages := listPages[g.Name]+"?limit=40", 0, 0
	if listPages[g.Name] == "" {
		t.Errorf("the list %s has no page", g.Name)
		return
	}
	for address != "" {
		res, body := get(t, c, site.Server.URL+address)
		if res.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", address, res.Status)
		}
		rows += len(rowPattern.FindAllString(body, -1))
		address = ""
		if m := nextPattern.FindStringSubmatch(body); m != nil {
			address = html.UnescapeString(m[1])
		}
		if pages++; pages > 100 {
			t.Fatalf("%s does not end", g.Name)
		}
	}
	if int64(rows) != want {
		t.Errorf("%s: %d rows on its pages, %d in the store", g.Name, rows, want)
	}
	res, body := get(t, c, site.Server.URL+"/lists/"+g.Name+".csv")
	records, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil || res.Header.Get("Content-Type") != "text/csv; charset=utf-8" {
		t.Fatalf("%s as CSV: %s, %v", g.Name, res.Status, err)
	}
	if int64(len(records)-1) != want {
		t.Errorf("%s: %d rows in its file, %d in the store", g.Name, len(records)-1, want)
	}
	for i, c := range g.Shown(report.Query{}) {
		if records[0][i] != c.Key {
			t.Errorf("%s: head %d of its file is %s, not %s", g.Name, i, records[0][i], c.Key)
		}
	}
}

func TestAListsURLReproducesIt(t *testing.T) {
	site := sampleSite(t)
	c := site.SignedIn(t, "admin")
	query := url.Values{"f.cores": {"> 7"}, "f.kind": {"vm"}, "q": {"ber"}, "sort": {"-cores,name"}, "cols": {"name,cores,serial"}}
	want := rowsOf(t, site, &report.Devices, report.Query{Search: "ber", Filters: []report.Filter{{Key: "cores", Op: report.More, Value: "7"}, {Key: "kind", Op: report.Equal, Value: "vm"}}})
	if want == 0 || want > 50 {
		t.Fatalf("%d rows make no test", want)
	}
	res, page := get(t, c, site.Server.URL+"/devices?"+query.Encode())
	if res.StatusCode != http.StatusOK || len(rowPattern.FindAllString(page, -1)) != int(want) {
		t.Fatalf("%s with %d rows, want %d", res.Status, len(rowPattern.FindAllString(page, -1)), want)
	}
	for _, part := range []string{`id="grid-device_list-s-serial"`, `value="&gt; 7"`, `Remove filter Kind: vm`, `Remove filter Cores: &gt; 7`, `Search: ber`} {
		if !strings.Contains(page, part) {
			t.Errorf("the page does not show %s", part)
		}
	}
	if strings.Contains(page, `id="grid-device_list-s-os_name"`) {
		t.Error("a column that is not chosen is shown")
	}
	_, file := get(t, c, site.Server.URL+"/lists/device_list.csv?"+query.Encode())
	lines := strings.Split(strings.TrimSpace(file), "\r\n")
	if lines[0] != "name,cores,serial" || len(lines) != int(want)+1 {
		t.Errorf("the file has the head %q and %d rows, want %d", lines[0], len(lines)-1, want)
	}
	// A form without scripts sends its empty controls too: the address is tidied.
	res, _ = get(t, c, site.Server.URL+"/devices?q=&f.name=&f.cores=%3E+7&cols=name&cols=cores")
	if res.StatusCode != http.StatusFound || res.Header.Get("Location") != "/devices?cols=name,cores&f.cores=%3E+7" {
		t.Errorf("%s to %q", res.Status, res.Header.Get("Location"))
	}
}

func TestHtmxGetsTheListAlone(t *testing.T) {
	site := sampleSite(t)
	c := site.SignedIn(t, "admin")
	res, part := get(t, c, site.Server.URL+"/devices?q=ber&f.name=", "HX-Request", "true", "HX-Target", "grid-device_list")
	if res.StatusCode != http.StatusOK || !strings.HasPrefix(strings.TrimSpace(part), `<section class="grid" id="grid-device_list"`) || strings.Contains(part, "<html") {
		t.Errorf("%s: %.120s", res.Status, part)
	}
	if got := res.Header.Get("HX-Push-Url"); got != "/devices?q=ber" {
		t.Errorf("the address pushed is %q", got)
	}
	if !strings.Contains(strings.Join(res.Header.Values("Vary"), ","), "HX-Request") {
		t.Error("a cache could give the part for the page")
	}
}

func TestWhatIsNotUnderstoodShowsNoRows(t *testing.T) {
	site := sampleSite(t)
	c := site.SignedIn(t, "admin")
	for _, query := range []string{"f.cores=many", "sort=nothing", "limit=9999", "f.nothing=1", "after=damaged", "f.last_check=yesterday", "cols=id"} {
		res, page := get(t, c, site.Server.URL+"/devices?"+query)
		if res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(page, "was not understood") || rowPattern.MatchString(page) {
			t.Errorf("%s: %s, rows %v", query, res.Status, rowPattern.MatchString(page))
		}
		if res, _ := get(t, c, site.Server.URL+"/lists/device_list.csv?"+query); query != "limit=9999" && query != "after=damaged" && res.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s as a file: %s", query, res.Status)
		}
	}
}

// TestThreeClicksToTheDocument follows the links from a license's total to the document, and its envelope.
func TestThreeClicksToTheDocument(t *testing.T) {
	site := sampleSite(t)
	c := site.SignedIn(t, "admin")
	_, page := get(t, c, site.Server.URL+"/licenses/db2-pvu")
	click := func(pattern string) string {
		t.Helper()
		m := regexp.MustCompile(pattern).FindStringSubmatch(page)
		if m == nil {
			t.Fatalf("no link %s", pattern)
		}
		address := html.UnescapeString(m[1])
		var res *http.Response
		res, page = get(t, c, site.Server.URL+strings.SplitN(address, "#", 2)[0])
		if res.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", address, res.Status)
		}
		return address
	}
	click(`<a class="term" href="(/licenses/db2-pvu/why\?period=[^"&]+&amp;region=1)"`) // one: why this region
	click(`<th scope="row"><a href="(/licenses/db2-pvu/why\?[^"]*server=[^"&]+)#s3"`)   // two: this server
	address := click(`<a href="(/documents/[0-9a-f-]{36})">The whole document`)         // three: its document
	id := strings.TrimPrefix(address, "/documents/")
	if !strings.Contains(page, id) || !strings.Contains(page, "Signature valid, agent key") {
		t.Error("the document's page does not show it with its signature")
	}
	res, envelope := get(t, c, site.Server.URL+address+"/envelope")
	kept, err := site.Store.Envelope(t.Context(), id)
	if err != nil || envelope != string(kept) {
		t.Errorf("the envelope is not as it was received: %d bytes, %d kept, %v", len(envelope), len(kept), err)
	}
	if res.Header.Get("Content-Type") != "application/octet-stream" || !strings.Contains(res.Header.Get("Content-Disposition"), "attachment") {
		t.Error("the envelope is not offered as a file")
	}
}

func TestErrorsInWords(t *testing.T) {
	site := sampleSite(t)
	c := site.SignedIn(t, "admin")
	for path, want := range map[string]struct {
		status int
		text   string
	}{
		"/nowhere":                                      {404, "Nothing is at this address"},
		"/licenses/none":                                {404, "There is no license"},
		"/licenses/db2-pvu?period=1999":                 {404, "There is no measured period"},
		"/licenses/db2-pvu/why?region=9":                {404, "There is no region"},
		"/licenses/db2-pvu/why?server=0":                {404, "does not count here"},
		"/licenses/db2-pvu/why?at=noon":                 {422, "is no instant"},
		"/licenses/db2-pvu/why?at=1990-01-01T00:00:00Z": {404, "nothing to explain"},
		"/devices/0":                                    {404, "There is no device"},
		"/devices/999999999":                            {404, "There is no device"},
		"/devices/x":                                    {404, "There is no device"},
		"/documents/none":                               {404, "There is no document"},
		"/lists/none.csv":                               {404, "Nothing is at this address"},
		"/static/none.css":                              {404, "404"},
	} {
		res, body := get(t, c, site.Server.URL+path)
		if res.StatusCode != want.status || !strings.Contains(html.UnescapeString(body), want.text) {
			t.Errorf("%s: %s without %q", path, res.Status, want.text)
		}
	}
}

// A store that fails makes a page that says so, and never its cause.
func TestAFailureHidesItsCause(t *testing.T) {
	st := storetest.Open(t, storetest.Address(t, "sqlite"), store.Options{})
	site := webtest.Serve(t, st, false)
	site.User(t, "admin", auth.Administrator)
	c := site.SignedIn(t, "admin")
	broken, err := store.Open(t.Context(), storetest.Address(t, "sqlite"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := broken.Close(); err != nil {
		t.Fatal(err)
	}
	other := webtest.Serve(t, broken, false)
	for _, path := range []string{"/", "/devices", "/api/v1/lists/devices"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, other.Server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		at, err := url.Parse(site.Server.URL)
		if err != nil {
			t.Fatal(err)
		}
		for _, cookie := range c.Jar.Cookies(at) {
			req.AddCookie(cookie)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode < 500 || !strings.Contains(string(body), "failed") || strings.Contains(string(body), "sql") || strings.Contains(string(body), "closed") {
			t.Errorf("%s: %s\n%s", path, res.Status, body)
		}
	}
}

func TestAnEmptySiteSaysHowToBegin(t *testing.T) {
	st := storetest.Open(t, storetest.Address(t, "sqlite"), store.Options{})
	site := webtest.Serve(t, st, false)
	site.User(t, "admin", auth.Administrator)
	c := site.SignedIn(t, "admin")
	for path, text := range map[string]string{
		"/": "Nothing is measured yet", "/licenses": "No licenses yet", "/devices": "No devices yet", "/documents": "No documents yet", "/peaks": "Nothing is measured yet",
		"/runs": "No reconciliation yet", "/evidence": "No software evidence yet", "/installations": "Nothing is recognized yet", "/remarks": "No remarks", "/agents": "No agents yet",
	} {
		res, body := get(t, c, site.Server.URL+path)
		if res.StatusCode != http.StatusOK || !strings.Contains(body, text) {
			t.Errorf("%s: %s without %q", path, res.Status, text)
		}
	}
	res, err := c.PostForm(site.Server.URL+"/reconcile", nil)
	if err != nil || res.StatusCode != http.StatusSeeOther {
		t.Fatal(res, err)
	}
	_ = res.Body.Close()
	if _, body := get(t, c, site.Server.URL+"/"); !strings.Contains(body, "Reconciled in") || !strings.Contains(body, "Measured to") {
		t.Error("the page does not say that it was reconciled")
	}
}

func TestStaticFilesAreKeptForGood(t *testing.T) {
	site := sampleSite(t)
	c := site.Client(t)
	_, page := get(t, c, site.Server.URL+"/sign-in")
	files := regexp.MustCompile(`(?:href|src)="(/static/[^"]+)"`).FindAllStringSubmatch(page, -1)
	_, home := get(t, site.SignedIn(t, "admin"), site.Server.URL+"/licenses/db2-pvu")
	files = append(files, regexp.MustCompile(`(?:href|src)="(/static/[^"]+)"`).FindAllStringSubmatch(home, -1)...)
	if len(files) < 6 {
		t.Fatalf("%d files", len(files))
	}
	for _, f := range files {
		res, body := get(t, c, site.Server.URL+f[1])
		if res.StatusCode != http.StatusOK || body == "" || res.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("%s: %s, kept %q", f[1], res.Status, res.Header.Get("Cache-Control"))
		}
		if again, _ := get(t, c, site.Server.URL+f[1], "If-None-Match", res.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
			t.Errorf("%s asked for again: %s", f[1], again.Status)
		}
	}
	res, _ := get(t, c, site.Server.URL+files[1][1], "Accept-Encoding", "gzip")
	if res.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("%s is not compressed", files[1][1])
	}
}

func TestTheAPIAnswersWhatPagesShow(t *testing.T) {
	site := sampleSite(t)
	c := site.SignedIn(t, "admin")
	_, m, ok, err := site.Store.LatestMeasurement(t.Context())
	if err != nil || !ok {
		t.Fatalf("nothing is measured: %v", err)
	}
	periods := m.License("mq-pvu").Periods
	peak := string(periods[len(periods)-1].Peak)
	res, body := get(t, c, site.Server.URL+"/api/v1/lists/licenses?f.status=over&cols=name,consumed,used")
	if res.StatusCode != http.StatusOK || !strings.Contains(body, `"consumed":`+peak) || !strings.Contains(body, `"total":1`) {
		t.Errorf("%s: %s", res.Status, body)
	}
	for path, want := range map[string]struct {
		status int
		text   string
	}{
		"/api/v1/lists/devices?limit=3":                        {200, `"next":`},
		"/api/v1/lists/nothing":                                {404, "there are licenses"},
		"/api/v1/lists/devices?f.cores=many":                   {422, "no whole number"},
		"/api/v1/measurement":                                  {200, "highwater-measurement/1"},
		"/api/v1/licenses/mq-pvu":                              {200, `"peak":"` + peak + `"`},
		"/api/v1/licenses/none":                                {404, "There is no license"},
		"/api/v1/licenses/mq-pvu/series":                       {200, `"steps":[{"from":`},
		"/api/v1/licenses/mq-pvu/explanation?region=1":         {200, `"servers":[{"device":`},
		"/api/v1/licenses/mq-pvu/explanation?at=noon":          {422, "no instant"},
		"/api/v1/devices/" + deviceNamed(t, site, "ber-db-01"): {200, `"aspect":"hardware"`},
		"/api/v1/devices/999999":                               {404, "There is no device"},
		"/api/v1/openapi.json":                                 {200, `"/api/v1/lists/{list}"`},
	} {
		res, body := get(t, c, site.Server.URL+path)
		if res.StatusCode != want.status || !strings.Contains(body, want.text) {
			t.Errorf("%s: %s without %s: %.300s", path, res.Status, want.text, body)
		}
	}
	res, body = get(t, site.Client(t), site.Server.URL+"/api/v1/lists/devices")
	if res.StatusCode != http.StatusUnauthorized || res.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("without a session: %s %s", res.Status, body)
	}
}

func TestHealth(t *testing.T) {
	site := sampleSite(t)
	if res, body := get(t, site.Client(t), site.Server.URL+"/healthz"); res.StatusCode != http.StatusOK || body != "ok\n" || len(res.Cookies()) > 0 {
		t.Error(fmt.Sprint(res.Status, body, res.Cookies()))
	}
}

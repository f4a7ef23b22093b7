package web_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"testing"

	"github.com/highwater-sam/highwater/auth"
	"github.com/highwater-sam/highwater/report"
	"github.com/highwater-sam/highwater/store"
	"github.com/highwater-sam/highwater/store/storetest"
	"github.com/highwater-sam/highwater/web/webtest"
)

var shared struct {
	once   sync.Once
	site   *webtest.Site
	err    error
	folder string
}

// TestMain runs the tests and takes the shared site down.
func TestMain(m *testing.M) {
	code := storetest.Main(m)
	if shared.site != nil {
		shared.site.Server.Close()
		if err := shared.site.Store.Close(); err != nil {
			fmt.Fprintln(os.Stderr, "close the shared store:", err)
			code = max(code, 1)
		}
	}
	if shared.folder != "" {
		_ = os.RemoveAll(shared.folder) // a temporary folder
	}
	os.Exit(code)
}

// sampleSite is a server over SQLite with the sample estate, shared by the tests that only read it. Its user admin may
// do everything.
func sampleSite(t *testing.T) *webtest.Site {
	t.Helper()
	shared.once.Do(func() {
		shared.folder, shared.err = os.MkdirTemp("", "highwater-web")
		if shared.err != nil {
			return
		}
		var st *store.Store
		if st, shared.err = store.Open(context.Background(), "sqlite:"+shared.folder, store.Options{}); shared.err != nil {
			return
		}
		if shared.site, shared.err = webtest.Start(context.Background(), st, true); shared.err == nil {
			shared.site.User(t, "admin", auth.Administrator)
		}
	})
	if shared.err != nil {
		t.Fatalf("start the shared site: %v", shared.err)
	}
	return shared.site
}

// get asks for a page and returns its status and body.
func get(t testing.TB, c *http.Client, address string, headers ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

func rowsOf(t testing.TB, site *webtest.Site, g *report.Grid, q report.Query) int64 {
	t.Helper()
	page, err := site.Store.Grid(t.Context(), g, q, auth.Everything)
	if err != nil {
		t.Fatal(err)
	}
	return page.Total
}

func totalOf(t testing.TB, site *webtest.Site, g *report.Grid) int64 {
	t.Helper()
	return rowsOf(t, site, g, report.Query{})
}

// deviceNamed is the number of a device, as its address has it.
func deviceNamed(t testing.TB, site *webtest.Site, name string) string {
	t.Helper()
	page, err := site.Store.Grid(t.Context(), &report.Devices, report.Query{Filters: []report.Filter{{Key: "name", Op: report.Equal, Value: name}}}, auth.Everything)
	if err != nil || len(page.Rows) != 1 {
		t.Fatalf("device %s: %d rows, %v", name, len(page.Rows), err)
	}
	return page.Rows[0].ID
}

func newestDocument(t testing.TB, site *webtest.Site, device string) string {
	t.Helper()
	page, err := site.Store.Grid(t.Context(), &report.Documents, report.Query{Filters: []report.Filter{{Key: "device_id", Op: report.Equal, Value: device}}}, auth.Everything)
	if err != nil || len(page.Rows) == 0 {
		t.Fatalf("documents of device %s: %d rows, %v", device, len(page.Rows), err)
	}
	return page.Rows[0].ID
}

// peakOf is the peak of a license in the newest period that has begun, as pages write it.
func peakOf(t testing.TB, site *webtest.Site, license string) string {
	t.Helper()
	_, m, ok, err := site.Store.LatestMeasurement(t.Context())
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	periods := m.License(license).Periods
	return report.FormatNumber(string(periods[len(periods)-1].Peak))
}

package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/highwater-sam/highwater/report"
	"github.com/highwater-sam/highwater/web/webtest"
)

// TestEveryPageInABrowser opens every page, wide and on a phone, light and dark: what it shows is what the store has,
// nothing breaks the content security policy, nothing is wider than a phone. It keeps a picture of each.
func TestEveryPageInABrowser(t *testing.T) {
	site := sampleSite(t)
	client := site.SignedIn(t, "admin")
	guest := deviceNamed(t, site, "ber-db-01")
	doc := newestDocument(t, site, guest)
	total := func(g *report.Grid) string { return report.FormatInt(totalOf(t, site, g)) }
	pages := []struct{ name, path, expect string }{
		{"home", "/", "Needs attention"},
		{"licenses", "/licenses", total(&report.Licenses) + " licenses"},
		{"license", "/licenses/mq-pvu", peakOf(t, site, "mq-pvu")},
		{"license-consumption", "/licenses/mq-pvu/consumption", "ber-esx-02"},
		{"license-assessed", "/licenses/mq-pvu/assessed", "IBM MQ"},
		{"license-why", "/licenses/mq-pvu/why", "The document that says so"},
		{"peaks", "/peaks", total(&report.Peaks) + " peaks"},
		{"installations", "/installations", "of " + total(&report.Installations) + " installations"},
		{"remarks", "/remarks", total(&report.Remarks) + " remarks"},
		{"devices", "/devices", "50 of " + total(&report.Devices) + " devices"},
		{"device", "/devices/" + guest, "ber-db-01"},
		{"device-software", "/devices/" + guest + "/software", "titles"},
		{"device-documents", "/devices/" + guest + "/documents", "document"},
		{"evidence", "/evidence", total(&report.Evidence) + " titles"},
		{"agents", "/agents", total(&report.Agents) + " agents"},
		{"documents", "/documents", "of " + total(&report.Documents) + " documents"},
		{"document", "/documents/" + doc, "Signature valid"},
		{"runs", "/runs", "reconciliation"},
		{"changes", "/changes", "changes"},
		{"audit", "/audit", "entries"},
		{"search", "/search?q=db2", "Db2"},
		{"account", "/account", "Change password"},
		{"no-match", "/devices?q=nothing+is+called+so", "No device fits"},
		{"not-understood", "/devices?f.cores=many", "was not understood"},
		{"not-found", "/licenses/no-such-license", "There is no license"},
	}
	browser := webtest.Browser(t)
	for _, look := range webtest.Looks {
		t.Run(look.String(), func(t *testing.T) {
			tab := site.NewTab(t, browser, client, look)
			for _, p := range pages {
				tab.Open(p.path)
				if p.name == "license" {
					tab.Until(`document.getElementById("waterline").dataset.drawn === "true"`)
				}
				if text := tab.Text("document.body.textContent"); !strings.Contains(text, p.expect) {
					t.Errorf("%s does not say %q", p.path, p.expect)
				}
				tab.Fits()
				tab.Shoot(p.name)
				if p.name != "not-found" && p.name != "not-understood" { // the console tells of an answer of 404 or 422 by itself
					tab.Clean()
				} else {
					tab.Forget()
				}
			}
			out := site.NewTab(t, browser, site.Client(t), look)
			out.Open("/sign-in")
			out.Fits()
			out.Shoot("sign-in")
			out.Clean()
		})
	}
}

func TestTheListIsUsableByKeyboard(t *testing.T) {
	site := sampleSite(t)
	tab := site.NewTab(t, webtest.Browser(t), site.SignedIn(t, "admin"), webtest.Look{Width: 1280, Scheme: "light"})
	tab.Open("/devices")

	tab.Strike("/")
	if id := tab.Text("document.activeElement.id"); id != "grid-device_list-q" {
		t.Fatalf("the slash goes to %q", id)
	}
	tab.Key("ber-db")
	tab.Until(`location.search === "?q=ber-db"`)
	want := rowsOf(t, site, &report.Devices, report.Query{Search: "ber-db"})
	tab.Until(fmt.Sprintf(`document.querySelectorAll(".grid tbody tr").length === %d`, want))
	if id := tab.Text("document.activeElement.id"); id != "grid-device_list-q" {
		t.Errorf("the focus is lost to %q", id)
	}

	// A head is a link: Enter sorts, Shift and Enter add a level.
	tab.Open("/devices")
	tab.Do(chromedp.Focus(chromedp.CSS("#grid-device_list-s-cores")))
	tab.Key(kb.Enter)
	tab.Until(`location.search.includes("sort=-cores") && document.querySelector("#grid-device_list-s-cores").closest("th").ariaSort === "descending"`)
	tab.Do(chromedp.Focus(chromedp.CSS("#grid-device_list-s-threads")))
	tab.Key(kb.Enter, chromedp.ModifierShift)
	tab.Until(`location.search.includes("sort=-cores,-threads")`)
	tab.Until(`document.querySelector("#grid-device_list-s-threads .order")?.textContent === "2"`)
	cores := strings.Fields(tab.Text(`[...document.querySelectorAll(".grid tbody tr")].map(r => r.cells[4].textContent).join(" ")`))
	for i := 1; i < len(cores); i++ {
		if cores[i-1] != "–" && cores[i] != "–" && len(cores[i-1]) < len(cores[i]) {
			t.Errorf("cores are not in order: %v", cores)
			break
		}
	}

	// A filter applies with Enter; the address reproduces it; Back goes back.
	tab.Do(chromedp.Focus(chromedp.CSS("#grid-device_list-f-cores")))
	tab.Key("> 15")
	tab.Key(kb.Enter)
	tab.Until(`location.search.includes("f.cores")`)
	more := rowsOf(t, site, &report.Devices, report.Query{Filters: []report.Filter{{Key: "cores", Op: report.More, Value: "15"}}})
	tab.Until(fmt.Sprintf(`document.querySelectorAll(".grid tbody tr").length === %d`, more))
	tab.Do(chromedp.NavigateBack())
	tab.Until(`!location.search.includes("f.cores") && document.querySelectorAll(".grid tbody tr").length === 50`)

	// The chooser shows a column more.
	tab.Open("/devices")
	tab.Do(chromedp.Click(chromedp.CSS("#grid-device_list-columns")), chromedp.Click(chromedp.CSS(`.chooser input[value="serial"]`)), chromedp.Click(chromedp.CSS(".menu[open] .button.primary")))
	tab.Until(`location.search.includes("serial") && document.querySelector("#grid-device_list-s-serial") !== null`)
	tab.Clean()
}

func TestTheChartIsDrawnAndReadOut(t *testing.T) {
	site := sampleSite(t)
	browser, client := webtest.Browser(t), site.SignedIn(t, "admin")
	for _, look := range webtest.Looks {
		tab := site.NewTab(t, browser, client, look)
		tab.Open("/licenses/db2-pvu")
		tab.Until(`document.getElementById("waterline").dataset.drawn === "true"`)
		tab.Until(`document.querySelector("#waterline canvas") !== null`)
		colors := tab.Number(`(() => {
			const canvas = document.querySelector("#waterline canvas");
			const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
			const seen = new Map();
			for (let i = 0; i < pixels.length; i += 4) if (pixels[i + 3] > 0) { const c = (pixels[i] << 16) + (pixels[i + 1] << 8) + pixels[i + 2]; seen.set(c, (seen.get(c) || 0) + 1); }
			return [...seen.values()].filter(n => n > 50).length;
		})()`)
		if colors < 6 {
			t.Errorf("%s: the canvas shows only %d colors", look, colors)
		}
		if look.Width < 600 {
			continue
		}
		now := tab.Text(`document.querySelector("#waterline-legend time").textContent`)
		tab.Do(chromedp.MouseEvent("mouseMoved", float64(tab.Number(`Math.round(document.querySelector("#waterline .u-over").getBoundingClientRect().left + 60)`)),
			float64(tab.Number(`Math.round(document.querySelector("#waterline .u-over").getBoundingClientRect().top + 60)`))))
		tab.Until(`document.querySelector("#waterline-legend time").textContent !== ` + fmt.Sprintf("%q", now))
		tab.Clean()
	}
}

func TestColorsCanBeChosen(t *testing.T) {
	site := sampleSite(t)
	site.User(t, "painter", "auditor")
	tab := site.NewTab(t, webtest.Browser(t), site.SignedIn(t, "painter"), webtest.Look{Width: 1280, Scheme: "light"})
	tab.Open("/licenses/db2-pvu")
	light := tab.Text(`getComputedStyle(document.documentElement).backgroundColor`)
	tab.Do(chromedp.Click(chromedp.CSS(".top-end summary")), chromedp.Click(chromedp.CSS(`.theme button[value="dark"]`)))
	tab.Until(`document.documentElement.dataset.theme === "dark" && location.pathname === "/licenses/db2-pvu"`)
	if dark := tab.Text(`getComputedStyle(document.documentElement).backgroundColor`); dark == light {
		t.Errorf("dark and light are both %s", dark)
	}
	tab.Clean()
}

func TestThePhoneMenuOpensWithoutScript(t *testing.T) {
	site := sampleSite(t)
	tab := site.NewTab(t, webtest.Browser(t), site.SignedIn(t, "admin"), webtest.Look{Width: 390, Scheme: "light"})
	tab.Open("/")
	tab.Do(chromedp.Click(chromedp.CSS(".menu-button")))
	tab.Until(`document.getElementById("nav").matches(":popover-open")`)
	tab.Do(chromedp.Click(chromedp.CSS(`.nav a[href="/devices"]`)))
	tab.Until(`location.pathname === "/devices"`)
	tab.Clean()
}

// A session that has ended meanwhile leads to the sign-in page and back, also from a swapped list.
func TestAnEndedSessionLeadsToSignIn(t *testing.T) {
	site := sampleSite(t)
	client := site.SignedIn(t, "admin")
	tab := site.NewTab(t, webtest.Browser(t), client, webtest.Look{Width: 1280, Scheme: "light"})
	tab.Open("/devices")
	res, err := client.PostForm(site.Server.URL+"/sign-out", url.Values{})
	if err != nil || res.StatusCode != http.StatusSeeOther {
		t.Fatal(res, err)
	}
	_ = res.Body.Close()
	tab.Do(chromedp.Click(chromedp.CSS("#grid-device_list-s-cores")))
	tab.Until(`location.pathname === "/sign-in"`)
	tab.Do(chromedp.SendKeys(chromedp.CSS("#user"), "admin"), chromedp.SendKeys(chromedp.CSS("#password"), site.Password+kb.Enter))
	tab.Until(`location.pathname === "/devices"`)
	tab.Forget()
}

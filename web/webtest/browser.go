package webtest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/highwater-sam/highwater/internal/need"
)

// Browser starts a real browser for the test; without one on the machine the test is skipped. Pass the context to NewTab.
func Browser(t testing.TB) context.Context {
	t.Helper()
	program := need.Program(t, "chromium", "chromium-browser", "google-chrome")
	ctx, stop := chromedp.NewContext(context.Background(), chromedp.WithAllocatorOptions(chromedp.ExecPath(program), chromedp.NoSandbox,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("hide-scrollbars", true)), chromedp.WithErrorf(func(string, ...any) {}))
	t.Cleanup(stop)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start the browser: %v", err)
	}
	return ctx
}

// Look is how a page is looked at.
type Look struct {
	Width  int64
	Scheme string // light or dark
}

// Looks are the looks every page is tested with.
var Looks = []Look{{1280, "light"}, {1280, "dark"}, {390, "light"}, {390, "dark"}}

// String names the look, e.g. 390-dark.
func (l Look) String() string { return fmt.Sprintf("%d-%s", l.Width, l.Scheme) }

// Tab is one tab of the browser, signed in.
type Tab struct {
	t    testing.TB
	ctx  context.Context
	site *Site
	look Look

	mu       sync.Mutex
	messages []string // errors and warnings of the console, violations of the policy among them
}

// NewTab opens a tab that has its own cookies, with those of the client.
func (s *Site) NewTab(t testing.TB, browser context.Context, c *http.Client, look Look) *Tab {
	t.Helper()
	ctx, stop := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(stop)
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(cancel)
	tab := &Tab{t: t, ctx: ctx, site: s, look: look}
	tab.do("open a tab", chromedp.Navigate("about:blank"))
	messages := chromedp.Console(ctx)
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			if m.Type == "error" || m.Type == "warning" || m.Type == "exception" || m.Type == chromedp.ConsoleException {
				tab.mu.Lock()
				tab.messages = append(tab.messages, string(m.Type)+": "+m.Text)
				tab.mu.Unlock()
			}
		}
	}()
	tab.size(900)
	tab.do("set the colors", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: look.Scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
		return err
	}))
	at, err := url.Parse(s.Server.URL)
	if err != nil {
		t.Fatal(err)
	}
	jar, ok := c.Jar.(*cookiejar.Jar)
	if !ok {
		t.Fatal("the client has no cookies")
	}
	for _, cookie := range jar.Cookies(at) {
		tab.do("take the session", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := cdp.Call(ctx, t, network.SetCookie, network.SetCookieParams{Name: cookie.Name, Value: cookie.Value, URL: s.Server.URL, HTTPOnly: new(true)})
			return err
		}))
	}
	return tab
}

func (tab *Tab) size(height int64) {
	tab.t.Helper()
	tab.do("set the size", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: tab.look.Width, Height: height, DeviceScaleFactor: 1, Mobile: tab.look.Width < 600})
		return err
	}))
}

func (tab *Tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	if err := chromedp.Do(tab.ctx, steps...); err != nil {
		tab.t.Fatalf("%s: %v", what, err)
	}
}

// Open goes to a path and waits for the page.
func (tab *Tab) Open(path string) {
	tab.t.Helper()
	tab.do("open "+path, chromedp.Navigate(tab.site.Server.URL+path), chromedp.WaitReady(chromedp.CSS("main")))
	tab.Until(`document.readyState === "complete"`)
}

// Do runs steps of chromedp.
func (tab *Tab) Do(steps ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	tab.do("act", steps...)
}

// Text evaluates an expression that gives a string.
func (tab *Tab) Text(expression string) string {
	tab.t.Helper()
	value, err := chromedp.Run(tab.ctx, chromedp.Evaluate[string](expression))
	if err != nil {
		tab.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// Number evaluates an expression that gives a whole number.
func (tab *Tab) Number(expression string) int {
	tab.t.Helper()
	value, err := chromedp.Run(tab.ctx, chromedp.Evaluate[int](expression))
	if err != nil {
		tab.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// Until waits for an expression to become true, also across pages.
func (tab *Tab) Until(expression string) {
	tab.t.Helper()
	end := time.Now().Add(20 * time.Second)
	for {
		left := time.Until(end)
		_, err := chromedp.Run(tab.ctx, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(max(left, time.Millisecond))))
		if err == nil {
			return
		}
		if left <= 0 || errors.Is(err, chromedp.ErrPollingTimeout) || tab.ctx.Err() != nil {
			at, _ := chromedp.Run(tab.ctx, chromedp.Location())
			tab.t.Fatalf("wait for %s: %v; the tab is at %s", expression, err, at)
		}
		// The page went away while it was asked: ask the next one.
	}
}

// Key presses a key where the focus is.
func (tab *Tab) Key(keys string, modifiers ...chromedp.Modifier) {
	tab.t.Helper()
	tab.do("press "+keys, chromedp.KeyEvent(keys, chromedp.KeyModifiers(modifiers...)))
}

// Strike presses one key as a keyboard does: a page that prevents what the key does by itself gets no character.
func (tab *Tab) Strike(key string) {
	tab.t.Helper()
	tab.do("strike "+key, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: key, Text: key})
		if err == nil {
			_, err = cdp.Call(ctx, t, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyUp, Key: key})
		}
		return err
	}))
}

// Clean fails the test when the console has told of an error, a warning or a violation of the content security policy.
func (tab *Tab) Clean() {
	tab.t.Helper()
	tab.mu.Lock()
	defer tab.mu.Unlock()
	if len(tab.messages) > 0 {
		tab.t.Errorf("the console says:\n%s", strings.Join(tab.messages, "\n"))
		tab.messages = nil
	}
}

// Fits fails the test when the page is wider than the window.
func (tab *Tab) Fits() {
	tab.t.Helper()
	if n := tab.Number("document.documentElement.scrollWidth - document.documentElement.clientWidth"); n > 0 {
		tab.t.Errorf("the page is %d px wider than the window of %d px: %s", n, tab.look.Width, tab.Text(`[...document.querySelectorAll("main *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll, .grid-frame, .tabs, pre")).slice(0, 3).map(e => e.tagName + "." + (e.getAttribute("class") || "")).join(", ")`))
	}
}

// Folder is where screenshots are kept: HIGHWATER_SCREENSHOTS, or screenshots at the top of the repository.
func Folder() string {
	if folder := os.Getenv("HIGHWATER_SCREENSHOTS"); folder != "" {
		return folder
	}
	return filepath.Join("..", "screenshots")
}

// Shoot keeps a picture of the whole page, up to 2400 px of it.
func (tab *Tab) Shoot(name string) {
	tab.t.Helper()
	height := min(tab.Number("document.documentElement.scrollHeight"), 2400)
	tab.size(int64(max(height, 900)))
	picture, err := chromedp.Run(tab.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		tab.t.Fatalf("take a picture of %s: %v", name, err)
	}
	tab.size(900)
	if err := os.MkdirAll(Folder(), 0o755); err != nil {
		tab.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(Folder(), name+"-"+tab.look.String()+".png"), picture, 0o644); err != nil {
		tab.t.Fatal(err)
	}
}

// Forget drops what the console has told, where an error was meant.
func (tab *Tab) Forget() {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	tab.messages = nil
}

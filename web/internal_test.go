package web

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/highwater-sam/highwater/report"
)

// TestContrastOfTokenPairs reads the colors from the stylesheet: text 4.5:1, controls and lines 3:1, in both schemes
// (WCAG 2.2, 1.4.3 and 1.4.11).
func TestContrastOfTokenPairs(t *testing.T) {
	css, err := os.ReadFile("static/highwater.css")
	if err != nil {
		t.Fatal(err)
	}
	tokens := map[string][2]string{}
	for _, m := range regexp.MustCompile(`--([a-z0-9-]+):\s*light-dark\((#[0-9a-f]{3,8}), (#[0-9a-f]{3,8})\)`).FindAllStringSubmatch(string(css), -1) {
		tokens[m[1]] = [2]string{m[2], m[3]}
	}
	surfaces := []string{"paper", "paper-2", "paper-3", "raised"}
	type pair struct {
		front, back string
		least       float64
	}
	var pairs []pair
	for _, s := range surfaces {
		for _, text := range []string{"ink", "ink-2", "link"} {
			pairs = append(pairs, pair{text, s, 4.5})
		}
		if s != "paper-3" { // stamps and notes stand on paper, bars and inputs
			pairs = append(pairs, pair{"ink-3", s, 4.5}, pair{"over", s, 4.5}, pair{"good", s, 4.5}, pair{"edge", s, 3})
		}
		pairs = append(pairs, pair{"focus", s, 3}, pair{"water-edge", s, 3}, pair{"peak", s, 3}, pair{"entitled", s, 3})
	}
	pairs = append(pairs, pair{"on-act", "act", 4.5}, pair{"near", "near-bg", 4.5}, pair{"over", "over-bg", 4.5}, pair{"good", "good-bg", 4.5}, pair{"ink", "near-bg", 4.5}, pair{"ink", "over-bg", 4.5})
	for _, r := range []string{"r1", "r2", "r3", "r0"} {
		pairs = append(pairs, pair{r, "paper", 3}, pair{r, "paper-2", 3})
	}
	for _, p := range pairs {
		for scheme, name := range []string{"light", "dark"} {
			front, back := tokens[p.front], tokens[p.back]
			if front[0] == "" || back[0] == "" {
				t.Fatalf("the stylesheet has no token %s or %s", p.front, p.back)
			}
			if c := contrast(t, front[scheme], back[scheme]); c < p.least {
				t.Errorf("%s: %s on %s has a contrast of %.2f, at least %.1f is needed", name, p.front, p.back, c, p.least)
			}
		}
	}
	if c := contrast(t, "#ffffff", "#000000"); math.Abs(c-21) > 0.01 {
		t.Errorf("white on black is %.2f", c)
	}
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	light, dark := luminance(t, a), luminance(t, b)
	if light < dark {
		light, dark = dark, light
	}
	return (light + 0.05) / (dark + 0.05)
}

func luminance(t *testing.T, color string) float64 {
	t.Helper()
	hex := strings.TrimPrefix(color, "#")
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	n, err := strconv.ParseUint(hex[:6], 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	channel := func(v uint64) float64 {
		c := float64(v&255) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*channel(n>>16) + 0.7152*channel(n>>8) + 0.0722*channel(n)
}

// Colors are named in the token block only, so that both themes and the contrast test hold everywhere.
func TestColorsComeFromTokens(t *testing.T) {
	css, err := os.ReadFile("static/highwater.css")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(css), "/* ---------- Elements ---------- */")
	if !ok {
		t.Fatal("the stylesheet has no section of elements")
	}
	rest, _, _ = strings.Cut(rest, "/* ---------- Print")
	allowed := map[string]bool{"#fff": true, "#2b0f0c": true, "#0c1a2480": true, "#000a": true} // text on a filled status, the veil behind a dialog
	for _, color := range regexp.MustCompile(`#[0-9a-f]{3,8}\b`).FindAllString(rest, -1) {
		if !allowed[color] {
			t.Errorf("the stylesheet names the color %s outside its tokens", color)
		}
	}
}

// The head of a column goes one way, the other, and back to the list's own order; as a further level likewise.
func TestHeadsOfColumnsCycle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		own := []report.Sort{{Key: "name"}}
		key := rapid.SampledFrom([]string{"cores", "threads", "os"}).Draw(t, "key")
		first := rapid.Bool().Draw(t, "descending first")
		one := sortBy(own, key, first)
		two := sortBy(one, key, first)
		if three := sortBy(two, key, first); !slices.Equal(one, []report.Sort{{Key: key, Descending: first}}) || !slices.Equal(two, []report.Sort{{Key: key, Descending: !first}}) || len(three) != 0 {
			t.Fatalf("%v, %v, %v", one, two, three)
		}
		var start []report.Sort
		for _, k := range []string{"a", "b", "c"} {
			if rapid.Bool().Draw(t, k) {
				start = append(start, report.Sort{Key: k, Descending: rapid.Bool().Draw(t, k+" descending")})
			}
		}
		was := slices.Clone(start)
		again := sortAlso(sortAlso(sortAlso(start, key, first), key, first), key, first)
		if !slices.Equal(again, start) || !slices.Equal(start, was) {
			t.Fatalf("%v becomes %v", was, again)
		}
	})
}

func TestTheClientsAddress(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	for _, test := range []struct{ peer, forwarded, want string }{
		{"192.0.2.1:5000", "", "192.0.2.1"},
		{"192.0.2.1:5000", "198.51.100.1", "192.0.2.1"}, // not trusted to say so
		{"10.0.0.1:5000", "198.51.100.1", "198.51.100.1"},
		{"10.0.0.1:5000", "203.0.113.9, 198.51.100.1, 10.0.0.2", "198.51.100.1"}, // the client may invent all but the last
		{"10.0.0.1:5000", "garbage", "10.0.0.1"},
		{"10.0.0.1:5000", "198.51.100.1, garbage", "10.0.0.1"},
		{"10.0.0.1:5000", "", "10.0.0.1"},
		{"[::1]:5000", "2001:db8::1", "2001:db8::1"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = test.peer
		if test.forwarded != "" {
			r.Header.Set("X-Forwarded-For", test.forwarded)
		}
		if got := clientAddress(r, trusted); got != test.want {
			t.Errorf("%s forwarding %q: %s, want %s", test.peer, test.forwarded, got, test.want)
		}
	}
}

func FuzzLocalPath(f *testing.F) {
	for _, seed := range []string{"/", "/devices?q=x", "//example.com", `/\example.com`, "https://example.com", "/%2f/example.com", "/\t/example.com", "javascript:x", "/a:b@c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, to string) {
		path := localPath(to)
		base, _ := url.Parse("https://highwater.example/sign-in")
		at, err := base.Parse(path)
		if err != nil || at.Host != "highwater.example" || at.Scheme != "https" || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
			t.Fatalf("%q leads to %q (%v)", to, path, err)
		}
	})
}

func TestMarkedLines(t *testing.T) {
	text := "{\n  \"header\": {\n    \"cores\": 1\n  },\n  \"hardware\": {\n    \"processors\": 2,\n    \"cores\": 8,\n    \"adapters\": [\n      {\n        \"cores\": 3\n      }\n    ]\n  }\n}"
	var marked []string
	for _, l := range linesOf(text, []string{"hardware.cores"}) {
		if l.Marked {
			marked = append(marked, fmt.Sprint(l.Number, l.Text))
		}
	}
	if len(marked) != 1 || !strings.Contains(marked[0], `"cores": 8`) {
		t.Errorf("marked: %q", marked)
	}
}

func TestGaugesNeverLeaveTheirBox(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, 1_000_000).Draw(t, "permille")
		percent, _ := report.ParseExact(fmt.Sprintf("%d.%d", n/10, n%10))
		g := gaugeOf(percent)
		level, _ := strconv.ParseFloat(g.Level, 64)
		excess, _ := strconv.ParseFloat(g.Excess, 64)
		if level < 0 || level+excess > gaugeWidth+0.11 || (n > 1000) != (g.Excess != "") {
			t.Fatalf("%d permille: %+v", n, g)
		}
	})
}

package catalog

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/highwater-sam/highwater/inventory"
)

func TestRecognize(t *testing.T) {
	text, err := os.ReadFile("testdata/recognize.txt")
	if err != nil {
		t.Fatal(err)
	}
	cases := strings.Split(string(text), "\n== ")[1:]
	for _, c := range cases {
		name, body, _ := strings.Cut(c, "\n")
		t.Run(name, func(t *testing.T) { runCase(t, body) })
	}
}

func runCase(t *testing.T, body string) {
	var titles []Title
	var local, want []string
	for _, line := range strings.Split(body, "\n") {
		switch {
		case strings.HasPrefix(line, "+"):
			local = append(local, line[1:])
		case strings.HasPrefix(line, "->"), strings.HasPrefix(line, "??"):
			want = append(want, line)
		case strings.TrimSpace(line) != "":
			titles = append(titles, parseTitle(t, line))
		}
	}
	c := Library()
	if local != nil {
		own, err := Parse("local", strings.NewReader(strings.Join(local, "\n")))
		if err != nil {
			t.Fatal(err)
		}
		c = own.Over(c)
	}
	r, err := Compile(c)
	if err != nil {
		t.Fatal(err)
	}
	found := r.Recognize(titles)
	var got []string
	for _, p := range found.Products {
		got = append(got, describe(p))
	}
	for _, u := range found.Unmatched {
		got = append(got, "?? "+u.Name)
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func describe(p Recognized) string {
	s := "-> " + string(p.Product)
	if p.Version != "" {
		s += " " + p.Version
	}
	if p.Edition != "" {
		s += " edition " + p.Edition
	}
	s += " by " + p.Rule
	if p.PartOf != "" {
		s += " part of " + string(p.PartOf)
	}
	for _, by := range p.MaySupport {
		s += " may support " + string(by)
	}
	return s
}

func parseTitle(t *testing.T, line string) Title {
	parts := strings.Split(line, " | ")
	kind, name, _ := strings.Cut(parts[0], " ")
	title := Title{Kind: kind, Name: name}
	for _, p := range parts[1:] {
		field, value, _ := strings.Cut(p, " ")
		switch field {
		case "source":
			title.Source = value
		case "version":
			title.Version = value
		case "publisher":
			title.Publisher = value
		case "path":
			title.Path = value
		case "edition":
			title.Edition = value
		case "size":
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			title.Bytes = n
		default:
			t.Fatalf("%q: no field %q", line, field)
		}
	}
	return title
}

// TestAGrownCatalogRecognizesOldEvidence is the end of case 37: the unmatched title is found when the rule is added.
func TestAGrownCatalogRecognizesOldEvidence(t *testing.T) {
	const head = "catalog 2026.1\nproduct foo-pro\nname Foo Pro\npublisher Foo\nrule package confirmed: the vendor's own package\npackage Foo* | version 9.*\n"
	title := Title{Kind: PackageTitle, Name: "Foo Pro", Version: "10.0"}
	for text, want := range map[string]int{head: 0, head + "package Foo* | version 10.*\n": 1} {
		c, err := Parse("local", strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		r, err := Compile(c)
		if err != nil {
			t.Fatal(err)
		}
		found := r.Recognize([]Title{title})
		if len(found.Products) != want || len(found.Unmatched) != 1-want {
			t.Errorf("%+v", found)
		}
	}
}

// TestTheIndexFindsWhatEveryTermWould: the naive twin compares every title with every term.
func TestTheIndexFindsWhatEveryTermWould(t *testing.T) {
	r := compileLibrary(t)
	rapid.Check(t, func(t *rapid.T) {
		title := drawTitle(t)
		got := map[place]bool{}
		r.meets(title, func(at place) { got[at] = true })
		want := map[place]bool{}
		for i, rule := range r.catalog.Rules {
			for j, term := range rule.Terms {
				if term.matches(title) {
					want[place{i, j}] = true
				}
			}
		}
		if diff := cmp.Diff(fmt.Sprint(want), fmt.Sprint(got)); diff != "" {
			t.Fatalf("%+v\n%s", title, diff)
		}
	})
}

// TestEveryTitleIsAccountedFor: in the proof of a product, unmatched, or both nowhere and ignored; and order does not matter.
func TestEveryTitleIsAccountedFor(t *testing.T) {
	r := compileLibrary(t)
	rapid.Check(t, func(t *rapid.T) {
		titles := distinct(rapid.SliceOfN(rapid.Custom(drawTitle), 0, 12).Draw(t, "titles"))
		found := r.Recognize(titles)
		seen := map[Title]bool{}
		for _, p := range found.Products {
			if len(p.Titles) == 0 {
				t.Fatalf("%s without evidence", p.Product)
			}
			for _, e := range p.Titles {
				seen[e] = true
			}
		}
		for _, u := range found.Unmatched {
			if seen[u] {
				t.Fatalf("%+v is evidence and unmatched", u)
			}
			seen[u] = true
		}
		if len(seen) != len(titles) {
			t.Fatalf("%d titles, %d accounted for", len(titles), len(seen))
		}
		shuffled := rapid.Permutation(titles).Draw(t, "order")
		again := r.Recognize(shuffled)
		for i := range again.Products {
			if describe(again.Products[i]) != describe(found.Products[i]) {
				t.Fatalf("%s in another order of titles, first %s", describe(again.Products[i]), describe(found.Products[i]))
			}
		}
	})
}

func drawTitle(t *rapid.T) Title {
	if rapid.IntRange(0, 3).Draw(t, "unknown") == 0 {
		return Title{Kind: PackageTitle, Name: rapid.StringMatching(`[a-z*?|é]{0,12}`).Draw(t, "name"), Version: "1"}
	}
	rule := rapid.SampledFrom(Library().Rules).Draw(t, "rule")
	title := titleFor(rapid.SampledFrom(rule.Terms).Draw(t, "term"))
	title.Version = rapid.SampledFrom([]string{"", "9.1", "10.0"}).Draw(t, "version")
	return title
}

func TestVersionsAreOrderedByNumber(t *testing.T) {
	ordered := []string{"", "9", "9.0.5", "9.0.9", "9.3.5-0", "9.3.10", "10.0", "11.5.9", "2022"}
	for i := range ordered {
		for j := range ordered {
			if got := compareVersions(ordered[i], ordered[j]); got < 0 != (i < j) || got > 0 != (i > j) {
				t.Errorf("%q against %q: %d", ordered[i], ordered[j], got)
			}
		}
	}
}

func TestAProductThatIsNotThere(t *testing.T) {
	if p, ok := Library().Product("no-such"); ok || p.ID != "" {
		t.Errorf("%+v", p)
	}
}

func TestTitlesOf(t *testing.T) {
	doc := &inventory.Document{
		Header:   inventory.Header{Source: "agent"},
		Hardware: &inventory.Hardware{OS: inventory.OS{Name: "Debian GNU/Linux 12 (bookworm)", Version: "12"}},
		Evidence: &inventory.Evidence{
			Packages: []inventory.Package{{Source: "dpkg", Name: "nginx", Version: "1"}, {Source: "dpkg", Name: "bash"}, {Source: "dpkg", Name: "nginx", Version: "1"}},
			Files:    []inventory.File{{Name: "oracle", Path: "/u01/bin/oracle", Bytes: 7}},
			Tags:     []inventory.Tag{{Name: "IBM MQ", TagID: "t", Persistent: "p", Edition: "E"}},
			Looked:   []string{"dpkg", "rpm", "files", "swid"},
		},
	}
	var names []string
	for _, title := range TitlesOf(doc) {
		names = append(names, title.Kind+" "+title.Name)
	}
	if diff := cmp.Diff([]string{"file oracle", "package bash", "package nginx", "system Debian GNU/Linux 12 (bookworm)", "tag IBM MQ"}, names); diff != "" {
		t.Error(diff)
	}
	var parts []string
	for _, p := range PartsOf(doc) {
		parts = append(parts, fmt.Sprint(p.Name, " ", len(p.Titles)))
	}
	if diff := cmp.Diff([]string{"agent:dpkg 2", "agent:files 1", "agent:rpm 0", "agent:swid 1", "agent:system 1"}, parts); diff != "" {
		t.Error(diff)
	}
	doc.Evidence = nil
	if TitlesOf(doc) != nil || PartsOf(doc) != nil {
		t.Error("a document without evidence has titles")
	}
}

func TestComponentsOfLicenseMetricToolAreTags(t *testing.T) {
	doc := &inventory.Document{Header: inventory.Header{Source: "ilmt", Connection: "prod"}, Evidence: &inventory.Evidence{
		Packages: []inventory.Package{{Source: "ilmt", Name: "IBM WebSphere Application Server Network Deployment", Version: "9.0", Publisher: "IBM"}},
		Looked:   []string{"ilmt"},
	}}
	parts := PartsOf(doc)
	if len(parts) != 1 || parts[0].Name != "ilmt/prod:ilmt" {
		t.Fatalf("%+v", parts)
	}
	found := compileLibrary(t).Recognize(parts[0].Titles)
	if len(found.Products) != 1 || found.Products[0].Product != "ibm-was-nd" || found.Products[0].Version != "9.0" {
		t.Errorf("%+v", found)
	}
}

func TestTheNameInATagsFileName(t *testing.T) {
	for path, want := range map[string]string{
		"/opt/mqm/swidtag/ibm.com_IBM_MQ_Advanced-9.4.0.swidtag":               "IBM MQ Advanced",
		`C:\Program Files\IBM\MQ\swidtag\ibm.com_IBM_MQ-9.4.0.swidtag`:         "IBM MQ",
		"ibm.com_IBM_Spectrum_LSF-10.1.0.SWIDTAG":                              "IBM Spectrum LSF",
		"ibm.com_WebSphere_Application_Server_Liberty_-_Core-24.0.0.3.swidtag": "WebSphere Application Server Liberty - Core",
		"regid.com_A-B.swidtag":                                                "A-B",
		"-9.swidtag":                                                           "-9",
		"A-.swidtag":                                                           "A-",
		"IBM_MQ-9.swidtag":                                                     "IBM MQ",
		"properties/version/IBM_Mobile_Portal_Accelerator8.0.0.swtag":          "IBM Mobile Portal Accelerator",
		"IBM_MQ_7.5.swtag":                                                     "IBM MQ",
		"IBM_DB2.swtag":                                                        "IBM DB2",
		"8.0.0.swtag":                                                          "8.0.0",
		"x.cmptag":                                                             "x",
		"x.txt":                                                                "",
		".swidtag":                                                             "",
		"":                                                                     "",
	} {
		if got := nameInFile(path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func TestHashes(t *testing.T) {
	a, b := Title{Kind: PackageTitle, Name: "ab", Version: "c"}, Title{Kind: PackageTitle, Name: "a", Version: "bc"}
	if a.Hash() == b.Hash() || len(a.Hash()) != 64 {
		t.Error("two titles, one hash")
	}
	if SetHash([]Title{a, b}) != SetHash([]Title{b, a, a}) {
		t.Error("order or repetition changes a set's hash")
	}
	if SetHash(nil) == SetHash([]Title{a}) || SetHash(nil) == "" {
		t.Error("the empty set")
	}
	// The hash is stored: it must never change.
	if got := (Title{Kind: PackageTitle, Source: "dpkg", Name: "nginx", Version: "1.22.1-9"}).Hash(); got != "33a84d959b68c823ed8c5882225ddda46e55cf2144b7734ac94fa3805ee16930" {
		t.Errorf("hash %s", got)
	}
}

func FuzzGlob(f *testing.F) {
	f.Add("*a?b*", "xxaébxx")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, pattern, s string) {
		Glob(pattern, s)
		if !Glob("*", s) || !Glob("*"+strings.NewReplacer("*", "", "?", "").Replace(s)+"*", strings.NewReplacer("*", "", "?", "").Replace(s)) {
			t.Errorf("%q", s)
		}
		if plain := strings.NewReplacer("*", "", "?", "").Replace(pattern); Glob(plain, s) != (foldAll(plain) == foldAll(s)) {
			t.Errorf("%q against %q", plain, s)
		}
	})
}

func BenchmarkRecognize(b *testing.B) {
	r := compileLibrary(b)
	var titles []Title
	for i := range 800 {
		titles = append(titles, Title{Kind: PackageTitle, Source: "dpkg", Name: fmt.Sprintf("lib%d-common", i), Version: "1.2.3-4"})
	}
	for _, rule := range Library().Rules[:10] {
		titles = append(titles, titleFor(rule.Terms[0]))
	}
	b.Run("indexed", func(b *testing.B) {
		for b.Loop() {
			r.Recognize(titles)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(titles)), "ns/title")
	})
	b.Run("every term", func(b *testing.B) {
		for b.Loop() {
			for _, t := range titles {
				for _, rule := range r.catalog.Rules {
					for _, term := range rule.Terms {
						term.matches(t)
					}
				}
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(titles)), "ns/title")
	})
}

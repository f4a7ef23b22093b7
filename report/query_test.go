package report

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/highwater-sam/highwater/fault"
)

var sheep = Grid{Name: "sheep", Columns: []Column{
	{Key: "name", Kind: Text}, {Key: "legs", Kind: Number}, {Key: "wool", Kind: Exact}, {Key: "born", Kind: Instant},
	{Key: "shorn", Kind: Day}, {Key: "color", Kind: Choice, Values: []string{"white", "black"}}, {Key: "farm_id", Kind: Number, Inner: true},
	{Key: "ear_tag", Kind: Text, Hidden: true},
}}

func at(s string) string {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return micros(t)
}

func TestConditionsAsPeopleWriteThem(t *testing.T) {
	for _, test := range []struct {
		key, text string
		want      []Filter
	}{
		{"name", "dolly", []Filter{{"name", Contains, "dolly"}}},
		{"name", "  dolly ", []Filter{{"name", Contains, "dolly"}}},
		{"name", "= Dolly", []Filter{{"name", Equal, "Dolly"}}},
		{"name", "!= Dolly", []Filter{{"name", Not, "Dolly"}}},
		{"name", "empty", []Filter{{"name", Empty, ""}}},
		{"name", "Set", []Filter{{"name", Set, ""}}},
		{"name", `"empty"`, []Filter{{"name", Contains, "empty"}}},
		{"name", "> 5", []Filter{{"name", Contains, "> 5"}}},
		{"name", "=", []Filter{{"name", Contains, "="}}},
		{"legs", "4", []Filter{{"legs", Equal, "4"}}},
		{"legs", "> 90", []Filter{{"legs", More, "90"}}},
		{"legs", ">90", []Filter{{"legs", More, "90"}}},
		{"legs", ">= 8,000", []Filter{{"legs", AtLeast, "8000"}}},
		{"legs", "< −98", []Filter{{"legs", Less, "-98"}}},
		{"legs", "≤ 12 480", []Filter{{"legs", AtMost, "12480"}}},
		{"legs", "!= 4", []Filter{{"legs", Not, "4"}}},
		{"legs", "2..4", []Filter{{"legs", AtLeast, "2"}, {"legs", AtMost, "4"}}},
		{"legs", "empty", []Filter{{"legs", Empty, ""}}},
		{"wool", "> 4,357.50", []Filter{{"wool", More, "4357.5"}}},
		{"wool", "104.5 %", []Filter{{"wool", Equal, "104.5"}}},
		{"wool", "0.10..0.2", []Filter{{"wool", AtLeast, "0.1"}, {"wool", AtMost, "0.2"}}},
		{"born", "2026-06-18", []Filter{{"born", AtLeast, at("2026-06-18T00:00:00Z")}, {"born", Less, at("2026-06-19T00:00:00Z")}}},
		{"born", "18 Jun 2026", []Filter{{"born", AtLeast, at("2026-06-18T00:00:00Z")}, {"born", Less, at("2026-06-19T00:00:00Z")}}},
		{"born", "after 2026-01-01", []Filter{{"born", AtLeast, at("2026-01-02T00:00:00Z")}}},
		{"born", "After 2026", []Filter{{"born", AtLeast, at("2027-01-01T00:00:00Z")}}},
		{"born", "before 2026-06-18 06:30", []Filter{{"born", Less, at("2026-06-18T06:30:00Z")}}},
		{"born", "since 18 Jun 2026 06:30 UTC", []Filter{{"born", AtLeast, at("2026-06-18T06:30:00Z")}}},
		{"born", "until 2026-02", []Filter{{"born", Less, at("2026-03-01T00:00:00Z")}}},
		{"born", "> 2026-06-18T06:30:07Z", []Filter{{"born", AtLeast, at("2026-06-18T06:30:08Z")}}},
		{"shorn", "2026-01..2026-03", []Filter{{"shorn", AtLeast, at("2026-01-01T00:00:00Z")}, {"shorn", Less, at("2026-04-01T00:00:00Z")}}},
		{"shorn", "empty", []Filter{{"shorn", Empty, ""}}},
		{"color", "Black", []Filter{{"color", Equal, "black"}}},
		{"color", "!= white", []Filter{{"color", Not, "white"}}},
	} {
		got, err := ParseFilter(*sheep.Column(test.key), test.text)
		if err != nil {
			t.Errorf("%s %q: %v", test.key, test.text, err)
		} else if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s %q (-want +got)\n%s", test.key, test.text, diff)
		}
	}
}

func TestConditionsThatMakeNoSenseSayHowToWriteThem(t *testing.T) {
	for key, texts := range map[string][]string{
		"legs":  {"four", "> ", "4.5", "1e3", "0x10", "99999999999999999999", "1..", "..4", "a..b", ">> 4", "4 legs"},
		"wool":  {"1e3", ".5", "1/3", "much", "Inf", "NaN", "--1", "1.2.3"},
		"born":  {"yesterday", "2026-13", "2026-02-30", "after", "after never", "!= 2026", "26-01-01", "2026..", "1234567890", "0001-01-01"},
		"color": {"green", "> white", "whi", ""},
		"name":  {"\xff", "a\x00b", strings.Repeat("x", maxFilter+1)},
	} {
		for _, text := range texts {
			filters, err := ParseFilter(*sheep.Column(key), text)
			if err == nil || fault.KindOf(err) != fault.Invalid {
				t.Errorf("%s %q: %v, %v", key, text, filters, err)
			}
		}
	}
}

func TestQueryOfAURL(t *testing.T) {
	values, err := url.ParseQuery("q=+north+&f.legs=%3E+2&f.legs=%3C+9&f.name=&sort=-wool,name&cols=name,wool,ear_tag&after=abc&limit=20&theme=dark")
	if err != nil {
		t.Fatal(err)
	}
	q, problems := ParseQuery(&sheep, values)
	if problems != nil {
		t.Fatal(problems)
	}
	want := Query{
		Search: "north", Filters: []Filter{{"legs", More, "2"}, {"legs", Less, "9"}}, Sort: []Sort{{"wool", true}, {"name", false}},
		Columns: []string{"name", "wool", "ear_tag"}, After: "abc", Limit: 20,
	}
	if diff := cmp.Diff(want, q); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestProblemsNameTheirParameter(t *testing.T) {
	for text, param := range map[string]string{
		"f.legs=many": "f.legs", "f.horns=2": "f.horns", "sort=horns": "sort", "sort=farm_id": "sort", "cols=horns": "cols", "cols=farm_id": "cols",
		"limit=0": "limit", "limit=501": "limit", "limit=x": "limit", "after=a&before=b": "after",
		"sort=name,legs,wool,born,shorn,color,ear_tag": "sort", "q=%ff": "q",
	} {
		values, err := url.ParseQuery(text)
		if err != nil {
			t.Fatal(err)
		}
		_, problems := ParseQuery(&sheep, values)
		if len(problems) != 1 || problems[0].Param != param {
			t.Errorf("%s: %v", text, problems)
		}
		if problems != nil && fault.KindOf(problems.Fault()) != fault.Invalid {
			t.Errorf("%s: %v is no input error", text, problems.Fault())
		}
	}
	if Problems(nil).Fault() != nil {
		t.Error("no problems are no fault")
	}
}

// A query written as a URL reads back as the same query.
func TestURLReproducesTheQuery(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SampledFrom([]string{"name", "legs", "wool", "born", "shorn", "color"})
		values := url.Values{}
		for range rapid.IntRange(0, 6).Draw(t, "filters") {
			k := key.Draw(t, "key")
			values.Add("f."+k, conditionOf(sheep.Column(k).Kind).Draw(t, "text"))
		}
		values.Set("q", rapid.StringMatching(`[a-zé <>"=]{0,12}`).Draw(t, "search"))
		values.Set("sort", rapid.SampledFrom([]string{"", "name", "-wool,name", "legs,-born"}).Draw(t, "sort"))
		values.Set("cols", rapid.SampledFrom([]string{"", "name", "wool,name,ear_tag"}).Draw(t, "cols"))
		values.Set("after", rapid.SampledFrom([]string{"", "x=&y"}).Draw(t, "after"))
		q, problems := ParseQuery(&sheep, values)
		if problems != nil {
			t.Fatalf("%v: %v", values, problems)
		}
		again, problems := ParseQuery(&sheep, mustParse(t, q.Encode(&sheep).Encode()))
		if problems != nil {
			t.Fatalf("%v: %v", q.Encode(&sheep), problems)
		}
		if diff := cmp.Diff(q, again); diff != "" {
			t.Fatalf("%v reads back otherwise (-want +got)\n%s", q.Encode(&sheep), diff)
		}
	})
}

func mustParse(t *rapid.T, text string) url.Values {
	values, err := url.ParseQuery(text)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func conditionOf(kind ColumnKind) *rapid.Generator[string] {
	switch kind {
	case Number:
		return rapid.StringMatching(`(>|<|>=|<=|!=|=|) ?-?[0-9]{1,9}|empty|set|[0-9]{1,3}\.\.[0-9]{1,9}`)
	case Exact:
		return rapid.StringMatching(`(>|<|>=|<=|!=|=|) ?-?[0-9]{1,9}(\.[0-9]{1,6})?|empty|[0-9]{1,3}\.\.[0-9]\.[0-9]{1,9}`)
	case Instant, Day:
		return rapid.StringMatching(`(>|<=|after|before|since|until|) (20[0-9]{2}|20[0-9]{2}-0[1-9]|20[0-9]{2}-1[0-2]-2[0-8]( [01][0-9]:[0-5][0-9])?)|set`)
	case Choice:
		return rapid.SampledFrom([]string{"white", "!= black", "empty"})
	}
	return rapid.StringMatching(`(=|!=|>|) ?[a-z"é,.*%_]{1,10}|empty|"set"`)
}

func FuzzParseQuery(f *testing.F) {
	f.Add("q=x&f.legs=%3E+2&f.legs=%3C+9&f.name=&sort=-wool,name&cols=name,wool&after=abc&limit=20")
	f.Add("f.born=after+2026-01-01&f.shorn=2026-01..2026-03&f.color=!%3D+white&f.wool=8%2C000.25")
	f.Add("f.name=%22empty%22&before=%00&limit=-1&cols=,,&sort=--name")
	f.Fuzz(func(t *testing.T, text string) {
		values, err := url.ParseQuery(text)
		if err != nil {
			return
		}
		q, problems := ParseQuery(&sheep, values)
		if len(q.Filters) > maxFilters || len(q.Sort) > maxSorts || q.Limit > MaxLimit || len(q.Search) > maxSearch {
			t.Fatalf("%q asks for more than is allowed: %+v", text, q)
		}
		for _, f := range q.Filters {
			if sheep.Column(f.Key) == nil {
				t.Fatalf("%q filters by %q", text, f.Key)
			}
		}
		if problems != nil {
			return
		}
		again, problems := ParseQuery(&sheep, q.Encode(&sheep))
		if problems != nil {
			t.Fatalf("%q: its own URL %v has problems: %v", text, q.Encode(&sheep), problems)
		}
		if diff := cmp.Diff(q, again); diff != "" {
			t.Fatalf("%q reads back otherwise (-want +got)\n%s", text, diff)
		}
	})
}

package points

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/highwater-sam/highwater/catalog"
	"github.com/highwater-sam/highwater/estate"
)

// like is a glob in its simplest form.
func like(pattern, s string) bool {
	if pattern == "" {
		return s == ""
	}
	if pattern[0] == '*' {
		return like(pattern[1:], s) || s != "" && like(pattern, s[1:])
	}
	return s != "" && (pattern[0] == '?' || strings.EqualFold(pattern[:1], s[:1])) && like(pattern[1:], s[1:])
}

func TestGlobsAreThoseOfTheirSimplestForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringMatching(`[ab*?A]{0,8}`).Draw(t, "pattern")
		s := rapid.StringMatching(`[abB]{0,8}`).Draw(t, "text")
		if catalog.Glob(pattern, s) != like(pattern, s) {
			t.Fatalf("%q against %q: %v", pattern, s, catalog.Glob(pattern, s))
		}
	})
}

func TestAConditionOnAnUnknownValueDoesNotHold(t *testing.T) {
	for name, r := range map[string]estate.PointsRule{
		"processor": {Processor: estate.Text("*")}, "model": {Model: estate.Text("*")}, "os": {OS: estate.Text("linux")},
		"sockets": {MinSockets: "0"}, "place": {HostedIn: []string{}},
	} {
		if Holds(&r, Server{}) {
			t.Errorf("%s: holds for a server of which nothing is known", name)
		}
	}
	if !Holds(&estate.PointsRule{}, Server{}) {
		t.Error("no condition, and it does not hold")
	}
}

func TestRates(t *testing.T) {
	for _, tc := range []struct {
		processor, model, os, hosted string
		sockets                      int64
		want                         estate.Decimal // "" = no rule fits
	}{
		{"Intel(R) Xeon(R) Gold 6226R CPU @ 2.90GHz", "PowerEdge R640", "linux", "on-premises", 2, "70"},
		{"Intel(R) Xeon(R) Platinum 8280 CPU @ 2.70GHz", "PowerEdge R940", "windows", "on-premises", 4, "100"},
		{"Intel(R) Xeon(R) Platinum 8280 CPU @ 2.70GHz", "Superdome Flex", "linux", "on-premises", 8, "120"},
		{"Intel(R) Xeon(R) Gold 6226R CPU @ 2.90GHz", "PowerEdge R640", "linux", "on-premises", 0, ""}, // sockets unknown: the rate for unmatched servers
		{"Intel(R) Xeon(R) CPU E5-2690 v4 @ 2.60GHz", "ProLiant DL380 Gen9", "linux", "on-premises", 2, "70"},
		{"Intel(R) Xeon(R) CPU X7560  @ 2.27GHz", "System x3850 X5", "linux", "on-premises", 4, "100"},
		{"Intel(R) Xeon(R) CPU E5450  @ 3.00GHz", "ProLiant DL380 G5", "linux", "on-premises", 2, "50"},
		{"Intel(R) Xeon(R) CPU E5-2686 v4 @ 2.30GHz", "", "linux", "aws", 0, "70"},
		{"AMD EPYC 7571", "", "linux", "azure", 0, "70"},
		{"AMD EPYC 7571", "ProLiant DL385 Gen10", "linux", "on-premises", 2, ""}, // not confirmed in IBM's text
		{"Quad-Core AMD Opteron(tm) Processor 2384", "x3455", "linux", "on-premises", 2, "50"},
		{"POWER9 (raw), altivec supported", "IBM,9009-42A", "linux", "on-premises", 2, "70"},
		{"PowerPC_POWER9", "IBM,9080-M9S", "aix", "on-premises", 16, "120"},
		{"PowerPC_POWER9", "IBM,9080-M9S", "linux", "on-premises", 16, "70"}, // Linux wins over the model
		{"PowerPC_POWER10", "IBM,9105-22A", "aix", "on-premises", 2, "70"},
		{"PowerPC_POWER8", "IBM,8408-E8E", "aix", "on-premises", 4, "100"},
		{"POWER10", "IBM Power E1080", "aix", "on-premises", 8, "120"},
		{"", "IBM 3931", "linux", "on-premises", 0, "120"},
		{"UltraSPARC-T2", "T5220", "solaris", "on-premises", 1, "50"},
		{"SPARC-T4", "T4-4", "solaris", "on-premises", 4, "100"},
		{"Unheard-of 1000", "X", "linux", "on-premises", 1, ""},
	} {
		var got estate.Decimal
		for _, r := range Library().Rules(nil) {
			server := Server{Processor: tc.processor, Model: tc.model, OS: tc.os, HostedIn: tc.hosted}
			if tc.sockets > 0 {
				server.MaxSockets = &tc.sockets
			}
			if Holds(&r, server) {
				got = r.PerCore
				break
			}
		}
		if got != tc.want {
			t.Errorf("%s in %s (%d sockets, %s, %s): %q, want %q", tc.processor, tc.model, tc.sockets, tc.os, tc.hosted, got, tc.want)
		}
	}
}

func TestEveryRowSaysWhereItWasRead(t *testing.T) {
	count := map[Status]int{}
	for _, row := range Library().Rows {
		count[row.Status]++
		if row.Source == "" || row.Family == "" || !row.Rule.PerCore.Valid() {
			t.Errorf("%+v", row)
		}
		if row.Status != Confirmed && row.Note == "" {
			t.Errorf("%s is %s and says not why", row.Family, row.Status)
		}
	}
	if count[Confirmed] == 0 || count[Unverified] == 0 || Library().Version == "" {
		t.Errorf("%v", count)
	}
}

func TestUnverifiedRowsAreShownAndNotUsed(t *testing.T) {
	used := len(Library().Rules(nil))
	unverified := 0
	for _, row := range Library().Rows {
		if row.Status == Unverified {
			unverified++
		}
	}
	if used != len(Library().Rows)-unverified || unverified == 0 {
		t.Errorf("%d rules of %d rows, %d unverified", used, len(Library().Rows), unverified)
	}
}

func TestLocalRulesGoFirst(t *testing.T) {
	own := estate.PointsRule{Processor: estate.Text("*EPYC*"), PerCore: "70"}
	if got := Library().Rules([]estate.PointsRule{own}); got[0].PerCore != "70" || *got[0].Processor != "*EPYC*" || len(got) != len(Library().Rules(nil))+1 {
		t.Errorf("%+v", got[0])
	}
}

func TestParseNamesTheLine(t *testing.T) {
	const head = "status,family,processor,model,os,hosted_in,min_sockets,max_sockets,per_core,note,source\n"
	for _, tc := range []struct{ text, want string }{
		{"a,b\n", "wrong number of fields"},
		{strings.ToUpper(head), "the columns are"},
		{head + "sure,F,*x*,,,,,,70,,s\n", `own:2: "sure" is no status`},
		{head + "confirmed,F,*x*,,,,,,7O,,s\n", `own:2: per_core: "7O" is not a decimal`},
		{head + "confirmed,F,*x*,,,,-1,,70,,s\n", "own:2: min_sockets"},
		{head + "confirmed,F,*x*,,,,,,,,s\n", "own:2: per_core"},
		{head + "confirmed,F,,,,,,,70,,s\n", "a rule without any condition"},
	} {
		if _, err := Parse("own", strings.NewReader(tc.text)); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%q: %v, want %q", tc.text, err, tc.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(libraryText[:2000])
	f.Fuzz(func(t *testing.T, text string) {
		table, err := Parse("f", strings.NewReader(text))
		if err == nil {
			for _, r := range table.Rules(nil) {
				if !r.PerCore.Valid() || r.HostedIn != nil && len(r.HostedIn) == 0 {
					t.Errorf("%+v", r)
				}
			}
		}
	})
}

package measure

import (
	"testing"

	"pgregory.net/rapid"
)

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"*Xeon*", "Intel(R) Xeon(R) Gold", true}, {"*xeon*", "Intel(R) XEON(R) Gold", true}, {"Xeon", "Xeon Gold", false}, {"POWER?", "POWER9", true},
		{"POWER?", "POWER10", false}, {"?", "é", true}, {"??", "é", false}, {"É", "é", false}, {"[a]", "a", false}, {"[a]", "[A]", true}, {"", "", true},
		{"", "x", false}, {"*", "", true}, {"a*b*c", "aXbXbc", true}, {"a*b*c", "acb", false}, {`\*`, "*", false}, {"*?", "", false}, {"k", "K", true}, {"k", "\u212a", false},
	} {
		if glob(c.pattern, c.text) != c.want {
			t.Errorf("%q on %q: not %v", c.pattern, c.text, c.want)
		}
	}
}

// slowly is the definition of a glob, code point by code point.
func slowly(p, s []rune) bool {
	if len(p) == 0 {
		return len(s) == 0
	}
	if p[0] == '*' {
		return slowly(p[1:], s) || len(s) > 0 && slowly(p, s[1:])
	}
	fold := func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r - 'A' + 'a'
		}
		return r
	}
	return len(s) > 0 && (p[0] == '?' || fold(p[0]) == fold(s[0])) && slowly(p[1:], s[1:])
}

func TestGlobIsItsDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.StringOfN(rapid.RuneFrom([]rune("aAbé*?")), 0, 8, -1).Draw(t, "pattern")
		s := rapid.StringOfN(rapid.RuneFrom([]rune("aAbBéÉ")), 0, 10, -1).Draw(t, "text")
		if want := slowly([]rune(p), []rune(s)); glob(p, s) != want {
			t.Fatalf("%q on %q: not %v", p, s, want)
		}
	})
}

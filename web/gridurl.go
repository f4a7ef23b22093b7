package web

import (
	"net/url"
	"slices"
	"strings"
)

// tidy drops the values that say nothing and joins the columns into one.
func tidy(values url.Values) url.Values {
	out := url.Values{}
	for name, all := range values {
		if name != "q" && !slices.Contains(gridNames, name) && !strings.HasPrefix(name, "f.") && name != "period" {
			continue
		}
		for _, value := range all {
			if strings.TrimSpace(value) != "" {
				out.Add(name, value)
			}
		}
	}
	if cols := out["cols"]; len(cols) > 1 {
		out["cols"] = []string{strings.Join(cols, ",")}
	}
	return out
}

// encode is Encode with what is safe in a query left readable.
func encode(values url.Values) string {
	return strings.NewReplacer("%2C", ",", "%3A", ":", "%2F", "/").Replace(values.Encode())
}

// without is a copy of the values without some.
func without(values url.Values, names ...string) url.Values {
	out := url.Values{}
	for name, all := range values {
		if !slices.Contains(names, name) {
			out[name] = slices.Clone(all)
		}
	}
	return out
}

func withValue(values url.Values, name, value string) url.Values {
	values.Set(name, value)
	return values
}

// clearing names the values that narrow a list.
func clearing(raw url.Values) []string {
	names := []string{"q", "after", "before"}
	for name := range raw {
		if strings.HasPrefix(name, "f.") {
			names = append(names, name)
		}
	}
	return names
}

func mapKeys(values url.Values) func(func(string) bool) {
	return func(yield func(string) bool) {
		for name := range values {
			if !yield(name) {
				return
			}
		}
	}
}

func tidyAll(values url.Values) url.Values {
	values = tidy(values)
	values.Del("period")
	return values
}

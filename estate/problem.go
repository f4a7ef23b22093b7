package estate

import (
	"errors"
	"strings"
)

// Problem is one thing that is wrong with an estate, and where.
type Problem struct {
	Path    string // as in devices[3].hardware[0].cores; "" is the estate as a whole
	Message string // what is wrong there
}

// String returns the path and the message.
func (p Problem) String() string {
	if p.Path == "" {
		return p.Message
	}
	return p.Path + ": " + p.Message
}

// Problems are all things found wrong with one estate; at least one. It is the error of Decode and Validate.
type Problems []Problem

// Error returns every problem on a line of its own.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// ProblemsOf returns the problems in err's chain, nil when it holds none.
func ProblemsOf(err error) Problems {
	var ps Problems
	errors.As(err, &ps)
	return ps
}

// without returns those of found that are not about a place, or inside a place, that known already complains about,
// so that one mistake is not reported twice.
func (ps Problems) without(known Problems) Problems {
	if len(known) == 0 {
		return ps
	}
	at := make(map[string]bool, len(known))
	for _, p := range known {
		at[p.Path] = true
	}
	var rest Problems
	for _, p := range ps {
		if !covered(at, p.Path) {
			rest = append(rest, p)
		}
	}
	return rest
}

// covered reports whether the path or a place around it is in the set.
func covered(at map[string]bool, path string) bool {
	for i := range len(path) {
		if (path[i] == '.' || path[i] == '[') && at[path[:i]] {
			return true
		}
	}
	return at[path]
}

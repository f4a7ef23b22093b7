package points

import (
	"slices"

	"github.com/highwater-sam/highwater/catalog"
	"github.com/highwater-sam/highwater/estate"
)

// Server is what the conditions of a rule look at; "" and nil are unknown.
type Server struct {
	Processor, Model, OS, HostedIn string
	MaxSockets                     *int64
}

// Holds says whether every stated condition of a rule holds for a server (docs/design/engine.md, rule 8): globs on the whole
// string without regard to the case of ASCII letters, the system and the place exactly, the sockets within bounds. A
// condition on an unknown value does not hold.
func Holds(r *estate.PointsRule, s Server) bool {
	if r.Processor != nil && (s.Processor == "" || !catalog.Glob(*r.Processor, s.Processor)) || r.Model != nil && (s.Model == "" || !catalog.Glob(*r.Model, s.Model)) {
		return false
	}
	if r.OS != nil && (s.OS == "" || *r.OS != s.OS) || r.HostedIn != nil && !slices.Contains(r.HostedIn, s.HostedIn) {
		return false
	}
	if !r.MinSockets.Stated() && !r.MaxSockets.Stated() {
		return true
	}
	if s.MaxSockets == nil {
		return false
	}
	n := estate.Int(*s.MaxSockets).Rat()
	return (!r.MinSockets.Stated() || r.MinSockets.Rat().Cmp(n) <= 0) && (!r.MaxSockets.Stated() || r.MaxSockets.Rat().Cmp(n) >= 0)
}

// Weight says how specific a rule is: how many conditions it states, then how much text its patterns fix.
func Weight(r *estate.PointsRule) []int {
	conditions, fixed := 0, 0
	for _, p := range []*string{r.Processor, r.Model, r.OS} {
		if p == nil {
			continue
		}
		conditions++
		for _, c := range *p {
			if c != '*' && c != '?' {
				fixed++
			}
		}
	}
	if r.HostedIn != nil {
		conditions++
	}
	if r.MinSockets.Stated() {
		conditions++
	}
	if r.MaxSockets.Stated() {
		conditions++
	}
	return []int{conditions, fixed}
}

package device

import (
	"fmt"
	"sort"
	"strings"

	"github.com/highwater-sam/highwater/inventory"
)

// Decision says which device a document is about, and why, in words for a person.
type Decision struct {
	Device   ID          // 0: a device that was not known before
	Reason   string      // why this device, or why a new one
	By       Key         // the key that decided; zero for a new device
	Rejected []Rejection // every other candidate, by id
	// Same lists candidates that are the same machine by a strong key of their own and contradict nothing: two records
	// of one machine, to be merged. They are in Rejected as well.
	Same []ID
}

// Rejection is a candidate that shares a key with the document and was not taken.
type Rejection struct {
	Device ID
	Key    Key // the strongest key it shares
	Why    string
}

// Match decides which of the candidates the document is about. Candidates are the devices that share at least one key of
// Lookup(doc); others are ignored. The strongest shared key decides (Kinds gives the order), and a candidate is refused
// when what else is known of the two contradicts (see refuse). Of several that fit equally the one with more agreeing
// keys is taken, then the one whose key is newer, then the older record; the reason says that the choice was ambiguous.
// The result does not depend on the order of the candidates.
func Match(doc *inventory.Document, candidates []Record) Decision {
	return Trust{}.Match(doc, candidates)
}

// Match is the package's Match under the site's trust.
func (t Trust) Match(doc *inventory.Document, candidates []Record) Decision {
	mine := t.Keys(doc)
	var former []string
	if id := doc.Header.AgentInputs; id != nil {
		for _, h := range id.History {
			former = append(former, clean(h))
		}
	}
	var fits []fit
	var d Decision
	for _, c := range candidates {
		f := compare(mine, former, c)
		switch {
		case f.by.Kind == "":
		case f.why != "":
			d.Rejected = append(d.Rejected, Rejection{Device: c.ID, Key: f.by, Why: f.why})
		default:
			fits = append(fits, f)
		}
	}
	sort.Slice(fits, func(i, j int) bool { return better(fits[i], fits[j]) })
	if len(fits) == 0 {
		sortRejections(d.Rejected)
		d.Reason = newReason(mine, d.Rejected)
		return d
	}
	best := fits[0]
	d.Device, d.By, d.Reason = best.id, best.by, reason(best)
	var equal []string
	for _, f := range fits[1:] {
		why := fmt.Sprintf("%s, but device %d fits better, by its %s", f.shared(), best.id, best.byWords())
		if f.by.Kind == best.by.Kind && f.former == best.former {
			why = fmt.Sprintf("%s, as with device %d, which was chosen", f.shared(), best.id)
			equal = append(equal, fmt.Sprint(f.id))
		}
		if strong(f.by.Kind) {
			d.Same = append(d.Same, f.id)
		}
		d.Rejected = append(d.Rejected, Rejection{Device: f.id, Key: f.by, Why: why})
	}
	if len(equal) > 0 {
		d.Reason += fmt.Sprintf("; ambiguous: device %s has the same %s too", strings.Join(equal, ", "), best.byWords())
	}
	sortRejections(d.Rejected)
	sort.Slice(d.Same, func(i, j int) bool { return d.Same[i] < d.Same[j] })
	return d
}

// strong says whether a key of this kind names a machine, and not only what somebody called it.
func strong(kind KeyKind) bool {
	switch kind {
	case AgentKey, InstanceKey, VMKey, HardwareKey, UUIDKey, SerialNameKey:
		return true
	}
	return false
}

// better orders candidates: stronger key, then the current agent id before a former one, then more agreement, then the
// newer key, then the older record.
func better(a, b fit) bool {
	if a.rank() != b.rank() {
		return a.rank() < b.rank()
	}
	if a.former != b.former {
		return !a.former
	}
	if len(a.agree) != len(b.agree) {
		return len(a.agree) > len(b.agree)
	}
	if a.age != b.age {
		return a.age < b.age
	}
	return a.id < b.id
}

func sortRejections(r []Rejection) {
	sort.Slice(r, func(i, j int) bool { return r[i].Device < r[j].Device })
}

// reason says why the candidate was taken.
func reason(f fit) string {
	var b strings.Builder
	if f.former {
		fmt.Fprintf(&b, "the agent id was regenerated; its history names %s, the id of this device", shorten(f.by.Value))
	} else {
		fmt.Fprintf(&b, "same %s (%s)", f.byWords(), shorten(f.by.Value))
	}
	if f.by.Kind == NameKey {
		b.WriteString("; nothing stronger is known on both sides to confirm it")
	}
	if words := also(f.agree, f.by.Kind); words != "" {
		b.WriteString("; " + words + " agree too")
	}
	if len(f.differ) > 0 {
		b.WriteString("; changed: " + list(f.differ))
	}
	return b.String()
}

// newReason says why the document starts a new device.
func newReason(mine []Key, rejected []Rejection) string {
	if len(rejected) > 0 {
		var parts []string
		for _, r := range rejected {
			parts = append(parts, fmt.Sprintf("device %d was not taken: %s", r.Device, r.Why))
		}
		return "new device; " + strings.Join(parts, "; ")
	}
	var kinds []string
	for _, kind := range Kinds() {
		if kind != MACKey && has(mine, kind) {
			kinds = append(kinds, kind.words())
		}
	}
	if len(kinds) == 0 {
		return "new device: the document has nothing a device could be found by"
	}
	return "new device: no known device has its " + strings.Join(kinds, ", or its ")
}

func also(agree []KeyKind, but KeyKind) string {
	var kinds []KeyKind
	for _, k := range agree {
		if k != but && k != SerialNameKey {
			kinds = append(kinds, k)
		}
	}
	return list(kinds)
}

func list(kinds []KeyKind) string {
	var words []string
	for _, k := range kinds {
		words = append(words, k.words())
	}
	return strings.Join(words, ", ")
}

// shorten keeps reasons readable: an agent id is 64 digits.
func shorten(s string) string {
	if len(s) <= 40 {
		return s
	}
	return s[:12] + "…"
}

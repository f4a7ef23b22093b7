package device

import (
	"fmt"
	"slices"
	"strings"
)

// fit is how a document and one candidate compare.
type fit struct {
	id     ID
	by     Key       // strongest shared key; zero when none is shared
	former bool      // shared only through the agent's earlier ids
	age    int       // place of the key among the candidate's keys of its kind: 0 is its newest
	agree  []KeyKind // kinds both have and share a value of, by strength
	differ []KeyKind // kinds both have and share no value of
	why    string    // why it is refused; "" when it is not
}

func (f fit) rank() int { return slices.Index(Kinds(), f.by.Kind) }

func (f fit) byWords() string {
	if f.former {
		return "former agent id"
	}
	return f.by.Kind.words()
}

// shared says in words what the two have in common.
func (f fit) shared() string {
	if strings.Contains(f.byWords(), " and ") {
		return "the " + f.byWords() + " are the same"
	}
	return "the " + f.byWords() + " is the same"
}

func (f fit) agrees(k KeyKind) bool  { return slices.Contains(f.agree, k) }
func (f fit) differs(k KeyKind) bool { return slices.Contains(f.differ, k) }

// compare finds the strongest shared key, what else agrees and differs, and whether that refuses the candidate.
func compare(mine []Key, former []string, c Record) fit {
	f := fit{id: c.ID}
	for _, kind := range Kinds() {
		shared, age, state := relate(mine, c.Keys, kind)
		switch state {
		case agreeing:
			f.agree = append(f.agree, kind)
			if f.by.Kind == "" && kind != MACKey && shared.Kind != "" {
				f.by, f.age = shared, age
			}
		case differing:
			if kind != SerialNameKey { // its parts are compared by themselves
				f.differ = append(f.differ, kind)
			}
		}
		if kind == AgentKey && f.by.Kind == "" {
			if old, age := formerKey(former, c.Keys); old.Kind != "" {
				f.by, f.age, f.former = old, age, true
			}
		}
	}
	if f.by.Kind != "" {
		f.why = refuse(f, mine, c)
	}
	return f
}

func formerKey(former []string, theirs []Key) (Key, int) {
	age := 0
	for _, k := range theirs {
		if k.Kind != AgentKey {
			continue
		}
		if slices.Contains(former, k.Value) {
			return k, age
		}
		age++
	}
	return Key{}, 0
}

type relation int

const (
	unknown relation = iota // one side has no key of the kind
	agreeing
	differing
)

// relate compares the keys of one kind. A serial agrees also where only the wording of maker or model changed (a new
// firmware renames the model); then there is agreement without a shared key.
func relate(mine, theirs []Key, kind KeyKind) (shared Key, age int, state relation) {
	if !has(mine, kind) || !has(theirs, kind) {
		return Key{}, 0, unknown
	}
	place := 0
	sameSerial := false
	for _, t := range theirs {
		if t.Kind != kind {
			continue
		}
		for _, m := range mine {
			if m == t {
				return m, place, agreeing
			}
			if kind == HardwareKey && m.Kind == kind && serialOf(m) == serialOf(t) {
				sameSerial = true
			}
		}
		place++
	}
	if sameSerial {
		return Key{}, 0, agreeing
	}
	return Key{}, 0, differing
}

// serialOf is what follows maker and model in a hardware key.
func serialOf(k Key) string {
	parts := strings.SplitN(k.Value, "|", 3)
	return parts[len(parts)-1]
}

// refuse says why the candidate, although it shares f.by, is another machine; "" when it is not. Wrongly joining two
// machines loses consumption without a trace, wrongly separating them shows one machine too many, which people see and
// merge: so where evidence contradicts, they are separated.
func refuse(f fit, mine []Key, c Record) string {
	for _, k := range c.Not {
		if slices.Contains(mine, k) {
			return fmt.Sprintf("%s, but a person separated the %s %s from that device", f.shared(), k.Kind.words(), shorten(k.Value))
		}
	}
	contradicted := func(kind KeyKind, verdict string) string {
		return fmt.Sprintf("%s, but %s: %s", f.shared(), contrast(kind, mine, c.Keys), verdict)
	}
	// The provider's and the hypervisor's ids name one machine: nothing weaker speaks against them.
	if f.by.Kind != InstanceKey && f.differs(InstanceKey) {
		return contradicted(InstanceKey, copyOr(f, "another cloud instance"))
	}
	if f.by.Kind != InstanceKey && f.differs(VMKey) {
		return contradicted(VMKey, copyOr(f, "another virtual machine"))
	}
	switch f.by.Kind {
	case AgentKey:
		return refuseAgent(f, contradicted)
	case HardwareKey, SerialNameKey:
		if f.differs(UUIDKey) && !f.agrees(AgentKey) && !f.agrees(NameKey) {
			return contradicted(UUIDKey, "one serial number on two machines")
		}
		if f.differs(AgentKey) && f.differs(NameKey) && !f.agrees(UUIDKey) && !f.agrees(VMKey) {
			return contradicted(AgentKey, "the name differs as well, and no UUID confirms that it is one machine")
		}
	case UUIDKey:
		if f.differs(HardwareKey) && !f.agrees(NameKey) {
			return contradicted(HardwareKey, "one UUID on two machines")
		}
		if f.differs(AgentKey) && f.differs(NameKey) && !f.agrees(HardwareKey) {
			return contradicted(AgentKey, "the name differs as well, and no serial number confirms that it is one machine")
		}
	case NameKey:
		for _, kind := range []KeyKind{AgentKey, HardwareKey, UUIDKey, MACKey} {
			if f.differs(kind) {
				return contradicted(kind, "two machines of one name")
			}
		}
		if guestAndMachine(mine, c.Keys) || guestAndMachine(c.Keys, mine) {
			return fmt.Sprintf("%s, but one is a virtual machine and the other has a serial number of its own", f.shared())
		}
	}
	return ""
}

// guestAndMachine says whether one is known as a virtual machine and the other as a machine that is none.
func guestAndMachine(a, b []Key) bool {
	return has(a, VMKey) && !has(b, VMKey) && (has(b, HardwareKey) || has(b, UUIDKey))
}

// refuseAgent tells a copied agent (a cloned disk or image) from a machine of which a part was replaced.
func refuseAgent(f fit, contradicted func(KeyKind, string) string) string {
	var parts []KeyKind // identities of the hardware that differ
	for _, kind := range []KeyKind{HardwareKey, UUIDKey, MACKey} {
		if f.agrees(kind) {
			return ""
		}
		if f.differs(kind) {
			parts = append(parts, kind)
		}
	}
	if f.agrees(VMKey) || f.agrees(InstanceKey) {
		return ""
	}
	switch {
	case len(parts) >= 2:
		return contradicted(parts[0], fmt.Sprintf("the %s differs as well: a copy of that device", parts[1].words()))
	case len(parts) == 1 && f.former:
		return contradicted(parts[0], "the agent saw it too and took a new id: a copy of that device, or its disk in another machine")
	case len(parts) == 1 && f.differs(NameKey):
		return contradicted(parts[0], "the name differs as well: a copy of that device")
	case len(parts) == 0 && f.former && f.differs(NameKey):
		return contradicted(NameKey, "the agent took a new id: a copy of that device")
	}
	return ""
}

// copyOr names a clone where the agent's own state was copied with the machine.
func copyOr(f fit, other string) string {
	if f.by.Kind == AgentKey {
		return "a copy of that device"
	}
	return other
}

// contrast puts the two values side by side.
func contrast(kind KeyKind, mine, theirs []Key) string {
	return fmt.Sprintf("this document's %s is %s, that device's is %s", kind.words(), value(kind, mine), value(kind, theirs))
}

func value(kind KeyKind, keys []Key) string {
	for _, k := range keys {
		if k.Kind == kind {
			return shorten(strings.ReplaceAll(strings.Trim(k.Value, "|"), "|", " "))
		}
	}
	return "unknown"
}

// Package identity derives an agent's id from the machine it runs on, and follows it: through renames and new
// addresses, which keep it, and apart from clones, which get their own.
//
// A physical machine's id comes from its host name and serial; it is renewed only when both changed. A virtual
// machine's comes from its cloud instance id or its id at the hypervisor; it is renewed when that changed, or when
// all its physical addresses changed. Whatever could not be read this time is no change.
package identity

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/highwater-sam/highwater/inventory"
)

// The rules by which an id is derived.
const (
	Physical = "physical"
	Virtual  = "virtual"
)

// The names of the inputs, as documents carry them.
const (
	HostName   = "host_name"
	Serial     = "serial"
	InstanceID = "instance_id"
	VMID       = "vm_id"
	Generation = "generation_id"
	MACs       = "macs" // of the adapters that are not virtual, sorted, with commas
	MachineID  = "machine_id"
)

// Identity is an agent's id and how it came about. It is what the agent keeps between runs.
type Identity struct {
	AgentID string             `json:"agent_id"`
	Derived inventory.Identity `json:"derived"`
}

// Change says what a derivation did to the id.
type Change string

// The changes, and what the agent does about each.
const (
	Kept    Change = "kept"     // the same device
	First   Change = "first"    // no id was kept: it is derived anew, the same as the last time where nothing was lost
	Renewed Change = "renewed"  // another machine with this one's history: new id and key; what waits is sent as it was sealed
	Cloned  Change = "cloned"   // a copy of a virtual machine, or all its adapters replaced: as Renewed
	Moved   Change = "instance" // another cloud instance: new id and key; earlier ids, and what waits, are the image's and are dropped
)

// InputsOf returns the rule and the inputs that d offers. Placeholders that many machines share are left out; so the
// caller says which serials are such.
func InputsOf(d *inventory.Document, placeholder func(string) bool) (rule string, inputs map[string]string) {
	inputs = map[string]string{}
	put := func(name, value string) {
		if value != "" && !placeholder(value) {
			inputs[name] = value
		}
	}
	put(HostName, strings.ToLower(d.Header.DeviceName))
	put(MachineID, d.Attributes["linux.machine_id"])
	rule = Physical
	if d.Virtual != nil && d.Virtual.Hypervisor != "" {
		rule = Virtual
		put(VMID, d.Virtual.VMID)
	}
	if d.Cloud != nil && d.Cloud.InstanceID != "" {
		rule = Virtual
		put(InstanceID, d.Cloud.Provider+":"+d.Cloud.InstanceID)
	}
	if d.Hardware != nil {
		put(Serial, d.Hardware.Serial)
		var macs []string
		for _, a := range d.Hardware.Adapters {
			if !a.Virtual && a.MAC != "" {
				macs = append(macs, a.MAC)
			}
		}
		slices.Sort(macs)
		put(MACs, strings.Join(slices.Compact(macs), ","))
	}
	return rule, inputs
}

// Derive returns the identity that follows from previous (nil for none) and from what the machine offers now, what
// changed, and why in words for the log.
func Derive(previous *Identity, rule string, now map[string]string) (Identity, Change, string) {
	if previous == nil || previous.AgentID == "" {
		id := Identity{Derived: inventory.Identity{Rule: rule, Inputs: maps.Clone(now)}}
		id.AgentID = hash(id.Derived)
		return id, First, "no identity was kept on this machine"
	}
	next := Identity{AgentID: previous.AgentID, Derived: inventory.Identity{
		Rule: rule, Inputs: merge(previous.Derived.Inputs, now), Counter: previous.Derived.Counter, History: slices.Clone(previous.Derived.History),
	}}
	change, why := compare(previous.Derived, rule, now)
	if change == Kept {
		next.Derived.Rule = previous.Derived.Rule
		return next, Kept, ""
	}
	next.Derived.Inputs = maps.Clone(now)
	next.Derived.Counter++
	next.Derived.History = append(next.Derived.History, previous.AgentID)
	if change == Moved {
		next.Derived.History = nil
	}
	if n := len(next.Derived.History); n > inventory.MaxHistory {
		next.Derived.History = next.Derived.History[n-inventory.MaxHistory:]
	}
	next.AgentID = hash(next.Derived)
	return next, change, why
}

// compare decides whether the machine of these inputs is still the one whose identity was kept.
func compare(before inventory.Identity, rule string, now map[string]string) (Change, string) {
	changed := func(name string) bool {
		a, b := before.Inputs[name], now[name]
		return a != "" && b != "" && a != b
	}
	tell := func(name string) string {
		return fmt.Sprintf("%s was %q and is %q", strings.ReplaceAll(name, "_", " "), before.Inputs[name], now[name])
	}
	switch {
	case changed(InstanceID):
		return Moved, "another cloud instance: " + tell(InstanceID)
	case rule == Physical && before.Rule == Physical:
		if changed(HostName) && changed(Serial) {
			return Renewed, tell(HostName) + ", " + tell(Serial)
		}
	case rule != before.Rule:
		// Between a physical and a virtual machine lies a migration, unless a run without rights saw less than usual.
		if changed(Serial) || changed(VMID) {
			return Renewed, "it was a " + before.Rule + " machine and is a " + rule + " one"
		}
	case changed(VMID):
		return Cloned, tell(VMID)
	case allMACsChanged(before.Inputs[MACs], now[MACs]):
		return Cloned, tell(MACs)
	}
	return Kept, ""
}

// allMACsChanged reports whether both sets are known and have nothing in common. The rule that asks for a changed
// generation id besides is weaker than this one, and so is part of it.
func allMACsChanged(before, now string) bool {
	if before == "" || now == "" {
		return false
	}
	old := strings.Split(before, ",")
	for mac := range strings.SplitSeq(now, ",") {
		if slices.Contains(old, mac) {
			return false
		}
	}
	return true
}

// merge keeps what was known before where nothing is known now: a run with fewer rights forgets nothing.
func merge(before, now map[string]string) map[string]string {
	out := maps.Clone(before)
	if out == nil {
		out = map[string]string{}
	}
	maps.Copy(out, now)
	return out
}

// hash returns the id: SHA-256 over the inputs of the rule and the counter, each with its name and length so that no two
// sets of inputs read the same. A virtual machine that knows nothing of itself uses what is left.
func hash(d inventory.Identity) string {
	names := []string{HostName, Serial}
	if d.Rule == Virtual {
		switch {
		case d.Inputs[InstanceID] != "":
			names = []string{InstanceID}
		case d.Inputs[VMID] != "":
			names = []string{VMID, Generation}
		default:
			names = []string{HostName, Serial, MACs, MachineID}
		}
	} else if d.Inputs[Serial] == "" {
		names = []string{HostName, MACs, MachineID}
	}
	w := sha256.New()
	add := func(name, value string) { fmt.Fprintf(w, "%s=%d:%s;", name, len(value), value) }
	add("rule", d.Rule)
	for _, name := range names {
		add(name, d.Inputs[name])
	}
	add("counter", strconv.Itoa(d.Counter))
	return hex.EncodeToString(w.Sum(nil))
}

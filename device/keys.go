package device

import (
	"encoding/hex"
	"strings"

	"github.com/highwater-sam/highwater/inventory"
)

// Trust is what a site knows about its own identities. The zero value trusts everything that is no placeholder.
type Trust struct {
	// UntrustedSerials are serial numbers that several machines of this site share; letter case does not matter.
	UntrustedSerials []string
}

// Keys returns the keys by which the document's device can be found again, strongest first; the store keeps them with
// the device. Equal values mean the same thing whoever wrote them:
//
//   - everything is in lower case, without surrounding or repeated blanks;
//   - serials and UUIDs that many machines share (placeholders), and serials too short to name one, make no key;
//   - a UUID stands for both byte orders in which firmware and hypervisors write it, by the lesser of the two;
//   - "VMware-56 4d ..." serials are the UUID they spell; a virtual machine's UUID is also its VM id; an id that is no
//     UUID ("vm-1042", an LPAR number) is unique only where it was given and makes no key by itself;
//   - a document taken inside a container has no keys of the machine below it, and a partition's serial, which its whole
//     frame shares, names it only together with its VM id or name.
func Keys(doc *inventory.Document) []Key { return Trust{}.Keys(doc) }

// Lookup returns the keys by which the store should look for candidates: Keys, and the agent ids the device had before.
// The earlier ids are for finding only: a clone brings its original's, so they are not kept with the device.
func Lookup(doc *inventory.Document) []Key { return Trust{}.Lookup(doc) }

// Lookup is the package's Lookup under the site's trust.
func (t Trust) Lookup(doc *inventory.Document) []Key {
	keys := t.Keys(doc)
	if doc.Header.AgentInputs == nil {
		return keys
	}
	for i := len(doc.Header.AgentInputs.History) - 1; i >= 0; i-- {
		keys = addKey(keys, AgentKey, clean(doc.Header.AgentInputs.History[i]))
	}
	return keys
}

// Keys is the package's Keys under the site's trust.
func (t Trust) Keys(doc *inventory.Document) []Key {
	var keys []Key
	keys = addKey(keys, AgentKey, clean(doc.Header.AgentID))
	name, domain := hostName(doc.Header.DeviceName, doc.Header.Domain)
	v := doc.Virtual
	if v == nil || v.Container == "" {
		keys = t.machineKeys(keys, doc, name)
	}
	if !placeholderName(name) {
		keys = addKey(keys, NameKey, name+"|"+domain)
	}
	return addAdapters(keys, doc)
}

// machineKeys adds what the machine's firmware, hypervisor and cloud say about it.
func (t Trust) machineKeys(keys []Key, doc *inventory.Document, name string) []Key {
	if c := doc.Cloud; c != nil && c.InstanceID != "" {
		keys = addKey(keys, InstanceKey, clean(c.Provider)+"/"+clean(c.InstanceID))
	}
	h, v := doc.Hardware, doc.Virtual
	guest := v != nil && v.Hypervisor != "" && !frameShared(v)
	if v != nil {
		keys = addKey(keys, VMKey, machineUUID(v.VMID))
	}
	if h == nil {
		return keys
	}
	serial, uuid := clean(h.Serial), machineUUID(h.UUID)
	if strings.HasPrefix(serial, "vmware-") {
		keys = addKey(keys, VMKey, vmwareUUID(serial))
	}
	if guest {
		keys = addKey(keys, VMKey, uuid)
	}
	if !placeholderSerial(serial) && !t.distrusts(serial) {
		hardware := maker(h.Manufacturer) + "|" + clean(h.Model) + "|" + serial
		if v != nil && frameShared(v) {
			if part := partitionName(v, name); part != "" {
				keys = addKey(keys, HardwareKey, hardware+"|partition "+part)
			}
		} else {
			if h.Manufacturer != "" || h.Model != "" {
				keys = addKey(keys, HardwareKey, hardware)
			}
			if !placeholderName(name) {
				keys = addKey(keys, SerialNameKey, name+"|"+serial)
			}
		}
	}
	if v == nil || !frameShared(v) {
		keys = addKey(keys, UUIDKey, uuid)
	}
	return byStrength(keys)
}

// addAdapters adds the adapters of a machine that has no better identity of its own: a run without root reads no
// serial and no UUID, and then the adapters are what tells a clone.
func addAdapters(keys []Key, doc *inventory.Document) []Key {
	if doc.Hardware == nil || has(keys, UUIDKey) || has(keys, VMKey) || has(keys, InstanceKey) {
		return keys
	}
	for _, a := range doc.Hardware.Adapters {
		mac := clean(a.MAC)
		if !a.Virtual && len(mac) == 17 && mac != "00:00:00:00:00:00" && mac != "ff:ff:ff:ff:ff:ff" {
			keys = addKey(keys, MACKey, mac)
		}
	}
	return keys
}

func (t Trust) distrusts(serial string) bool {
	for _, s := range t.UntrustedSerials {
		if clean(s) == serial {
			return true
		}
	}
	return false
}

// frameShared says whether the device shares its firmware's serial and UUID with others: a partition or a zone.
func frameShared(v *inventory.Virtual) bool {
	if v.Partition != nil {
		return true
	}
	switch strings.ToLower(v.Hypervisor) {
	case "lpar", "powervm", "wpar", "vpar", "npar", "zone", "zones", "solaris-zone", "ldom", "z/vm", "pr/sm":
		return true
	}
	return false
}

// addKey adds a key unless its value is empty or it is there already.
func addKey(keys []Key, kind KeyKind, value string) []Key {
	if value == "" {
		return keys
	}
	k := Key{kind, value}
	for _, other := range keys {
		if other == k {
			return keys
		}
	}
	return append(keys, k)
}

func has(keys []Key, kind KeyKind) bool {
	for _, k := range keys {
		if k.Kind == kind {
			return true
		}
	}
	return false
}

// byStrength puts the kinds in their order and keeps the order within a kind.
func byStrength(keys []Key) []Key {
	sorted := make([]Key, 0, len(keys))
	for _, kind := range Kinds() {
		for _, k := range keys {
			if k.Kind == kind {
				sorted = append(sorted, k)
			}
		}
	}
	return sorted
}

// clean puts a value in lower case and its blanks in order.
func clean(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// hostName splits a full name, unless the domain came by itself.
func hostName(name, domain string) (string, string) {
	name, domain = strings.Trim(clean(name), "."), strings.Trim(clean(domain), ".")
	if domain == "" {
		name, domain, _ = strings.Cut(name, ".")
	} else {
		name = strings.TrimSuffix(name, "."+domain)
	}
	if domain == "localdomain" || domain == "(none)" {
		domain = ""
	}
	return name, domain
}

// makers gives one spelling to the makers that different tools spell differently.
var makers = map[string]string{
	"hewlett packard": "hp", "hewlett packard enterprise": "hpe", "dell computer": "dell", "dell emc": "dell",
	"international business machines": "ibm", "vmware by broadcom": "vmware", "super micro computer": "supermicro",
	"super micro": "supermicro", "fujitsu siemens": "fujitsu", "cisco systems": "cisco", "sun microsystems": "oracle",
}

// maker normalizes a manufacturer: no punctuation, no legal form.
func maker(s string) string {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return strings.ContainsRune(" .,-()\t", r) })
	for len(words) > 1 {
		switch words[len(words)-1] {
		case "inc", "corp", "corporation", "ltd", "limited", "co", "company", "gmbh", "ag", "llc", "sa", "foundation":
			words = words[:len(words)-1]
			continue
		}
		break
	}
	name := strings.Join(words, " ")
	if short, ok := makers[name]; ok {
		return short
	}
	return name
}

// machineUUID is the canonical form of a system UUID, "" when it is malformed or a placeholder.
func machineUUID(s string) string {
	u := parseUUID(s)
	if u == "" || placeholderUUID(u) {
		return ""
	}
	swapped := swapUUID(u)
	if placeholderUUID(swapped) {
		return ""
	}
	return min(u, swapped)
}

// partitionName tells the partitions of one frame apart: by the id within the frame, else by name.
func partitionName(v *inventory.Virtual, name string) string {
	if id := clean(v.VMID); id != "" {
		return id
	}
	if placeholderName(name) {
		return ""
	}
	return name
}

// vmwareUUID reads a serial such as "vmware-56 4d 8b 77 9a 6e 3c 11-2f d0 5a 4c 9e 8b 7a 6d".
func vmwareUUID(serial string) string { return machineUUID(strings.TrimPrefix(serial, "vmware-")) }

// parseUUID gives 32 hexadecimal digits, however they are separated, the usual dashes; "" when it is something else.
func parseUUID(s string) string {
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -{}:", r) {
			return -1
		}
		return r
	}, strings.ToLower(s))
	if len(digits) != 32 {
		return ""
	}
	if _, err := hex.DecodeString(digits); err != nil {
		return ""
	}
	return digits[:8] + "-" + digits[8:12] + "-" + digits[12:16] + "-" + digits[16:20] + "-" + digits[20:]
}

// swapUUID writes the first three fields of a UUID in the other byte order.
func swapUUID(u string) string {
	return u[6:8] + u[4:6] + u[2:4] + u[0:2] + "-" + u[11:13] + u[9:11] + "-" + u[16:18] + u[14:16] + u[18:]
}

package device

// KeyKind is a kind of matching key, strongest first in Kinds.
type KeyKind string

// The kinds of key a document can be matched by.
const (
	AgentKey      KeyKind = "agent"       // the agent id
	InstanceKey   KeyKind = "instance"    // provider and cloud instance id
	VMKey         KeyKind = "vm"          // the guest's id at its hypervisor
	HardwareKey   KeyKind = "hardware"    // manufacturer, model and serial
	UUIDKey       KeyKind = "uuid"        // system UUID
	SerialNameKey KeyKind = "serial-name" // serial and host name, for sources that word the model differently
	NameKey       KeyKind = "name"        // host name and domain, the weakest a match can rest on
	MACKey        KeyKind = "mac"         // one network adapter: supports or contradicts a match, never makes one
)

// Kinds lists the kinds of key by strength: the strongest first.
func Kinds() []KeyKind {
	return []KeyKind{AgentKey, InstanceKey, VMKey, HardwareKey, UUIDKey, SerialNameKey, NameKey, MACKey}
}

// Key is one value by which a device can be found again. Values are normalized (see Keys), so that equal means equal.
type Key struct {
	Kind  KeyKind
	Value string
}

// Record is what matching needs to know of a device that the store already has.
type Record struct {
	ID     ID
	Source string
	Keys   []Key // every key it ever had, newest first within a kind
	// Not are keys that a person split off from the device: a document with one of them is another device.
	Not []Key
}

// in words, for reasons a person reads.
func (k KeyKind) words() string {
	switch k {
	case AgentKey:
		return "agent id"
	case InstanceKey:
		return "cloud instance id"
	case VMKey:
		return "VM id"
	case HardwareKey:
		return "manufacturer, model and serial number"
	case UUIDKey:
		return "system UUID"
	case SerialNameKey:
		return "serial number and name"
	case NameKey:
		return "name and domain"
	case MACKey:
		return "network adapters"
	}
	return string(k)
}

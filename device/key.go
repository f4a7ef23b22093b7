package device

// KeyKind is a kind of matching key, strongest first in Kinds.
type KeyKind string

// The kinds of key a document can be matched by.
const (
	AgentKey    KeyKind = "agent"    // the agent id
	InstanceKey KeyKind = "instance" // provider and cloud instance id
	VMKey       KeyKind = "vm"       // the guest's id at its hypervisor
	HardwareKey KeyKind = "hardware" // manufacturer, model and serial
	UUIDKey     KeyKind = "uuid"     // system UUID
	NameKey     KeyKind = "name"     // host name and domain, the weakest
)

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
}

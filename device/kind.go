package device

import (
	"strings"

	"github.com/highwater-sam/highwater/inventory"
)

// OnPremises is where a device is hosted that no cloud provider claims (design/engine.md, Estate).
const OnPremises = "on-premises"

// AgentSource is the source name of our own agent. It is the primary source: what it read wins over every other.
const AgentSource = "agent"

// KindOf says what the document's device is to the engine. A machine with guests is a host, also when it is itself
// virtual; a machine under a hypervisor, a partition, and a guest's own container is a vm; the rest, bare metal in a cloud
// included, is a computer.
func KindOf(doc *inventory.Document) Kind {
	v := doc.Virtual
	if v == nil {
		return Computer
	}
	guest := v.Hypervisor != "" || v.Partition != nil
	switch {
	case v.IsHost && (!guest || len(v.Guests) > 0):
		return Host
	case guest:
		return VM
	}
	return Computer
}

// HostedIn says where the document's device is hosted: a cloud provider's name, else OnPremises.
func HostedIn(doc *inventory.Document) string {
	if doc.Cloud == nil || strings.TrimSpace(doc.Cloud.Provider) == "" {
		return OnPremises
	}
	return clean(doc.Cloud.Provider)
}

// SourceOf names the source and, where there are several of its kind, the connection a document came through.
func SourceOf(doc *inventory.Document) string {
	if doc.Header.Connection == "" {
		return doc.Header.Source
	}
	return doc.Header.Source + "/" + doc.Header.Connection
}

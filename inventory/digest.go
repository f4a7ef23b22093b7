package inventory

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
)

// Digests are short fingerprints of a document's parts, "" for a part that was not looked at. They travel in the
// envelope's signed header, so that intake can tell an unchanged device from a changed one without decompressing
// anything. Two digests of one device made by one collector version are equal exactly when that part is equal; after
// a change of collector version they may differ though nothing else did. Nothing else may be read into them.
type Digests struct {
	Identity   string `json:"identity"`             // name, domain, agent id and its inputs, source, connection
	Hardware   string `json:"hardware,omitempty"`   // less virtual adapters, which come and go with every container
	Virtual    string `json:"virtual,omitempty"`    //
	Cloud      string `json:"cloud,omitempty"`      //
	Evidence   string `json:"evidence,omitempty"`   // packages, files, tags, and which of them were looked for
	Attributes string `json:"attributes,omitempty"` //
}

// Digests puts d in canonical order and returns the fingerprints of its parts. Remarks, the document's id, its time,
// its kind and the collector's version are in none of them.
func (d *Document) Digests() Digests {
	d.Canonical()
	h := d.Header
	identity := Header{DeviceName: h.DeviceName, Domain: h.Domain, AgentID: h.AgentID, AgentInputs: h.AgentInputs,
		Source: h.Source, Connection: h.Connection}
	out := Digests{Identity: digest(identity)}
	if d.Hardware != nil {
		hardware := *d.Hardware
		hardware.Adapters = slices.DeleteFunc(slices.Clone(hardware.Adapters), func(a Adapter) bool { return a.Virtual })
		out.Hardware = digest(hardware)
	}
	if d.Virtual != nil {
		out.Virtual = digest(d.Virtual)
	}
	if d.Cloud != nil {
		out.Cloud = digest(d.Cloud)
	}
	if d.Evidence != nil {
		out.Evidence = digest(d.Evidence)
	}
	if len(d.Attributes) > 0 {
		out.Attributes = digest(d.Attributes)
	}
	return out
}

// digest returns the first 128 bits of the SHA-256 of v's JSON, in hexadecimal. The types of this package always
// encode: they hold no channel, function, cycle or float.
func digest(v any) string {
	w := sha256.New()
	if err := json.NewEncoder(w).Encode(v); err != nil {
		panic("inventory: a part of a document does not encode: " + err.Error())
	}
	return hex.EncodeToString(w.Sum(nil)[:16])
}

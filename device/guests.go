package device

import (
	"iter"
	"sort"
	"time"

	"github.com/highwater-sam/highwater/inventory"
)

// Sighting is one guest in a host's document, to be resolved to a device by its keys.
type Sighting struct {
	Keys  []Key           // VM id and system UUID, which are the same id seen from two sides
	Guest inventory.Guest // as the host sees it
}

// Sightings returns the guests that the document's device runs, by key; guests whose id is no UUID have no key and cannot
// be joined with their own inventory. A guest that no device matches becomes one that awaits inventory: its Document makes
// the record.
func Sightings(doc *inventory.Document) []Sighting {
	if doc.Virtual == nil || !doc.Virtual.IsHost {
		return nil
	}
	var out []Sighting
	for _, g := range doc.Virtual.Guests {
		s := Sighting{Guest: g}
		if id := machineUUID(g.ID); id != "" {
			s.Keys = []Key{{VMKey, id}, {UUIDKey, id}}
		} else if doc.Cloud != nil && doc.Cloud.Provider != "" && g.ID != "" {
			s.Keys = []Key{{InstanceKey, clean(doc.Cloud.Provider) + "/" + clean(g.ID)}} // a cloud's dedicated host
		}
		out = append(out, s)
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Guest.ID < out[j].Guest.ID })
	return out
}

// Awaiting is the document of a guest that is known from its host only. It counts as a source other than the agent, so
// the guest's own inventory wins once it comes. Its processors are those assigned by the hypervisor.
func (s Sighting) Awaiting(host *inventory.Document) *inventory.Document {
	doc := &inventory.Document{Format: inventory.Format, Header: host.Header}
	doc.Header.DeviceName, doc.Header.Domain = s.Guest.Name, ""
	doc.Header.AgentID, doc.Header.AgentInputs = "", nil
	doc.Header.Kind = inventory.HardwareOnly
	doc.Header.Source = HostSource
	doc.Hardware = &inventory.Hardware{Cores: s.Guest.Cores}
	doc.Virtual = &inventory.Virtual{Hypervisor: "unknown", VMID: s.Guest.ID}
	if host.Cloud != nil {
		doc.Cloud = &inventory.Cloud{
			Provider: host.Cloud.Provider, Account: host.Cloud.Account, Region: host.Cloud.Region, Zone: host.Cloud.Zone,
			InstanceID: s.Guest.ID, HostID: host.Cloud.InstanceID, Tenancy: "host",
		}
	}
	return doc
}

// HostSource is the source of what is known of a guest through its host.
const HostSource = "host"

// HostKeys returns the keys by which a guest's document names the host it runs on; nil when it does not.
func HostKeys(doc *inventory.Document) []Key {
	if doc.Virtual == nil {
		return nil
	}
	if id := machineUUID(doc.Virtual.HostID); id != "" {
		return []Key{{UUIDKey, id}}
	}
	return nil
}

// Seen is what one host's document says of one guest at one instant.
type Seen struct {
	At       time.Time
	Host     ID
	Pool     string
	Present  bool // false: the host's document lists its guests, and this one is not among them
	Document string
	Source   string
}

// Place returns the placement points that a sighting adds to a guest's history. Before is the placement in force at its
// instant; nil is unknown. A guest that a host no longer lists is on no known host, unless another host claimed it since.
// A late sighting is folded as Changes does: points are the guest's later placements, seen every later sighting of it (or
// absence of it) by any host.
func Place(guest ID, s Seen, before *Placement, points []Point, seen iter.Seq[Seen]) []Point {
	var out []Point
	add := func(s Seen, inForce, next *Placement) {
		if !Equal(inForce, next) {
			out = appendPoint(out, Point{Device: guest, Aspect: PlacementAspect, From: s.At, Document: s.Document, Source: s.Source, Value: next})
		}
	}
	next := s.after(before)
	add(s, before, next)
	if seen == nil {
		return out
	}
	recorded := before
	for l := range seen {
		inForce := next
		for len(points) > 0 && !points[0].From.After(l.At) {
			recorded, _ = points[0].Value.(*Placement)
			inForce = recorded
			points = points[1:]
		}
		next = l.after(next)
		add(l, inForce, next)
		if Equal(next, recorded) {
			break
		}
	}
	return out
}

func (s Seen) after(before *Placement) *Placement {
	if s.Present {
		return &Placement{Host: s.Host, Pool: s.Pool}
	}
	if before != nil && before.Host == s.Host {
		return &Placement{}
	}
	return before
}

package device

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sort"

	"github.com/highwater-sam/highwater/inventory"
)

// State is the value of each aspect of one device at one instant. A missing or nil aspect is unknown.
type State map[Aspect]Value

// Equal says whether two values of an aspect are the same in everything that is kept.
func Equal(a, b Value) bool {
	aNil, bNil := isNil(a), isNil(b)
	if aNil || bNil {
		return aNil && bNil
	}
	if a == b {
		return true
	}
	if a.Aspect() != b.Aspect() {
		return false
	}
	if reflect.DeepEqual(a, b) {
		return true
	}
	// An empty list and none are the same once kept.
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// isNil also sees a nil pointer inside the interface.
func isNil(v Value) bool {
	switch v := v.(type) {
	case nil:
		return true
	case *Hardware:
		return v == nil
	case *Placement:
		return v == nil
	case *Pools:
		return v == nil
	case *EvidenceSet:
		return v == nil
	case *Name:
		return v == nil
	case *Cloud:
		return v == nil
	}
	return false
}

// after is the state once the observation was made, and remarks for people on what was kept.
func (s State) after(o Observation) (State, []string) {
	next := maps.Clone(s)
	if next == nil {
		next = State{}
	}
	if o.Fact != nil {
		next[o.Fact.Aspect] = o.Fact.Value
		return next, nil
	}
	doc := o.Document
	before, _ := s[HardwareAspect].(*Hardware)
	hardware, remarks := mergeHardware(before, doc)
	if hardware != nil {
		next[HardwareAspect] = hardware
	}
	known, _ := s[NameAspect].(*Name)
	if name := mergeName(known, doc); name != nil {
		next[NameAspect] = name
	}
	if v := doc.Virtual; v != nil && v.IsHost {
		if pools := poolsOf(v); len(pools.Pools) > 0 || !isNil(s[PoolsAspect]) {
			next[PoolsAspect] = pools
		}
	}
	was, _ := s[CloudAspect].(*Cloud)
	if c := mergeCloud(was, doc); c != nil {
		next[CloudAspect] = c
	}
	had, _ := s[EvidenceAspect].(*EvidenceSet)
	if set := mergeEvidence(had, doc, o.Evidence); set != nil {
		next[EvidenceAspect] = set
	}
	return next, remarks
}

// mergeName keeps the agent's name against other sources, and a known domain when a run could not tell it.
func mergeName(before *Name, doc *inventory.Document) *Name {
	name, domain := hostName(doc.Header.DeviceName, doc.Header.Domain)
	source := SourceOf(doc)
	if name == "" || before != nil && source != AgentSource && before.Origins["name"] == "" {
		return before
	}
	after := &Name{Name: name, Domain: domain}
	origins := map[string]string{"name": source}
	if domain != "" {
		origins["domain"] = source
	} else if before != nil && before.Name == name && before.Domain != "" {
		after.Domain = before.Domain
		if o := before.Origins["domain"]; o != "" {
			origins["domain"] = o
		}
	}
	for k, o := range origins {
		if o == AgentSource {
			delete(origins, k)
		}
	}
	if len(origins) > 0 {
		after.Origins = origins
	}
	return after
}

func poolsOf(v *inventory.Virtual) *Pools {
	pools := append([]inventory.Pool{}, v.Pools...)
	sort.SliceStable(pools, func(i, j int) bool { return pools[i].ID < pools[j].ID })
	return &Pools{Pools: pools}
}

// running is the state of an instance in the words of the providers we read.
const running = "running"

// mergeCloud keeps what the newer statement about the same instance leaves out.
func mergeCloud(before *Cloud, doc *inventory.Document) *Cloud {
	now := doc.Cloud
	if now == nil || now.Provider == "" {
		return before
	}
	after := &Cloud{Cloud: *now}
	after.Identity = ""
	after.Provider = clean(now.Provider)
	if before == nil || before.Provider != after.Provider || after.InstanceID != "" && before.InstanceID != after.InstanceID {
		return after
	}
	for _, f := range []struct {
		to   *string
		from string
	}{
		{&after.Account, before.Account}, {&after.Region, before.Region}, {&after.Zone, before.Zone},
		{&after.InstanceID, before.InstanceID}, {&after.Type, before.Type}, {&after.Image, before.Image},
		{&after.Tenancy, before.Tenancy}, {&after.HostID, before.HostID}, {&after.State, before.State},
	} {
		if *f.to == "" {
			*f.to = f.from
		}
	}
	if doc.Header.Source == AgentSource && now.State == "" && before.State != "" {
		after.State = running // an agent that collects proves it
	}
	return after
}

// mergeEvidence replaces the parts the run looked at. A hardware-only document never touches evidence, whatever it
// carries; nor does one that looked nowhere.
func mergeEvidence(before *EvidenceSet, doc *inventory.Document, found []EvidencePart) *EvidenceSet {
	if doc.Header.Kind == inventory.HardwareOnly || doc.Evidence == nil || len(found) == 0 {
		return before
	}
	parts := map[string]EvidencePart{}
	if before != nil {
		for _, p := range before.Parts {
			parts[p.Part] = p
		}
	}
	for _, p := range found {
		parts[p.Part] = p
	}
	return NewEvidenceSet(slices.Collect(maps.Values(parts)))
}

// NewEvidenceSet is the union of parts, in any order, each part once.
func NewEvidenceSet(parts []EvidencePart) *EvidenceSet {
	set := &EvidenceSet{Parts: slices.Clone(parts)}
	sort.Slice(set.Parts, func(i, j int) bool { return set.Parts[i].Part < set.Parts[j].Part })
	sum := sha256.New()
	for _, p := range set.Parts {
		set.Count += p.Count
		fmt.Fprintf(sum, "%s\x00%s\n", p.Part, p.Hash)
	}
	if len(set.Parts) == 1 {
		set.Hash = set.Parts[0].Hash
	} else {
		set.Hash = hex.EncodeToString(sum.Sum(nil))
	}
	return set
}

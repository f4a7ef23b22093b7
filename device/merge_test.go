package device

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/highwater-sam/highwater/inventory"
)

// fold receives documents one day after the other and returns the state after the last.
func fold(docs ...*inventory.Document) State {
	var s shelf
	for i, d := range docs {
		s.receive(Observation{At: day(i + 1), Document: d})
	}
	return At(s.sorted(), day(len(docs)))
}

func TestNamesAndWhereTheyComeFrom(t *testing.T) {
	for _, tc := range []struct {
		name string
		docs []*inventory.Document
		want Name
	}{
		{"the agent's name", []*inventory.Document{doc(named("db1", "corp"))}, Name{Name: "db1", Domain: "corp"}},
		{"another source's name, until the agent tells its own", []*inventory.Document{doc(from("host"), named("db1-prod", "")), doc(named("db1", "corp"))}, Name{Name: "db1", Domain: "corp"}},
		{"another source does not rename what the agent named", []*inventory.Document{doc(named("db1", "corp")), doc(from("host"), named("db1-prod", ""))}, Name{Name: "db1", Domain: "corp"}},
		{"other sources rename each other", []*inventory.Document{doc(from("glpi"), named("a", "")), doc(from("host"), named("b", ""))}, Name{Name: "b", Origins: map[string]string{"name": "host"}}},
		{"a domain that a run could not tell is kept, with its origin", []*inventory.Document{doc(from("glpi"), named("db1", "corp")), doc(named("db1", ""))}, Name{Name: "db1", Domain: "corp", Origins: map[string]string{"domain": "glpi"}}},
		{"the agent's own domain has no origin to name", []*inventory.Document{doc(named("db1", "corp")), doc(named("db1", ""))}, Name{Name: "db1", Domain: "corp"}},
		{"a new name does not keep the old one's domain", []*inventory.Document{doc(named("db1", "corp")), doc(named("db2", ""))}, Name{Name: "db2"}},
		{"a run without a name changes nothing", []*inventory.Document{doc(named("db1", "corp")), doc(named("", ""))}, Name{Name: "db1", Domain: "corp"}},
	} {
		if diff := cmp.Diff(&tc.want, fold(tc.docs...)[NameAspect]); diff != "" {
			t.Errorf("%s: %s", tc.name, diff)
		}
	}
}

func cloudDoc(c inventory.Cloud, opts ...func(*inventory.Document)) *inventory.Document {
	d := doc(opts...)
	d.Cloud = &c
	return d
}

func TestClouds(t *testing.T) {
	for _, tc := range []struct {
		name string
		docs []*inventory.Document
		want *Cloud
	}{
		{"an agent that collects proves that its instance runs", []*inventory.Document{
			cloudDoc(inventory.Cloud{Provider: "AWS", InstanceID: "i-1", State: "stopped", Tenancy: "host"}, from("aws")), cloudDoc(inventory.Cloud{Provider: "aws", InstanceID: "i-1", Type: "m5.large"})},
			&Cloud{inventory.Cloud{Provider: "aws", InstanceID: "i-1", State: "running", Tenancy: "host", Type: "m5.large"}}},
		{"a stopped instance stays stopped when the provider leaves the word out", []*inventory.Document{
			cloudDoc(inventory.Cloud{Provider: "aws", InstanceID: "i-1", State: "stopped"}, from("aws")), cloudDoc(inventory.Cloud{Provider: "aws", InstanceID: "i-1"}, from("aws"))},
			&Cloud{inventory.Cloud{Provider: "aws", InstanceID: "i-1", State: "stopped"}}},
		{"an agent alone does not know the provider's word", []*inventory.Document{cloudDoc(inventory.Cloud{Provider: "aws", InstanceID: "i-1"}), cloudDoc(inventory.Cloud{Provider: "aws", InstanceID: "i-1"})},
			&Cloud{inventory.Cloud{Provider: "aws", InstanceID: "i-1"}}},
		{"the state the document gives counts", []*inventory.Document{cloudDoc(inventory.Cloud{Provider: "aws", InstanceID: "i-1", State: "running"}, from("aws")), cloudDoc(inventory.Cloud{Provider: "aws", InstanceID: "i-1", State: "stopping"})},
			&Cloud{inventory.Cloud{Provider: "aws", InstanceID: "i-1", State: "stopping"}}},
		{"another instance inherits nothing", []*inventory.Document{cloudDoc(inventory.Cloud{Provider: "aws", InstanceID: "i-1", Type: "m5.large"}), cloudDoc(inventory.Cloud{Provider: "aws", InstanceID: "i-2"})},
			&Cloud{inventory.Cloud{Provider: "aws", InstanceID: "i-2"}}},
		{"another provider neither", []*inventory.Document{cloudDoc(inventory.Cloud{Provider: "aws", Type: "m5.large"}), cloudDoc(inventory.Cloud{Provider: "azure"})},
			&Cloud{inventory.Cloud{Provider: "azure"}}},
		{"the signed statement is not kept in history", []*inventory.Document{cloudDoc(inventory.Cloud{Provider: "aws", Identity: "signed"})}, &Cloud{inventory.Cloud{Provider: "aws"}}},
		{"a cloud without a provider says nothing", []*inventory.Document{cloudDoc(inventory.Cloud{Provider: "aws"}), cloudDoc(inventory.Cloud{Type: "m5.large"})}, &Cloud{inventory.Cloud{Provider: "aws"}}},
	} {
		if diff := cmp.Diff(tc.want, fold(tc.docs...)[CloudAspect]); diff != "" {
			t.Errorf("%s: %s", tc.name, diff)
		}
	}
}

func partition(entitlement string) func(*inventory.Document) {
	return func(d *inventory.Document) {
		virtual(d).Partition = &inventory.Partition{Kind: "shared", Entitlement: entitlement}
	}
}

func looked(d *inventory.Document) { virtual(d) }

func TestPartitions(t *testing.T) {
	for _, tc := range []struct {
		name string
		docs []*inventory.Document
		want string // entitlement, "" = no partition
	}{
		{"as the agent sees it", []*inventory.Document{doc(cores(8), partition("0.5"))}, "0.5"},
		{"changed", []*inventory.Document{doc(cores(8), partition("0.5")), doc(partition("1"))}, "1"},
		{"a run that did not look keeps it", []*inventory.Document{doc(cores(8), partition("0.5")), doc(cores(8))}, "0.5"},
		{"a run that looked and saw none", []*inventory.Document{doc(cores(8), partition("0.5")), doc(cores(8), looked)}, ""},
		{"another source does not change what the agent saw", []*inventory.Document{doc(cores(8), partition("0.5")), doc(from("hmc"), cores(8), partition("2"))}, "0.5"},
		{"nor take it away", []*inventory.Document{doc(cores(8), partition("0.5")), doc(from("hmc"), cores(8), looked)}, "0.5"},
		{"another source supplies it", []*inventory.Document{doc(cores(8), looked), doc(from("hmc"), partition("2"))}, "2"},
		{"and changes its own", []*inventory.Document{doc(from("hmc"), cores(8), partition("2")), doc(from("hmc"), partition("3"))}, "3"},
	} {
		h := fold(tc.docs...)[HardwareAspect].(*Hardware)
		got := ""
		if h.Partition != nil {
			got = h.Partition.Entitlement
		}
		if got != tc.want {
			t.Errorf("%s: entitlement %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestTheOrderInWhichASystemListsItsPartsDoesNotMatter(t *testing.T) {
	a := doc(mac("00:11:11:11:11:11", "00:22:22:22:22:22"), func(d *inventory.Document) {
		hw(d).Adapters[0].Addresses = []string{"b", "a"}
		hw(d).Disks = []inventory.Disk{{Name: "x", Serial: "2"}, {Name: "x", Serial: "1"}, {Name: "a"}}
	})
	b := doc(mac("00:11:11:11:11:11", "00:22:22:22:22:22"), func(d *inventory.Document) {
		hw(d).Adapters[0].Addresses = []string{"a", "b"}
		slices.Reverse(hw(d).Adapters)
		hw(d).Adapters[0].Name, hw(d).Adapters[1].Name = "eth00", "eth00"
		hw(d).Disks = []inventory.Disk{{Name: "a"}, {Name: "x", Serial: "1"}, {Name: "x", Serial: "2"}}
	})
	if !Equal(HardwareOf(a), HardwareOf(b)) {
		t.Errorf("%+v\n%+v", HardwareOf(a).Detail, HardwareOf(b).Detail)
	}
}

func TestEqual(t *testing.T) {
	none := []Value{nil, (*Hardware)(nil), (*Placement)(nil), (*Pools)(nil), (*EvidenceSet)(nil), (*Name)(nil), (*Cloud)(nil)}
	for _, a := range none {
		for _, b := range none {
			if !Equal(a, b) {
				t.Errorf("%T and %T both know nothing", a, b)
			}
		}
		if Equal(a, &Name{}) || Equal(&Placement{}, a) {
			t.Errorf("%T is not a known value", a)
		}
	}
	for _, tc := range []struct {
		a, b Value
		want bool
	}{
		{&Placement{Host: 1}, &Placement{Host: 1}, true},
		{&Placement{Host: 1}, &Placement{Host: 2}, false},
		{&Placement{}, &Name{}, false},
		{&Pools{}, &Cloud{}, false},
		{HardwareOf(doc(cores(1))), HardwareOf(doc(cores(1))), true},
		{HardwareOf(doc(cores(1))), &Hardware{Cores: n64(1), Detail: inventory.Hardware{Cores: n64(1), Disks: []inventory.Disk{}}}, true}, // an empty list and none
		{HardwareOf(doc(cores(1))), HardwareOf(doc(cores(2))), false},
	} {
		if Equal(tc.a, tc.b) != tc.want {
			t.Errorf("%+v and %+v", tc.a, tc.b)
		}
	}
}

func n64(v int64) *int64 { return &v }

func TestPoolsOfAHost(t *testing.T) {
	host := func(pools ...inventory.Pool) *inventory.Document {
		return doc(from("libvirt"), func(d *inventory.Document) { virtual(d).IsHost, virtual(d).Pools = true, pools })
	}
	if got := fold(host())[PoolsAspect]; got != nil {
		t.Errorf("a host without pools has %+v", got)
	}
	got := fold(host(inventory.Pool{ID: "b"}, inventory.Pool{ID: "a"}))[PoolsAspect].(*Pools)
	if len(got.Pools) != 2 || got.Pools[0].ID != "a" {
		t.Errorf("%+v", got)
	}
	if got := fold(host(inventory.Pool{ID: "b"}), host())[PoolsAspect].(*Pools); len(got.Pools) != 0 {
		t.Errorf("a pool that is gone still limits: %+v", got)
	}
	if got := fold(host(inventory.Pool{ID: "b"}), doc(cores(1)))[PoolsAspect].(*Pools); len(got.Pools) != 1 {
		t.Errorf("a run that did not look took the pools away: %+v", got)
	}
}

func TestAnEnteredFactNamesItsSource(t *testing.T) {
	var s shelf
	s.receive(Observation{At: day(1), Fact: &Point{Aspect: NameAspect, Source: "manual", Document: "", Value: &Name{Name: "x"}}})
	if p := s.latest.Points; len(p) != 1 || p[0].Source != "manual" || p[0].Document != "" {
		t.Errorf("%+v", p)
	}
}

func TestLookupAlsoNamesFormerAgentIds(t *testing.T) {
	d := doc(agent("c", "a", "b"))
	if diff := cmp.Diff([]Key{{AgentKey, "c"}, {AgentKey, "b"}, {AgentKey, "a"}}, Lookup(d)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Key{{AgentKey, "c"}}, Keys(d)); diff != "" {
		t.Error(diff)
	}
	if got := Lookup(doc(from("glpi"), named("a", ""))); len(got) != 1 {
		t.Errorf("%v", got)
	}
}

func TestHostKeys(t *testing.T) {
	d := doc(guest(u1), func(d *inventory.Document) { virtual(d).HostID = u2 })
	if diff := cmp.Diff([]Key{{UUIDKey, machineUUID(u2)}}, HostKeys(d)); diff != "" {
		t.Error(diff)
	}
	if HostKeys(doc()) != nil || HostKeys(doc(guest(u1))) != nil {
		t.Error("a host that nobody named")
	}
}

func TestSerialsOfMachinesThatSayNothingElse(t *testing.T) {
	only := func(manufacturer, model string) *inventory.Document {
		return doc(func(d *inventory.Document) {
			hw(d).Serial, hw(d).Manufacturer, hw(d).Model = "9XK2LM3", manufacturer, model
		})
	}
	for _, tc := range []struct {
		doc  *inventory.Document
		want bool
	}{{only("", ""), false}, {only("Dell", ""), true}, {only("", "R640"), true}} {
		if got := has(Keys(tc.doc), HardwareKey); got != tc.want {
			t.Errorf("%+v: %v", tc.doc.Hardware, Keys(tc.doc))
		}
	}
	zone := doc(serial("78AB120"), uuid(u1), named("zone7", ""), func(d *inventory.Document) { virtual(d).Hypervisor = "zone" })
	if diff := cmp.Diff([]Key{{HardwareKey, "dell|poweredge r640|78ab120|partition zone7"}, {NameKey, "zone7|"}}, Keys(zone)); diff != "" {
		t.Error(diff)
	}
}

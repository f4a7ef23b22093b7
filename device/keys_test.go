package device

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/highwater-sam/highwater/inventory"
)

// doc is an agent's document of a physical machine; options change it.
func doc(opts ...func(*inventory.Document)) *inventory.Document {
	d := &inventory.Document{Format: inventory.Format, Header: inventory.Header{Source: AgentSource, Kind: inventory.Full}}
	for _, o := range opts {
		o(d)
	}
	return d
}

func hw(d *inventory.Document) *inventory.Hardware {
	if d.Hardware == nil {
		d.Hardware = &inventory.Hardware{}
	}
	return d.Hardware
}

func virtual(d *inventory.Document) *inventory.Virtual {
	if d.Virtual == nil {
		d.Virtual = &inventory.Virtual{}
	}
	return d.Virtual
}

func named(name, domain string) func(*inventory.Document) {
	return func(d *inventory.Document) { d.Header.DeviceName, d.Header.Domain = name, domain }
}

func agent(id string, history ...string) func(*inventory.Document) {
	return func(d *inventory.Document) {
		d.Header.AgentID = id
		d.Header.AgentInputs = &inventory.Identity{Rule: "physical", Counter: len(history), History: history}
	}
}

func serial(s string) func(*inventory.Document) {
	return func(d *inventory.Document) {
		h := hw(d)
		h.Manufacturer, h.Model, h.Serial = "Dell Inc.", "PowerEdge R640", s
	}
}

func uuid(u string) func(*inventory.Document) {
	return func(d *inventory.Document) { hw(d).UUID = u }
}

func mac(macs ...string) func(*inventory.Document) {
	return func(d *inventory.Document) {
		for _, m := range macs {
			hw(d).Adapters = append(hw(d).Adapters, inventory.Adapter{Name: "eth" + m[:2], MAC: m})
		}
	}
}

func guest(vmid string) func(*inventory.Document) {
	return func(d *inventory.Document) { virtual(d).Hypervisor = "kvm"; virtual(d).VMID = vmid }
}

func instance(id string) func(*inventory.Document) {
	return func(d *inventory.Document) { d.Cloud = &inventory.Cloud{Provider: "aws", InstanceID: id} }
}

func from(source string) func(*inventory.Document) {
	return func(d *inventory.Document) { d.Header.Source = source }
}

const (
	u1 = "6f0a1b2c-3d4e-4f50-8a61-72839405a6b7"
	u2 = "7e1b2c3d-4e5f-4061-9b72-8394a5b6c7d8"
	u3 = "8d2c3d4e-5f60-4172-8c83-94a5b6c7d8e9"
)

func TestKeys(t *testing.T) {
	vmware := func(d *inventory.Document) {
		hw(d).Serial = "VMware-42 1c 5e 0d 1a 2b 3c 4d-9e 6f 70 81 92 a3 b4 c5"
		hw(d).Manufacturer, hw(d).Model = "VMware, Inc.", "VMware7,1"
		virtual(d).Hypervisor = "vmware"
	}
	for _, tc := range []struct {
		name string
		doc  *inventory.Document
		want []string
	}{
		{"a physical server has them all, strongest first",
			doc(agent("AB12"), named("Web1", "Corp.Example"), serial("  9XK2LM3 "), uuid(strings.ToUpper(u1)), mac("00:11:22:33:44:55")),
			[]string{"agent ab12", "hardware dell|poweredge r640|9xk2lm3", "uuid 2c1b0a6f-4e3d-504f-8a61-72839405a6b7", "serial-name web1|9xk2lm3", "name web1|corp.example"}},
		{"a name may carry its domain", doc(named("web1.corp.example", "")), []string{"name web1|corp.example"}},
		{"the domain is not repeated", doc(named("web1.corp.example", "corp.example")), []string{"name web1|corp.example"}},
		{"a name everybody has is no key", doc(named("localhost.localdomain", "")), nil},
		{"a placeholder serial and UUID are no keys",
			doc(named("web1", ""), serial("To Be Filled By O.E.M."), uuid("03000200-0400-0500-0006-000700080009")), []string{"name web1|"}},
		{"without serial or UUID the adapters stand in",
			doc(agent("a"), mac("00:11:22:33:44:55")), []string{"agent a", "mac 00:11:22:33:44:55"}},
		{"a VMware guest's serial is its UUID, in either byte order", doc(vmware, uuid("0d5e1c42-2b1a-4d3c-9e6f-708192a3b4c5")),
			[]string{"vm 0d5e1c42-2b1a-4d3c-9e6f-708192a3b4c5", "hardware vmware|vmware7,1|vmware-42 1c 5e 0d 1a 2b 3c 4d-9e 6f 70 81 92 a3 b4 c5", "uuid 0d5e1c42-2b1a-4d3c-9e6f-708192a3b4c5"}},
		{"an id that is unique only to its vCenter is no key", doc(guest("vm-1042"), named("a", "b")), []string{"name a|b"}},
		{"a cloud instance", doc(instance("I-0AbC"), guest(""), uuid("ec2e1916-9099-7caf-fd21-012345abcdef")),
			[]string{"instance aws/i-0abc", "vm 16192eec-9990-af7c-fd21-012345abcdef", "uuid 16192eec-9990-af7c-fd21-012345abcdef"}},
		{"a container does not borrow its host's identity",
			doc(agent("c"), named("pod-7", ""), serial("9XK2LM3"), uuid(u1), instance("i-1"), func(d *inventory.Document) { virtual(d).Container = "docker" }),
			[]string{"agent c", "name pod-7|"}},
		{"a partition shares its frame's serial",
			doc(named("lpar3", ""), serial("78AB120"), uuid(u1), func(d *inventory.Document) {
				virtual(d).Partition = &inventory.Partition{Kind: "shared"}
				virtual(d).VMID = "3"
			}),
			[]string{"hardware dell|poweredge r640|78ab120|partition 3", "name lpar3|"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			for _, k := range Keys(tc.doc) {
				got = append(got, string(k.Kind)+" "+k.Value)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPlaceholderSerials(t *testing.T) {
	for _, s := range []string{"", "0", "None", "N/A", "To Be Filled By O.E.M.", "to be filled by o.e.m", "Default string", "System Serial Number",
		"123456789", "0123456789", "00000000", "XXXXXXXXXX", "........", "----", "1234", "Not Specified", "Chassis Serial Number", "ZZZZZZZ", "  "} {
		if !placeholderSerial(clean(s)) {
			t.Errorf("%q names a machine", s)
		}
	}
	for _, s := range []string{"9XK2LM3", "CZ3401ABCD", "J30A1234", "06EAB12", "VMware-42 1c 5e 0d 1a 2b 3c 4d-9e 6f 70 81 92 a3 b4 c5", "ec2e1916-9099-7caf-fd21-012345abcdef"} {
		if placeholderSerial(clean(s)) {
			t.Errorf("%q names no machine", s)
		}
	}
}

func TestPlaceholderUUIDs(t *testing.T) {
	for _, u := range []string{"", "not a uuid", "00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
		"03000200-0400-0500-0006-000700080009", "00020003-0004-0005-0006-000700080009", "fefefefe-fefe-fefe-fefe-fefefefefefe",
		"4C4C4544-0000-2010-8020-80C04F202020", "03020100-0504-0706-0809-0a0b0c0d0e0f"} {
		if got := machineUUID(u); got != "" {
			t.Errorf("%q makes the key %q", u, got)
		}
	}
	if machineUUID("00000000-0000-0000-0000-ac1f6b01f8e2") == "" {
		t.Error("a UUID built on a network address names its machine")
	}
}

func TestUntrustedSerial(t *testing.T) {
	trust := Trust{UntrustedSerials: []string{"9xk2LM3"}}
	for _, k := range trust.Keys(doc(named("a", ""), serial("9XK2LM3"))) {
		if strings.Contains(k.Value, "9xk2lm3") {
			t.Errorf("untrusted serial makes the key %v", k)
		}
	}
}

func TestMakersAreOneWordedDifferently(t *testing.T) {
	for a, b := range map[string]string{"Dell Inc.": "Dell", "Hewlett-Packard": "HP", "LENOVO": "Lenovo", "VMware, Inc.": "VMware", "Supermicro": "Super Micro Computer, Inc."} {
		if maker(a) != maker(b) {
			t.Errorf("%q is %q, %q is %q", a, maker(a), b, maker(b))
		}
	}
}

func TestAUUIDIsOneInBothByteOrders(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := rapid.StringMatching(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`).Draw(t, "uuid")
		if a, b := machineUUID(u), machineUUID(strings.ToUpper(swapUUID(u))); a != b {
			t.Fatalf("%s is %q, in the other order %q", u, a, b)
		}
		if got := swapUUID(swapUUID(u)); got != u {
			t.Fatalf("swapped twice: %s, want %s", got, u)
		}
	})
}

func FuzzKeys(f *testing.F) {
	f.Add("web1.corp", "", "Dell Inc.", "9XK2LM3", u1, "kvm", u2, "00:11:22:33:44:55")
	f.Add("", ".", "\t", "VMware-", "VMware-42", "zone", "{}", "")
	f.Fuzz(func(t *testing.T, name, domain, made, ser, uu, hyper, vm, m string) {
		d := doc(agent(name), named(name, domain), serial(ser), uuid(uu), func(d *inventory.Document) {
			hw(d).Manufacturer = made
			virtual(d).Hypervisor, virtual(d).VMID = hyper, vm
			hw(d).Adapters = []inventory.Adapter{{MAC: m}}
		})
		seen := map[Key]bool{}
		for _, k := range Keys(d) {
			if k.Value == "" || seen[k] || k.Value != strings.ToLower(k.Value) {
				t.Errorf("key %q", k)
			}
			seen[k] = true
		}
	})
}

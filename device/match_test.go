package device

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/highwater-sam/highwater/inventory"
)

// rec is the record that documents made.
func rec(id ID, docs ...*inventory.Document) Record {
	r := Record{ID: id, Source: docs[0].Header.Source}
	for i := len(docs) - 1; i >= 0; i-- {
		for _, k := range Keys(docs[i]) {
			if !slices.Contains(r.Keys, k) {
				r.Keys = append(r.Keys, k)
			}
		}
	}
	r.Keys = byStrength(r.Keys)
	return r
}

func TestMatch(t *testing.T) {
	for _, tc := range []struct {
		name   string
		doc    *inventory.Document
		known  []Record
		want   ID
		reason string // a part of the reason
		why    string // a part of the first rejection
	}{
		{"the first document of a machine starts a device", doc(agent("a"), serial("9XK2LM3")), nil, 0, "no known device has its agent id", ""},
		{"the agent id finds it again", doc(agent("a"), serial("9XK2LM3")), []Record{rec(1, doc(agent("a"), serial("9XK2LM3")))}, 1, "same agent id (a); manufacturer, model and serial number agree too", ""},
		{"case 2: renamed, same serial", doc(agent("a"), named("new", ""), serial("9XK2LM3")),
			[]Record{rec(1, doc(agent("a"), named("old", ""), serial("9XK2LM3")))}, 1, "changed: name and domain", ""},
		{"a replaced board keeps the device", doc(agent("a"), named("db1", ""), serial("9XK2LM3"), uuid(u2)),
			[]Record{rec(1, doc(agent("a"), named("db1", ""), serial("9XK2LM3"), uuid(u1)))}, 1, "same agent id", ""},
		{"case 3: renamed and in another machine: the history leads back, the hardware contradicts",
			doc(agent("b", "a"), named("new", ""), serial("CZ34000"), uuid(u2)),
			[]Record{rec(1, doc(agent("a"), named("old", ""), serial("9XK2LM3"), uuid(u1)))}, 0, "new device", "a copy of that device"},
		{"a regenerated id follows its history where the machine is the same",
			doc(agent("b", "a"), named("new", ""), serial("CZ34000"), uuid(u1)),
			[]Record{rec(1, doc(agent("a"), named("old", ""), serial("9XK2LM3"), uuid(u1)))}, 1, "regenerated", ""},
		{"case 4: a virtual machine that moved", doc(agent("a"), guest(u1)), []Record{rec(1, doc(agent("a"), guest(u1)))}, 1, "VM id agree too", ""},
		{"case 4: a virtual machine that was cloned, the agent noticed", doc(agent("b", "a"), named("web1", ""), guest(u2)),
			[]Record{rec(1, doc(agent("a"), named("web1", ""), guest(u1)))}, 0, "new device", "the former agent id is the same, but this document's VM id is"},
		{"cloned, the agent did not notice yet", doc(agent("a"), named("web1", ""), guest(u2)),
			[]Record{rec(1, doc(agent("a"), named("web1", ""), guest(u1)))}, 0, "", "a copy of that device"},
		{"case 5: no VM id, all adapters changed, renamed: a copy", doc(agent("b", "a"), named("web2", ""), mac("00:aa:aa:aa:aa:aa")),
			[]Record{rec(1, doc(agent("a"), named("web1", ""), mac("00:11:11:11:11:11", "00:22:22:22:22:22")))}, 0, "", "took a new id"},
		{"case 5: one of two adapters changed", doc(agent("a"), named("web1", ""), mac("00:aa:aa:aa:aa:aa", "00:22:22:22:22:22")),
			[]Record{rec(1, doc(agent("a"), named("web1", ""), mac("00:11:11:11:11:11", "00:22:22:22:22:22")))}, 1, "network adapters agree too", ""},
		{"case 6: two hosts of one name, no domain, other serials", doc(agent("b"), named("db1", ""), serial("CZ34000")),
			[]Record{rec(1, doc(agent("a"), named("db1", ""), serial("9XK2LM3")))}, 0, "", "two machines of one name"},
		{"a copied disk in another machine", doc(agent("a"), named("db1", ""), serial("CZ34000"), uuid(u2)),
			[]Record{rec(1, doc(agent("a"), named("db1", ""), serial("9XK2LM3"), uuid(u1)))}, 0, "", "the system UUID differs as well: a copy of that device"},
		{"case 28: serial and name from another source", doc(from("sccm"), named("DB1", ""), func(d *inventory.Document) { hw(d).Serial = "9xk2lm3" }),
			[]Record{rec(1, doc(agent("a"), named("db1", ""), serial("9XK2LM3")))}, 1, "same serial number and name", ""},
		{"a firmware that renames the model", doc(agent("a"), named("x", ""), serial("9XK2LM3"), func(d *inventory.Document) { hw(d).Model = "PowerEdge R640 XL" }),
			[]Record{rec(1, doc(agent("a"), named("y", ""), serial("9XK2LM3")))}, 1, "same agent id", ""},
		{"one shared serial on two machines", doc(agent("b"), named("n2", ""), serial("9XK2LM3"), uuid(u2)),
			[]Record{rec(1, doc(agent("a"), named("n1", ""), serial("9XK2LM3"), uuid(u1)))}, 0, "", "one serial number on two machines"},
		{"a machine installed anew, under a new name, is the machine", doc(agent("b"), named("n2", ""), serial("9XK2LM3"), uuid(u1)),
			[]Record{rec(1, doc(agent("a"), named("n1", ""), serial("9XK2LM3"), uuid(u1)))}, 1, "changed: agent id, name and domain", ""},
		{"a serial alone does not join two names", doc(agent("b"), named("n2", ""), serial("9XK2LM3")),
			[]Record{rec(1, doc(agent("a"), named("n1", ""), serial("9XK2LM3")))}, 0, "", "no UUID confirms"},
		{"a cloned image is another instance", doc(agent("a"), instance("i-2"), named("ip-10-0-0-1", "")),
			[]Record{rec(1, doc(agent("a"), instance("i-1"), named("ip-10-0-0-1", "")))}, 0, "", "a copy of that device"},
		{"an instance is itself, whatever its agent", doc(agent("b"), instance("i-1")), []Record{rec(1, doc(from("aws"), instance("i-1")))}, 1, "same cloud instance id", ""},
		{"a guest known from its host meets its own inventory", doc(agent("a"), named("web1", "corp"), func(d *inventory.Document) { virtual(d).Hypervisor = "vmware" }, uuid(strings.ToUpper(swapUUID(u1)))),
			[]Record{rec(1, doc(from("host"), named("web1-prod", ""), guest(u1)))}, 1, "same VM id", ""},
		{"a name does not join a guest with a machine", doc(from("host"), named("db1", ""), guest(u2)),
			[]Record{rec(1, doc(agent("a"), named("db1", ""), serial("9XK2LM3"), uuid(u1)))}, 0, "", "one is a virtual machine"},
		{"a name joins where nothing else is known", doc(from("csv"), named("db1", "corp")), []Record{rec(1, doc(agent("a"), named("db1", "corp"), serial("9XK2LM3")))}, 1, "nothing stronger is known on both sides", ""},
		{"the agent id beats the serial of another record", doc(agent("a"), named("db1", ""), serial("9XK2LM3")),
			[]Record{rec(1, doc(from("sccm"), named("db1", ""), serial("9XK2LM3"))), rec(2, doc(agent("a"), named("db1", "")))}, 2, "same agent id", "device 2 fits better"},
		{"two records fit equally: the older is taken, and it says so", doc(from("csv"), named("db1", "")),
			[]Record{rec(8, doc(from("x"), named("db1", ""))), rec(3, doc(from("y"), named("db1", "")))}, 3, "ambiguous: device 8", "was chosen"},
		{"of an original and its clone the serial tells which", doc(agent("a"), serial("CZ34000"), uuid(u2)),
			[]Record{rec(1, doc(agent("a"), serial("9XK2LM3"), uuid(u1))), rec(2, doc(agent("a"), serial("CZ34000"), uuid(u2)))}, 2, "same agent id", "a copy"},
		{"an instance that came back on other hardware is the instance", doc(agent("a"), instance("i-1"), serial("CZ34000"), uuid(u2), named("b", "")),
			[]Record{rec(1, doc(agent("a"), instance("i-1"), serial("9XK2LM3"), uuid(u1), named("c", "")))}, 1, "same agent id", ""},
		{"a UUID that two machines share, told by their serials", doc(agent("b"), named("n2", ""), serial("CZ34000"), uuid(u1)),
			[]Record{rec(1, doc(agent("a"), named("n1", ""), serial("9XK2LM3"), uuid(u1)))}, 0, "", "one UUID on two machines"},
		{"a UUID alone does not join two agents of two names", doc(agent("b"), named("n2", ""), uuid(u1)),
			[]Record{rec(1, doc(agent("a"), named("n1", ""), uuid(u1)))}, 0, "", "no serial number confirms"},
		{"a UUID joins two names of one agent-less machine", doc(from("glpi"), named("n2", ""), uuid(u1)),
			[]Record{rec(1, doc(agent("a"), named("n1", ""), uuid(u1)))}, 1, "same system UUID", ""},
		{"an agent that renewed its id on a machine without other identity", doc(agent("b", "a"), named("n1", "")),
			[]Record{rec(1, doc(agent("a"), named("n1", "")))}, 1, "regenerated", ""},
		{"and that also has another name", doc(agent("b", "a"), named("n2", "")),
			[]Record{rec(1, doc(agent("a"), named("n1", "")))}, 0, "", "the agent took a new id: a copy"},
		{"an agent's own id on a renamed machine without other identity", doc(agent("a"), named("n2", "")),
			[]Record{rec(1, doc(agent("a"), named("n1", "")))}, 1, "changed: name and domain", ""},
		{"a partition that moved to another frame", doc(agent("a"), named("lpar3", ""), serial("78XY999"), lpar("3")),
			[]Record{rec(1, doc(agent("a"), named("lpar3", ""), serial("78AB120"), lpar("3")))}, 1, "same agent id", ""},
		{"two partitions of one frame", doc(agent("b"), named("lpar4", ""), serial("78AB120"), lpar("4")),
			[]Record{rec(1, doc(agent("a"), named("lpar3", ""), serial("78AB120"), lpar("3")))}, 0, "no known device has its", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := Match(tc.doc, tc.known)
			if d.Device != tc.want || !strings.Contains(d.Reason, tc.reason) {
				t.Errorf("device %d (%s), want %d (%s)", d.Device, d.Reason, tc.want, tc.reason)
			}
			if tc.why == "" {
				return
			}
			if len(d.Rejected) == 0 || !strings.Contains(d.Rejected[0].Why, tc.why) {
				t.Errorf("rejected %+v, want %q", d.Rejected, tc.why)
			}
		})
	}
}

func lpar(id string) func(*inventory.Document) {
	return func(d *inventory.Document) {
		virtual(d).Partition = &inventory.Partition{Kind: "shared", Entitlement: "0.5"}
		virtual(d).VMID = id
	}
}

func TestTwoRecordsOfOneMachineAreNamed(t *testing.T) {
	// Case 29: A and B share serial and name, B and C the instance id.
	d := Match(doc(agent("a"), named("db1", ""), serial("9XK2LM3"), instance("i-1")), []Record{
		rec(1, doc(from("sccm"), named("db1", ""), serial("9XK2LM3"))),
		rec(2, doc(from("aws"), instance("i-1"))),
	})
	if d.Device != 2 || !slices.Equal(d.Same, []ID{1}) {
		t.Errorf("device %d, the same %v; want 2 and 1: %s", d.Device, d.Same, d.Reason)
	}
}

func TestASplitIsRemembered(t *testing.T) {
	known := rec(1, doc(agent("a"), named("db1", ""), serial("9XK2LM3")))
	d := doc(agent("a"), named("db1", ""), serial("9XK2LM3"), uuid(u1))
	if got := Match(d, []Record{known}); got.Device != 1 {
		t.Fatal(got.Reason)
	}
	known.Not = Keys(doc(uuid(u1)))
	got := Match(d, []Record{known})
	if got.Device != 0 || !strings.Contains(got.Rejected[0].Why, "a person separated the system UUID") {
		t.Errorf("%+v", got)
	}
}

func TestAMergeIsRemembered(t *testing.T) {
	// A merged record has the keys of both: what contradicted before agrees now.
	merged := rec(1, doc(agent("a"), named("db1", ""), serial("9XK2LM3"), uuid(u1)), doc(agent("b"), named("db1", ""), serial("CZ34000"), uuid(u2)))
	for _, d := range []*inventory.Document{doc(agent("a"), serial("CZ34000"), uuid(u2)), doc(agent("b"), serial("9XK2LM3"), uuid(u1))} {
		if got := Match(d, []Record{merged}); got.Device != 1 {
			t.Error(got.Reason)
		}
	}
}

func TestMatchIsTheSameInAnyOrderOfCandidates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDoc(t, "doc")
		var known []Record
		for i := range rapid.IntRange(0, 6).Draw(t, "known") {
			known = append(known, rec(ID(i+1), drawDoc(t, "candidate")))
		}
		want := Match(d, slices.Clone(known))
		got := Match(d, rapid.Permutation(known).Draw(t, "order"))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		if want.Reason == "" {
			t.Fatal("no reason")
		}
		for _, r := range want.Rejected {
			if r.Why == "" || r.Key.Kind == "" || r.Device == want.Device {
				t.Fatalf("rejection %+v", r)
			}
		}
	})
}

func TestADocumentFindsItsOwnDevice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDoc(t, "doc")
		if !slices.ContainsFunc(Keys(d), func(k Key) bool { return k.Kind != MACKey }) {
			t.Skip("nothing to find it by")
		}
		if got := Match(d, []Record{rec(7, d)}); got.Device != 7 {
			t.Fatalf("%s", got.Reason)
		}
	})
}

// drawDoc draws from few values, so that documents share some keys and contradict in others.
func drawDoc(t *rapid.T, label string) *inventory.Document {
	pick := func(of ...string) string { return rapid.SampledFrom(of).Draw(t, label) }
	d := doc(named(pick("db1", "db2", ""), pick("", "corp")), agent(pick("a", "b", "")))
	if pick("y", "n") == "y" {
		d.Header.AgentInputs.History = []string{pick("a", "b", "c")}
	}
	serial(pick("9XK2LM3", "CZ34000", "None", ""))(d)
	uuid(pick(u1, u2, ""))(d)
	switch pick("vm", "cloud", "", "", "") {
	case "vm":
		guest(pick(u1, u3, ""))(d)
	case "cloud":
		instance(pick("i-1", "i-2"))(d)
	}
	mac(pick("00:11:11:11:11:11", "00:22:22:22:22:22"))(d)
	return d
}

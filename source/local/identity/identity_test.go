package identity_test

import (
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/internal/need"
	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/source/local/identity"
)

var (
	server = map[string]string{"host_name": "db01", "serial": "S1", "macs": "aa:01,aa:02", "machine_id": "m1"}
	guest  = map[string]string{"host_name": "app1", "serial": "S9", "vm_id": "v1", "macs": "bb:01,bb:02", "machine_id": "m2"}
	ec2    = map[string]string{"host_name": "ip-1", "vm_id": "ec2-1", "instance_id": "aws:i-1", "macs": "cc:01"}
)

func with(inputs map[string]string, changes ...string) map[string]string {
	out := maps.Clone(inputs)
	for i := 0; i < len(changes); i += 2 {
		out[changes[i]] = changes[i+1]
	}
	return out
}

func TestWhatKeepsAnIdentityAndWhatRenewsIt(t *testing.T) {
	for _, c := range []struct {
		name        string
		rule, after string
		before, now map[string]string
		want        identity.Change
	}{
		{"nothing changed", "physical", "", server, server, identity.Kept},
		{"a server renamed", "physical", "", server, with(server, "host_name", "db02"), identity.Kept},
		{"its board replaced", "physical", "", server, with(server, "serial", "S2", "macs", "aa:09"), identity.Kept},
		{"its disk moved into another server", "physical", "", server, with(server, "serial", "S2", "host_name", "db02"), identity.Renewed},
		{"read without rights", "physical", "", server, with(server, "serial", "", "host_name", "db02"), identity.Kept},
		{"network cards replaced", "physical", "", server, with(server, "macs", "aa:77"), identity.Kept},
		{"a guest renamed", "virtual", "", guest, with(guest, "host_name", "app2"), identity.Kept},
		{"one of two adapters replaced", "virtual", "", guest, with(guest, "macs", "bb:02,bb:07"), identity.Kept},
		{"a guest cloned, with new addresses", "virtual", "", guest, with(guest, "macs", "bb:08,bb:09"), identity.Cloned},
		{"a guest cloned, with a new id", "virtual", "", guest, with(guest, "vm_id", "v2"), identity.Cloned},
		{"a guest whose adapters are not seen", "virtual", "", guest, with(guest, "macs", ""), identity.Kept},
		{"an uncleaned image on another instance", "virtual", "", ec2, with(ec2, "instance_id", "aws:i-2", "vm_id", "ec2-2", "macs", "cc:02"), identity.Moved},
		{"the metadata service silent", "virtual", "", ec2, with(ec2, "instance_id", ""), identity.Kept},
		{"a server virtualized", "physical", "virtual", server, with(server, "serial", "VMware-1", "vm_id", "v7", "macs", "bb:44"), identity.Renewed},
	} {
		t.Run(c.name, func(t *testing.T) {
			first, change, _ := identity.Derive(nil, c.rule, c.before)
			if change != identity.First {
				t.Fatalf("the first derivation: %s", change)
			}
			if c.after == "" {
				c.after = c.rule
			}
			next, change, why := identity.Derive(&first, c.after, c.now)
			if change != c.want {
				t.Fatalf("%s (%s), want %s", change, why, c.want)
			}
			kept := next.AgentID == first.AgentID
			if kept != (c.want == identity.Kept) {
				t.Errorf("id kept: %v", kept)
			}
			if !kept && why == "" {
				t.Error("no reason is given")
			}
			wantHistory := []string{first.AgentID}
			if c.want == identity.Kept || c.want == identity.Moved {
				wantHistory = nil
			}
			if diff := cmp.Diff(wantHistory, next.Derived.History); diff != "" {
				t.Errorf("history: %s", diff)
			}
		})
	}
}

// Two clones that wake up with nothing but another address must not meet in one id, nor with their original.
func TestClonesHaveIdsOfTheirOwn(t *testing.T) {
	original, _, _ := identity.Derive(nil, "virtual", guest)
	seen := map[string]bool{original.AgentID: true}
	for _, vm := range []string{"v2", "v3", "v4"} {
		clone, _, _ := identity.Derive(&original, "virtual", with(guest, "vm_id", vm))
		if seen[clone.AgentID] {
			t.Errorf("the clone %s has an id that is taken", vm)
		}
		seen[clone.AgentID] = true
	}
}

// Whatever happens to a machine, deriving twice from the same is the same, and an id that was renewed never comes back.
func TestIdentityOverAnyLife(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := func(name string, n int) string {
			return rapid.SampledFrom([]string{"", "a", "b", "c"}[:n+1]).Draw(t, name)
		}
		var current *identity.Identity
		used := map[string]bool{}
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			rule := rapid.SampledFrom([]string{"physical", "virtual"}).Draw(t, "rule")
			inputs := map[string]string{"host_name": value("name", 2) + "h", "serial": value("serial", 2), "vm_id": value("vm", 2), "macs": value("macs", 3), "instance_id": value("instance", 2)}
			next, change, _ := identity.Derive(current, rule, inputs)
			if change != identity.Kept && used[next.AgentID] {
				t.Fatalf("an id of the past came back: %+v", next)
			}
			again, change, _ := identity.Derive(&next, rule, inputs)
			if change != identity.Kept || again.AgentID != next.AgentID {
				t.Fatalf("the same inputs gave %s: %+v", change, again)
			}
			used[next.AgentID] = true
			current = &next
		}
	})
}

func TestPlaceholdersAndVirtualAdaptersIdentifyNothing(t *testing.T) {
	d := &inventory.Document{Header: inventory.Header{DeviceName: "Bench"}, Virtual: &inventory.Virtual{},
		Hardware: &inventory.Hardware{Serial: "None", Adapters: []inventory.Adapter{{Name: "docker0", MAC: "02:42:00", Virtual: true}, {Name: "eth0", MAC: "aa:01"}}}}
	rule, inputs := identity.InputsOf(d, func(s string) bool { return s == "None" })
	want := map[string]string{"host_name": "bench", "macs": "aa:01"}
	if diff := cmp.Diff(want, inputs); diff != "" || rule != "physical" {
		t.Error(rule, diff)
	}
}

func TestTheFolderKeepsIdentityAndKey(t *testing.T) {
	f := identity.Folder(t.TempDir())
	if id, err := f.Load(); id != nil || err != nil {
		t.Fatalf("%v, %v", id, err)
	}
	want, _, _ := identity.Derive(nil, "physical", server)
	if err := f.Save(want); err != nil {
		t.Fatal(err)
	}
	got, err := f.Load()
	if err != nil || cmp.Diff(&want, got) != "" {
		t.Errorf("%v, %v", got, err)
	}
	key, err := f.Key()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := f.Key(); err != nil || !again.Equal(key) {
		t.Errorf("the key changed: %v", err)
	}
	if info, err := os.Stat(filepath.Join(string(f), "agent.key")); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the key's mode is %v, %v", info.Mode(), err)
	}
	if err := f.Forget(); err != nil {
		t.Fatal(err)
	}
	if other, err := f.Key(); err != nil || other.Equal(key) {
		t.Errorf("a forgotten key came back: %v", err)
	}
}

func TestDamagedStateIsToldNotReplaced(t *testing.T) {
	f := identity.Folder(t.TempDir())
	for name, content := range map[string]string{"identity.json": "{\"agent_id\":", "agent.key": "not a key"} {
		if err := os.WriteFile(filepath.Join(string(f), name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.Load(); fault.KindOf(err) != fault.Invalid {
		t.Errorf("identity: %v", err)
	}
	if _, err := f.Key(); fault.KindOf(err) != fault.Invalid {
		t.Errorf("key: %v", err)
	}
}

func TestAKeyThatOthersCanReadIsRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		need.Skip(t, "Windows has no file modes")
	}
	f := identity.Folder(t.TempDir())
	if _, err := f.Key(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(string(f), "agent.key"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Key(); fault.KindOf(err) != fault.Invalid {
		t.Errorf("got %v", err)
	}
}

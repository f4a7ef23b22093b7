package local

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/source"
	"github.com/highwater-sam/highwater/source/sourcetest"
)

var update = flag.Bool("update", false, "write the golden files")

func lookAt(t testing.TB, name string) *inventory.Document {
	t.Helper()
	s, err := New(Options{Root: recorded(t, name), Version: "1.0.0"})
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.Look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func known(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

// What a license counts, of each machine, stands here for everybody to read; 0 is "unknown". The whole documents are
// the golden files beside the machines.
func TestRecordedMachines(t *testing.T) {
	for _, c := range []struct {
		machine                            string
		sockets, max, cores, threads       int64
		hypervisor, vmID, container, cloud string
	}{
		{machine: "bare-metal-two-sockets", sockets: 2, max: 2, cores: 32, threads: 64},
		{machine: "smt-switched-off", sockets: 2, cores: 32, threads: 64},
		{machine: "cores-taken-offline", sockets: 1, max: 2, cores: 16, threads: 32},
		{machine: "cores-taken-offline-no-root", sockets: 1, cores: 16, threads: 32},
		{machine: "vmware-guest", sockets: 4, cores: 4, threads: 4, hypervisor: "vmware", vmID: "421e5d7a-900b-6c11-8f2a-334455667788"},
		{machine: "kvm-guest-on-ec2", sockets: 1, cores: 2, threads: 4, hypervisor: "kvm", cloud: "aws i-0123456789abcdef0"},
		{machine: "hyper-v-guest", sockets: 1, cores: 2, threads: 4, hypervisor: "hyper-v", vmID: "0a1b2c3d-1111-2222-3333-444455556666", cloud: "azure "},
		{machine: "xen-control-domain", sockets: 2, max: 2, cores: 32, threads: 64},
		{machine: "xen-control-domain-no-root"},
		{machine: "container-with-limits", sockets: 1, cores: 8, threads: 16, container: "kubernetes"},
		{machine: "lxcfs-hides-the-machine", container: "lxc"},
		{machine: "powervm-shared-partition", sockets: 1, cores: 3, threads: 24, hypervisor: "powervm", vmID: "78abc30/7"},
		{machine: "z-vm-guest", sockets: 2, cores: 2, threads: 2, hypervisor: "z/vm", vmID: "8561-00000000000abcde/12/linux042"},
		{machine: "aix-shared-partition", cores: 3, threads: 24, hypervisor: "powervm", vmID: "78abc30/7"},
		{machine: "aix-dedicated-partition", cores: 4, threads: 4, hypervisor: "powervm", vmID: "1012345/3"},
		{machine: "placeholder-serials", sockets: 1, cores: 4, threads: 4},
	} {
		t.Run(c.machine, func(t *testing.T) {
			d := lookAt(t, c.machine)
			h, v := d.Hardware, d.Virtual
			if known(h.Processors) != c.sockets || known(h.MaxSockets) != c.max || known(h.Cores) != c.cores || known(h.Threads) != c.threads {
				t.Errorf("sockets %d of %d, cores %d, threads %d; want %d of %d, %d, %d", known(h.Processors), known(h.MaxSockets),
					known(h.Cores), known(h.Threads), c.sockets, c.max, c.cores, c.threads)
			}
			if v.Hypervisor != c.hypervisor || v.VMID != c.vmID || v.Container != c.container {
				t.Errorf("hypervisor %q, VM %q, container %q; want %q, %q, %q", v.Hypervisor, v.VMID, v.Container, c.hypervisor, c.vmID, c.container)
			}
			cloud := ""
			if d.Cloud != nil {
				cloud = d.Cloud.Provider + " " + d.Cloud.InstanceID
			}
			if cloud != c.cloud {
				t.Errorf("cloud %q, want %q", cloud, c.cloud)
			}
			golden(t, c.machine, d)
		})
	}
}

// golden compares the whole document with the one on file, less what differs with each run.
func golden(t *testing.T, name string, d *inventory.Document) {
	t.Helper()
	d.Header.ID, d.Header.CollectedAt = "", time.Time{}
	got, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", "machines", name+".golden.json")
	if *update {
		if err := os.WriteFile(file, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.TrimSpace(string(want)), string(got)); diff != "" {
		t.Errorf("(refresh with -update) %s", diff)
	}
}

func TestContract(t *testing.T) {
	sourcetest.Run(t, sourcetest.Subject{
		Kind: Kind(), AtLeast: 1,
		New: func(t *testing.T) source.Source {
			s, err := Kind().Open(source.Values{"root": recorded(t, "bare-metal-two-sockets")})
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
	})
}

func TestAHardwareOnlyRunSaysNothingAboutSoftware(t *testing.T) {
	s, err := New(Options{Root: recorded(t, "container-with-limits"), Kind: inventory.HardwareOnly})
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.Look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if d.Evidence != nil || d.Header.Kind != inventory.HardwareOnly || d.Validate() != nil {
		t.Errorf("evidence %v, kind %s, %v", d.Evidence, d.Header.Kind, d.Validate())
	}
	full := lookAt(t, "container-with-limits")
	if full.Digests().Hardware != d.Digests().Hardware {
		t.Error("the hardware of a hardware-only run differs from that of a full one")
	}
}

func TestAnEmptyRootIsAnErrorNotAnEmptyMachine(t *testing.T) {
	s, err := New(Options{Root: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if d, err := s.Look(t.Context()); err == nil {
		t.Errorf("got %+v", d.Header)
	}
}

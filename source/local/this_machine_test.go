package local

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/highwater-sam/highwater/internal/need"
	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/source"
	"github.com/highwater-sam/highwater/source/sourcetest"
)

func thisMachine(t testing.TB) *inventory.Document {
	t.Helper()
	if runtime.GOOS != "linux" {
		need.Skip(t, "looks at a live machine, which works on Linux only so far; this is %s", runtime.GOOS)
	}
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.Look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func output(t *testing.T, program string, arguments ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, arguments...)
	cmd.Env = append(cmd.Environ(), "LC_ALL=C")
	b, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", program, err)
	}
	return string(b)
}

func TestThisMachineAsLscpuSeesIt(t *testing.T) {
	program := need.Program(t, "lscpu")
	d := thisMachine(t)
	if d.Hardware.Threads == nil {
		need.Skip(t, "this machine hides its processors: %+v", d.Remarks)
	}
	said := pairs([]byte(output(t, program)), ":")
	if off := said["Off-line CPU(s) list"]; off != "" {
		need.Skip(t, "CPUs %s are offline, which lscpu leaves out and a license does not", off)
	}
	number := func(key string) int64 {
		n, err := strconv.ParseInt(said[key], 10, 64)
		if err != nil {
			t.Fatalf("lscpu says %s: %q", key, said[key])
		}
		return n
	}
	h := d.Hardware
	if sockets, cores := number("Socket(s)"), number("Socket(s)")*number("Core(s) per socket"); known(h.Processors) != sockets || known(h.Cores) != cores || known(h.Threads) != number("CPU(s)") {
		t.Errorf("sockets %d, cores %d, threads %d; lscpu says %d, %d, %d", known(h.Processors), known(h.Cores), known(h.Threads), sockets, cores, number("CPU(s)"))
	}
	if brand := said["Model name"]; brand != "" && h.Processor != brand {
		t.Errorf("processor %q, lscpu says %q", h.Processor, brand)
	}
	if h.OS.Arch != said["Architecture"] {
		t.Errorf("architecture %q, lscpu says %q", h.OS.Arch, said["Architecture"])
	}
	if vendor := strings.ToLower(said["Hypervisor vendor"]); vendor != "" && vendor != "microsoft" && d.Virtual.Hypervisor != vendor {
		t.Errorf("hypervisor %q, lscpu says %q", d.Virtual.Hypervisor, vendor)
	}
}

func TestThisMachineAsDpkgSeesIt(t *testing.T) {
	program := need.Program(t, "dpkg-query")
	d := thisMachine(t)
	want := map[string]bool{}
	for line := range strings.Lines(output(t, program, "-W", "-f", "${db:Status-Status}\t${Package}\t${Version}\t${Architecture}\n")) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "installed\t"); ok {
			want[rest] = true
		}
	}
	got := 0
	for _, p := range d.Evidence.Packages {
		if p.Source != "dpkg" {
			continue
		}
		got++
		if !want[p.Name+"\t"+p.Version+"\t"+p.Arch] {
			t.Errorf("dpkg-query does not list %s %s %s", p.Name, p.Version, p.Arch)
		}
	}
	if got != len(want) || got == 0 {
		t.Errorf("%d packages, dpkg-query lists %d", got, len(want))
	}
}

// The machine's own rpm program makes a database, and what it lists of it is what is read.
func TestAnRPMDatabaseIsReadThroughRPM(t *testing.T) {
	program := need.Program(t, "rpm")
	root := recorded(t, "bare-metal-two-sockets")
	output(t, program, "--root", root, "--dbpath", "/var/lib/rpm", "--initdb")
	spec := filepath.Join(t.TempDir(), "probe.spec")
	write(t, filepath.Dir(spec), "probe.spec", "Name: highwater-probe\nEpoch: 2\nVersion: 1.5\nRelease: 3\nSummary: a package\nLicense: none\n"+
		"Vendor: Example, Inc.\nBuildArch: noarch\n%description\nA package without files.\n%files\n")
	built := t.TempDir()
	output(t, need.Program(t, "rpmbuild"), "-bb", "--define", "_topdir "+built, "--define", "_rpmdir "+built, "--define", "_build_id_links none", spec)
	output(t, program, "--root", root, "--dbpath", "/var/lib/rpm", "--nodeps", "-i", filepath.Join(built, "noarch", "highwater-probe-1.5-3.noarch.rpm"))
	s, err := New(Options{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.Look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := inventory.Package{Source: "rpm", Name: "highwater-probe", Version: "2:1.5-3", Arch: "noarch", Publisher: "Example, Inc."}
	if len(d.Evidence.Packages) != 1 || d.Evidence.Packages[0] != want {
		t.Errorf("got %+v, want %+v; %+v", d.Evidence.Packages, want, d.Remarks)
	}
}

func TestAnRPMDatabaseWithoutRPMIsToldAndNotTakenForEmpty(t *testing.T) {
	root := recorded(t, "bare-metal-two-sockets")
	write(t, root, "var/lib/rpm/rpmdb.sqlite", "SQLite format 3\x00")
	t.Setenv("PATH", t.TempDir())
	s, err := New(Options{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.Look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, looked := range d.Evidence.Looked {
		if looked == "rpm" {
			t.Error("rpm counts as looked at")
		}
	}
	told := false
	for _, r := range d.Remarks {
		told = told || r.Part == "rpm" && strings.Contains(r.Text, "no rpm program")
	}
	if !told {
		t.Errorf("the remarks do not say so: %+v", d.Remarks)
	}
}

// An independent reader of SMBIOS agrees that the tables these tests build are what they should be.
func TestTheTablesOfTheseTestsAreWhatDmidecodeReads(t *testing.T) {
	program := need.Program(t, "dmidecode", "/usr/sbin/dmidecode")
	root := recorded(t, "bare-metal-two-sockets")
	tables := newTree(root).bytes("smbios", "sys/firmware/dmi/tables/DMI")
	dump := make([]byte, 0x20, 0x20+len(tables)) // dmidecode's form of a dump: the entry point, then the tables at 0x20
	copy(dump, "_SM3_\x00\x18\x03\x03\x00\x01\x00")
	dump[0x0c], dump[0x0d], dump[0x0e] = byte(len(tables)), byte(len(tables)>>8), byte(len(tables)>>16)
	dump[0x10] = 0x20
	var sum byte
	for _, c := range dump[:0x18] {
		sum += c
	}
	dump[5] = -sum
	file := filepath.Join(t.TempDir(), "dump")
	write(t, filepath.Dir(file), "dump", string(append(dump, tables...)))
	said := output(t, program, "--from-dump", file)
	for _, want := range []string{"Manufacturer: Dell Inc.", "Product Name: PowerEdge R750", "Serial Number: 7XK2Q93", "UUID: 4c4c4544-0058-4b10-8032-b7c04f513933",
		"Core Enabled: 16", "Thread Count: 32", "Max Speed: 3500 MHz", "Size: 16 GB", "Type: Rack Mount Chassis"} {
		if !strings.Contains(said, want) {
			t.Errorf("dmidecode does not say %q", want)
		}
	}
	s, err := parseSMBIOS(tables, 0x0303)
	if err != nil || len(s.processors) != 2 || s.processors[1].coresEnabled != 16 || s.processors[0].threads != 32 || s.memory != 256<<30 ||
		s.system.uuid != "4c4c4544-0058-4b10-8032-b7c04f513933" || s.chassisType != 0x17 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestContractOnThisMachine(t *testing.T) {
	thisMachine(t)
	sourcetest.Run(t, sourcetest.Subject{
		Kind: Kind(), AtLeast: 1, Volatile: true,
		New: func(t *testing.T) source.Source {
			s, err := Kind().Open(nil)
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
	})
}

// The time of a whole run here is printed beside that of the programs that each tell a part of it.
func BenchmarkThisMachine(b *testing.B) {
	d := thisMachine(b)
	s, err := New(Options{})
	if err != nil {
		b.Fatal(err)
	}
	look := func(b *testing.B, o Options) {
		s, err = New(o)
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if _, err := s.Look(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	}
	raw, err := inventory.Encode(d)
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("%d packages, %d tags, %d bytes of JSON", len(d.Evidence.Packages), len(d.Evidence.Tags), len(raw))
	b.Run("full", func(b *testing.B) { look(b, Options{}) })
	b.Run("hardware", func(b *testing.B) { look(b, Options{Kind: inventory.HardwareOnly}) })
	for _, program := range []string{"lscpu", "dpkg-query -W"} {
		words := strings.Fields(program)
		if path, err := exec.LookPath(words[0]); err == nil {
			b.Run(program, func(b *testing.B) {
				for b.Loop() {
					cmd := exec.CommandContext(b.Context(), path, words[1:]...)
					cmd.Stdout = &bytes.Buffer{}
					if err := cmd.Run(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

package local

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// recorded lays out a recorded machine of testdata/machines below a temporary root. The archive's comment begins with
// what the machine is; its further lines are expanded into the many small files they stand for:
//
//	topology: 2 sockets 16 cores 2 threads     sysfs's CPU folders, numbered as Linux does: all first threads first
//	offline: 8-15,24-31 | second threads       these CPUs have no topology, and a file that says so
//	smbios: maker|model|serial|uuid|processor|MHz|cores of each socket|memory
func recorded(t testing.TB, name string) string {
	t.Helper()
	archive, err := txtar.ParseFile(filepath.Join("testdata", "machines", name+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	for _, f := range archive.Files {
		write(t, root, f.Name, string(f.Data))
	}
	settings := pairs(archive.Comment, ":")
	offline := settings["offline"]
	if shape := settings["topology"]; shape != "" {
		var sockets, cores, threads int
		if _, err := fmt.Sscanf(shape, "%d sockets %d cores %d threads", &sockets, &cores, &threads); err != nil {
			t.Fatal(err)
		}
		if offline == "second threads" {
			offline = fmt.Sprintf("%d-%d", sockets*cores, 2*sockets*cores-1)
		}
		writeTopology(t, root, sockets, cores, threads, offline)
	}
	if spec := settings["smbios"]; spec != "" {
		write(t, root, "sys/firmware/dmi/tables/DMI", string(smbiosTable(t, strings.Split(spec, "|"))))
		write(t, root, "sys/firmware/dmi/tables/smbios_entry_point", "_SM3_\x00\x18\x03\x03\x00\x01\x00")
	}
	return root
}

func write(t testing.TB, root, name, content string) {
	t.Helper()
	path := filepath.Join(root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func writeTopology(t testing.TB, root string, sockets, cores, threads int, offline string) {
	t.Helper()
	out, err := parseCPUList(offline)
	if err != nil {
		t.Fatal(err)
	}
	list := func(cpus []int) string {
		var s []string
		for _, c := range cpus {
			if !slices.Contains(out, c) {
				s = append(s, strconv.Itoa(c))
			}
		}
		return strings.Join(s, ",") + "\n"
	}
	all := sockets * cores
	for cpu := range all * threads {
		folder := fmt.Sprintf("sys/devices/system/cpu/cpu%d/", cpu)
		if slices.Contains(out, cpu) {
			write(t, root, folder+"online", "0\n")
			continue
		}
		if cpu > 0 {
			write(t, root, folder+"online", "1\n")
		}
		core := cpu % all
		var siblings, pkg []int
		for n := range threads {
			siblings = append(siblings, core+n*all)
		}
		for c := range all * threads {
			if (c%all)/cores == core/cores {
				pkg = append(pkg, c)
			}
		}
		write(t, root, folder+"topology/core_id", strconv.Itoa(core%cores)+"\n")
		write(t, root, folder+"topology/physical_package_id", strconv.Itoa(core/cores)+"\n")
		write(t, root, folder+"topology/core_cpus_list", list(siblings))
		write(t, root, folder+"topology/package_cpus_list", list(pkg))
	}
}

// smbiosTable builds the tables of a machine as the specification lays them out (DMTF DSP0134 3.3).
func smbiosTable(t testing.TB, f []string) []byte {
	t.Helper()
	if len(f) != 8 {
		t.Fatalf("smbios: %d fields, want 8", len(f))
	}
	var b []byte
	add := func(kind byte, data map[int]byte, length int, texts ...string) {
		x := make([]byte, length)
		x[0], x[1], x[2] = kind, byte(length), byte(len(b)) // a handle, unique enough here
		for at, v := range data {
			x[at] = v
		}
		b = append(b, x...)
		for _, s := range texts {
			b = append(append(b, s...), 0)
		}
		if len(texts) == 0 {
			b = append(b, 0)
		}
		b = append(b, 0)
	}
	hex := strings.ReplaceAll(f[3], "-", "")
	order := []int{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15} // little endian in the first three fields
	uuid := map[int]byte{4: 1, 5: 2, 7: 3}
	for at, from := range order {
		v, err := strconv.ParseUint(hex[from*2:from*2+2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		uuid[8+at] = byte(v)
	}
	add(1, uuid, 0x1b, f[0], f[1], f[2])
	add(3, map[int]byte{5: 0x17, 4: 1}, 0x16, f[0])
	mhz, _ := strconv.Atoi(f[5])
	for n, cores := range strings.Split(f[6], ",") {
		c, _ := strconv.Atoi(cores)
		data := map[int]byte{4: 1, 5: 3, 0x10: 3, 0x14: byte(mhz), 0x15: byte(mhz >> 8), 0x18: 0x41, 0x23: byte(c), 0x24: byte(c), 0x25: byte(2 * c)}
		if c == 0 {
			data = map[int]byte{4: 1, 5: 3} // an empty socket
		}
		add(4, data, 0x30, fmt.Sprintf("CPU%d", n), "Intel", f[4])
	}
	size, times, _ := strings.Cut(f[7], " KiB*")
	kib, _ := strconv.Atoi(size)
	n, _ := strconv.Atoi(times)
	for range n {
		mib := kib >> 10
		data := map[int]byte{0x0c: byte(mib), 0x0d: byte(mib >> 8)}
		if mib >= 0x7fff {
			data = map[int]byte{0x0c: 0xff, 0x0d: 0x7f, 0x1c: byte(mib), 0x1d: byte(mib >> 8), 0x1e: byte(mib >> 16)}
		}
		add(17, data, 0x22)
	}
	add(17, nil, 0x22) // an empty slot
	add(127, nil, 4)
	return b
}

package local

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/highwater-sam/highwater/inventory"
)

func TestParseCPUList(t *testing.T) {
	for in, want := range map[string][]int{"": nil, "0": {0}, "0-3": {0, 1, 2, 3}, "0,2-3,7\n": {0, 2, 3, 7}} {
		got, err := parseCPUList(in)
		if err != nil || cmp.Diff(want, got) != "" {
			t.Errorf("%q: %v, %v", in, got, err)
		}
	}
	for _, in := range []string{"a", "3-1", "0-99999999", "1,,2", "-1", "0-65535,0-65535,0-65535"} {
		if got, err := parseCPUList(in); err == nil {
			t.Errorf("%q: accepted as %d CPUs", in, len(got))
		}
	}
}

func TestParseDpkgTakesWhatIsInstalledOnly(t *testing.T) {
	const status = `Package: nginx
Status: install ok installed
Maintainer: Debian Nginx Maintainers <x@example.org>
Architecture: amd64
Version: 1.22.1-9
Description: small server
 Package: not-a-package
 .
 Status: install ok installed

Package: removed
Status: deinstall ok config-files
Version: 1

Package: held
Status: hold ok installed
Version: 2:3
Architecture: all

Package: broken
Status: install ok half-installed
Version: 9
`
	got, err := parseDpkg(strings.NewReader(status), false)
	if err != nil {
		t.Fatal(err)
	}
	want := []inventory.Package{
		{Source: "dpkg", Name: "nginx", Version: "1.22.1-9", Arch: "amd64", Publisher: "Debian Nginx Maintainers <x@example.org>"},
		{Source: "dpkg", Name: "held", Version: "2:3", Arch: "all"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestADpkgStatusThatIsBrokenDoesNotCountAsLookedAt(t *testing.T) {
	root := t.TempDir()
	write(t, root, "var/lib/dpkg/status", "Package: a\nStatus: install ok installed\nVersion: 1\n\nPackage: b\nDescription: "+strings.Repeat("x", maxLine+1))
	tree, e := newTree(root), &inventory.Evidence{}
	readDpkg(tree, e)
	if len(e.Packages) != 1 || len(e.Looked) != 0 || len(tree.finish()) != 1 {
		t.Errorf("%+v, %+v", e, tree.remarks)
	}
}

func TestParseRPM(t *testing.T) {
	got, err := parseRPM(strings.NewReader("bash\t5.1.8-9.el9\tx86_64\tRed Hat, Inc.\nMQSeriesServer\t9.3.0-5\tx86_64\tIBM\ngpg-pubkey\tfd431d51-4ae0493b\t(none)\t(none)\nopenssl\t1:3.0.7-27.el9\tx86_64\tRed Hat, Inc.\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []inventory.Package{
		{Source: "rpm", Name: "bash", Version: "5.1.8-9.el9", Arch: "x86_64", Publisher: "Red Hat, Inc."},
		{Source: "rpm", Name: "MQSeriesServer", Version: "9.3.0-5", Arch: "x86_64", Publisher: "IBM"},
		{Source: "rpm", Name: "gpg-pubkey", Version: "fd431d51-4ae0493b"},
		{Source: "rpm", Name: "openssl", Version: "1:3.0.7-27.el9", Arch: "x86_64", Publisher: "Red Hat, Inc."},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := parseRPM(strings.NewReader("error: rpmdb: damaged\n")); err == nil {
		t.Error("an error message was taken for a package")
	}
}

func TestParseTagKeepsWhatABrokenOneStillSays(t *testing.T) {
	tag, err := parseTag("/opt/x/swidtag/product.swidtag", []byte(`<SoftwareIdentity name="Half" version="1"><Entity`))
	if err == nil || tag.Name != "Half" || tag.Version != "1" {
		t.Errorf("%+v, %v", tag, err)
	}
	tag, err = parseTag("/opt/x/swidtag/empty.swidtag", nil)
	if err == nil || tag.Name != "empty" {
		t.Errorf("%+v, %v", tag, err)
	}
	tag, err = parseTag("/opt/x/old.cmptag", []byte("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><Component><Name>K\xf6ln</Name><Version>2.1</Version><PersistentId>p1</PersistentId></Component>"))
	if err != nil || tag.Name != "K\u00f6ln" || tag.Version != "2.1" || tag.Persistent != "p1" {
		t.Errorf("%+v, %v", tag, err)
	}
}

func TestParseSMBIOSStopsAtWhatIsBroken(t *testing.T) {
	good := smbiosTable(t, strings.Split("Maker|Model|S1|4c4c4544-0058-4b10-8032-b7c04f513933|CPU|3000|8|1048576 KiB*1", "|"))
	for n := range len(good) {
		s, err := parseSMBIOS(good[:n], 0x0300)
		if err == nil && n > 4 && n < len(good)-10 && len(s.processors) > 1 {
			t.Fatalf("cut at %d: %+v", n, s)
		}
	}
	s, err := parseSMBIOS(good, 0x0205)
	if err != nil || s.system.uuid != "44454c4c-5800-104b-8032-b7c04f513933" {
		t.Errorf("before 2.6 a UUID is in network order: %s, %v", s.system.uuid, err)
	}
}

func TestPlaceholders(t *testing.T) {
	for _, s := range []string{"None", "0", "To be filled by O.E.M.", "00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "Default string", "...."} {
		if !Placeholder(s) {
			t.Errorf("%q is a placeholder", s)
		}
	}
	for _, s := range []string{"7XK2Q93", "VMware-42 1e 5d 7a 90 0b 6c 11-8f 2a 33 44 55 66 77 88", "4c4c4544-0058-4b10-8032-b7c04f513933", "0278ABC30"} {
		if Placeholder(s) {
			t.Errorf("%q is a serial", s)
		}
	}
}

func TestTemporaryAddressesAreToldFromLastingOnes(t *testing.T) {
	ip, temporary := parseInet6("20010db8000000000000000000000001 02 40 00 01     eth0\n")
	if ip != "2001:db8::1" || !temporary {
		t.Errorf("%s, %v", ip, temporary)
	}
	if ip, temporary = parseInet6("fd000000000000000000000000000002 02 40 00 80     eth0"); ip != "fd00::2" || temporary {
		t.Errorf("%s, %v", ip, temporary)
	}
}

// Every parser of what others wrote takes anything without a panic, and what it returns fits into a document.
func FuzzParsers(f *testing.F) {
	for _, name := range []string{"bare-metal-two-sockets", "powervm-shared-partition", "z-vm-guest", "container-with-limits", "aix-shared-partition"} {
		b, err := os.ReadFile("testdata/machines/" + name + ".txtar")
		if err != nil {
			f.Fatal(err)
		}
		for part := range bytes.SplitSeq(b, []byte("\n-- ")) {
			if _, content, ok := bytes.Cut(part, []byte(" --\n")); ok {
				f.Add(content)
			}
		}
	}
	f.Add(smbiosTable(f, strings.Split("Maker|Model|S1|4c4c4544-0058-4b10-8032-b7c04f513933|CPU|3000|8,0|1048576 KiB*1", "|")))
	f.Add([]byte("bash\t5.1.8-9.el9\tx86_64\tRed Hat, Inc.\n"))
	f.Add([]byte(`{"instanceId":"i-1","accountId":"1"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		d := inventory.Document{Format: inventory.Format, Header: inventory.Header{ID: "01a200b7-f31e-7b1b-bd60-a4abdcece11f", DeviceName: "x",
			Source: Name, Collector: "x", Version: "x", CollectedAt: testTime, Kind: inventory.Full},
			Hardware: &inventory.Hardware{}, Virtual: &inventory.Virtual{}, Evidence: &inventory.Evidence{}}
		if n, err := parseCPUList(string(b)); err == nil && len(n) > 2*maxCPU {
			t.Fatal("a list beyond its limit")
		}
		s, _ := parseSMBIOS(b, 0x0300)
		d.Hardware.Manufacturer, d.Hardware.Serial, d.Hardware.UUID = s.system.manufacturer, s.system.serial, s.system.uuid
		d.Hardware.Cores = count(len(s.processors))
		c := parseCPUInfo(b)
		d.Hardware.Processor = c.brand
		aixMachine(pairs(b, ":"), d.Hardware)
		aixPartition(newTree(t.TempDir()), pairs(b, ":"), d.Hardware, d.Virtual)
		filesets, _ := parseLPP(string(b))
		d.Evidence.Packages = append(d.Evidence.Packages, filesets...)
		if !powerPartition(pairs(b, "="), d.Virtual) {
			zPartition(pairs(b, ":"), d.Virtual)
		}
		for _, parse := range []func() ([]inventory.Package, error){
			func() ([]inventory.Package, error) { return parseDpkg(bytes.NewReader(b), true) },
			func() ([]inventory.Package, error) { return parseRPM(bytes.NewReader(b)) },
			func() ([]inventory.Package, error) { return parseAPK(bytes.NewReader(b)) },
		} {
			list, _ := parse()
			d.Evidence.Packages = append(d.Evidence.Packages, list...)
		}
		tag, _ := parseTag("/x.swidtag", b)
		d.Evidence.Tags = append(d.Evidence.Tags, tag)
		if cloud, err := parseInstanceIdentity(b); err == nil {
			d.Cloud = cloud
		}
		parseInet6(string(b))
		unquote(string(b))
		if err := d.Validate(); err != nil {
			t.Fatalf("what was read does not fit into a document: %v", err)
		}
	})
}

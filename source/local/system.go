package local

import (
	"strconv"
	"strings"

	"github.com/highwater-sam/highwater/inventory"
)

// readOS fills in the running system, from the files that say it; arch is what the kernel calls the machine where the
// files do not say.
func readOS(t *tree, arch string) inventory.OS {
	b := t.bytes("os", "etc/os-release")
	if len(b) == 0 {
		b = t.bytes("os", "usr/lib/os-release")
	}
	p := pairs(b, "=")
	for k, v := range p {
		p[k] = unquote(v)
	}
	os := inventory.OS{
		Family: "linux", Name: orElse(p["PRETTY_NAME"], p["NAME"]), Version: p["VERSION_ID"],
		Kernel: t.text("os", "proc/sys/kernel/osrelease"), Arch: orElse(t.text("os", "proc/sys/kernel/arch"), arch),
	}
	if os.Name == "" {
		os.Name = t.text("os", "etc/redhat-release")
	}
	if os.Name == "" {
		t.remark("os", "neither etc/os-release nor etc/redhat-release names the system")
	}
	return os
}

// unquote removes the shell quotes of os-release.
func unquote(s string) string {
	if len(s) >= 2 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		s = s[1 : len(s)-1]
	}
	return strings.NewReplacer(`\"`, `"`, `\$`, `$`, `\\`, `\`, "\\`", "`").Replace(s)
}

// memory returns the memory the firmware says is installed, else what the kernel has of it.
func memory(t *tree, installed int64) int64 {
	if installed > 0 {
		return installed
	}
	total := strings.Fields(pairs(t.bytes("memory", "proc/meminfo"), ":")["MemTotal"])
	if len(total) == 0 {
		return 0
	}
	kib, err := strconv.ParseInt(total[0], 10, 64)
	if err != nil || kib < 0 || kib > 1<<50 {
		return 0
	}
	return kib << 10
}

// hostName returns the device's name and domain. The kernel's name may hold both; otherwise the domain is the one that
// etc/hosts or etc/resolv.conf gives to this very name.
func hostName(t *tree, live string) (name, domain string) {
	full := orElse(live, t.text("name", "proc/sys/kernel/hostname"), t.text("name", "etc/hostname"))
	name, domain, _ = strings.Cut(full, ".")
	if domain != "" || name == "" {
		return name, strings.ToLower(domain)
	}
	if d := t.text("name", "proc/sys/kernel/domainname"); d != "" && d != "(none)" {
		return name, strings.ToLower(d)
	}
	for line := range strings.Lines(string(t.bytes("name", "etc/hosts"))) {
		line, _, _ = strings.Cut(line, "#")
		for _, alias := range strings.Fields(line) {
			if d, ok := strings.CutPrefix(alias, name+"."); ok && d != "" && d != "localdomain" {
				return name, strings.ToLower(d)
			}
		}
	}
	for line := range strings.Lines(string(t.bytes("name", "etc/resolv.conf"))) {
		if f := strings.Fields(line); len(f) == 2 && f[0] == "domain" {
			return name, strings.ToLower(strings.Trim(f[1], "."))
		}
	}
	return name, ""
}

// disks lists the block devices that are hardware: no loops, partitions, mappings or drives for removable media.
func disks(t *tree) []inventory.Disk {
	var out []inventory.Disk
	for _, name := range t.names("disks", "sys/class/block") {
		folder := "sys/class/block/" + name + "/"
		if !t.exists(folder+"device") || t.exists(folder+"partition") || strings.HasPrefix(name, "sr") || strings.HasPrefix(name, "fd") {
			continue
		}
		sectors, _ := t.number("disks", folder+"size")
		if sectors <= 0 || sectors > 1<<50 {
			continue
		}
		out = append(out, inventory.Disk{
			Name: name, Bytes: sectors * 512, // sysfs counts in sectors of 512 bytes whatever the device's are
			Model:  strings.TrimSpace(t.text("disks", folder+"device/vendor") + " " + t.text("disks", folder+"device/model")),
			Serial: orElse(t.text("disks", folder+"device/serial"), t.text("disks", folder+"serial"), t.text("disks", folder+"device/wwid")),
		})
		if strings.HasPrefix(out[len(out)-1].Model, "0x") { // a virtio device has a number for its vendor
			out[len(out)-1].Model = ""
		}
	}
	return out
}

// adapters lists the network adapters with a hardware address. One without a device behind it is virtual to this
// system (a bridge, a bond, a container's end of a pair) and is kept only when it carries an address.
func adapters(t *tree, addresses map[string][]string) []inventory.Adapter {
	var out []inventory.Adapter
	for _, name := range t.names("adapters", "sys/class/net") {
		folder := "sys/class/net/" + name + "/"
		if name == "lo" || !t.exists(folder+"address") {
			continue
		}
		a := inventory.Adapter{Name: inventory.Text(name), MAC: strings.ToLower(t.text("adapters", folder+"address")), Addresses: addresses[name]}
		a.Virtual = !t.exists(folder + "device")
		if strings.Trim(a.MAC, "0:") == "" {
			a.MAC = ""
		}
		if a.Virtual && len(a.Addresses) == 0 {
			continue
		}
		if out = append(out, a); len(out) == inventory.MaxParts {
			t.remark("adapters", "more than %d adapters; the others were left out", inventory.MaxParts)
			break
		}
	}
	return out
}

package local

import (
	"strings"

	"github.com/highwater-sam/highwater/inventory"
)

const dmiFolder = "sys/class/dmi/id/"

// readFirmware fills in who made the machine and its numbers: from the kernel's DMI files, which give the plain ones
// to everybody and the serials to root, then from the tables, then (POWER, z) from where those firmwares keep them.
// It returns the tables' processors.
func readFirmware(t *tree, h *inventory.Hardware) []smbiosProcessor {
	tables, _ := readSMBIOS(t)
	dmi := func(name, other string) string { return orElse(t.text("smbios", dmiFolder+name), other) }
	h.Manufacturer = dmi("sys_vendor", tables.system.manufacturer)
	h.Model = dmi("product_name", tables.system.model)
	h.Serial = dmi("product_serial", tables.system.serial)
	h.UUID = strings.ToLower(dmi("product_uuid", tables.system.uuid))
	h.BoardSerial = dmi("board_serial", tables.boardSerial)
	chassis := int64(tables.chassisType)
	if n, ok := t.number("smbios", dmiFolder+"chassis_type"); ok {
		chassis = n
	}
	if chassis > 0 && chassis < int64(len(chassisTypes)) {
		h.Chassis = chassisTypes[chassis]
	}
	h.MemoryBytes = tables.memory
	powerFirmware(t, h)
	zFirmware(t, h)
	for part, value := range map[string]string{"serial": h.Serial, "uuid": h.UUID, "board serial": h.BoardSerial} {
		if value != "" && Placeholder(value) {
			t.remark("smbios", "the %s %q is a placeholder that many machines share; it identifies nothing", part, value)
		}
	}
	return tables.processors
}

// powerFirmware reads the device tree of POWER machines: "IBM,9009-42A" and "IBM,0278ABC".
func powerFirmware(t *tree, h *inventory.Hardware) {
	if !t.exists("proc/device-tree/system-id") && !t.exists("proc/device-tree/model") {
		return
	}
	model := strings.Trim(t.text("cpu", "proc/device-tree/model"), "\x00")
	vendor, name, ok := strings.Cut(model, ",")
	if !ok {
		vendor, name = "", model
	}
	h.Manufacturer, h.Model = orElse(h.Manufacturer, vendor), orElse(h.Model, name)
	h.Serial = orElse(h.Serial, powerSerial(t.text("cpu", "proc/device-tree/system-id")))
}

// zFirmware reads /proc/sysinfo of IBM Z: manufacturer, machine type and the machine's sequence code.
func zFirmware(t *tree, h *inventory.Hardware) {
	p := pairs(t.bytes("cpu", "proc/sysinfo"), ":")
	if p["Type"] == "" {
		return
	}
	model, _, _ := strings.Cut(p["Model"], " ")
	h.Manufacturer = orElse(h.Manufacturer, p["Manufacturer"])
	h.Model = orElse(h.Model, strings.Trim(p["Type"]+"-"+model, "-"))
	h.Serial = orElse(h.Serial, p["Sequence Code"])
}

// chassisTypes are the words of SMBIOS table 17 by number.
var chassisTypes = [...]string{1: "other", "unknown", "desktop", "low profile desktop", "pizza box", "mini tower", "tower",
	"portable", "laptop", "notebook", "hand held", "docking station", "all in one", "sub notebook", "space-saving",
	"lunch box", "main server chassis", "expansion chassis", "sub chassis", "bus expansion chassis", "peripheral chassis",
	"RAID chassis", "rack mount chassis", "sealed-case PC", "multi-system chassis", "compact PCI", "advanced TCA",
	"blade", "blade enclosure", "tablet", "convertible", "detachable", "IoT gateway", "embedded PC", "mini PC", "stick PC"}

// Placeholder reports whether a serial or UUID is one that firmware ships instead of a real one. It is reported as it
// is and told as a remark; device matching has its own, longer list.
func Placeholder(s string) bool {
	s = strings.ToLower(strings.TrimSpace(s))
	if strings.Trim(s, "0-. ") == "" || strings.Trim(s, "f-") == "" || strings.Trim(s, "x") == "" {
		return true
	}
	switch s {
	case "none", "n/a", "na", "null", "unknown", "default", "default string", "to be filled by o.e.m.", "to be filled by oem",
		"not specified", "not applicable", "not available", "system serial number", "base board serial number", "serial number",
		"123456789", "1234567890", "0123456789", "invalid", "empty", "oem", "03000200-0400-0500-0006-000700080009":
		return true
	}
	return false
}

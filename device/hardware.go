package device

import (
	"fmt"
	"sort"
	"strings"

	"github.com/highwater-sam/highwater/inventory"
)

// HardwareOf is what one document says of the hardware, nothing kept from before; nil when it did not look.
func HardwareOf(doc *inventory.Document) *Hardware {
	hw, _ := mergeHardware(nil, doc)
	return hw
}

// property is one value of the hardware that is known or unknown by itself.
type property struct {
	name    string // as in the document
	counted bool   // an engine figure depends on it: keeping an old value is worth a remark
	known   func(*inventory.Hardware) bool
	set     func(to, from *inventory.Hardware)
	text    func(*inventory.Hardware) string
}

func number(name string, counted bool, at func(*inventory.Hardware) **int64) property {
	return property{name, counted,
		func(h *inventory.Hardware) bool { p := *at(h); return p != nil && *p > 0 },
		func(to, from *inventory.Hardware) { v := **at(from); *at(to) = &v },
		func(h *inventory.Hardware) string { return fmt.Sprint(**at(h)) }}
}

func amount(name string, at func(*inventory.Hardware) *int64) property {
	return property{name, false,
		func(h *inventory.Hardware) bool { return *at(h) > 0 },
		func(to, from *inventory.Hardware) { *at(to) = *at(from) },
		func(h *inventory.Hardware) string { return fmt.Sprint(*at(h)) }}
}

func words(name string, counted bool, at func(*inventory.Hardware) *string) property {
	return property{name, counted,
		func(h *inventory.Hardware) bool { return *at(h) != "" },
		func(to, from *inventory.Hardware) { *at(to) = *at(from) },
		func(h *inventory.Hardware) string { return *at(h) }}
}

// properties lists all of inventory.Hardware, once.
var properties = []property{
	number("processors", true, func(h *inventory.Hardware) **int64 { return &h.Processors }),
	number("max_sockets", true, func(h *inventory.Hardware) **int64 { return &h.MaxSockets }),
	number("cores", true, func(h *inventory.Hardware) **int64 { return &h.Cores }),
	number("threads", true, func(h *inventory.Hardware) **int64 { return &h.Threads }),
	words("processor", true, func(h *inventory.Hardware) *string { return &h.Processor }),
	amount("clock_mhz", func(h *inventory.Hardware) *int64 { return &h.ClockMHz }),
	words("manufacturer", false, func(h *inventory.Hardware) *string { return &h.Manufacturer }),
	words("model", true, func(h *inventory.Hardware) *string { return &h.Model }),
	words("serial", false, func(h *inventory.Hardware) *string { return &h.Serial }),
	words("uuid", false, func(h *inventory.Hardware) *string { return &h.UUID }),
	words("chassis", false, func(h *inventory.Hardware) *string { return &h.Chassis }),
	words("board_serial", false, func(h *inventory.Hardware) *string { return &h.BoardSerial }),
	amount("memory_bytes", func(h *inventory.Hardware) *int64 { return &h.MemoryBytes }),
	words("os.family", true, func(h *inventory.Hardware) *string { return &h.OS.Family }),
	words("os.name", false, func(h *inventory.Hardware) *string { return &h.OS.Name }),
	words("os.version", false, func(h *inventory.Hardware) *string { return &h.OS.Version }),
	words("os.kernel", false, func(h *inventory.Hardware) *string { return &h.OS.Kernel }),
	words("os.arch", false, func(h *inventory.Hardware) *string { return &h.OS.Arch }),
	{"adapters", false,
		func(h *inventory.Hardware) bool { return len(h.Adapters) > 0 },
		func(to, from *inventory.Hardware) { to.Adapters = sortedAdapters(from.Adapters) },
		func(h *inventory.Hardware) string { return fmt.Sprint(len(h.Adapters)) }},
	{"disks", false,
		func(h *inventory.Hardware) bool { return len(h.Disks) > 0 },
		func(to, from *inventory.Hardware) { to.Disks = sortedDisks(from.Disks) },
		func(h *inventory.Hardware) string { return fmt.Sprint(len(h.Disks)) }},
}

// partitionProperty names the partition among a value's origins.
const partitionProperty = "partition"

// mergeHardware is the hardware after the document, and remarks on what was kept. What the run could not read keeps the
// earlier value: unknown is not changed. What the agent read stays when another source says otherwise; among other
// sources the newest wins. Nil when neither says anything.
func mergeHardware(before *Hardware, doc *inventory.Document) (*Hardware, []string) {
	if doc.Hardware == nil && (doc.Virtual == nil || before == nil) {
		return before, nil
	}
	src := doc.Hardware
	if src == nil {
		src = &inventory.Hardware{}
	}
	source := SourceOf(doc)
	after := &Hardware{}
	var old inventory.Hardware
	origins := map[string]string{}
	if before != nil {
		old = before.Detail
		after.Partition = before.Partition
	}
	origin := func(name string) string {
		if before != nil && before.Origins[name] != "" {
			return before.Origins[name]
		}
		return AgentSource
	}
	var remarks []string
	for _, p := range properties {
		isNew, isOld := p.known(src), p.known(&old)
		switch {
		case isNew && (!isOld || source == AgentSource || origin(p.name) != AgentSource):
			p.set(&after.Detail, src)
			origins[p.name] = source
		case isOld:
			p.set(&after.Detail, &old)
			origins[p.name] = origin(p.name)
			if !isNew && p.counted && doc.Hardware != nil {
				remarks = append(remarks, fmt.Sprintf("%s could not be read by this run; the earlier value %s is kept", p.name, p.text(&old)))
			}
		}
	}
	if v := doc.Virtual; v != nil && (source == AgentSource || before == nil || origin(partitionProperty) != AgentSource || before.Partition == nil) {
		after.Partition = nil
		if v.Partition != nil {
			part := *v.Partition
			after.Partition = &part
			origins[partitionProperty] = source
		}
	} else if after.Partition != nil {
		origins[partitionProperty] = origin(partitionProperty)
	}
	for name, o := range origins {
		if o == AgentSource {
			delete(origins, name)
		}
	}
	if len(origins) > 0 {
		after.Origins = origins
	}
	after.summarize()
	return after, remarks
}

// summarize copies what the engine needs out of the detail.
func (h *Hardware) summarize() {
	d := &h.Detail
	h.Processors, h.MaxSockets, h.Cores, h.Threads = d.Processors, d.MaxSockets, d.Cores, d.Threads
	h.Processor, h.Model, h.OS = d.Processor, d.Model, strings.ToLower(d.OS.Family)
}

// sortedAdapters gives one order to what systems list in any order.
func sortedAdapters(in []inventory.Adapter) []inventory.Adapter {
	out := append([]inventory.Adapter(nil), in...)
	for i := range out {
		out[i].Addresses = append([]string(nil), out[i].Addresses...)
		sort.Strings(out[i].Addresses)
	}
	sort.SliceStable(out, func(i, j int) bool {
		if out[i].Name != out[j].Name {
			return out[i].Name < out[j].Name
		}
		return out[i].MAC < out[j].MAC
	})
	return out
}

func sortedDisks(in []inventory.Disk) []inventory.Disk {
	out := append([]inventory.Disk(nil), in...)
	sort.SliceStable(out, func(i, j int) bool {
		if out[i].Name != out[j].Name {
			return out[i].Name < out[j].Name
		}
		return out[i].Serial < out[j].Serial
	})
	return out
}

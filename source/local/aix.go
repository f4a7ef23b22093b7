package local

import (
	"context"
	"strconv"
	"strings"

	"github.com/highwater-sam/highwater/inventory"
)

// lookAIX fills in an AIX machine from what its own programs print: lparstat for the partition, prtconf for the
// machine, lslpp for the software.
func lookAIX(ctx context.Context, t *tree, d *inventory.Document) {
	h := &inventory.Hardware{OS: inventory.OS{Family: "aix", Name: "AIX", Arch: "ppc64"}}
	v := &inventory.Virtual{}
	d.Hardware, d.Virtual = h, v
	name := t.output(ctx, "name", "uname", "-n")
	d.Header.DeviceName, d.Header.Domain, _ = strings.Cut(inventory.Text(string(name)), ".")
	h.OS.Version = inventory.Text(string(t.output(ctx, "os", "oslevel", "-s")))
	machine := pairs(t.output(ctx, "cpu", "prtconf"), ":")
	partition := pairs(t.output(ctx, "virtual", "lparstat", "-i"), ":")
	aixMachine(machine, h)
	aixPartition(t, partition, h, v)
}

// aixMachine reads prtconf.
func aixMachine(p map[string]string, h *inventory.Hardware) {
	vendor, model, ok := strings.Cut(p["System Model"], ",")
	if !ok {
		vendor, model = "", p["System Model"]
	}
	h.Manufacturer, h.Model, h.Serial = vendor, model, p["Machine Serial Number"]
	h.Processor = strings.ReplaceAll(strings.TrimPrefix(p["Processor Type"], "PowerPC_"), "_", " ")
	h.ClockMHz = parseMHz(strings.TrimSpace(strings.TrimSuffix(p["Processor Clock Speed"], "MHz")))
	if n, unit, _ := strings.Cut(p["Memory Size"], " "); unit == "MB" {
		if mb, err := strconv.ParseInt(n, 10, 64); err == nil && mb > 0 && mb < 1<<40 {
			h.MemoryBytes = mb << 20
		}
	}
}

// aixPartition reads lparstat -i. A partition's cores are its online virtual processors, each of which runs the threads
// of one core; what share of the machine they may use is its entitlement and its pool.
func aixPartition(t *tree, p map[string]string, h *inventory.Hardware, v *inventory.Virtual) {
	kind := strings.ToLower(p["Type"])
	cores, err := strconv.Atoi(p["Online Virtual CPUs"])
	if kind == "" || err != nil {
		t.remark("cpu", "lparstat -i does not tell the partition's type and processors; its cores are unknown")
		return
	}
	h.Cores = count(cores)
	if _, smt, ok := strings.Cut(kind, "smt-"); ok {
		if threads, err := strconv.Atoi(smt); err == nil && threads > 0 && threads <= 8 {
			h.Threads = count(cores * threads)
		}
	} else if strings.HasSuffix(kind, "smt") { // before SMT4 the number was not said: it was two
		h.Threads = count(2 * cores)
	} else {
		h.Threads = count(cores)
	}
	v.Hypervisor, v.HostID = "powervm", h.Serial
	if number := p["Partition Number"]; number != "" && number != "-" && h.Serial != "" {
		v.VMID = strings.ToLower(h.Serial) + "/" + number
	}
	part := &inventory.Partition{Kind: "dedicated", Capped: true, VirtualProcessors: count(cores)}
	if strings.HasPrefix(kind, "shared") {
		part.Kind, part.Capped = "shared", !strings.EqualFold(p["Mode"], "Uncapped")
	}
	part.Entitlement = decimalText(p["Entitled Capacity"])
	v.Partition = part
	if hundred, err := strconv.Atoi(p["Maximum Capacity of Pool"]); err == nil && hundred > 0 && part.Kind == "shared" {
		v.Pools = append(v.Pools, inventory.Pool{ID: orElse(p["Shared Pool ID"], "0"), Cores: hundredths(hundred), Hard: true})
	}
}

// decimalText returns s when it is a plain decimal number, else "".
func decimalText(s string) string {
	if f, err := strconv.ParseFloat(s, 64); err != nil || f <= 0 || f > 1<<20 || strings.Trim(s, "0123456789.") != "" || strings.HasPrefix(s, ".") || strings.HasSuffix(s, ".") {
		return ""
	}
	return s
}

// readLPP reads the installed filesets and rpm packages, both of which lslpp lists.
func readLPP(ctx context.Context, t *tree, e *inventory.Evidence) {
	b := t.output(ctx, "lpp", "lslpp", "-Lqc")
	if b == nil {
		return
	}
	packages, skipped := parseLPP(string(b))
	e.Packages = append(e.Packages, packages...)
	if skipped > 0 || len(packages) == 0 {
		t.remark("lpp", "%d lines of lslpp -Lqc are not of its known form", skipped)
		return
	}
	e.Looked = append(e.Looked, "lpp", "rpm")
}

// parseLPP reads the colon-separated lines of lslpp -Lqc: package, fileset, level, state, ..., and counts those of
// another form.
func parseLPP(text string) (packages []inventory.Package, skipped int) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(line, ":")
		if len(f) < 8 || f[1] == "" || len(packages) == inventory.MaxEvidence {
			skipped++
			continue
		}
		p := inventory.Package{Source: "lpp", Name: inventory.Text(f[1]), Version: inventory.Text(f[2])}
		if f[6] == "R" { // lslpp lists rpm packages too, with the version in the name
			p.Source, p.Name = "rpm", strings.TrimSuffix(p.Name, "-"+p.Version)
		}
		if p.Name == "" {
			skipped++
			continue
		}
		packages = append(packages, p)
	}
	return packages, skipped
}

// Package local is the source that looks at the machine it runs on. It is real on Linux, and on AIX as far as recorded
// output of its programs can show; on other systems it says that it cannot look yet.
//
// Everything it reads lies below one root folder, so that recorded machines of every kind are read in tests exactly as
// a live one is. Only what no file tells comes from elsewhere, and only on the live machine: CPUID, the adapters'
// addresses, the rpm program, and the cloud's metadata service. It works without root's rights and says in the
// document's remarks what it could not read.
package local

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/source"
)

// Name is the name of this kind of source, and so the documents' Header.Source.
const Name = "agent"

// Options say what to look at and how.
type Options struct {
	Root      string         // "/" or a recorded machine; default "/"
	Kind      inventory.Kind // default inventory.Full
	Cloud     string         // "auto" (default): ask when the firmware points to a cloud; "aws": ask; "off": never ask
	Collector string         // the program and its version, for the document's header
	Version   string
	// Identify fills in the agent's identity when the document is otherwise complete; nil for none.
	Identify func(*inventory.Document) error

	imdsAddress string // of the metadata service, in tests
}

// Kind describes this source.
func Kind() source.Kind {
	return source.Kind{
		Name: Name, Title: "This machine",
		Help:    "Hardware, virtualization, cloud identity and installed software of the machine the agent runs on. Linux and AIX so far.",
		Places:  []source.Place{source.OnDevice},
		Every:   24 * time.Hour,
		Timeout: 5 * time.Minute,
		Settings: []source.Setting{
			{Name: "root", Title: "Root folder", Type: source.Text, Default: "/", Help: "The folder where the machine's file system begins: / for this machine, or a recorded one."},
			{Name: "scope", Title: "Scope", Type: source.Choice, Default: string(inventory.Full), Choices: []string{string(inventory.Full), string(inventory.HardwareOnly)},
				Help: "full: hardware and software. hardware: hardware only; software is left as it was."},
			{Name: "cloud", Title: "Cloud metadata", Type: source.Choice, Default: "auto", Choices: []string{"auto", "aws", "off"},
				Help: "Whether to ask the cloud's metadata service who this instance is: auto asks when the firmware points to a cloud."},
		},
		New: func(v source.Values) (source.Source, error) {
			return New(Options{Root: v["root"], Kind: inventory.Kind(v["scope"]), Cloud: v["cloud"]})
		},
	}
}

// Source looks at one machine. Its Collect may run in several goroutines.
type Source struct{ o Options }

// New returns a source for o. It refuses a live look on systems that are not supported yet.
func New(o Options) (*Source, error) {
	o.Root = orElse(o.Root, "/")
	o.Kind = inventory.Kind(orElse(string(o.Kind), string(inventory.Full)))
	o.Cloud = orElse(o.Cloud, "auto")
	o.Collector, o.Version = orElse(o.Collector, "highwater-agent"), orElse(o.Version, "dev")
	o.imdsAddress = orElse(o.imdsAddress, imdsAddress)
	if o.Root == "/" && !supported {
		return nil, errUnsupported()
	}
	return &Source{o}, nil
}

// Collect looks at the machine once and emits one document.
func (s *Source) Collect(ctx context.Context, emit func(*inventory.Document) error) error {
	d, err := s.Look(ctx)
	if err != nil {
		return err
	}
	return emit(d)
}

// Look returns the document of one look at the machine.
func (s *Source) Look(ctx context.Context) (*inventory.Document, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("make a document id: %w", err)
	}
	t := newTree(s.o.Root)
	d := &inventory.Document{Format: inventory.Format, Attributes: map[string]string{}, Header: inventory.Header{
		ID: id.String(), Source: Name, Collector: s.o.Collector, Version: s.o.Version, CollectedAt: time.Now().UTC(), Kind: s.o.Kind,
	}}
	system := t.system(runtime.GOOS)
	if system == "aix" {
		lookAIX(ctx, t, d)
		d.Hardware.Adapters = liveAdapters(t)
	} else {
		look(t, d)
	}
	if d.Header.DeviceName == "" {
		return nil, fault.New(fault.Invalid, "the machine below %s has no host name; set one in etc/hostname", s.o.Root)
	}
	asked := s.askCloud(ctx, t, d) // runs beside the search for software
	if s.o.Kind == inventory.Full {
		d.Evidence = &inventory.Evidence{}
		if system == "aix" {
			readLPP(ctx, t, d.Evidence)
		} else {
			readDpkg(t, d.Evidence)
			readAPK(t, d.Evidence)
			readRPM(ctx, t, d.Evidence)
		}
		readTags(ctx, t, d.Evidence)
	}
	asked()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	d.Remarks = t.finish()
	if s.o.Identify != nil {
		if err := s.o.Identify(d); err != nil {
			return nil, fmt.Errorf("identify the agent: %w", err)
		}
	}
	d.Canonical()
	return d, nil
}

// look fills in the machine itself.
func look(t *tree, d *inventory.Document) {
	var name, arch, brand, vendor string
	addresses := map[string][]string{}
	if t.live() {
		name, arch = liveName(), liveArch()
		brand, vendor = liveCPUID()
		var err error
		if addresses, err = liveAddresses(); err != nil {
			t.remark("adapters", "the adapters' addresses could not be read: %v", err)
		}
	}
	d.Header.DeviceName, d.Header.Domain = hostName(t, name)
	h := &inventory.Hardware{}
	firmware := readFirmware(t, h)
	info := readCPUInfo(t)
	info.brand = orElse(inventory.Text(brand), info.brand)
	d.Virtual = readVirtual(t, h, info, vendor)
	for k, v := range processors(t, h, info, firmware, d.Virtual) {
		d.Attributes[k] = v
	}
	h.MemoryBytes = memory(t, h.MemoryBytes)
	h.OS = readOS(t, arch)
	h.Disks = disks(t)
	h.Adapters = adapters(t, withoutTemporary(t, addresses))
	d.Hardware = h
	if id := t.text("os", "etc/machine-id"); id != "" {
		d.Attributes["linux.machine_id"] = id
	}
}

// withoutTemporary removes the IPv6 addresses that change daily for privacy: they say nothing lasting.
func withoutTemporary(t *tree, addresses map[string][]string) map[string][]string {
	temporary := map[string]bool{}
	for line := range strings.Lines(string(t.bytes("adapters", "proc/net/if_inet6"))) {
		if ip, flagged := parseInet6(line); flagged {
			temporary[ip] = true
		}
	}
	out := map[string][]string{}
	for name, list := range addresses {
		for _, ip := range list {
			if !temporary[ip] {
				out[name] = append(out[name], ip)
			}
		}
	}
	return out
}

// askCloud starts asking the cloud's metadata service where there is reason to, and returns the function that waits for
// the answer and files it.
func (s *Source) askCloud(ctx context.Context, t *tree, d *inventory.Document) (wait func()) {
	provider := suspectCloud(t, d.Hardware)
	if s.o.Cloud == "aws" {
		provider = "aws"
	}
	if provider == "" || s.o.Cloud == "off" {
		return func() {}
	}
	if provider != "aws" {
		d.Cloud = &inventory.Cloud{Provider: provider}
		t.remark("cloud", "the instance's identity is not read from the metadata service of %s yet", provider)
		return func() {}
	}
	d.Cloud = fromAssetTag(t)
	if !t.live() && s.o.imdsAddress == imdsAddress {
		return func() {}
	}
	type answer struct {
		cloud *inventory.Cloud
		more  map[string]string
		err   error
	}
	answers := make(chan answer, 1)
	go func() {
		cloud, more, err := newIMDS(s.o.imdsAddress).instance(ctx)
		answers <- answer{cloud, more, err}
	}()
	return func() {
		a := <-answers
		if a.err != nil {
			t.remark("cloud", "the instance metadata service (IMDSv2) did not answer: %v", a.err)
			return
		}
		d.Cloud = a.cloud
		for k, v := range a.more {
			d.Attributes[k] = v
		}
	}
}

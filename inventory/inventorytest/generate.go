// Package inventorytest makes realistic inventory documents, the same for the same seed, for tests, benchmarks and
// load: a common base of packages that nearly every machine has, and a long tail that few have.
package inventorytest

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/highwater-sam/highwater/inventory"
)

// Sizes of a document by its number of packages: about 20 KB and about 200 KB of JSON.
const (
	Small = 190
	Large = 2000
)

// Options say which device and which run a generated document is of. The zero value is a full run of device 0.
type Options struct {
	Seed     uint64         // the device: one seed is always the same device with the same software
	Change   uint64         // another value changes a few package versions of the same device, as an update does
	Device   string         // default "srv-<seed>"
	Domain   string         // default "example.net"
	AgentID  string         // default derived from the seed
	Serial   string         // default derived from the seed
	UUID     string         // default derived from the seed
	Cores    int64          // default 2 to 64 by seed
	Packages int            // default Small
	Kind     inventory.Kind // default inventory.Full
	At       time.Time      // collection time; default 2026-03-01 06:00 UTC
}

// Document returns the document that o describes. Its id depends on everything in o, so that two runs of a device
// are two documents and the same run made twice is one.
func Document(o Options) *inventory.Document {
	r := rand.New(rand.NewPCG(o.Seed, 0x68696768)) // repeatable test data, no secret
	o = o.withDefaults(r)
	processors := max(1, o.Cores/32)
	threads := o.Cores * 2
	d := &inventory.Document{
		Format: inventory.Format,
		Header: inventory.Header{
			DeviceName: o.Device, Domain: o.Domain, AgentID: o.AgentID, Source: "agent", Collector: "highwater-agent",
			AgentInputs: &inventory.Identity{Rule: "physical", Inputs: map[string]string{"serial": o.Serial, "host_name": o.Device}},
			Version:     "1.0.0", CollectedAt: o.At, Kind: o.Kind,
		},
		Hardware: &inventory.Hardware{
			Processors: &processors, MaxSockets: &processors, Cores: &o.Cores, Threads: &threads,
			Processor: "Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz", ClockMHz: 2000, Manufacturer: "Dell Inc.", Model: "PowerEdge R750",
			Serial: o.Serial, UUID: o.UUID, Chassis: "rack mount chassis", MemoryBytes: o.Cores << 33,
			OS: inventory.OS{Family: "linux", Name: "Red Hat Enterprise Linux 9.4 (Plow)", Version: "9.4", Kernel: "5.14.0-427.13.1.el9_4.x86_64", Arch: "x86_64"},
			Adapters: []inventory.Adapter{{Name: "eno1", MAC: fmt.Sprintf("b0:7b:25:%02x:%02x:%02x", byte(o.Seed>>16), byte(o.Seed>>8), byte(o.Seed)),
				Addresses: []string{fmt.Sprintf("10.%d.%d.%d", byte(o.Seed>>16), byte(o.Seed>>8), byte(o.Seed))}}},
			Disks: []inventory.Disk{{Name: "sda", Model: "PERC H755", Serial: fmt.Sprintf("6%015x", o.Seed), Bytes: 960197124096}},
		},
		Virtual:    &inventory.Virtual{},
		Attributes: map[string]string{"linux.machine_id": fmt.Sprintf("%032x", o.Seed)},
	}
	if o.Kind == inventory.Full {
		d.Evidence = evidence(r, o)
	}
	d.Header.ID = documentID(o)
	d.Canonical()
	return d
}

func (o Options) withDefaults(r *rand.Rand) Options {
	set := func(s *string, format string) {
		if *s == "" {
			*s = fmt.Sprintf(format, o.Seed)
		}
	}
	set(&o.Device, "srv-%06d")
	set(&o.Serial, "HW%07X")
	set(&o.UUID, "4c4c4544-0000-4000-8000-%012x")
	if o.Domain == "" {
		o.Domain = "example.net"
	}
	if o.AgentID == "" {
		sum := sha256.Sum256([]byte(o.Device + "\x00" + o.Serial))
		o.AgentID = fmt.Sprintf("%x", sum)
	}
	cores := []int64{2, 4, 8, 16, 32, 64}[r.IntN(6)]
	if o.Cores == 0 {
		o.Cores = cores
	}
	if o.Packages == 0 {
		o.Packages = Small
	}
	if o.Kind == "" {
		o.Kind = inventory.Full
	}
	if o.At.IsZero() {
		o.At = time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)
	}
	return o
}

// documentID makes a UUIDv7 of the collection time and of what the document is.
func documentID(o Options) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%+v", o))
	var u uuid.UUID
	copy(u[6:], sum[:])
	binary.BigEndian.PutUint64(u[:8], uint64(o.At.UnixMilli())<<16|uint64(binary.BigEndian.Uint16(sum[:2])))
	u[6] = u[6]&0x0f | 0x70
	u[8] = u[8]&0x3f | 0x80
	return u.String()
}

// evidence picks packages: most from a base that machines share, a tenth from a long tail of a million names, a few
// that some license counts. Versions of a few packages follow o.Change.
func evidence(r *rand.Rand, o Options) *inventory.Evidence {
	e := &inventory.Evidence{Looked: []string{"rpm", "swid"}}
	seen := map[string]bool{}
	// A package has a few versions over a fleet: its name decides all but the level it is patched to.
	add := func(name, publisher string, release uint64) {
		if seen[name] {
			return
		}
		seen[name] = true
		sum := sha256.Sum256([]byte(name))
		version := fmt.Sprintf("%d.%d.%d-%d.el9", sum[0]%9, sum[1]%20, int(sum[2]%26)+r.IntN(4), release)
		e.Packages = append(e.Packages, inventory.Package{Source: "rpm", Name: name, Version: version, Arch: "x86_64", Publisher: publisher})
	}
	for _, p := range []string{"MQSeriesServer", "MQSeriesRuntime", "postgresql-server", "nginx"} {
		if r.IntN(4) == 0 {
			add(p, "IBM", 1)
		}
	}
	for len(e.Packages) < o.Packages {
		release := uint64(1)
		if r.IntN(50) == 0 {
			release += o.Change
		}
		if r.IntN(10) == 0 {
			add(fmt.Sprintf("%s-%s-%d", word(r), word(r), r.IntN(1_000_000)), "in-house build "+word(r), release)
			continue
		}
		n := r.IntN(o.Packages * 2) // the base: the same names on every machine
		add(baseName(n), "Red Hat, Inc.", release)
	}
	e.Tags = []inventory.Tag{{Path: "/usr/lib/swidtag/redhat.com/com.redhat.RHEL-9-x86_64.swidtag", TagID: "com.redhat.RHEL-9-x86_64",
		Name: "Red Hat Enterprise Linux", Version: "9", Publisher: "Red Hat, Inc."}}
	return e
}

var words = strings.Fields("core base tools client server agent driver runtime common data python perl ruby java json xml crypto net " +
	"audio video kernel module plugin font locale policy audit backup cluster cache queue proxy mail print shell editor compiler debug")

func word(r *rand.Rand) string { return words[r.IntN(len(words))] }

func baseName(n int) string {
	if n%3 == 0 {
		return fmt.Sprintf("lib%s%d", words[n%len(words)], n)
	}
	return fmt.Sprintf("%s-%s%d", words[n%len(words)], words[(n/7)%len(words)], n)
}

// Key returns a private key that depends only on seed, for tests that need several runs to agree.
func Key(seed uint64) ed25519.PrivateKey {
	sum := sha256.Sum256(fmt.Appendf(nil, "highwater test key %d", seed))
	return ed25519.NewKeyFromSeed(sum[:])
}

// Sealed returns the sealed document that o describes, signed with Key(o.Seed).
func Sealed(o Options) []byte {
	envelope, err := inventory.Seal(Document(o), Key(o.Seed))
	if err != nil {
		panic("inventorytest: " + err.Error())
	}
	return envelope
}

// Package synthetic makes large estates of a given shape for benchmarks and property tests.
package synthetic

import (
	"fmt"
	"math/rand/v2"

	"github.com/highwater-sam/highwater/estate"
)

// Maker makes one estate, device by device: about 4.5 % hosts with 20 guests each, 16 hosts a cluster, 5.5 % computers
// that stand alone; configurations that change and guests that move at given rates, at any second; every guest and
// computer has one licensed product on average. It is the same for the same settings.
type Maker struct {
	Devices, Days, Licenses int
	MovesPerMonth           float64 // of each guest
	ChangesPerMonth         float64 // of each device's hardware
	random                  *rand.Rand
	from, to                estate.Instant
	number                  int
}

const (
	guestsOfHost   = 20
	hostsOfCluster = 16
	placesOfWorld  = 100
	secondsOfMonth = 30 * 86400
)

// rates are processors with what a core of them counts.
var rates = []struct {
	processor string
	perCore   estate.Decimal
}{
	{"Intel(R) Xeon(R) Gold 6226R CPU @ 2.90GHz", "70"},
	{"POWER8", "100"},
	{"POWER9", "120"},
	{"AMD Opteron(TM) 6276", "50"},
	{"SPARC-T5", "15.25"},
}

// New returns the maker of an estate with so many devices, days of history from 2026 on, and licenses.
func New(devices, days, licenses int, movesPerMonth float64) *Maker {
	from, _ := estate.ParseInstant("2026-01-01T00:00:00Z")
	return &Maker{
		Devices: devices, Days: days, Licenses: licenses, MovesPerMonth: movesPerMonth, ChangesPerMonth: 0.1,
		random: rand.New(rand.NewPCG(1, 2)), from: from, to: from + estate.Instant(days)*86400,
	}
}

// RateOf returns the index of a processor among those of synthetic estates, -1 when it is none of them.
func RateOf(processor string) int {
	for i := range rates {
		if rates[i].processor == processor {
			return i
		}
	}
	return -1
}

// Hundredths returns the points per core of a processor in hundredths.
func Hundredths(rate int) int64 {
	n, scale, _ := rates[rate].perCore.Scaled()
	for ; scale < 2; scale++ {
		n *= 10
	}
	return n
}

// ID returns the id of the i-th device, from 0, of an estate that has so many.
func (s *Maker) ID(i int) string {
	kind := estate.Computer
	if i < s.clusters()*clusterSize {
		kind = estate.VM
		if i%clusterSize < hostsOfCluster {
			kind = estate.Host
		}
	}
	return id(kind, i+1)
}

func id(kind estate.Kind, number int) string { return fmt.Sprintf("%s-%07d", kind, number) }

const clusterSize = hostsOfCluster * (1 + guestsOfHost)

func (s *Maker) clusters() int { return max(1, s.Devices*945/1000/clusterSize) }

// Header returns everything but devices and installations.
func (s *Maker) Header() *estate.Estate {
	e := &estate.Estate{Format: estate.Format, AsOf: s.to}
	half := s.from + estate.Instant(s.Days/2)*86400
	e.Periods = []estate.Period{{Name: "first", From: s.from, To: max(half, s.from+1)}}
	if half > s.from {
		e.Periods = append(e.Periods, estate.Period{Name: "second", From: half})
	}
	for i := range placesOfWorld {
		l := estate.Location{ID: Place(i)}
		if i%10 != 9 { // one in ten is not mapped to a region
			l.Region = estate.Region(1 + i%3)
		}
		e.Locations = append(e.Locations, l)
	}
	for i := range s.Licenses {
		e.Licenses = append(e.Licenses, s.license(i))
	}
	return e
}

func product(i int) string { return fmt.Sprintf("product-%d", i) }

// Estate returns the whole estate at once.
func (s *Maker) Estate() *estate.Estate {
	e := s.Header()
	s.Each(func(d *estate.Device) { e.Devices = append(e.Devices, *d) },
		func(x *estate.Installation) { e.Installations = append(e.Installations, *x) })
	return e
}

// Place returns the id of the i-th of a hundred locations.
func Place(i int) string { return fmt.Sprintf("place-%02d", i) }

// license makes six of ten licenses ibm-pvu, three ibm-vpc and one ibm-rvu-mapc, of one product each.
func (s *Maker) license(i int) estate.License {
	l := estate.License{ID: fmt.Sprintf("license-%d", i), Metric: estate.PVU, Products: []estate.LicenseProduct{{Product: product(i)}}}
	switch i % 10 {
	case 6, 7:
		l.Metric, l.Ratio = estate.VPC, &estate.Ratio{VPC: "3", Entitlements: "2"}
	case 8:
		l.Metric, l.Bundle = estate.VPC, estate.PerProduct
		l.Products[0].Ratio = &estate.Ratio{VPC: "2", Entitlements: "1"}
	case 9:
		l.Metric = estate.RVU
	default:
		unmatched := estate.Decimal("120")
		l.UnmatchedPoints = &unmatched
		for _, r := range rates {
			l.Points = append(l.Points, estate.PointsRule{Processor: estate.Text("*" + r.processor + "*"), PerCore: r.perCore})
		}
	}
	return l
}

// Each makes the devices, clusters first, and their installations.
func (s *Maker) Each(device func(*estate.Device), installation func(*estate.Installation)) {
	for range s.clusters() {
		s.cluster(device, installation)
	}
	for s.number < s.Devices {
		d := s.machine(estate.Computer)
		d.Location = Place(s.random.IntN(placesOfWorld))
		s.histories(d, estate.Computer)
		s.install(d.ID, installation)
		device(d)
	}
}

// cluster makes hosts of one place and one kind of processor with guests that move among them.
func (s *Maker) cluster(device func(*estate.Device), installation func(*estate.Installation)) {
	hosts := make([]string, hostsOfCluster)
	at, rate := Place(s.random.IntN(placesOfWorld)), s.random.IntN(len(rates))
	for i := range hosts {
		h := s.machine(estate.Host)
		h.Location = at
		hosts[i] = h.ID
		s.history(h, estate.Host, rate)
		device(h)
	}
	for i := range hostsOfCluster * guestsOfHost {
		v := s.machine(estate.VM)
		v.Location = at
		s.histories(v, estate.VM)
		on := i / guestsOfHost
		from := s.from - 86400
		for _, t := range s.instants(s.MovesPerMonth) {
			v.Placement = append(v.Placement, estate.Placement{From: from, To: t, Host: hosts[on]})
			from, on = t, (on+1+s.random.IntN(hostsOfCluster-1))%hostsOfCluster
		}
		v.Placement = append(v.Placement, estate.Placement{From: from, Host: hosts[on]})
		s.install(v.ID, installation)
		device(v)
	}
}

func (s *Maker) machine(kind estate.Kind) *estate.Device {
	s.number++
	d := &estate.Device{ID: id(kind, s.number), Kind: kind, Source: estate.Agent}
	if s.random.IntN(200) == 0 {
		d.Source = estate.Other
	}
	return d
}

// instants returns those of events that come so often a month, in order and never twice.
func (s *Maker) instants(perMonth float64) []estate.Instant {
	var list []estate.Instant
	at := float64(s.from)
	for perMonth > 0 {
		at += 1 + s.random.ExpFloat64()*secondsOfMonth/perMonth
		if at >= float64(s.to) {
			break
		}
		list = append(list, estate.Instant(at))
	}
	return list
}

func (s *Maker) histories(d *estate.Device, kind estate.Kind) {
	s.history(d, kind, s.random.IntN(len(rates)))
}

// history makes hardware that changes now and then.
func (s *Maker) history(d *estate.Device, kind estate.Kind, rate int) {
	from := s.from - 86400
	for _, t := range s.instants(s.ChangesPerMonth) {
		d.Hardware = append(d.Hardware, estate.HardwareFact{From: from, To: t, Hardware: s.drawHardware(kind, rate)})
		from = t
	}
	d.Hardware = append(d.Hardware, estate.HardwareFact{From: from, Hardware: s.drawHardware(kind, rate)})
}

var counts = []estate.Decimal{"1", "2", "4", "8", "16", "24", "32", "48", "64", "96", "128"}

func (s *Maker) drawHardware(kind estate.Kind, rate int) estate.Hardware {
	n := s.random.IntN(4)
	if kind != estate.VM {
		n += 5
	}
	return estate.Hardware{Cores: counts[n], Threads: counts[n+1], MaxSockets: counts[s.random.IntN(3)], Processor: &rates[rate].processor}
}

// install gives a device none, one or two products, one on average; one in five comes or goes in between.
func (s *Maker) install(id string, installation func(*estate.Installation)) {
	n := []int{0, 1, 1, 1, 2}[s.random.IntN(5)]
	first := s.random.IntN(s.Licenses)
	for i := range min(n, s.Licenses) {
		x := estate.Installation{Device: id, Product: product((first + i) % s.Licenses), From: s.from - 86400}
		if s.random.IntN(5) == 0 {
			middle := s.from + estate.Instant(s.random.Int64N(int64(s.to-s.from)))
			if s.random.IntN(2) == 0 {
				x.From = middle
			} else if middle > x.From {
				x.To = middle
			}
		}
		installation(&x)
	}
}

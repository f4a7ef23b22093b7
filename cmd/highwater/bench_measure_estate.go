package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/highwater-sam/highwater/estate"
)

// synthetic makes estates for benchmarks: about 4.5 % hosts with 20 guests each, 16 hosts a cluster, 5.5 % computers
// that stand alone; configurations that change and guests that move at given rates, at any second; every guest and
// computer has one licensed product on average. It is the same for the same settings.
type synthetic struct {
	devices, days, licenses int
	movesPerMonth           float64
	changesPerMonth         float64
	random                  *rand.Rand
	from, to                estate.Instant
	number                  int
	hardware                [][4]estate.Decimal
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

func newSynthetic(devices, days, licenses int, moves float64) *synthetic {
	from, _ := estate.ParseInstant("2026-01-01T00:00:00Z")
	return &synthetic{
		devices: devices, days: days, licenses: licenses, movesPerMonth: moves, changesPerMonth: 0.1,
		random: rand.New(rand.NewPCG(1, 2)), from: from, to: from + estate.Instant(days)*86400,
	}
}

// header returns everything but devices and installations.
func (s *synthetic) header() *estate.Estate {
	e := &estate.Estate{Format: estate.Format, AsOf: s.to}
	half := s.from + estate.Instant(s.days/2)*86400
	e.Periods = []estate.Period{{Name: "first", From: s.from, To: max(half, s.from+1)}}
	if half > s.from {
		e.Periods = append(e.Periods, estate.Period{Name: "second", From: half})
	}
	for i := range placesOfWorld {
		l := estate.Location{ID: place(i)}
		if i%10 != 9 { // one in ten is not mapped to a region
			l.Region = estate.Region(1 + i%3)
		}
		e.Locations = append(e.Locations, l)
	}
	for i := range s.licenses {
		e.Licenses = append(e.Licenses, s.license(i))
	}
	return e
}

func place(i int) string { return fmt.Sprintf("place-%02d", i) }

func product(i int) string { return fmt.Sprintf("product-%d", i) }

// license makes six of ten licenses ibm-pvu, three ibm-vpc and one ibm-rvu-mapc, of one product each.
func (s *synthetic) license(i int) estate.License {
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

// each makes the devices, clusters first, and their installations.
func (s *synthetic) each(device func(*estate.Device), installation func(*estate.Installation)) {
	clusters := max(1, s.devices*945/1000/(hostsOfCluster*(1+guestsOfHost)))
	for range clusters {
		s.cluster(device, installation)
	}
	for s.number < s.devices {
		d := s.machine(estate.Computer)
		d.Location = place(s.random.IntN(placesOfWorld))
		s.histories(d, estate.Computer)
		s.install(d.ID, installation)
		device(d)
	}
}

// cluster makes hosts of one place and one kind of processor with guests that move among them.
func (s *synthetic) cluster(device func(*estate.Device), installation func(*estate.Installation)) {
	hosts := make([]string, hostsOfCluster)
	at, rate := place(s.random.IntN(placesOfWorld)), s.random.IntN(len(rates))
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
		for _, t := range s.instants(s.movesPerMonth) {
			v.Placement = append(v.Placement, estate.Placement{From: from, To: t, Host: hosts[on]})
			from, on = t, (on+1+s.random.IntN(hostsOfCluster-1))%hostsOfCluster
		}
		v.Placement = append(v.Placement, estate.Placement{From: from, Host: hosts[on]})
		s.install(v.ID, installation)
		device(v)
	}
}

func (s *synthetic) machine(kind estate.Kind) *estate.Device {
	s.number++
	d := &estate.Device{ID: fmt.Sprintf("%s-%07d", kind, s.number), Kind: kind, Source: estate.Agent}
	if s.random.IntN(200) == 0 {
		d.Source = estate.Other
	}
	return d
}

// instants returns those of events that come so often a month, in order and never twice.
func (s *synthetic) instants(perMonth float64) []estate.Instant {
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

func (s *synthetic) histories(d *estate.Device, kind estate.Kind) {
	s.history(d, kind, s.random.IntN(len(rates)))
}

// history makes hardware that changes now and then.
func (s *synthetic) history(d *estate.Device, kind estate.Kind, rate int) {
	from := s.from - 86400
	for _, t := range s.instants(s.changesPerMonth) {
		d.Hardware = append(d.Hardware, estate.HardwareFact{From: from, To: t, Hardware: s.drawHardware(kind, rate)})
		from = t
	}
	d.Hardware = append(d.Hardware, estate.HardwareFact{From: from, Hardware: s.drawHardware(kind, rate)})
}

var counts = []estate.Decimal{"1", "2", "4", "8", "16", "24", "32", "48", "64", "96", "128"}

func (s *synthetic) drawHardware(kind estate.Kind, rate int) estate.Hardware {
	n := s.random.IntN(4)
	if kind != estate.VM {
		n += 5
	}
	return estate.Hardware{Cores: counts[n], Threads: counts[n+1], MaxSockets: counts[s.random.IntN(3)], Processor: &rates[rate].processor}
}

// install gives a device none, one or two products, one on average; one in five comes or goes in between.
func (s *synthetic) install(id string, installation func(*estate.Installation)) {
	n := []int{0, 1, 1, 1, 2}[s.random.IntN(5)]
	first := s.random.IntN(s.licenses)
	for i := range min(n, s.licenses) {
		x := estate.Installation{Device: id, Product: product((first + i) % s.licenses), From: s.from - 86400}
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

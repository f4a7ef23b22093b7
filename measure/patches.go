package measure

import (
	"cmp"
	"slices"

	"github.com/highwater-sam/highwater/estate"
)

// patch is one change that comes from configuration: of a device's effective hardware or place, or of an entry that a
// license has about it. Patches are few beside events, and are made anew when the configuration of a device changes.
type patch struct {
	at      uint32
	device  uint32
	kind    patchKind
	license int32
	value   uint32         // profile, place + 1, or 1 for exempt
	amount  estate.Decimal // of points or count, "" where none is in force
}

type patchKind uint8

const (
	patchHardware patchKind = iota
	patchPlace
	patchExempt
	patchPoints
	patchMetric
)

// patchesOf returns the patches of a shard in order of time. It may make new profiles.
func (f *facts) patchesOf(c *config, s shard) []patch {
	var list []patch
	if len(c.devices) == 0 {
		return nil
	}
	for n := s.devices.from; n < s.devices.to; n++ {
		d := c.devices[uint32(n)]
		if d == nil {
			continue
		}
		add := func(at uint32, p patch) {
			p.at, p.device = at, uint32(n)
			list = append(list, p)
		}
		f.movePatches(c, d, c.place[n], add)
		f.entryPatches(d, add)
		if len(d.overrides) > 0 {
			f.overridePatches(d, f.events[s.events.from:s.events.to], uint32(n), add)
		}
	}
	slices.SortStableFunc(list, func(a, b patch) int { return cmp.Compare(a.at, b.at) })
	return list
}

func (f *facts) movePatches(c *config, d *deviceConfig, home int32, add func(uint32, patch)) {
	changes(&f.clock, d.moves, func(m *estate.Move) (from, to estate.Instant) { return m.From, m.To },
		func(m *estate.Move) uint32 { return uint32(c.places[m.Location] + 1) }, uint32(home+1),
		func(at, place uint32) { add(at, patch{kind: patchPlace, value: place}) })
}

func (f *facts) entryPatches(d *deviceConfig, add func(uint32, patch)) {
	for i := range d.entries {
		e := &d.entries[i]
		license := int32(e.license)
		changes(&f.clock, e.exemptions, func(x *estate.Exemption) (from, to estate.Instant) { return x.From, x.To },
			func(*estate.Exemption) uint32 { return 1 }, 0,
			func(at, exempt uint32) { add(at, patch{kind: patchExempt, license: license, value: exempt}) })
		changes(&f.clock, e.overridden, func(x *estate.Overridden) (from, to estate.Instant) { return x.From, x.To },
			func(x *estate.Overridden) estate.Decimal { return x.Points }, "",
			func(at uint32, points estate.Decimal) {
				add(at, patch{kind: patchPoints, license: license, amount: points})
			})
		changes(&f.clock, e.metric, func(x *estate.MetricOverride) (from, to estate.Instant) { return x.From, x.To },
			func(x *estate.MetricOverride) estate.Decimal { return x.Count }, "",
			func(at uint32, count estate.Decimal) {
				add(at, patch{kind: patchMetric, license: license, amount: count})
			})
	}
}

// overridePatches states the hardware of an overridden device, as inventory and the overrides in force make it, at the
// start and at every instant when either changes. The device's own hardware events no longer count then.
func (f *facts) overridePatches(d *deviceConfig, events []event, device uint32, add func(uint32, patch)) {
	facts := []event{{}}
	ticks := []uint32{0}
	for _, e := range events {
		if e.device == device && e.what>>kindShift == setHardware>>kindShift {
			facts = append(facts, e)
			ticks = append(ticks, e.at)
		}
	}
	for i := range d.overrides {
		for _, at := range [2]estate.Instant{d.overrides[i].From, d.overrides[i].To} {
			if at > f.clock.from && at < f.clock.to {
				tick, _ := f.clock.tick(at)
				ticks = append(ticks, tick)
			}
		}
	}
	slices.Sort(ticks)
	fact := 0
	for _, at := range slices.Compact(ticks) {
		for fact+1 < len(facts) && facts[fact+1].at <= at {
			fact++
		}
		hardware := f.profiles[facts[fact].what&valueMask].hardware
		now := f.clock.instant(at)
		for i := range d.overrides {
			if o := &d.overrides[i]; o.From <= now && (o.To == 0 || now < o.To) {
				hardware = overlay(&hardware, &o.Hardware)
			}
		}
		add(at, patch{kind: patchHardware, value: f.profileOf(&hardware)})
	}
}

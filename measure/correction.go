package measure

import (
	"fmt"
	"slices"

	"github.com/highwater-sam/highwater/estate"
)

// Correction is one change of the current configuration. The types of corrections are those of this package.
type Correction interface {
	// prepare checks the correction. It returns what making it touches, how to make it, and how to take it back.
	prepare(e *Engine) (s scope, apply, undo func(), err error)
}

// scope is what a correction touches.
type scope struct {
	shards  []int
	license int32 // the only license, -1 for all
	rates   bool  // the license's rates are new: it is measured anew everywhere
	entries bool  // a license's entries about a device are new
	// overrides says that those of this device are new.
	overrides bool
	device    uint32
}

// SetOverrides replaces the hardware overrides of a device.
type SetOverrides struct {
	Device    string
	Overrides []estate.HardwareChange
}

// SetMoves replaces the dated relocations of a device.
type SetMoves struct {
	Device string
	Moves  []estate.Move
}

// SetLocation assigns a device to a location; "" unassigns it.
type SetLocation struct {
	Device   string
	Location string
}

// SetRegion maps a location to a region; 0 lets it inherit its parent's.
type SetRegion struct {
	Location string
	Region   estate.Region
}

// SetExemptions replaces a license's exemptions of a device. The entries' own Device is not looked at.
type SetExemptions struct {
	License, Device string
	Exemptions      []estate.Exemption
}

// SetOverridden replaces a license's overridden consumption of a device. The entries' own Device is not looked at.
type SetOverridden struct {
	License, Device string
	Overridden      []estate.Overridden
}

// SetOverriddenMetric replaces a license's overridden counts of a device. The entries' own Device is not looked at.
type SetOverriddenMetric struct {
	License, Device string
	Counts          []estate.MetricOverride
}

// SetPoints replaces a license's points rules and the points of servers that none of them matches.
type SetPoints struct {
	License   string
	Points    []estate.PointsRule
	Unmatched estate.Decimal // "" counts such servers as nothing
}

func (x SetOverrides) prepare(e *Engine) (s scope, apply, undo func(), err error) {
	n, err := e.deviceNumber(x.Device)
	if err != nil {
		return s, nil, nil, err
	}
	err = e.valid(estate.Device{ID: x.Device, Kind: e.facts.classes[e.facts.class[n]].kind, Overrides: x.Overrides}, nil)
	if err != nil {
		return s, nil, nil, err
	}
	d := e.config.of(n)
	before, after := d.overrides, slices.Clone(x.Overrides)
	s = e.scopeOf(n, -1)
	s.overrides = true
	return s, func() { d.overrides = after }, func() { d.overrides = before }, nil
}

func (x SetMoves) prepare(e *Engine) (s scope, apply, undo func(), err error) {
	n, err := e.deviceNumber(x.Device)
	if err != nil {
		return s, nil, nil, err
	}
	err = e.valid(estate.Device{ID: x.Device, Kind: estate.Computer, Moves: x.Moves}, nil)
	if err != nil {
		return s, nil, nil, err
	}
	d := e.config.of(n)
	before, after := d.moves, slices.Clone(x.Moves)
	return e.scopeOf(n, -1), func() { d.moves = after }, func() { d.moves = before }, nil
}

func (x SetLocation) prepare(e *Engine) (s scope, apply, undo func(), err error) {
	n, err := e.deviceNumber(x.Device)
	if err != nil {
		return s, nil, nil, err
	}
	place := int32(-1)
	if x.Location != "" {
		var ok bool
		if place, ok = e.config.places[x.Location]; !ok {
			return s, nil, nil, fmt.Errorf("correct %s: the location %q is not defined", x.Device, x.Location)
		}
	}
	before := e.config.place[n]
	return e.scopeOf(n, -1), func() { e.config.place[n] = place }, func() { e.config.place[n] = before }, nil
}

func (x SetRegion) prepare(e *Engine) (s scope, apply, undo func(), err error) {
	n, ok := e.config.places[x.Location]
	if !ok {
		return s, nil, nil, fmt.Errorf("correct region: the location %q is not defined", x.Location)
	}
	if x.Region < 0 || x.Region > 3 {
		return s, nil, nil, fmt.Errorf("correct region of %s: %d is not a region", x.Location, x.Region)
	}
	c := e.config
	before, regions := c.location[n].Region, c.region
	set := func(r estate.Region, inherited []Region) { c.location[n].Region, c.region = r, inherited }
	set(x.Region, nil)
	c.resolveRegions()
	after := c.region
	set(before, regions)
	moved := make([]bool, len(regions))
	for i := range regions {
		moved[i] = regions[i] != after[i]
	}
	return scope{shards: e.shardsAt(moved), license: -1}, func() { set(x.Region, after) }, func() { set(before, regions) }, nil
}

// shardsAt returns the shards with devices that are, or ever move to, one of these locations.
func (e *Engine) shardsAt(places []bool) []int {
	var list []int
	for s, sh := range e.facts.shards {
		for _, place := range e.config.place[sh.devices.from:sh.devices.to] {
			if place >= 0 && places[place] {
				list = append(list, s)
				break
			}
		}
	}
	for n, d := range e.config.devices {
		for _, m := range d.moves {
			if s := e.shardOf(n); places[e.config.places[m.Location]] && !slices.Contains(list, s) {
				list = append(list, s)
			}
		}
	}
	return list
}

func (x SetExemptions) prepare(e *Engine) (s scope, apply, undo func(), err error) {
	return e.changeEntries(x.License, x.Device, func(l *estate.License, d *entries) {
		l.Exemptions = stamped(x.Exemptions, func(y *estate.Exemption) { y.Device = x.Device })
		d.exemptions = l.Exemptions
	})
}

func (x SetOverridden) prepare(e *Engine) (s scope, apply, undo func(), err error) {
	return e.changeEntries(x.License, x.Device, func(l *estate.License, d *entries) {
		l.Overridden = stamped(x.Overridden, func(y *estate.Overridden) { y.Device = x.Device })
		d.overridden = l.Overridden
	})
}

func (x SetOverriddenMetric) prepare(e *Engine) (s scope, apply, undo func(), err error) {
	return e.changeEntries(x.License, x.Device, func(l *estate.License, d *entries) {
		l.OverriddenMetric = stamped(x.Counts, func(y *estate.MetricOverride) { y.Device = x.Device })
		d.metric = l.OverriddenMetric
	})
}

// stamped returns a copy of entries that are all about one device; nil when there are none.
func stamped[T any](entries []T, stamp func(*T)) []T {
	copied := append([]T(nil), entries...)
	for i := range copied {
		stamp(&copied[i])
	}
	return copied
}

// changeEntries checks and makes a change of a license's entries about a device.
func (e *Engine) changeEntries(license, device string, set func(*estate.License, *entries)) (s scope, apply, undo func(), err error) {
	l, err := e.licenseNumber(license)
	if err != nil {
		return s, nil, nil, err
	}
	n, err := e.deviceNumber(device)
	if err != nil {
		return s, nil, nil, err
	}
	checked := e.config.licenses[l]
	before := *e.config.entriesOf(n, int(l))
	after := before
	set(&checked, &after)
	if err := e.valid(estate.Device{ID: device, Kind: estate.Computer}, &checked); err != nil {
		return s, nil, nil, err
	}
	s = e.scopeOf(n, l)
	s.entries = true
	// Entries may lie elsewhere by the time they are set, so that they are looked up again.
	return s, func() { *e.config.entriesOf(n, int(l)) = after }, func() { *e.config.entriesOf(n, int(l)) = before }, nil
}

func (x SetPoints) prepare(e *Engine) (s scope, apply, undo func(), err error) {
	n, err := e.licenseNumber(x.License)
	if err != nil {
		return s, nil, nil, err
	}
	l := &e.config.licenses[n]
	if l.Metric != estate.PVU {
		return s, nil, nil, fmt.Errorf("correct points: a license by %s has none", l.Metric)
	}
	points, unmatched := l.Points, l.UnmatchedPoints
	checked := *l
	checked.Points, checked.UnmatchedPoints = slices.Clone(x.Points), &x.Unmatched
	if err := e.valid(estate.Device{ID: "-", Kind: estate.Computer}, &checked); err != nil {
		return s, nil, nil, err
	}
	set := func(p []estate.PointsRule, d *estate.Decimal) { l.Points, l.UnmatchedPoints = p, d }
	return scope{license: n, rates: true}, func() { set(checked.Points, checked.UnmatchedPoints) }, func() { set(points, unmatched) }, nil
}

func (e *Engine) deviceNumber(id string) (uint32, error) {
	n, ok := e.facts.ids.find(id)
	if !ok {
		return 0, fmt.Errorf("correct: the device %q is not defined", id)
	}
	return uint32(n), nil
}

func (e *Engine) licenseNumber(id string) (int32, error) {
	for n := range e.config.licenses {
		if e.config.licenses[n].ID == id {
			return int32(n), nil
		}
	}
	return 0, fmt.Errorf("correct: there is no license %q", id)
}

// valid checks a device and a license as they would be in an estate of their own; what is wrong is estate.Problems.
// It also checks that the clock can tell every instant they state.
func (e *Engine) valid(d estate.Device, l *estate.License) error {
	one := &estate.Estate{
		Format: estate.Format, AsOf: e.header.AsOf, Periods: e.header.Periods, Locations: e.header.Locations,
		Devices: []estate.Device{d},
	}
	if l != nil {
		one.Licenses = []estate.License{*l}
	}
	if err := estate.Validate(one); err != nil {
		return err
	}
	return e.facts.clock.tells(one)
}

func (e *Engine) shardOf(device uint32) int {
	s, _ := slices.BinarySearchFunc(e.facts.shards, int(device), func(s shard, device int) int {
		switch {
		case s.devices.to <= device:
			return -1
		case s.devices.from > device:
			return 1
		}
		return 0
	})
	return s
}

func (e *Engine) scopeOf(device uint32, license int32) scope {
	return scope{shards: []int{e.shardOf(device)}, license: license, device: device}
}

package measure

import (
	"fmt"

	"github.com/highwater-sam/highwater/estate"
)

// config is the current configuration: what corrections change, and what applies to all of history where it is undated.
type config struct {
	place    []int32 // of each device: index into the locations, -1 unassigned
	devices  map[uint32]*deviceConfig
	licenses []estate.License // copies of the header's, less the entries about single devices
	location []estate.Location
	places   map[string]int32 // index into location
	region   []Region         // of each location, inherited
}

// deviceConfig is what is configured for one device.
type deviceConfig struct {
	moves     []estate.Move
	overrides []estate.HardwareChange
	entries   []entries
}

// entries are a license's entries about one device.
type entries struct {
	license    int
	exemptions []estate.Exemption
	overridden []estate.Overridden
	metric     []estate.MetricOverride
}

// of returns the configuration of a device for a change.
func (c *config) of(device uint32) *deviceConfig {
	d := c.devices[device]
	if d == nil {
		d = &deviceConfig{}
		c.devices[device] = d
	}
	return d
}

// entriesOf returns a license's entries about a device for a change.
func (c *config) entriesOf(device uint32, license int) *entries {
	d := c.of(device)
	for i := range d.entries {
		if d.entries[i].license == license {
			return &d.entries[i]
		}
	}
	d.entries = append(d.entries, entries{license: license})
	return &d.entries[len(d.entries)-1]
}

// take takes over the header's locations and licenses.
func (c *config) take(header *estate.Estate, ids *idTable) error {
	c.location = append([]estate.Location(nil), header.Locations...)
	c.places = make(map[string]int32, len(c.location))
	for i := range c.location {
		c.places[c.location[i].ID] = int32(i)
	}
	c.resolveRegions()
	c.licenses = append([]estate.License(nil), header.Licenses...)
	for n := range c.licenses {
		l := &c.licenses[n]
		find := func(id string) (uint32, error) {
			device, ok := ids.find(id)
			if !ok {
				return 0, fmt.Errorf("compile license %q: the device %q is not defined", l.ID, id)
			}
			return uint32(device), nil
		}
		for _, x := range l.Exemptions {
			device, err := find(x.Device)
			if err != nil {
				return err
			}
			e := c.entriesOf(device, n)
			e.exemptions = append(e.exemptions, x)
		}
		for _, x := range l.Overridden {
			device, err := find(x.Device)
			if err != nil {
				return err
			}
			e := c.entriesOf(device, n)
			e.overridden = append(e.overridden, x)
		}
		for _, x := range l.OverriddenMetric {
			device, err := find(x.Device)
			if err != nil {
				return err
			}
			e := c.entriesOf(device, n)
			e.metric = append(e.metric, x)
		}
		l.Exemptions, l.Overridden, l.OverriddenMetric = nil, nil, nil
	}
	return nil
}

// resolveRegions finds the region of every location: its own, or its nearest ancestor's that has one.
func (c *config) resolveRegions() {
	c.region = make([]Region, len(c.location))
	for i := range c.location {
		at := int32(i)
		for range len(c.location) + 1 {
			l := &c.location[at]
			if l.Region != 0 {
				c.region[i] = Region(l.Region)
				break
			}
			next, ok := c.places[l.Parent]
			if l.Parent == "" || !ok {
				break
			}
			at = next
		}
	}
}

// regionAt returns the region of a location, unassigned for -1.
func (c *config) regionAt(place int32) Region {
	if place < 0 {
		return Unassigned
	}
	return c.region[place]
}

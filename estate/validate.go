package estate

import (
	"fmt"
	"strings"
)

// Validate returns everything that is wrong with an estate as Problems, nil when nothing is. Decode has already done
// this to what it returns; a program that builds an estate itself calls Validate before it measures.
func Validate(e *Estate) error {
	if problems := check(e); len(problems) > 0 {
		return problems
	}
	return nil
}

func check(e *Estate) Problems {
	c := &checker{
		e:         e,
		devices:   make(map[string]*Device, len(e.Devices)),
		locations: make(map[string]*Location, len(e.Locations)),
		pools:     map[string]map[string]*Pool{},
		licenses:  map[string]bool{},
	}
	c.index()
	c.header()
	c.tree()
	for i := range e.Devices {
		c.device(i, &e.Devices[i])
	}
	c.installations()
	for i := range e.Licenses {
		c.license(i, &e.Licenses[i])
	}
	return c.problems
}

// checker holds what the checks look up.
type checker struct {
	e         *Estate
	devices   map[string]*Device
	locations map[string]*Location
	pools     map[string]map[string]*Pool // by host, by pool
	licenses  map[string]bool             // those already checked
	problems  Problems
}

// place is a path that is written only when something is wrong there.
type place struct {
	parent *place
	key    string // a key, or a list when index is not negative
	index  int
}

func key(parent *place, name string) *place        { return &place{parent, name, -1} }
func item(parent *place, list string, i int) place { return place{parent, list, i} }

func (p *place) String() string {
	if p == nil {
		return ""
	}
	var b strings.Builder
	if p.parent != nil {
		b.WriteString(p.parent.String())
		if p.key != "" {
			b.WriteByte('.')
		}
	}
	b.WriteString(p.key)
	if p.index >= 0 {
		fmt.Fprintf(&b, "[%d]", p.index)
	}
	return b.String()
}

func (c *checker) problem(at *place, name, format string, args ...any) {
	path := at.String()
	if name != "" {
		path = key(at, name).String()
	}
	c.problems = append(c.problems, Problem{path, fmt.Sprintf(format, args...)})
}

// index learns every id, and reports those that stand twice.
func (c *checker) index() {
	for i := range c.e.Locations {
		l := &c.e.Locations[i]
		at := item(nil, "locations", i)
		if c.required(&at, "id", l.ID) {
			if c.locations[l.ID] != nil {
				c.problem(&at, "id", "%q stands twice", l.ID)
			} else {
				c.locations[l.ID] = l
			}
		}
	}
	for i := range c.e.Devices {
		d := &c.e.Devices[i]
		at := item(nil, "devices", i)
		if !c.required(&at, "id", d.ID) {
			continue
		}
		if c.devices[d.ID] != nil {
			c.problem(&at, "id", "%q stands twice", d.ID)
			continue
		}
		c.devices[d.ID] = d
		if len(d.Pools) > 0 {
			c.pools[d.ID] = make(map[string]*Pool, len(d.Pools))
		}
		for j := range d.Pools {
			pool := &d.Pools[j]
			at := item(&at, "pools", j)
			if c.required(&at, "id", pool.ID) {
				if c.pools[d.ID][pool.ID] != nil {
					c.problem(&at, "id", "%q stands twice on this host", pool.ID)
				} else {
					c.pools[d.ID][pool.ID] = pool
				}
			}
		}
	}
}

// header checks what stands once in an estate, and its periods.
func (c *checker) header() {
	if c.required(nil, "format", c.e.Format) && c.e.Format != Format {
		c.problem(nil, "format", "%q is not %q", shorten(c.e.Format), Format)
	}
	c.stated(nil, "as_of", c.e.AsOf)
	c.instants(nil, c.e.AsOf, 0)
	if c.e.Periods == nil {
		c.problem(nil, "periods", "this is missing")
	}
	names := map[string]bool{}
	for i := range c.e.Periods {
		p := &c.e.Periods[i]
		at := item(nil, "periods", i)
		if c.required(&at, "name", p.Name) {
			if names[p.Name] {
				c.problem(&at, "name", "%q stands twice", p.Name)
			}
			names[p.Name] = true
		}
		c.stated(&at, "from", p.From)
		c.interval(&at, p.From, p.To)
	}
}

// tree checks the parents of locations: they exist and lead to a root.
func (c *checker) tree() {
	const known, looking = 1, 2
	state := map[string]int{}
	for i := range c.e.Locations {
		l := &c.e.Locations[i]
		at := item(nil, "locations", i)
		if l.Region < 0 || l.Region > 3 {
			c.problem(&at, "region", "%d is not a region: 1 Americas, 2 Europe and Africa, 3 Asia and Australia", l.Region)
		}
		if l.Parent != "" && c.locations[l.Parent] == nil {
			c.problem(&at, "parent", "the location %q is not defined", l.Parent)
		}
		var trail []string
		for at := l; at != nil && state[at.ID] == 0; at = c.locations[at.Parent] {
			state[at.ID] = looking
			trail = append(trail, at.ID)
			if next := c.locations[at.Parent]; at.Parent != "" && next != nil && state[next.ID] == looking {
				c.locationCycle(next.ID)
			}
		}
		for _, id := range trail {
			state[id] = known
		}
	}
}

func (c *checker) locationCycle(id string) {
	for i := range c.e.Locations {
		if c.e.Locations[i].ID == id {
			at := item(nil, "locations", i)
			c.problem(&at, "parent", "the parents of %q lead back to it", id)
			return
		}
	}
}

// required reports whether a text that must be stated is.
func (c *checker) required(at *place, name, value string) bool {
	if value == "" {
		c.problem(at, name, "this is missing")
	}
	return value != ""
}

func (c *checker) stated(at *place, name string, i Instant) {
	if i == 0 {
		c.problem(at, name, "this is missing")
	}
}

// instants checks that instants built by a program can be written.
func (c *checker) instants(at *place, from, to Instant) {
	name := [2]string{"from", "to"}
	if at == nil {
		name[0] = "as_of"
	}
	for n, i := range [2]Instant{from, to} {
		if i < 0 || i > lastInstant {
			c.problem(at, name[n], "this is not an instant of the years 0 to 9999")
		}
	}
}

// interval checks [from, to).
func (c *checker) interval(at *place, from, to Instant) {
	c.instants(at, from, to)
	if from > 0 && to > 0 && to <= from {
		c.problem(at, "to", "%s is not later than from, %s", to, from)
	}
}

// decimal checks a quantity that may be absent.
func (c *checker) decimal(at *place, name string, d Decimal) {
	if d.Stated() && !d.Valid() {
		c.problem(at, name, "%q is not a decimal", shorten(string(d)))
	}
}

// decimalRequired checks a quantity that must be stated.
func (c *checker) decimalRequired(at *place, name string, d Decimal) {
	if !d.Stated() {
		c.problem(at, name, "this is missing")
	}
	c.decimal(at, name, d)
}

// deviceRef checks a reference to a device and returns that device, nil when there is none.
func (c *checker) deviceRef(at *place, name, id string) *Device {
	if !c.required(at, name, id) {
		return nil
	}
	d := c.devices[id]
	if d == nil {
		c.problem(at, name, "the device %q is not defined", id)
	}
	return d
}

func (c *checker) locationRef(at *place, name, id string) {
	if id != "" && c.locations[id] == nil {
		c.problem(at, name, "the location %q is not defined", id)
	}
}

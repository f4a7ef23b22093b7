package estate

func (c *checker) device(i int, d *Device) {
	at := item(nil, "devices", i)
	switch d.Kind {
	case Computer, Host, VM:
	case "":
		c.problem(&at, "kind", "this is missing")
	default:
		c.problem(&at, "kind", "%q is not computer, host or vm", shorten(string(d.Kind)))
	}
	switch d.Source {
	case Agent, Other, "":
	default:
		c.problem(&at, "source", "%q is not agent or other", shorten(string(d.Source)))
	}
	c.locationRef(&at, "location", d.Location)
	c.moves(&at, d)
	for j := range d.Hardware {
		h := &d.Hardware[j]
		at := item(&at, "hardware", j)
		c.stated(&at, "from", h.From)
		c.interval(&at, h.From, h.To)
		c.hardware(&at, d, &h.Hardware)
	}
	overlaps(c, &at, "hardware", d.Hardware, func(h *HardwareFact) span { return span{h.From, h.To} })
	c.placements(&at, d)
	c.devicePools(&at, d)
	c.overrides(&at, d)
}

func (c *checker) moves(at *place, d *Device) {
	for j := range d.Moves {
		m := &d.Moves[j]
		at := item(at, "moves", j)
		c.stated(&at, "from", m.From)
		c.interval(&at, m.From, m.To)
		if c.required(&at, "location", m.Location) {
			c.locationRef(&at, "location", m.Location)
		}
	}
	overlaps(c, at, "moves", d.Moves, func(m *Move) span { return span{m.From, m.To} })
}

func (c *checker) hardware(at *place, d *Device, h *Hardware) {
	c.decimal(at, "processors", h.Processors)
	c.decimal(at, "cores", h.Cores)
	c.decimal(at, "threads", h.Threads)
	c.decimal(at, "max_sockets", h.MaxSockets)
	if h.Partition == nil {
		return
	}
	at = key(at, "partition")
	if d.Kind == Host {
		c.problem(at, "", "a host has no partition: its guests do")
	}
	switch h.Partition.Kind {
	case Shared, Dedicated:
	case "":
		c.problem(at, "kind", "this is missing")
	default:
		c.problem(at, "kind", "%q is not shared or dedicated", shorten(string(h.Partition.Kind)))
	}
	c.decimal(at, "entitlement", h.Partition.Entitlement)
	c.decimal(at, "virtual_processors", h.Partition.VirtualProcessors)
}

func (c *checker) placements(at *place, d *Device) {
	if len(d.Placement) > 0 && d.Kind != VM && d.Kind != "" {
		c.problem(at, "placement", "only a vm has a placement, this is a %s", shorten(string(d.Kind)))
	}
	for j := range d.Placement {
		p := &d.Placement[j]
		at := item(at, "placement", j)
		c.stated(&at, "from", p.From)
		c.interval(&at, p.From, p.To)
		host := c.deviceRef(&at, "host", p.Host)
		if host == nil {
			continue
		}
		if host.Kind != Host {
			c.problem(&at, "host", "%q is not a host", p.Host)
		} else if p.Pool != "" && c.pools[p.Host][p.Pool] == nil {
			c.problem(&at, "pool", "the host %q has no pool %q", p.Host, p.Pool)
		}
	}
	overlaps(c, at, "placement", d.Placement, func(p *Placement) span { return span{p.From, p.To} })
}

func (c *checker) devicePools(at *place, d *Device) {
	if len(d.Pools) > 0 && d.Kind != Host && d.Kind != "" {
		c.problem(at, "pools", "only a host has pools, this is a %s", shorten(string(d.Kind)))
	}
	own := c.pools[d.ID]
	for j := range d.Pools {
		p := &d.Pools[j]
		at := item(at, "pools", j)
		c.decimal(&at, "cores", p.Cores)
		if p.Parent == "" {
			continue
		}
		parent := own[p.Parent]
		switch {
		case parent == nil:
			c.problem(&at, "parent", "this host has no pool %q", p.Parent)
		case poolCycle(own, p.ID):
			c.problem(&at, "parent", "the parents of %q lead back to it", p.ID)
		case parent.Parent != "":
			c.problem(&at, "parent", "%q has a parent itself: pools have at most two levels", p.Parent)
		}
	}
}

func poolCycle(own map[string]*Pool, id string) bool {
	at := own[id]
	for range len(own) {
		if at = own[at.Parent]; at == nil {
			return false
		}
		if at.ID == id {
			return true
		}
	}
	return false
}

// overrides checks each entry, and that no field is set twice at one instant.
func (c *checker) overrides(at *place, d *Device) {
	type set struct {
		entry int
		span  span
	}
	fields := [...]func(h *Hardware) bool{
		func(h *Hardware) bool { return h.Processors.Stated() },
		func(h *Hardware) bool { return h.Cores.Stated() },
		func(h *Hardware) bool { return h.Threads.Stated() },
		func(h *Hardware) bool { return h.MaxSockets.Stated() },
		func(h *Hardware) bool { return h.Processor != nil },
		func(h *Hardware) bool { return h.Model != nil },
		func(h *Hardware) bool { return h.OS != nil },
		func(h *Hardware) bool { return h.Partition != nil },
	}
	for j := range d.Overrides {
		o := &d.Overrides[j]
		at := item(at, "overrides", j)
		c.interval(&at, o.From, o.To)
		c.hardware(&at, d, &o.Hardware)
	}
	if len(d.Overrides) < 2 {
		return
	}
	for f, stated := range fields {
		var sets []set
		for j := range d.Overrides {
			if o := &d.Overrides[j]; stated(&o.Hardware) {
				sets = append(sets, set{j, span{o.From, o.To}})
			}
		}
		clashes(len(sets), func(n int) span { return sets[n].span }, func(a, b int) {
			at := item(at, "overrides", sets[b].entry)
			c.problem(&at, hardwareKeys[f+2], "overrides[%d] sets this at the same time", sets[a].entry)
		})
	}
}

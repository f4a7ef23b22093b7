package estate

import (
	"cmp"
	"slices"
)

// installations checks each, and that no device has one product twice at one instant.
func (c *checker) installations() {
	all := c.e.Installations
	for i := range all {
		x := &all[i]
		at := item(nil, "installations", i)
		c.deviceRef(&at, "device", x.Device)
		c.required(&at, "product", x.Product)
		c.stated(&at, "from", x.From)
		c.interval(&at, x.From, x.To)
	}
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	same := func(a, b int) int {
		return cmp.Or(cmp.Compare(all[a].Device, all[b].Device), cmp.Compare(all[a].Product, all[b].Product))
	}
	if !slices.IsSortedFunc(order, same) {
		slices.SortStableFunc(order, same)
	}
	for len(order) > 0 {
		n := 1
		for n < len(order) && same(order[0], order[n]) == 0 {
			n++
		}
		if n > 1 {
			c.installationClashes(order[:n])
		}
		order = order[n:]
	}
}

func (c *checker) installationClashes(of []int) {
	all := c.e.Installations
	clashes(len(of), func(n int) span {
		if all[of[n]].From == 0 {
			return span{bad, bad}
		}
		return span{all[of[n]].From, all[of[n]].To}
	}, func(a, b int) {
		at := item(nil, "installations", of[b])
		c.problem(&at, "", "this holds at the same time as installations[%d], of the same product on the same device", of[a])
	})
}

func (c *checker) license(i int, l *License) {
	at := item(nil, "licenses", i)
	if c.required(&at, "id", l.ID) {
		if c.licenses[l.ID] {
			c.problem(&at, "id", "%q stands twice", l.ID)
		}
		c.licenses[l.ID] = true
	}
	switch l.Metric {
	case PVU, VPC, RVU:
		c.unusedKeys(&at, l)
	case "":
		c.problem(&at, "metric", "this is missing")
	default:
		c.problem(&at, "metric", "%q is not ibm-pvu, ibm-vpc or ibm-rvu-mapc", shorten(string(l.Metric)))
	}
	switch l.Capacity {
	case Sub, Full, "":
	default:
		c.problem(&at, "capacity", "%q is not sub or full", shorten(string(l.Capacity)))
	}
	c.licenseProducts(&at, l)
	if l.Ratio != nil {
		c.ratio(key(&at, "ratio"), l.Ratio)
	}
	for j := range l.Points {
		p := &l.Points[j]
		at := item(&at, "points", j)
		c.decimal(&at, "min_sockets", p.MinSockets)
		c.decimal(&at, "max_sockets", p.MaxSockets)
		c.decimalRequired(&at, "per_core", p.PerCore)
	}
	if l.UnmatchedPoints != nil {
		c.decimal(&at, "unmatched_points", *l.UnmatchedPoints)
	}
	c.exceptions(&at, l)
	c.decimal(&at, "entitlements", l.Entitlements)
}

// unusedKeys reports keys that the metric or the bundle rule does not use.
func (c *checker) unusedKeys(at *place, l *License) {
	unused := func(stated bool, name string) {
		if stated {
			c.problem(at, name, "a license by %s does not use this", l.Metric)
		}
	}
	if l.Metric == PVU {
		if l.UnmatchedPoints == nil {
			c.problem(at, "unmatched_points", "this is missing: state the points per core, or null to count such servers as nothing")
		}
	} else {
		unused(l.Points != nil, "points")
		unused(l.UnmatchedPoints != nil, "unmatched_points")
	}
	if l.Metric != VPC {
		unused(l.Bundle != "", "bundle")
		unused(l.Ratio != nil, "ratio")
		unused(l.OverriddenMetric != nil, "overridden_metric")
	}
	if l.Metric == RVU {
		unused(l.Overridden != nil, "overridden")
	}
	switch l.Bundle {
	case "", OncePerDevice, PerProduct:
	default:
		c.problem(at, "bundle", "%q is not once-per-device or per-product", shorten(string(l.Bundle)))
	}
	if l.Metric == VPC && l.PerProductBundle() && l.Ratio != nil {
		c.problem(at, "ratio", "a license counted per product does not use this: each product has its own ratio")
	}
}

func (c *checker) licenseProducts(at *place, l *License) {
	if l.Products == nil {
		c.problem(at, "products", "this is missing")
	}
	first := make(map[string]bool, len(l.Products))
	for j := range l.Products {
		p := &l.Products[j]
		at := item(at, "products", j)
		if c.required(&at, "product", p.Product) {
			if first[p.Product] {
				c.problem(&at, "product", "%q stands twice in this license", p.Product)
			}
			first[p.Product] = true
		}
		if p.Ratio == nil {
			continue
		}
		switch {
		case l.Metric == PVU || l.Metric == RVU:
			c.problem(&at, "ratio", "a license by %s does not use this", l.Metric)
		case l.Metric == VPC && (l.Bundle == "" || l.Bundle == OncePerDevice):
			c.problem(&at, "ratio", "a license counted once per device does not use this: it has one ratio itself")
		}
		c.ratio(key(&at, "ratio"), p.Ratio)
	}
}

func (c *checker) ratio(at *place, r *Ratio) {
	c.decimalRequired(at, "vpc", r.VPC)
	c.decimalRequired(at, "entitlements", r.Entitlements)
	if r.VPC.Valid() && r.VPC.Canonical() == "0" {
		c.problem(at, "vpc", "this is 0: it must be above 0")
	}
}

// exceptions checks the exemptions and the two kinds of overridden figures.
func (c *checker) exceptions(at *place, l *License) {
	for j := range l.Exemptions {
		x := &l.Exemptions[j]
		at := item(at, "exemptions", j)
		c.deviceRef(&at, "device", x.Device)
		c.interval(&at, x.From, x.To)
	}
	byDevice(c, at, "exemptions", l.Exemptions, func(x *Exemption) (string, span) { return x.Device, span{x.From, x.To} })
	for j := range l.Overridden {
		x := &l.Overridden[j]
		at := item(at, "overridden", j)
		c.deviceRef(&at, "device", x.Device)
		c.decimalRequired(&at, "points", x.Points)
		c.interval(&at, x.From, x.To)
	}
	byDevice(c, at, "overridden", l.Overridden, func(x *Overridden) (string, span) { return x.Device, span{x.From, x.To} })
	for j := range l.OverriddenMetric {
		x := &l.OverriddenMetric[j]
		at := item(at, "overridden_metric", j)
		c.deviceRef(&at, "device", x.Device)
		c.decimalRequired(&at, "count", x.Count)
		c.interval(&at, x.From, x.To)
	}
	byDevice(c, at, "overridden_metric", l.OverriddenMetric, func(x *MetricOverride) (string, span) { return x.Device, span{x.From, x.To} })
}

// byDevice reports entries about one device that hold at the same instant.
func byDevice[T any](c *checker, at *place, list string, entries []T, of func(*T) (string, span)) {
	if len(entries) < 2 {
		return
	}
	order := make([]int, len(entries))
	for i := range order {
		order[i] = i
	}
	device := func(i int) string { id, _ := of(&entries[i]); return id }
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(device(a), device(b)) })
	for len(order) > 0 {
		n := 1
		for n < len(order) && device(order[0]) == device(order[n]) {
			n++
		}
		group := order[:n]
		order = order[n:]
		if device(group[0]) == "" {
			continue
		}
		clashes(n, func(k int) span { _, s := of(&entries[group[k]]); return s }, func(a, b int) {
			at := item(at, list, group[b])
			c.problem(&at, "", "this holds at the same time as %s[%d], for the same device", list, group[a])
		})
	}
}

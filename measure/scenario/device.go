package scenario

import "github.com/highwater-sam/highwater/estate"

// device reads: host NAME at LOCATION, agent, other, role ROLE, hosted in PROVIDER.
func (p *parser) device(w *words, kind estate.Kind) {
	e := p.s.Estate
	e.Devices = append(e.Devices, estate.Device{ID: w.name(), Kind: kind})
	i := len(e.Devices) - 1
	d := &e.Devices[i]
	p.block = func(w *words) { p.deviceLine(w, &e.Devices[i]) }
	for w.more() {
		switch {
		case w.is("at"):
			d.Location = w.name()
		case w.is("agent"):
			d.Source = estate.Agent
		case w.is("other"):
			d.Source = estate.Other
		case w.is("role"):
			d.Role = estate.Text(w.name())
		case w.is("hosted", "in"):
			d.HostedIn = estate.Text(w.name())
		default:
			w.fail("after a device comes: at LOCATION, agent, other, role ROLE, or: hosted in PROVIDER")
		}
	}
}

func (p *parser) deviceLine(w *words, d *estate.Device) {
	switch {
	case w.is("on"):
		x := estate.Placement{Host: w.name()}
		if w.is("pool") {
			x.Pool = w.name()
		}
		x.From, x.To = w.dates(longAgo)
		d.Placement = append(d.Placement, x)
	case w.is("has"):
		x := estate.Installation{Device: d.ID, Product: w.name()}
		x.From, x.To = w.dates(longAgo)
		p.s.Estate.Installations = append(p.s.Estate.Installations, x)
	case w.is("moved", "to"):
		x := estate.Move{Location: w.name()}
		x.From, x.To = w.dates(longAgo)
		d.Moves = append(d.Moves, x)
	case w.is("pool"):
		p.pool(w, d)
	case w.is("override"):
		x := estate.HardwareChange{}
		x.From, x.To = w.dates(0)
		hardware(w, &x.Hardware)
		d.Overrides = append(d.Overrides, x)
	default:
		x := estate.HardwareFact{}
		x.From, x.To = w.dates(longAgo)
		hardware(w, &x.Hardware)
		d.Hardware = append(d.Hardware, x)
	}
}

// pool reads: pool NAME in POOL, hard, 4 cores.
func (p *parser) pool(w *words, d *estate.Device) {
	x := estate.Pool{ID: w.name()}
	for w.more() {
		switch {
		case w.is("in"):
			x.Parent = w.name()
		case w.is("hard"):
			x.Hard = true
		default:
			x.Cores = w.decimal()
			if !w.is("cores") && !w.is("core") {
				w.fail("after a pool comes: in POOL, hard, or: NUMBER cores")
			}
		}
	}
	d.Pools = append(d.Pools, x)
}

// hardware reads: 16 cores, 32 threads, 2 processors, 4 sockets, processor NAME, model NAME, os NAME, dedicated,
// shared capped NUMBER, shared uncapped NUMBER; or: nothing known.
func hardware(w *words, h *estate.Hardware) {
	if w.is("nothing", "known") {
		return
	}
	if !w.more() {
		w.fail("what hardware? such as: 16 cores, 2 sockets, os linux; or: nothing known")
	}
	for w.more() {
		switch {
		case w.is("processor"):
			h.Processor = estate.Text(w.name())
		case w.is("model"):
			h.Model = estate.Text(w.name())
		case w.is("os"):
			h.OS = estate.Text(w.name())
		case w.is("dedicated"):
			h.Partition = &estate.Partition{Kind: estate.Dedicated}
		case w.is("shared", "capped"):
			h.Partition = &estate.Partition{Kind: estate.Shared, Capped: true, Entitlement: w.share()}
		case w.is("shared", "uncapped"):
			h.Partition = &estate.Partition{Kind: estate.Shared, VirtualProcessors: w.share()}
		default:
			quantity(w, h)
		}
	}
}

// share reads the quantity of a shared partition: a number, or unknown.
func (w *words) share() estate.Decimal {
	if w.is("unknown") {
		return ""
	}
	return w.decimal()
}

func quantity(w *words, h *estate.Hardware) {
	n := w.decimal()
	switch {
	case w.is("cores"), w.is("core"):
		h.Cores = n
	case w.is("threads"), w.is("thread"):
		h.Threads = n
	case w.is("processors"), w.is("processor"):
		h.Processors = n
	case w.is("sockets"), w.is("socket"):
		h.MaxSockets = n
	default:
		w.fail("after %s comes: cores, threads, processors or sockets", n)
	}
}

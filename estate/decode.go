package estate

import (
	"fmt"
	"io"
)

// Decode reads one estate. A malformed estate gives Problems, every one found, each with its JSON path; an error that
// is not Problems comes from src. The estate is nil exactly when there is an error.
func Decode(src io.Reader) (*Estate, error) {
	r := newReader(src)
	e := &Estate{}
	r.estate(e)
	r.end()
	if r.broken != nil {
		if len(r.problems) > 0 {
			return nil, r.problems
		}
		return nil, fmt.Errorf("read estate: %w", r.broken)
	}
	problems := append(r.problems, check(e).without(r.problems)...)
	if len(problems) > 0 {
		return nil, problems
	}
	return e, nil
}

// each reads a list into a slice that is never nil.
func each[T any](r *reader, into *[]T, read func(*T)) {
	*into = []T{}
	r.list(func() {
		*into = append(*into, *new(T))
		read(&(*into)[len(*into)-1])
	})
}

var estateKeys = []string{"format", "as_of", "high_frequency", "periods", "locations", "devices", "installations", "licenses"}

func (r *reader) estate(e *Estate) {
	r.object(estateKeys, func(key int) {
		switch key {
		case 0:
			e.Format, _ = r.str()
		case 1:
			r.instant(&e.AsOf)
		case 2:
			e.HighFrequency = new(bool)
			r.boolean(e.HighFrequency)
		case 3:
			each(r, &e.Periods, r.period)
		case 4:
			each(r, &e.Locations, r.location)
		case 5:
			each(r, &e.Devices, r.device)
		case 6:
			each(r, &e.Installations, r.installation)
		case 7:
			each(r, &e.Licenses, r.license)
		}
	})
}

var periodKeys = []string{"name", "from", "to"}

func (r *reader) period(p *Period) {
	r.object(periodKeys, func(key int) {
		switch key {
		case 0:
			r.id(&p.Name)
		case 1:
			r.instant(&p.From)
		case 2:
			r.instant(&p.To)
		}
	})
}

var locationKeys = []string{"id", "parent", "region"}

func (r *reader) location(l *Location) {
	r.object(locationKeys, func(key int) {
		switch key {
		case 0:
			r.id(&l.ID)
		case 1:
			r.id(&l.Parent)
		case 2:
			r.region(&l.Region)
		}
	})
}

var deviceKeys = []string{"id", "kind", "location", "moves", "role", "hosted_in", "source", "hardware", "placement", "pools", "overrides"}

func (r *reader) device(d *Device) {
	r.object(deviceKeys, func(key int) {
		switch key {
		case 0:
			r.id(&d.ID)
		case 1:
			word(r, &d.Kind)
		case 2:
			r.id(&d.Location)
		case 3:
			each(r, &d.Moves, r.move)
		case 4:
			r.text(&d.Role)
		case 5:
			r.text(&d.HostedIn)
		case 6:
			word(r, &d.Source)
		case 7:
			each(r, &d.Hardware, func(h *HardwareFact) { r.hardware(&h.From, &h.To, &h.Hardware) })
		case 8:
			each(r, &d.Placement, r.placement)
		case 9:
			each(r, &d.Pools, r.pool)
		case 10:
			each(r, &d.Overrides, func(h *HardwareChange) { r.hardware(&h.From, &h.To, &h.Hardware) })
		}
	})
}

var moveKeys = []string{"from", "to", "location"}

func (r *reader) move(m *Move) {
	r.object(moveKeys, func(key int) {
		switch key {
		case 0:
			r.instant(&m.From)
		case 1:
			r.instant(&m.To)
		case 2:
			r.id(&m.Location)
		}
	})
}

var hardwareKeys = []string{"from", "to", "processors", "cores", "threads", "max_sockets", "processor", "model", "os", "partition"}

func (r *reader) hardware(from, to *Instant, h *Hardware) {
	r.object(hardwareKeys, func(key int) {
		switch key {
		case 0:
			r.instant(from)
		case 1:
			r.instant(to)
		case 2:
			r.decimal(&h.Processors)
		case 3:
			r.decimal(&h.Cores)
		case 4:
			r.decimal(&h.Threads)
		case 5:
			r.decimal(&h.MaxSockets)
		case 6:
			r.text(&h.Processor)
		case 7:
			r.text(&h.Model)
		case 8:
			r.text(&h.OS)
		case 9:
			h.Partition = &Partition{}
			r.partition(h.Partition)
		}
	})
}

var partitionKeys = []string{"kind", "capped", "entitlement", "virtual_processors"}

func (r *reader) partition(p *Partition) {
	r.object(partitionKeys, func(key int) {
		switch key {
		case 0:
			word(r, &p.Kind)
		case 1:
			r.boolean(&p.Capped)
		case 2:
			r.decimal(&p.Entitlement)
		case 3:
			r.decimal(&p.VirtualProcessors)
		}
	})
}

var placementKeys = []string{"from", "to", "host", "pool"}

func (r *reader) placement(p *Placement) {
	r.object(placementKeys, func(key int) {
		switch key {
		case 0:
			r.instant(&p.From)
		case 1:
			r.instant(&p.To)
		case 2:
			r.id(&p.Host)
		case 3:
			r.id(&p.Pool)
		}
	})
}

var poolKeys = []string{"id", "parent", "cores", "hard"}

func (r *reader) pool(p *Pool) {
	r.object(poolKeys, func(key int) {
		switch key {
		case 0:
			r.id(&p.ID)
		case 1:
			r.id(&p.Parent)
		case 2:
			r.decimal(&p.Cores)
		case 3:
			r.boolean(&p.Hard)
		}
	})
}

var installationKeys = []string{"device", "product", "from", "to"}

func (r *reader) installation(i *Installation) {
	r.object(installationKeys, func(key int) {
		switch key {
		case 0:
			r.id(&i.Device)
		case 1:
			r.id(&i.Product)
		case 2:
			r.instant(&i.From)
		case 3:
			r.instant(&i.To)
		}
	})
}

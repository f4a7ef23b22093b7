package pipeline

import (
	"context"
	"slices"
	"time"

	"github.com/highwater-sam/highwater/assign"
	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/estate"
	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/store"
)

// loaded is what a reconciliation reads from the store, in the forms that assignment and the engine want.
type loaded struct {
	estate    estate.Estate // with devices, locations and periods; without installations and licenses
	history   map[string][]store.InstalledFact
	devices   []assign.Device
	locations []assign.Location
	licenses  []assign.License
	known     map[string]bool
}

// load reads the whole history and the present configuration.
func (p *Pipeline) load(ctx context.Context, asOf time.Time) (*loaded, error) {
	l := &loaded{history: map[string][]store.InstalledFact{}, known: map[string]bool{}}
	l.estate = estate.Estate{Format: estate.Format, AsOf: instant(asOf)}
	if err := p.configuration(ctx, l); err != nil {
		return nil, err
	}
	settings, err := p.Store.DeviceSettings(ctx, nil)
	if err != nil {
		return nil, err
	}
	hosts := map[string]bool{}
	err = p.Store.LoadHistory(ctx, nil, func(h *store.DeviceHistory) error {
		d := estateDevice(h, settings[h.ID].Value)
		for _, at := range d.Placement {
			hosts[at.Host] = true
		}
		l.estate.Devices = append(l.estate.Devices, d)
		l.devices = append(l.devices, assignDevice(h, &d))
		l.history[d.ID] = slices.Clone(h.Installations)
		l.known[d.ID] = true
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range l.estate.Devices {
		settle(&l.estate.Devices[i], hosts, l.known)
	}
	l.estate.Periods, err = p.periods(ctx, l.estate.Devices, asOf)
	return l, err
}

// configuration reads what people have recorded.
func (p *Pipeline) configuration(ctx context.Context, l *loaded) error {
	locations, err := p.Store.Locations(ctx, nil)
	if err != nil {
		return err
	}
	for _, c := range locations {
		l.estate.Locations = append(l.estate.Locations, estate.Location{ID: c.Value.ID, Parent: c.Value.Parent, Region: c.Value.Region})
		l.locations = append(l.locations, assign.Location{ID: c.Value.ID, Parent: c.Value.Parent})
	}
	licenses, err := p.Store.Licenses(ctx, nil)
	if err != nil {
		return err
	}
	for _, c := range licenses {
		l.licenses = append(l.licenses, c.Value)
	}
	return nil
}

// estateDevice is a device with its history as the engine reads it.
func estateDevice(h *store.DeviceHistory, s store.DeviceSettings) estate.Device {
	d := estate.Device{
		ID: deviceKey(h.ID), Kind: estate.Kind(h.Kind), Location: h.Location, Moves: s.Moves, Source: estate.Other, Overrides: s.Overrides,
	}
	if h.Source == device.AgentSource {
		d.Source = estate.Agent
	}
	if h.Role != "" {
		d.Role = estate.Text(h.Role)
	}
	if in := hostedIn(h); in != estate.DefaultHostedIn {
		d.HostedIn = estate.Text(in)
	}
	for i, f := range h.Hardware {
		if !f.Known {
			continue
		}
		fact := estate.HardwareFact{From: instant(f.From), Hardware: estateHardware(f)}
		if i+1 < len(h.Hardware) {
			fact.To = instant(h.Hardware[i+1].From)
		}
		d.Hardware = append(d.Hardware, fact)
	}
	for i, f := range h.Placements {
		if !f.Known || f.Host == 0 {
			continue
		}
		at := estate.Placement{From: instant(f.From), Host: deviceKey(f.Host), Pool: f.Pool}
		if i+1 < len(h.Placements) {
			at.To = instant(h.Placements[i+1].From)
		}
		d.Placement = append(d.Placement, at)
	}
	if n := len(h.Pools); n > 0 { // pools are configuration to the engine: the present ones
		for _, pool := range h.Pools[n-1].Pools {
			d.Pools = append(d.Pools, estatePool(pool))
		}
	}
	return d
}

func hostedIn(h *store.DeviceHistory) string {
	switch {
	case h.HostedIn != "":
		return h.HostedIn
	case h.Provider != "":
		return h.Provider
	}
	return estate.DefaultHostedIn
}

func estateHardware(f store.HardwareFact) estate.Hardware {
	h := estate.Hardware{
		Processors: decimal(f.Processors), MaxSockets: decimal(f.MaxSockets), Cores: decimal(f.Cores), Threads: decimal(f.Threads),
	}
	if s := f.Shape; s != nil {
		h.Processor, h.Model, h.OS = text(s.Processor), text(s.Model), text(s.OS)
	}
	if part := f.Partition; part != nil && (part.Kind == string(estate.Shared) || part.Kind == string(estate.Dedicated)) {
		h.Partition = &estate.Partition{
			Kind: estate.PartitionKind(part.Kind), Capped: part.Capped, Entitlement: estate.Decimal(part.Entitlement),
			VirtualProcessors: decimal(part.VirtualProcessors),
		}
	}
	return h
}

func estatePool(p inventory.Pool) estate.Pool {
	return estate.Pool{ID: p.ID, Parent: p.Parent, Cores: estate.Decimal(p.Cores), Hard: p.Hard}
}

// settle makes a device agree with what the others say of it: what carries guests is a host, what is a host is on none.
func settle(d *estate.Device, hosts, known map[string]bool) {
	if hosts[d.ID] {
		d.Kind = estate.Host
	}
	if d.Kind != estate.VM {
		d.Placement = nil
	}
	d.Placement = slices.DeleteFunc(d.Placement, func(at estate.Placement) bool { return !known[at.Host] || at.Host == d.ID })
	if d.Kind == estate.Host {
		for i := range d.Hardware {
			d.Hardware[i].Partition = nil
		}
	} else {
		d.Pools = nil
	}
}

// assignDevice is a device as assignment reads it: as it is now.
func assignDevice(h *store.DeviceHistory, d *estate.Device) assign.Device {
	a := assign.Device{
		ID: d.ID, Kind: string(d.Kind), Location: h.Location, Role: h.Role, HostedIn: hostedIn(h), Ignored: h.Status == store.Ignored,
	}
	if n := len(h.Hardware); n > 0 && h.Hardware[n-1].Known {
		last := h.Hardware[n-1]
		a.Processors, a.Cores, a.Threads, a.MaxSockets = last.Processors, last.Cores, last.Threads, last.MaxSockets
		if s := last.Shape; s != nil {
			a.Processor, a.Model, a.OS = s.Processor, s.Model, s.OS
		}
	}
	if n := len(h.Placements); n > 0 && h.Placements[n-1].Known && h.Placements[n-1].Host != 0 {
		a.Host = deviceKey(h.Placements[n-1].Host)
	}
	return a
}

// periods are the configured reporting periods; without any, the calendar quarters that have history.
func (p *Pipeline) periods(ctx context.Context, devices []estate.Device, asOf time.Time) ([]estate.Period, error) {
	configured, err := p.Store.Periods(ctx, nil)
	if err != nil {
		return nil, err
	}
	var out []estate.Period
	for _, c := range configured {
		one := estate.Period{Name: c.Value.Name, From: instant(c.Value.From)}
		if c.Value.To != nil {
			one.To = instant(*c.Value.To)
		}
		out = append(out, one)
	}
	if len(out) > 0 {
		slices.SortStableFunc(out, func(a, b estate.Period) int { return int(a.From - b.From) })
		return out, nil
	}
	first := asOf
	for _, d := range devices {
		if len(d.Hardware) > 0 && d.Hardware[0].From.Time().Before(first) {
			first = d.Hardware[0].From.Time()
		}
	}
	if oldest := asOf.Add(-p.Retention); first.Before(oldest) {
		first = oldest
	}
	return Quarters(first, asOf), nil
}

// Quarters are the calendar quarters from the one that holds first to the one that holds last, named "2026-Q1".
func Quarters(first, last time.Time) []estate.Period {
	var out []estate.Period
	at := time.Date(first.UTC().Year(), (first.UTC().Month()-1)/3*3+1, 1, 0, 0, 0, 0, time.UTC)
	for !at.After(last) {
		next := at.AddDate(0, 3, 0)
		out = append(out, estate.Period{Name: at.Format("2006-") + "Q" + string('1'+rune(at.Month()-1)/3), From: instant(at), To: instant(next)})
		at = next
	}
	return out
}

func instant(t time.Time) estate.Instant { return estate.At(t) }

func decimal(n *int64) estate.Decimal {
	if n == nil {
		return ""
	}
	return estate.Int(*n)
}

func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

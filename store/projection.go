package store

import (
	"context"
	"database/sql"

	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/store/db"
)

// projection is the columns that lists show of a device, filled from its newest points. It holds nothing of its own.
type projection struct {
	name      db.ShowNameParams
	hardware  db.ShowHardwareParams
	placement db.ShowPlacementParams
	cloud     db.ShowCloudParams
	evidence  db.ShowEvidenceParams
	parts     []device.EvidencePart
	changed   map[device.Aspect]bool
}

// before is the validity of columns that no point has filled.
const before = -9223372036854775807

func newProjection(id int64) *projection {
	p := &projection{changed: map[device.Aspect]bool{}}
	p.name.ID, p.hardware.ID, p.placement.ID, p.cloud.ID, p.evidence.ID = id, id, id, id, id
	p.name.ValidFrom, p.hardware.ValidFrom, p.placement.ValidFrom, p.cloud.ValidFrom, p.evidence.ValidFrom = before, before, before, before, before
	return p
}

// see takes a point into account unless a newer one has been seen.
func (p *projection) see(aspect device.Aspect, from int64, v device.Value) {
	switch aspect {
	case device.NameAspect:
		if from >= p.name.ValidFrom {
			n, _ := v.(*device.Name)
			if n == nil {
				n = &device.Name{}
			}
			p.name = db.ShowNameParams{Name: nullText(n.Name), Domain: nullText(n.Domain), ValidFrom: from, ID: p.name.ID}
			p.changed[aspect] = true
		}
	case device.HardwareAspect:
		if from >= p.hardware.ValidFrom {
			h, _ := v.(*device.Hardware)
			if h == nil {
				h = &device.Hardware{}
			}
			p.hardware = showHardware(h, from, p.hardware.ID)
			p.changed[aspect] = true
		}
	case device.PlacementAspect:
		if from >= p.placement.ValidFrom {
			pl, _ := v.(*device.Placement)
			if pl == nil {
				pl = &device.Placement{}
			}
			p.placement = db.ShowPlacementParams{Host: positive(int64(pl.Host)), Pool: nullText(pl.Pool), ValidFrom: from, ID: p.placement.ID}
			p.changed[aspect] = true
		}
	case device.CloudAspect:
		if from >= p.cloud.ValidFrom {
			c, _ := v.(*device.Cloud)
			if c == nil {
				c = &device.Cloud{}
			}
			p.cloud = db.ShowCloudParams{Provider: nullText(c.Provider), Account: nullText(c.Account), CloudRegion: nullText(c.Region), Zone: nullText(c.Zone),
				Instance: nullText(c.InstanceID), InstanceType: nullText(c.Type), Image: nullText(c.Image), CloudState: nullText(c.State), ValidFrom: from, ID: p.cloud.ID}
			p.changed[aspect] = true
		}
	case device.EvidenceAspect:
		if from >= p.evidence.ValidFrom {
			p.evidence, p.parts = db.ShowEvidenceParams{ValidFrom: from, ID: p.evidence.ID}, nil
			if e, _ := v.(*device.EvidenceSet); e != nil {
				p.evidence.Evidence, p.evidence.Titles = nullText(e.Hash), sql.NullInt64{Int64: int64(e.Count), Valid: true}
				p.parts = e.Parts
			}
			p.changed[aspect] = true
		}
	}
}

func showHardware(h *device.Hardware, from, id int64) db.ShowHardwareParams {
	d := &h.Detail
	return db.ShowHardwareParams{Processors: nullInt(h.Processors), MaxSockets: nullInt(h.MaxSockets), Cores: nullInt(h.Cores), Threads: nullInt(h.Threads),
		MemoryBytes: positive(d.MemoryBytes), Processor: nullText(h.Processor), Manufacturer: nullText(d.Manufacturer), Model: nullText(h.Model),
		Serial: nullText(d.Serial), Uuid: nullText(d.UUID), Os: nullText(h.OS), OsName: nullText(d.OS.Name), Arch: nullText(d.OS.Arch), ValidFrom: from, ID: id}
}

// insert adds the row of a new device.
func (p *projection) insert(rows *intakeRows, d *db.Device) {
	n, h, pl, c, e := &p.name, &p.hardware, &p.placement, &p.cloud, &p.evidence
	d.Name, d.Domain, d.NameFrom = n.Name, n.Domain, n.ValidFrom
	d.Processors, d.MaxSockets, d.Cores, d.Threads, d.MemoryBytes = h.Processors, h.MaxSockets, h.Cores, h.Threads, h.MemoryBytes
	d.Processor, d.Manufacturer, d.Model, d.Serial, d.Uuid = h.Processor, h.Manufacturer, h.Model, h.Serial, h.Uuid
	d.Os, d.OsName, d.Arch, d.HardwareFrom = h.Os, h.OsName, h.Arch, h.ValidFrom
	d.Host, d.Pool, d.PlacementFrom = pl.Host, pl.Pool, pl.ValidFrom
	d.Provider, d.Account, d.CloudRegion, d.Zone = c.Provider, c.Account, c.CloudRegion, c.Zone
	d.Instance, d.InstanceType, d.Image, d.CloudState, d.CloudFrom = c.Instance, c.InstanceType, c.Image, c.CloudState, c.ValidFrom
	d.Evidence, d.Titles, d.EvidenceFrom = e.Evidence, e.Titles, e.ValidFrom
	rows.device(d)
	p.insertParts(rows)
}

// update changes the columns of a device that has them from older points. evidenceFrom is the validity of its evidence.
func (p *projection) update(ctx context.Context, q *db.Queries, rows *intakeRows, evidenceFrom int64) error {
	if p.changed[device.NameAspect] {
		if err := q.ShowName(ctx, p.name); err != nil {
			return err
		}
	}
	if p.changed[device.HardwareAspect] {
		if err := q.ShowHardware(ctx, p.hardware); err != nil {
			return err
		}
	}
	if p.changed[device.PlacementAspect] {
		if err := q.ShowPlacement(ctx, p.placement); err != nil {
			return err
		}
	}
	if p.changed[device.CloudAspect] {
		if err := q.ShowCloud(ctx, p.cloud); err != nil {
			return err
		}
	}
	if !p.changed[device.EvidenceAspect] || p.evidence.ValidFrom < evidenceFrom {
		return nil
	}
	if err := q.ShowEvidence(ctx, p.evidence); err != nil {
		return err
	}
	if err := q.ClearParts(ctx, p.evidence.ID); err != nil {
		return err
	}
	p.insertParts(rows)
	return nil
}

func (p *projection) insertParts(rows *intakeRows) {
	for _, part := range p.parts {
		rows.parts = append(rows.parts, p.evidence.ID, part.Part, part.Hash, int64(part.Count))
	}
}

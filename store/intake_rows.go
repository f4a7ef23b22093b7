package store

import (
	"context"
	"errors"

	"github.com/highwater-sam/highwater/store/db"
)

// The tables that intake fills many rows at a time. Their columns are in the order of the structs in store/db, which the
// rows methods below follow; TestBulkColumns holds them to the schema.
var (
	deviceRows = newBulk("devices", "id, created, first_seen, kind, source, status, hypervisor, name, domain, name_from, processors, max_sockets, cores, threads, "+
		"memory_bytes, processor, manufacturer, model, serial, uuid, os, os_name, arch, hardware_from, host, pool, placement_from, provider, account, cloud_region, "+
		"zone, instance, instance_type, image, cloud_state, cloud_from, evidence, titles, evidence_from, location, role, hosted_in", "")
	stateRows  = newBulk("device_state", "device, version, recorded, last_inventory, last_document, last_contact", "")
	sourceRows = newBulk("device_sources", "device, source, connection, document, kind, collected, received, digests",
		"ON CONFLICT (device, source, connection) DO UPDATE SET document = excluded.document, kind = excluded.kind, collected = excluded.collected, "+
			"received = excluded.received, digests = excluded.digests WHERE device_sources.collected <= excluded.collected")
	partRows      = newBulk("device_parts", "device, part, hash, count", "")
	pointRowsBulk = newBulk("points", "device, aspect, valid_from, recorded, document, source, value", "")
	hardwareRows  = newBulk("hardware_points", "device, valid_from, recorded, known, processors, max_sockets, cores, threads, shape, lpar", "")
	placementRows = newBulk("placement_points", "device, valid_from, recorded, known, host, pool", "")
	poolsRows     = newBulk("pools_points", "device, valid_from, recorded, pools", "")
	documentRows  = newBulk("documents", "id, document, device, agent, source, connection, kind, collector, collected, received, effective, recorded, digests, size, "+
		"raw_size, points, remark", "")
	bodyRows     = newBulk("document_bodies", "id, body", "")
	coverageRows = newBulk("coverage", "device, covered_from, covered_to",
		"ON CONFLICT (device, covered_from) DO UPDATE SET covered_to = excluded.covered_to WHERE coverage.covered_to < excluded.covered_to")
)

// intakeRows gathers the rows of a whole commit, table by table.
type intakeRows struct {
	devices, sources, parts, points, hardware, placements, pools, documents, bodies, coverage bulkRows
}

// insert writes them all.
func (r *intakeRows) insert(ctx context.Context, tx writeTx) error {
	var errs error
	for _, t := range []struct {
		bulk *bulk
		rows bulkRows
	}{
		{deviceRows, r.devices}, {documentRows, r.documents}, {bodyRows, r.bodies}, {sourceRows, r.sources}, {partRows, r.parts}, {pointRowsBulk, r.points},
		{hardwareRows, r.hardware}, {placementRows, r.placements}, {poolsRows, r.pools}, {coverageRows, r.coverage},
	} {
		_, err := t.bulk.insert(ctx, tx, t.rows)
		errs = errors.Join(errs, err)
	}
	return errs
}

func (r *intakeRows) device(d *db.Device) {
	r.devices = append(r.devices, d.ID, d.Created, d.FirstSeen, d.Kind, d.Source, d.Status, d.Hypervisor, d.Name, d.Domain, d.NameFrom, d.Processors, d.MaxSockets, d.Cores,
		d.Threads, d.MemoryBytes, d.Processor, d.Manufacturer, d.Model, d.Serial, d.Uuid, d.Os, d.OsName, d.Arch, d.HardwareFrom, d.Host, d.Pool, d.PlacementFrom,
		d.Provider, d.Account, d.CloudRegion, d.Zone, d.Instance, d.InstanceType, d.Image, d.CloudState, d.CloudFrom, d.Evidence, d.Titles, d.EvidenceFrom,
		d.Location, d.Role, d.HostedIn)
}

func (r *intakeRows) source(d *db.DeviceSource) {
	r.sources = append(r.sources, d.Device, d.Source, d.Connection, d.Document, d.Kind, d.Collected, d.Received, d.Digests)
}

func (r *intakeRows) document(d *db.Document, envelope []byte) {
	r.documents = append(r.documents, d.ID, d.Document, d.Device, d.Agent, d.Source, d.Connection, d.Kind, d.Collector, d.Collected, d.Received, d.Effective, d.Recorded,
		d.Digests, d.Size, d.RawSize, d.Points, d.Remark)
	r.bodies = append(r.bodies, d.ID, envelope)
}

// point appends a point and what the engine reads of it.
func (r *intakeRows) point(p *pointRows, recorded int64) {
	d := &p.point
	r.points = append(r.points, d.Device, d.Aspect, d.ValidFrom, recorded, d.Document, d.Source, d.Value)
	if h := p.hardware; h != nil {
		r.hardware = append(r.hardware, h.Device, h.ValidFrom, recorded, h.Known, h.Processors, h.MaxSockets, h.Cores, h.Threads, h.Shape, h.Lpar)
	}
	if l := p.placement; l != nil {
		r.placements = append(r.placements, l.Device, l.ValidFrom, recorded, l.Known, l.Host, l.Pool)
	}
	if l := p.pools; l != nil {
		r.pools = append(r.pools, l.Device, l.ValidFrom, recorded, l.Pools)
	}
}

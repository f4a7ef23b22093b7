package store

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/highwater-sam/highwater/assign"
	"github.com/highwater-sam/highwater/catalog"
	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/store/db"
)

// Installation is a product on a device during [From, To), as recognition found it in evidence.
type Installation struct {
	Product   catalog.ProductID
	Name      string // of the product, for lists
	Publisher string
	Version   string
	Edition   string
	Free      bool
	Rule      string     // of the catalog, that found it
	From      time.Time  // of the evidence that first showed it
	To        *time.Time // of the evidence that no longer did; nil = still so
	Evidence  string     // hash of the device's evidence that shows it
}

// DeviceInstallations are all installations of one device, past and present.
type DeviceInstallations struct {
	Device        device.ID
	Installations []Installation
}

// SaveInstallations makes the recognized installations of devices what they are now. What is as before stays as it is;
// what changed is superseded, not overwritten, so that a past figure can be told as it was known. It returns how many
// rows changed. Many devices may be saved at once; each call is one transaction.
func (s *Store) SaveInstallations(ctx context.Context, all ...DeviceInstallations) (changed int, err error) {
	if len(all) == 0 {
		return 0, nil
	}
	// In order of device, so that two servers that save at once wait for each other and never deadlock.
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b DeviceInstallations) int { return int(a.Device - b.Device) })
	return changed, s.write(ctx, "save installations", func(q *db.Queries) error {
		changed = 0
		current, err := currentInstallations(ctx, q, all)
		if err != nil {
			return err
		}
		recorded := s.clock.next()
		for _, d := range all {
			n, err := saveInstallations(ctx, q, d, current[int64(d.Device)], recorded)
			if err != nil {
				return err
			}
			changed += n
		}
		return nil
	})
}

// currentInstallations reads what devices have, the many of them in one sweep when they lie close together.
func currentInstallations(ctx context.Context, q *db.Queries, all []DeviceInstallations) (map[int64][]db.Installation, error) {
	current := make(map[int64][]db.Installation, len(all))
	first, last := int64(all[0].Device), int64(all[len(all)-1].Device)
	if last-first < 8*int64(len(all)) {
		rows, err := q.CurrentInstallationsOfMany(ctx, first, last)
		for _, r := range rows {
			current[r.Device] = append(current[r.Device], r)
		}
		return current, err
	}
	for _, d := range all {
		rows, err := q.CurrentInstallations(ctx, int64(d.Device))
		if err != nil {
			return nil, err
		}
		current[int64(d.Device)] = rows
	}
	return current, nil
}

func saveInstallations(ctx context.Context, q *db.Queries, d DeviceInstallations, has []db.Installation, recorded int64) (changed int, err error) {
	kept := make([]bool, len(has))
	var added []db.InsertInstallationParams
	for _, in := range d.Installations {
		row := installationRow(int64(d.Device), in, recorded)
		if i := slices.IndexFunc(has, func(r db.Installation) bool { return sameInstallation(r, row) }); i >= 0 && !kept[i] {
			kept[i] = true
			continue
		}
		added = append(added, row)
	}
	for i, r := range has {
		recorded = max(recorded, r.Recorded+1) // another server's clock may be ahead
		if kept[i] {
			continue
		}
		changed++
		err := q.SupersedeInstallation(ctx, db.SupersedeInstallationParams{Superseded: sql.NullInt64{Int64: recorded, Valid: true}, Device: r.Device, Product: r.Product,
			ValidFrom: r.ValidFrom, Recorded: r.Recorded})
		if err != nil {
			return 0, err
		}
	}
	for _, row := range added {
		changed++
		row.Recorded = recorded
		if err := q.InsertInstallation(ctx, row); err != nil {
			return 0, err
		}
	}
	return changed, nil
}

func installationRow(id int64, in Installation, recorded int64) db.InsertInstallationParams {
	return db.InsertInstallationParams{Device: id, Product: string(in.Product), ValidFrom: micros(in.From), Recorded: recorded, ValidTo: nullMicros(in.To),
		Publisher: in.Publisher, Name: in.Name, Version: in.Version, Edition: in.Edition, Free: flag(in.Free), Rule: in.Rule, Evidence: in.Evidence}
}

func sameInstallation(r db.Installation, w db.InsertInstallationParams) bool {
	return r.Product == w.Product && r.ValidFrom == w.ValidFrom && r.ValidTo == w.ValidTo && r.Publisher == w.Publisher && r.Name == w.Name && r.Version == w.Version &&
		r.Edition == w.Edition && r.Free == w.Free && r.Rule == w.Rule && r.Evidence == w.Evidence
}

// Installations returns the installations of a device as they are believed now, past ones included.
func (s *Store) Installations(ctx context.Context, id device.ID) ([]Installation, error) {
	rows, err := s.q.CurrentInstallations(ctx, int64(id))
	if err != nil {
		return nil, explain(s.dialect, err, "read the installations of a device")
	}
	installations := make([]Installation, len(rows))
	for i, r := range rows {
		installations[i] = Installation{Product: catalog.ProductID(r.Product), Name: r.Name, Publisher: r.Publisher, Version: r.Version, Edition: r.Edition, Free: r.Free != 0,
			Rule: r.Rule, From: instant(r.ValidFrom), To: nullInstant(r.ValidTo), Evidence: r.Evidence}
	}
	return installations, nil
}

// Consumes is the status of an assignment by which an installation consumes from the license.
const Consumes = "consumes"

// Assignment is one pair of an installation and a license that was tried, and what came of it.
type Assignment struct {
	Product catalog.ProductID
	License assign.LicenseID
	Status  string // Consumes, or a word for why not
	Reason  string // for a person
}

// DeviceAssignments are all pairs tried of one device's installations.
type DeviceAssignments struct {
	Device      device.ID
	Assignments []Assignment
}

// SaveAssignments makes the assignments of devices what a run has found. Devices whose assignments are as before are not
// written. Each call is one transaction.
func (s *Store) SaveAssignments(ctx context.Context, run int64, all ...DeviceAssignments) error {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b DeviceAssignments) int { return int(a.Device - b.Device) })
	return s.write(ctx, "save assignments", func(q *db.Queries) error {
		if len(all) == 0 {
			return nil
		}
		has, err := assignmentsOf(ctx, q, all)
		if err != nil {
			return err
		}
		for _, d := range all {
			slices.SortFunc(d.Assignments, compareAssignments)
			if slices.Equal(has[int64(d.Device)], d.Assignments) {
				continue
			}
			if err := q.DeleteAssignmentsOfDevice(ctx, int64(d.Device)); err != nil {
				return err
			}
			for _, a := range d.Assignments {
				err := q.InsertAssignment(ctx, db.InsertAssignmentParams{Device: int64(d.Device), Product: string(a.Product), License: string(a.License), Status: a.Status,
					Reason: a.Reason, Run: run})
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func compareAssignments(a, b Assignment) int {
	if a.Product != b.Product {
		if a.Product < b.Product {
			return -1
		}
		return 1
	}
	switch {
	case a.License < b.License:
		return -1
	case a.License > b.License:
		return 1
	}
	return 0
}

func assignmentsOf(ctx context.Context, q *db.Queries, all []DeviceAssignments) (map[int64][]Assignment, error) {
	rows, err := q.AssignmentsOfMany(ctx, int64(all[0].Device), int64(all[len(all)-1].Device))
	has := map[int64][]Assignment{}
	for _, r := range rows {
		has[r.Device] = append(has[r.Device], assignmentOf(r))
	}
	for _, list := range has {
		slices.SortFunc(list, compareAssignments)
	}
	return has, err
}

func assignmentOf(r db.Assignment) Assignment {
	return Assignment{Product: catalog.ProductID(r.Product), License: assign.LicenseID(r.License), Status: r.Status, Reason: r.Reason}
}

// Assignments returns the pairs tried of a device's installations by the latest run that changed them, by product and license.
func (s *Store) Assignments(ctx context.Context, id device.ID) ([]Assignment, error) {
	rows, err := s.q.AssignmentsOfDevice(ctx, int64(id))
	if err != nil {
		return nil, explain(s.dialect, err, "read the assignments of a device")
	}
	assignments := make([]Assignment, len(rows))
	for i, r := range rows {
		assignments[i] = assignmentOf(r)
	}
	return assignments, nil
}

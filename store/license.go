package store

import (
	"context"
	"strings"
	"time"

	"github.com/highwater-sam/highwater/assign"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/store/db"
)

// Licenses returns the licenses as known at an instant (nil = now), by id.
func (s *Store) Licenses(ctx context.Context, knownAt *time.Time) ([]Configured[assign.License], error) {
	return Configurations[assign.License](ctx, s, LicenseConfiguration, knownAt)
}

// materializeLicense shows a license in lists.
func materializeLicense(ctx context.Context, q *db.Queries, id string) error {
	r, err := q.ConfigurationObject(ctx, db.ConfigurationObjectParams{Kind: string(LicenseConfiguration), Key: id, Recorded: always})
	if err != nil {
		return err
	}
	if !r.Body.Valid {
		return q.DeleteLicenseRow(ctx, id)
	}
	var l assign.License
	if err := decodeBody(objectOf(r), &l); err != nil {
		return err
	}
	if string(l.ID) != id {
		return fault.New(fault.Invalid, "license %q is saved under the key %q", l.ID, id)
	}
	products := make([]string, len(l.Products))
	for i, p := range l.Products {
		products[i] = string(p.Product)
	}
	return q.SaveLicenseRow(ctx, db.SaveLicenseRowParams{ID: id, Name: l.Name, Publisher: l.Publisher, Metric: l.Metric, Products: int64(len(products)),
		ProductNames: strings.Join(products, ", "), Revision: r.Revision, Recorded: r.Recorded})
}

package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/highwater-sam/highwater/assign"
	"github.com/highwater-sam/highwater/auth"
	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/report"
	"github.com/highwater-sam/highwater/store"
)

// Declaration states what a site has recorded: places, licenses, periods, and where devices are. Its file is YAML (or
// JSON) with these keys.
type Declaration struct {
	Locations []store.Location `json:"locations,omitempty"`
	Periods   []store.Period   `json:"periods,omitempty"`
	Licenses  []assign.License `json:"licenses,omitempty"`
	Devices   []DeclaredDevice `json:"devices,omitempty"`
}

// DeclaredDevice is what is stated of one device, found by its name, or by its number where names are not unique.
type DeclaredDevice struct {
	Name string    `json:"name,omitempty"`
	ID   device.ID `json:"id,omitempty"`
	store.DeviceSettings
}

// ReadDeclaration reads a declaration. A key that means nothing is an error: a misspelt key must not be ignored.
func ReadDeclaration(r io.Reader) (*Declaration, error) {
	var tree any
	if err := yaml.NewDecoder(r).Decode(&tree); err != nil && !errors.Is(err, io.EOF) {
		return nil, fault.Wrap(err, fault.Invalid, "the file is no YAML: %v", err)
	}
	text, err := json.Marshal(tree)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "the file holds what no JSON can say: %v", err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var out Declaration
	if err := d.Decode(&out); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "the file is not what it should be: %v", err)
	}
	return &out, nil
}

// Planned is one change that a declaration asks for.
type Planned struct {
	store.Change
	New bool // there is no such object yet
}

// String says the change in a line: "+ license db2-pvu", "~ location emea".
func (p Planned) String() string {
	sign := "~"
	if p.New {
		sign = "+"
	}
	return fmt.Sprintf("%s %s %s", sign, p.Kind, p.Key)
}

// Plan compares a declaration with what is recorded and returns what has to change, in the order in which it must. What
// the declaration does not name stays as it is.
func (p *Pipeline) Plan(ctx context.Context, d *Declaration, author, reason string) ([]Planned, error) {
	if strings.TrimSpace(reason) == "" {
		return nil, fault.New(fault.Invalid, "say why: a change of configuration is recorded with its reason")
	}
	var plan []Planned
	add := func(kind store.ConfigurationKind, key string, value any) error {
		if key == "" {
			return fault.New(fault.Invalid, "a %s has no id or name", kind)
		}
		now, there, err := p.Store.ConfigurationObject(ctx, kind, key, nil)
		if err != nil {
			return err
		}
		text, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("%s %s: %w", kind, key, err)
		}
		if there && bytes.Equal(now.Body, text) {
			return nil
		}
		plan = append(plan, Planned{Change: store.Change{Kind: kind, Key: key, Revision: now.Revision, Value: value, Author: author, Reason: reason}, New: !there})
		return nil
	}
	for _, l := range d.Locations {
		if err := add(store.LocationConfiguration, l.ID, l); err != nil {
			return nil, err
		}
	}
	for _, x := range d.Periods {
		if err := add(store.PeriodConfiguration, x.Name, x); err != nil {
			return nil, err
		}
	}
	if err := assign.ValidateTogether(d.Licenses); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "the licenses contradict each other")
	}
	for _, l := range d.Licenses {
		if err := p.checkLicense(&l); err != nil {
			return nil, err
		}
		if err := add(store.LicenseConfiguration, string(l.ID), l); err != nil {
			return nil, err
		}
	}
	for _, x := range d.Devices {
		id, err := p.find(ctx, x)
		if err != nil {
			return nil, err
		}
		if err := add(store.DeviceConfiguration, store.DeviceKey(id), x.DeviceSettings); err != nil {
			return nil, err
		}
	}
	return plan, nil
}

// checkLicense refuses a license that is not valid, or covers a product that the catalog does not have.
func (p *Pipeline) checkLicense(l *assign.License) error {
	if err := l.Validate(); err != nil {
		return fault.Wrap(err, fault.Invalid, "license %q is not valid", l.ID)
	}
	for _, x := range l.Products {
		if _, ok := p.Catalog.Product(x.Product); !ok {
			return fault.New(fault.Invalid, "license %q covers %q, which the catalog does not have", l.ID, x.Product)
		}
	}
	return nil
}

// find resolves a declared device.
func (p *Pipeline) find(ctx context.Context, x DeclaredDevice) (device.ID, error) {
	if x.ID != 0 {
		return x.ID, nil
	}
	page, err := p.Store.Grid(ctx, &report.Devices, report.Query{
		Filters: []report.Filter{{Key: "name", Op: report.Equal, Value: x.Name}}, Limit: 3,
	}, auth.Everything)
	switch {
	case err != nil:
		return 0, err
	case x.Name == "" || len(page.Rows) == 0:
		return 0, fault.New(fault.NotFound, "there is no device %q", x.Name)
	case len(page.Rows) > 1:
		return 0, fault.New(fault.Conflict, "%d devices are named %q: state the id of the one that is meant", page.Total, x.Name)
	}
	return idOf(page.Rows[0].ID), nil
}

// Apply records what was planned, all or nothing.
func (p *Pipeline) Apply(ctx context.Context, plan []Planned) error {
	changes := make([]store.Change, len(plan))
	for i, one := range plan {
		changes[i] = one.Change
	}
	if len(changes) == 0 {
		return nil
	}
	return p.Store.SaveConfiguration(ctx, changes...)
}

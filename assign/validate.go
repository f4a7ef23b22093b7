package assign

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/highwater-sam/highwater/catalog"
	"github.com/highwater-sam/highwater/estate"
)

// Validate says everything that is wrong with a license as it was recorded, joined into one error; nil when nothing is. A
// license that is not valid must not be assigned: a misspelt term would silently change a figure.
func (l *License) Validate() error {
	v := &validation{license: l.ID}
	if l.ID == "" {
		v.problem("it has no id")
	}
	if !KnownMetric(l.Metric) {
		v.problem("metric %q is not known", l.Metric)
	}
	l.validateProducts(v)
	for i, p := range l.Purchases {
		p.validate(v, i)
	}
	switch l.Limit {
	case "", LimitPurchased, LimitTrueUp, LimitUnlimited:
	default:
		v.problem("limit %q is none of purchased, true-up, unlimited", l.Limit)
	}
	devices := map[string]bool{}
	for _, a := range l.Allocations {
		switch a.Kind {
		case "", Allocated, Awaiting, Permanent:
		default:
			v.problem("allocation of %s: kind %q is none of allocated, awaiting, permanent", a.Device, a.Kind)
		}
		if a.Device == "" || devices[a.Device] {
			v.problem("allocation of %q: no device, or the device is allocated twice", a.Device)
		}
		devices[a.Device] = true
	}
	v.decimal("extra", l.Extra)
	v.decimal("quantity", l.Quantity)
	v.decimal("min_users_per_processor", l.MinUsersPerProcessor)
	l.validateBands(v)
	if l.MinProducts < 0 || l.MinProducts > len(l.Products) {
		v.problem("min_products is %d; the license covers %d products", l.MinProducts, len(l.Products))
	}
	if l.MaxProcessors < 0 || l.MaxCores < 0 || l.UsageDays < 0 {
		v.problem("max_processors, max_cores and usage_days are not negative")
	}
	if len(l.NamedUsers) > 0 && l.Metric != "named-user" {
		v.problem("named_users belong to the metric named-user only")
	}
	if len(v.problems) == 0 && engineMetric(l.Metric) {
		l.validateRules(v)
	}
	return errors.Join(v.problems...)
}

// validateRules asks the estate's own checks about the terms that go there: one bad license would spoil the whole estate.
func (l *License) validateRules(v *validation) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	e := &estate.Estate{Format: estate.Format, AsOf: estate.At(at), Periods: []estate.Period{{Name: "p", From: estate.At(at.AddDate(-1, 0, 0))}}}
	named := map[string]bool{}
	hold := func(device string) bool {
		if !named[device] && device != "" {
			named[device] = true
			e.Devices = append(e.Devices, estate.Device{ID: device, Kind: estate.Computer})
		}
		return true
	}
	rules, _ := (&Result{}).EstateLicense(*l, at, hold)
	e.Licenses = []estate.License{rules}
	if err := estate.Validate(e); err != nil {
		v.problem("rules: %w", err)
	}
}

// validation gathers the problems of one license.
type validation struct {
	license  LicenseID
	problems []error
}

func (v *validation) problem(format string, args ...any) {
	v.problems = append(v.problems, fmt.Errorf("license %s: %w", v.license, fmt.Errorf(format, args...)))
}

func (v *validation) decimal(name string, d estate.Decimal) {
	if d.Stated() && !d.Valid() {
		v.problem("%s: %q is not a decimal", name, string(d))
	}
}

func (l *License) validateProducts(v *validation) {
	if len(l.Products) == 0 {
		v.problem("it covers no product")
	}
	perProduct := l.Metric == string(estate.VPC) && l.Rules.Bundle == estate.PerProduct
	seen := map[catalog.ProductID]bool{}
	primary := false
	for _, p := range l.Products {
		if p.Product == "" || seen[p.Product] {
			v.problem("product %q has no id, or is there twice", p.Product)
		}
		seen[p.Product] = true
		primary = primary || !p.Supplementary
		if p.Ratio == nil {
			continue
		}
		if !perProduct {
			v.problem("product %s: a ratio of its own belongs to ibm-vpc counted per product only", p.Product)
		}
		if !p.Ratio.VPC.Valid() || !p.Ratio.Entitlements.Valid() || p.Ratio.VPC.Rat().Sign() == 0 {
			v.problem("product %s: the ratio %s:%s needs two decimals, the first above 0", p.Product, string(p.Ratio.VPC), string(p.Ratio.Entitlements))
		}
	}
	if len(l.Products) > 0 && !primary {
		v.problem("all its products are supplementary: nothing could consume")
	}
}

func (p *Purchase) validate(v *validation, i int) {
	name := fmt.Sprintf("purchase %d", i+1)
	if p.Reference != "" {
		name = "purchase " + p.Reference
	}
	if !p.Quantity.Valid() {
		v.problem("%s: quantity %q is not a decimal", name, string(p.Quantity))
	}
	v.decimal(name+": effective", p.Effective)
	if p.Expires != nil && !p.Expires.After(p.Date) {
		v.problem("%s: it expires before it begins", name)
	}
}

func (l *License) validateBands(v *validation) {
	for i, b := range l.Bands {
		if !b.PerUnit.Valid() || b.UpTo.Stated() && !b.UpTo.Valid() {
			v.problem("band %d: %q up to %q are not decimals", i+1, string(b.PerUnit), string(b.UpTo))
			return
		}
		last := i == len(l.Bands)-1
		switch {
		case !b.UpTo.Stated() && !last:
			v.problem("band %d has no end and is not the last", i+1)
			return
		case i > 0 && b.UpTo.Stated() && b.UpTo.Rat().Cmp(l.Bands[i-1].UpTo.Rat()) <= 0:
			v.problem("band %d ends before the one below it", i+1)
		}
	}
}

// ValidateTogether says what is wrong between licenses: two of one id, and purchases that give more than was bought. One
// purchase may be split over several licenses, each with its part of the quantity, or shared, each with all of it: a line
// with Bought states the purchase's whole quantity and so that it is split.
func ValidateTogether(licenses []License) error {
	var problems []error
	seen := map[LicenseID]bool{}
	type split struct {
		bought estate.Decimal
		given  []estate.Decimal
	}
	splits := map[string]*split{}
	for _, l := range licenses {
		if seen[l.ID] {
			problems = append(problems, fmt.Errorf("license %s is there twice", l.ID))
		}
		seen[l.ID] = true
		for _, p := range l.Purchases {
			if p.Reference == "" || !p.Bought.Valid() || !p.Quantity.Valid() || p.Disabled {
				continue
			}
			s := splits[p.Reference]
			if s == nil {
				s = &split{bought: p.Bought}
				splits[p.Reference] = s
			}
			if s.bought.Rat().Cmp(p.Bought.Rat()) != 0 {
				problems = append(problems, fmt.Errorf("license %s: purchase %s is of %s here and of %s elsewhere", l.ID, p.Reference, p.Bought, s.bought))
			}
			s.given = append(s.given, p.Quantity)
		}
	}
	var references []string
	for ref := range splits {
		references = append(references, ref)
	}
	slices.Sort(references)
	for _, ref := range references {
		sum := estate.Decimal("0").Rat()
		for _, q := range splits[ref].given {
			sum.Add(sum, q.Rat())
		}
		if sum.Cmp(splits[ref].bought.Rat()) > 0 {
			problems = append(problems, fmt.Errorf("purchase %s: %s are given to licenses, and %s were bought", ref, decimalOf(sum), splits[ref].bought))
		}
	}
	return errors.Join(problems...)
}

// Package assign decides which license each installation consumes from, and says why not the others. It is pure.
package assign

import (
	"time"

	"github.com/highwater-sam/highwater/catalog"
	"github.com/highwater-sam/highwater/estate"
)

// LicenseID names a license: stable, chosen by the person who records it.
type LicenseID string

// License is one license as its owner records it: what it covers, how it is counted, what was bought.
type License struct {
	ID        LicenseID         `json:"id"`
	Name      string            `json:"name"`
	Publisher string            `json:"publisher"`
	Metric    string            `json:"metric"` // as docs/design/engine.md: ibm-pvu, ibm-vpc, ibm-rvu-mapc; or one of Metrics
	Products  []LicensedProduct `json:"products"`
	Rules     estate.License    `json:"rules"` // the terms the engine needs: capacity, points, ratio, bundle, exemptions; products and entitlements are filled from here
	Purchases []Purchase        `json:"purchases,omitempty"`
	Priority  int               `json:"priority,omitempty"`  // among licenses that cover the same product: lower goes first
	Locations []string          `json:"locations,omitempty"` // restricted to devices in these locations and below; empty = everywhere
	HostedIn  []string          `json:"hosted_in,omitempty"` // restricted to devices hosted there; empty = anywhere
	Notes     string            `json:"notes,omitempty"`

	// Units and CostCenters restrict as Locations do; a device must be within all that are stated.
	Units       []string `json:"units,omitempty"`
	CostCenters []string `json:"cost_centers,omitempty"`

	// Preferred locations, and those below, take this license before others of any priority; only allocations go first.
	Preferred []string `json:"preferred,omitempty"`
	// Limit says what happens beyond the entitlements; "" is LimitPurchased.
	Limit Limit `json:"limit,omitempty"`
	// Allocations bind devices to this license.
	Allocations []Allocation `json:"allocations,omitempty"`
	// AllocatedOnly refuses devices without an allocation.
	AllocatedOnly bool `json:"allocated_only,omitempty"`
	// MinProducts is how many of its products a device must have to take a license of several products before the
	// licenses of one product; 0 means one.
	MinProducts int `json:"min_products,omitempty"`
	// MaxProcessors and MaxCores refuse larger devices; 0 is no limit.
	MaxProcessors int64 `json:"max_processors,omitempty"`
	MaxCores      int64 `json:"max_cores,omitempty"`
	// EachInstallation counts every product by itself where one device has several; otherwise a device counts once.
	EachInstallation bool `json:"each_installation,omitempty"`
	// SecondUse exempts a portable computer whose user has the software on a desktop under this license.
	SecondUse bool `json:"second_use,omitempty"`
	// UsageDays exempts installations that nobody used for so many days; 0 does not look at usage.
	UsageDays int `json:"usage_days,omitempty"`
	// NamedUsers are the users allocated to a named-user license.
	NamedUsers []string `json:"named_users,omitempty"`
	// Quantity is the count stated by hand, for metrics that need it.
	Quantity estate.Decimal `json:"quantity,omitempty"`
	// Bands are the scale of a value-unit metric, where the license has its own.
	Bands []Band `json:"bands,omitempty"`
	// MinUsersPerProcessor is the least an oracle-nup license counts for each processor.
	MinUsersPerProcessor estate.Decimal `json:"min_users_per_processor,omitempty"`
	// Extra entitlements, beside the purchases, with the reason in Notes. They are no proof in an audit.
	Extra estate.Decimal `json:"extra,omitempty"`
}

// Limit says how a license relates to its entitlements.
type Limit string

// The limits.
const (
	LimitPurchased Limit = "purchased" // consumption beyond the entitlements is a risk
	LimitTrueUp    Limit = "true-up"   // it takes what exceeds the fixed licenses, and is paid later
	LimitUnlimited Limit = "unlimited" // never at risk
)

// LicensedProduct is one product a license covers.
type LicensedProduct struct {
	Product       catalog.ProductID `json:"product"`
	Supplementary bool              `json:"supplementary,omitempty"` // comes with the primary product and consumes nothing
	Ratio         *estate.Ratio     `json:"ratio,omitempty"`         // ibm-vpc per-product only
	Editions      []string          `json:"editions,omitempty"`      // covered editions; empty = any. An unknown edition is covered
	// MaxVersion is the highest covered version, e.g. "9.3" (which covers 9.3.5); earlier ones are covered by downgrade. "" = any.
	MaxVersion string `json:"max_version,omitempty"`
}

// Purchase is one purchase of entitlements.
type Purchase struct {
	Reference string         `json:"reference"`
	Quantity  estate.Decimal `json:"quantity"`
	Date      time.Time      `json:"date"`
	Expires   *time.Time     `json:"expires,omitempty"` // of a subscription: the first instant it no longer counts; nil = perpetual
	// Effective is how many entitlements it gives where that is not the quantity: 0 for an upgrade, 5 for a bundle of five.
	Effective estate.Decimal `json:"effective,omitempty"`
	Disabled  bool           `json:"disabled,omitempty"` // superseded, kept for the record
	// Bought is the quantity of the whole purchase where it is split over several licenses.
	Bought estate.Decimal `json:"bought,omitempty"`
}

// AllocationKind says when an allocation counts.
type AllocationKind string

// The kinds of allocation.
const (
	Allocated AllocationKind = "allocated" // counts while the product is installed
	Awaiting  AllocationKind = "awaiting"  // made before any inventory; counts as Allocated from the first installation on
	Permanent AllocationKind = "permanent" // counts always, also without installation
)

// Allocation binds a device to a license: for the products the license covers, the device consumes from it and from no other.
type Allocation struct {
	Device string         `json:"device"`
	Kind   AllocationKind `json:"kind,omitempty"` // "" is Allocated
	Reason string         `json:"reason,omitempty"`
}

package assign

import (
	"time"

	"github.com/highwater-sam/highwater/catalog"
)

// Input is everything an assignment depends on. The same input gives the same result, whatever its order.
type Input struct {
	At        time.Time // the instant of the run: entitlements, exemptions and configuration are those in force then
	Licenses  []License
	Devices   []Device
	Locations []Location
	// Units and CostCenters are the trees of the organization, as Locations are of places.
	Units       []Location
	CostCenters []Location
	// Installations holds each pair of device and product of the whole history to be measured, once: what a license covers
	// today it covers in the past as well.
	Installations []Installation
	Accounts      []Account // of databases licensed by user
}

// Device is what assignment needs to know of a device, as it is at Input.At.
type Device struct {
	ID         string
	Kind       string // "computer", "host" or "vm"
	Location   string // "" is unassigned
	Unit       string // corporate unit; "" is unassigned
	CostCenter string // "" is unassigned
	Role       string // "" is production
	HostedIn   string // "" is on-premises
	Host       string // the host a guest runs on, "" when unknown
	Ignored    bool   // set aside by a person: nothing on it is assigned
	Processors *int64 // nil: unknown
	Cores      *int64
	Threads    *int64
	MaxSockets *int64
	Processor  string // brand; "" is unknown, here and below
	Model      string
	OS         string // family
	// User is who owns the device: assigned by a person, else as inventory tells. A retired user no longer owns anything.
	User         string
	UserInactive bool
	Portable     bool // laptop, notebook, tablet
}

// Location is a node of the tree of places, of corporate units, or of cost centers.
type Location struct{ ID, Parent string }

// Installation is one product on one device.
type Installation struct {
	Device  string
	Product catalog.ProductID
	Version string
	Edition string
	PartOf  catalog.ProductID // the product on the same device that includes this one
	Free    bool              // needs no license
	// MaySupport are products on the device that may have brought this one for their own use only: said, and not decided.
	MaySupport []catalog.ProductID
	// LastUsed is when anybody last ran it; nil: not known. Users are those who did, the owner or not.
	LastUsed *time.Time
	Users    []string
}

// Account is one account of an Oracle database with the people behind it.
type Account struct {
	Device  string
	Product catalog.ProductID
	Account string
	Users   int64
}

package assign

import "github.com/highwater-sam/highwater/catalog"

// Status is what became of one installation under one license.
type Status string

// The statuses.
const (
	Consumes    Status = "consumes"     // counts against the license
	Covered     Status = "covered"      // linked to the license and counts nothing by itself
	Exempt      Status = "exempt"       // linked to the license and counts nothing, by decision
	Rejected    Status = "rejected"     // the license does not take it
	NotAssessed Status = "not assessed" // another license took it first
)

// Reason is the code of why; Tried.Text says it in words.
type Reason string

// The reasons to consume or to be covered.
const (
	Normal        Reason = "normal"
	ByAllocation  Reason = "allocated"     // an allocation binds the device to the license
	Excess        Reason = "excess"        // beyond the entitlements; stays on the license, which shows it
	Supplementary Reason = "supplementary" // comes with a primary product on the same device
	Component     Reason = "component"     // part of another product on the device
	ExemptRole    Reason = "exempt-role"
	ExemptDevice  Reason = "exempt-device"
	ExemptHost    Reason = "exempt-host" // the host it runs on is exempt
	SecondUse     Reason = "second-use"  // portable, and its user has it on a desktop
	NoUsage       Reason = "no-usage"    // nobody used it within the license's window
)

// The reasons to reject, or not to try.
const (
	HigherLicense     Reason = "higher-license" // a license before it already took the installation
	AllocatedTo       Reason = "allocated-elsewhere"
	NoCapacity        Reason = "no-capacity"
	OutsideLocation   Reason = "outside-location"
	OutsideUnit       Reason = "outside-unit"
	OutsideCostCenter Reason = "outside-cost-center"
	HostedElsewhere   Reason = "hosted-elsewhere"
	EditionNotCovered Reason = "edition-not-covered"
	VersionNotCovered Reason = "version-not-covered"
	NeedsAllocation   Reason = "needs-allocation"
	NoPrimary         Reason = "supplementary-without-primary"
	ProcessorsMissing Reason = "processors-missing"
	CoresMissing      Reason = "cores-missing"
	TooManyProcessors Reason = "too-many-processors"
	TooManyCores      Reason = "too-many-cores"
	PointsUnmatched   Reason = "points-unmatched" // no points rule fits the device
)

// Tried is one pair of installation and license that was looked at, in the order in which it was.
type Tried struct {
	Device  string
	Product catalog.ProductID
	License LicenseID
	Order   int // 1 is the first license tried for the installation
	Bundle  bool
	Status  Status
	Reason  Reason
	Text    string // the reason in words
}

// Cause is why an installation has no license.
type Cause string

// The causes.
const (
	NoLicense     Cause = "no-license"     // no license covers the product
	AllRejected   Cause = "all-rejected"   // licenses cover the product, and each refuses this installation
	DeviceIgnored Cause = "device-ignored" // not assessed: a person set the device aside
)

// Unlicensed is one installation without a license.
type Unlicensed struct {
	Device  string
	Product catalog.ProductID
	Cause   Cause
	Text    string
}

// Counted is one installation that a license counts, or would but for an exemption: what the engine's estate must hold.
type Counted struct {
	Device  string
	Product catalog.ProductID
	License LicenseID
	As      string // the product's name in the estate: see Result.EstateProduct
}

// Result is what an assignment found, each list sorted.
type Result struct {
	Tried      []Tried
	Unlicensed []Unlicensed
	Counted    []Counted
	consumed   map[LicenseID]Consumption
	names      map[counts]bool // pairs of license and product that have an estate name of their own
}

type counts struct {
	license LicenseID
	product catalog.ProductID
}

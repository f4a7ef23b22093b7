package estate

// Metric says how a license is counted.
type Metric string

// The metrics.
const (
	PVU Metric = "ibm-pvu"      // points per core
	VPC Metric = "ibm-vpc"      // virtual processor cores, by ratio
	RVU Metric = "ibm-rvu-mapc" // managed activated processor cores, through marginal tiers
)

// Bundle says how an ibm-vpc license counts a device with several of its products.
type Bundle string

// The bundle rules. Absent means OncePerDevice.
const (
	OncePerDevice Bundle = "once-per-device"
	PerProduct    Bundle = "per-product" // Cloud Paks
)

// Capacity is a license's choice between sub-capacity and full capacity.
type Capacity string

// The capacities. Absent means Sub.
const (
	Sub  Capacity = "sub"
	Full Capacity = "full"
)

// License is one license: what it covers, how it is counted, and its exceptions.
type License struct {
	ID                string           `json:"id"`
	Metric            Metric           `json:"metric"`
	Products          []LicenseProduct `json:"products"`
	Bundle            Bundle           `json:"bundle,omitzero"` // ibm-vpc only
	Ratio             *Ratio           `json:"ratio,omitzero"`  // ibm-vpc, once-per-device only; nil is 1:1
	Capacity          Capacity         `json:"capacity,omitzero"`
	AllowOtherSources bool             `json:"allow_other_sources,omitzero"`
	Points            []PointsRule     `json:"points,omitzero"` // ibm-pvu only; the first that holds decides
	// UnmatchedPoints is the rate, in points per core, of a server that no rule matches (ibm-pvu only, and there it
	// must be stated). A pointer to "" is JSON's null: such a server consumes nothing, and the remarks say so.
	UnmatchedPoints  *Decimal         `json:"unmatched_points,omitzero"`
	ExemptRoles      []string         `json:"exempt_roles,omitzero"`
	Exemptions       []Exemption      `json:"exemptions,omitzero"`
	Overridden       []Overridden     `json:"overridden,omitzero"`
	OverriddenMetric []MetricOverride `json:"overridden_metric,omitzero"` // ibm-vpc only
	Entitlements     Decimal          `json:"entitlements,omitzero"`
}

// PerProductBundle reports whether each product of the license counts by itself.
func (l *License) PerProductBundle() bool { return l.Bundle == PerProduct }

// LicenseProduct is a product that a license covers.
type LicenseProduct struct {
	Product       string `json:"product"`
	Ratio         *Ratio `json:"ratio,omitzero"`         // ibm-vpc, per-product only; nil is 1:1
	Supplementary bool   `json:"supplementary,omitzero"` // covered, but consumes nothing
}

// Ratio converts VPC processor cores into Entitlements entitlements.
type Ratio struct {
	VPC          Decimal `json:"vpc"` // above 0
	Entitlements Decimal `json:"entitlements"`
}

// PointsRule gives PerCore points to each core of the servers for which every stated condition holds.
type PointsRule struct {
	Processor *string `json:"processor,omitzero"` // glob, ASCII letters without regard to case
	Model     *string `json:"model,omitzero"`     // glob, likewise
	OS        *string `json:"os,omitzero"`
	// HostedIn lists where the server must be hosted. Nil states no condition; an empty list never holds.
	HostedIn   []string `json:"hosted_in,omitzero"`
	MinSockets Decimal  `json:"min_sockets,omitzero"`
	MaxSockets Decimal  `json:"max_sockets,omitzero"`
	PerCore    Decimal  `json:"per_core"`
}

// Exemption takes a device out of the license during [From, To); without dates, for all of time.
// That of a host takes its guests out too.
type Exemption struct {
	Device string  `json:"device"`
	Reason string  `json:"reason,omitzero"`
	From   Instant `json:"from,omitzero"`
	To     Instant `json:"to,omitzero"`
}

// Overridden replaces a server's consumption: Points are PVU for ibm-pvu, entitlements (after the ratio) for ibm-vpc.
type Overridden struct {
	Device string  `json:"device"`
	Points Decimal `json:"points"`
	From   Instant `json:"from,omitzero"`
	To     Instant `json:"to,omitzero"`
}

// MetricOverride replaces a device's count of cores in an ibm-vpc license, before limits and ratio.
type MetricOverride struct {
	Device string  `json:"device"`
	Count  Decimal `json:"count"`
	From   Instant `json:"from,omitzero"`
	To     Instant `json:"to,omitzero"`
}

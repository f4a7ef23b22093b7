package measure

import (
	"github.com/highwater-sam/highwater/estate"
)

// Explanation says why a license's consumption is what it is, at one or more instants.
type Explanation struct {
	License  string          `json:"license"`
	Metric   estate.Metric   `json:"metric"`
	Capacity estate.Capacity `json:"capacity"` // what the license counts: sub where eligible, or full always
	Moments  []Moment        `json:"moments"`
}

// Moment is the consumption of one region at one instant, down to the devices.
type Moment struct {
	Region Region         `json:"region"`
	At     estate.Instant `json:"at"`
	// Period names the period whose peak this is; absent when the instant was asked for.
	Period string `json:"period,omitzero"`
	Total  Number `json:"total"`
	// Cores is what goes through the Tiers of ibm-rvu-mapc; only there.
	Cores   Number         `json:"cores,omitzero"`
	Tiers   []Tier         `json:"tiers,omitzero"`
	Servers []Server       `json:"servers"` // largest first; their values add up to Total, or to Cores
	Exempt  []ExemptDevice `json:"exempt,omitzero"`
}

// Tier is what one tier of ibm-rvu-mapc contributes: Cores × Factor = Value.
type Tier struct {
	Cores  Number `json:"cores"`
	Factor Number `json:"factor"`
	Value  Number `json:"value"`
}

// Server is a server with relevant devices, and what it consumes.
type Server struct {
	Device   string      `json:"device"`
	Kind     estate.Kind `json:"kind"`
	Location string      `json:"location,omitzero"`
	Value    Number      `json:"value"`
	// Eligible says whether every relevant device may be counted at sub-capacity.
	Eligible bool `json:"eligible"`
	// HostCores limits the guests of a host; absent where it is unknown, or for other servers.
	HostCores Number    `json:"host_cores,omitzero"`
	Counted   []Counted `json:"counted"`
	// PointsRule is the number, from 1, of the points rule that gave the rate (ibm-pvu); 0 when none holds and the rate
	// is the license's unmatched_points.
	PointsRule *int `json:"points_rule,omitzero"`
	// Rule writes that points rule out.
	Rule string `json:"rule,omitzero"`
	// Overridden is the overridden consumption in force, Calculated the value that it replaces.
	Overridden Number          `json:"overridden,omitzero"`
	Calculated Number          `json:"calculated,omitzero"`
	Devices    []CountedDevice `json:"devices"`
	Remarks    []Code          `json:"remarks,omitzero"`
}

// Counted is one evaluation of a server: of all products, or of one where each counts by itself.
type Counted struct {
	Product string `json:"product,omitzero"`
	// OnServer says that the software runs on the server itself, whose own count decides at sub-capacity.
	OnServer bool       `json:"on_server,omitzero"`
	Guests   Number     `json:"guests"` // the counts of the guests, added up
	Pools    []PoolPart `json:"pools,omitzero"`
	InPools  Number     `json:"through_pools,omitzero"` // the same, limited by the pools
	Sub      Number     `json:"sub"`
	Full     Number     `json:"full"`
	Capacity string     `json:"capacity"` // the choice between them: sub or full
	Cores    Number     `json:"cores"`    // what was chosen
	Rate     Number     `json:"rate"`     // points per core, or entitlements per core
	Value    Number     `json:"value"`    // Cores × Rate
}

// PoolPart is what a resource pool passes on.
type PoolPart struct {
	Pool   string `json:"pool"`
	Parent string `json:"parent,omitzero"`
	Limit  Number `json:"limit,omitzero"` // of a hard pool with cores
	Passed Number `json:"passed"`
}

// CountedDevice is a relevant device on a server.
type CountedDevice struct {
	Device   string   `json:"device"`
	Products []string `json:"products"`
	Pool     string   `json:"pool,omitzero"`
	Count    Number   `json:"count,omitzero"` // absent when it is unknown and counts as 0
	From     string   `json:"count_from"`     // which quantity the count is
	Eligible bool     `json:"eligible"`
	Remarks  []Code   `json:"remarks,omitzero"`
}

// ExemptDevice is a device that has software of the license and would count, were it not exempt.
type ExemptDevice struct {
	Device string `json:"device"`
	Server string `json:"server"`
	Why    string `json:"why"`
}

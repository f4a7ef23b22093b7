package sample

import (
	"time"

	"github.com/highwater-sam/highwater/assign"
	"github.com/highwater-sam/highwater/assign/points"
	"github.com/highwater-sam/highwater/catalog"
	"github.com/highwater-sam/highwater/estate"
	"github.com/highwater-sam/highwater/store"
)

// Locations are the sample's places: three regions, and a laboratory that nobody has given one.
func Locations() []store.Location {
	return []store.Location{
		{ID: "amer", Name: "Americas", Region: estate.Americas},
		{ID: "amer/new-york", Parent: "amer", Name: "New York"},
		{ID: "amer/sao-paulo", Parent: "amer", Name: "São Paulo"},
		{ID: "emea", Name: "Europe and Africa", Region: estate.EuropeAndAfrica},
		{ID: "emea/berlin", Parent: "emea", Name: "Berlin"},
		{ID: "emea/johannesburg", Parent: "emea", Name: "Johannesburg"},
		{ID: "apac", Name: "Asia and Australia", Region: estate.AsiaAndAustralia},
		{ID: "apac/singapore", Parent: "apac", Name: "Singapore"},
		{ID: "apac/tokyo", Parent: "apac", Name: "Tokyo"},
		{ID: "aws", Name: "AWS"},
		{ID: "aws/us-east-1", Parent: "aws", Name: "AWS N. Virginia", Region: estate.Americas},
		{ID: "aws/eu-west-1", Parent: "aws", Name: "AWS Ireland", Region: estate.EuropeAndAfrica},
		{ID: "lab", Name: "Laboratory"},
	}
}

// Licenses are what the sample's owner has bought. MQ is over-consumed.
func Licenses(f *Fleet) []assign.License {
	epyc := "AMD EPYC*"
	ratio := func(vpc, entitlements estate.Decimal) *estate.Ratio {
		return &estate.Ratio{VPC: vpc, Entitlements: entitlements}
	}
	return []assign.License{
		{
			ID: "db2-pvu", Name: "IBM Db2 Standard Edition", Publisher: "IBM", Metric: string(estate.PVU),
			Products: products("ibm-db2"), Rules: estate.License{ExemptRoles: []string{"test"}},
			Purchases: f.bought("PO-2024-0117", "14000", 900, "PO-2025-0842", "6000", 260),
			Notes:     "Sub-capacity. Test systems are exempt by role.",
		},
		{
			ID: "mq-pvu", Name: "IBM MQ", Publisher: "IBM", Metric: string(estate.PVU), Products: products("ibm-mq"),
			Rules: estate.License{Points: points.Library().Rules([]estate.PointsRule{
				{Processor: &epyc, HostedIn: []string{"on-premises"}, PerCore: "15.25"},
			})},
			Purchases: f.bought("PO-2023-0310", "4600", 1100, "PO-2025-0119", "400", 480),
			Notes:     "An amendment rates our EPYC hosts at 15.25 points a core.",
		},
		{
			ID: "was-nd-pvu", Name: "IBM WebSphere Application Server Network Deployment", Publisher: "IBM", Metric: string(estate.PVU),
			Products: products("ibm-was-nd"), Rules: estate.License{ExemptRoles: []string{"test"}},
			Purchases: f.bought("PO-2022-0555", "7000", 1300, "", "", 0),
		},
		{
			ID: "ace-vpc", Name: "IBM App Connect Enterprise", Publisher: "IBM", Metric: string(estate.VPC),
			Products: products("ibm-app-connect-enterprise"), Rules: estate.License{Ratio: ratio("1", "1")},
			Locations: []string{"emea", "amer"}, Purchases: f.bought("PO-2024-0733", "20", 520, "", "", 0),
		},
		{
			ID: "cp4i", Name: "IBM Cloud Pak for Integration", Publisher: "IBM", Metric: string(estate.VPC),
			Products: []assign.LicensedProduct{
				{Product: "ibm-app-connect-enterprise", Ratio: ratio("1", "3")},
				{Product: "ibm-mq", Ratio: ratio("2", "1")},
			},
			Rules: estate.License{Bundle: estate.PerProduct}, Locations: []string{"apac"}, Priority: 1, MinProducts: 2,
			Purchases: f.bought("PO-2025-0201", "160", 420, "", "", 0),
			Notes:     "One VPC of App Connect takes three entitlements, two VPC of MQ take one.",
		},
		{
			ID: "itm-rvu", Name: "IBM Tivoli Monitoring", Publisher: "IBM", Metric: string(estate.RVU), Products: products("ibm-tivoli-monitoring"),
			Purchases: f.bought("PO-2021-0099", "250", 1600, "", "", 0),
		},
	}
}

func products(ids ...catalog.ProductID) []assign.LicensedProduct {
	out := make([]assign.LicensedProduct, len(ids))
	for i, id := range ids {
		out[i].Product = id
	}
	return out
}

// bought is one or two purchases, so many days before the end of the sample's history.
func (f *Fleet) bought(reference, quantity string, ago int, second, more string, later int) []assign.Purchase {
	day := func(ago int) time.Time { return f.End.Truncate(24*time.Hour).AddDate(0, 0, -ago) }
	out := []assign.Purchase{{Reference: reference, Quantity: estate.Decimal(quantity), Date: day(ago)}}
	if second != "" {
		out = append(out, assign.Purchase{Reference: second, Quantity: estate.Decimal(more), Date: day(later)})
	}
	return out
}

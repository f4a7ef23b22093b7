package estate

var licenseKeys = []string{"id", "metric", "products", "bundle", "ratio", "capacity", "allow_other_sources", "points",
	"unmatched_points", "exempt_roles", "exemptions", "overridden", "overridden_metric", "entitlements"}

// unmatchedPointsKey is the one key of an estate whose null is a value.
const unmatchedPointsKey = 8

func (r *reader) license(l *License) {
	unmatchedNull := false
	r.objectNulls(licenseKeys, func(key int) {
		switch key {
		case 0:
			r.id(&l.ID)
		case 1:
			word(r, &l.Metric)
		case 2:
			each(r, &l.Products, r.licenseProduct)
		case 3:
			word(r, &l.Bundle)
		case 4:
			l.Ratio = &Ratio{}
			r.ratio(l.Ratio)
		case 5:
			word(r, &l.Capacity)
		case 6:
			r.boolean(&l.AllowOtherSources)
		case 7:
			each(r, &l.Points, r.pointsRule)
		case unmatchedPointsKey:
			l.UnmatchedPoints = new(Decimal)
			r.decimal(l.UnmatchedPoints)
		case 9:
			each(r, &l.ExemptRoles, func(s *string) { *s, _ = r.str() })
		case 10:
			each(r, &l.Exemptions, r.exemption)
		case 11:
			each(r, &l.Overridden, r.overridden)
		case 12:
			each(r, &l.OverriddenMetric, r.metricOverride)
		case 13:
			r.decimal(&l.Entitlements)
		}
	}, func(key int) { unmatchedNull = unmatchedNull || key == unmatchedPointsKey })
	if unmatchedNull && l.UnmatchedPoints == nil && l.Metric != VPC && l.Metric != RVU {
		l.UnmatchedPoints = new(Decimal)
	}
}

var licenseProductKeys = []string{"product", "ratio", "supplementary"}

func (r *reader) licenseProduct(p *LicenseProduct) {
	r.object(licenseProductKeys, func(key int) {
		switch key {
		case 0:
			r.id(&p.Product)
		case 1:
			p.Ratio = &Ratio{}
			r.ratio(p.Ratio)
		case 2:
			r.boolean(&p.Supplementary)
		}
	})
}

var ratioKeys = []string{"vpc", "entitlements"}

func (r *reader) ratio(x *Ratio) {
	r.object(ratioKeys, func(key int) {
		switch key {
		case 0:
			r.decimal(&x.VPC)
		case 1:
			r.decimal(&x.Entitlements)
		}
	})
}

var pointsRuleKeys = []string{"processor", "model", "os", "hosted_in", "min_sockets", "max_sockets", "per_core"}

func (r *reader) pointsRule(p *PointsRule) {
	r.object(pointsRuleKeys, func(key int) {
		switch key {
		case 0:
			r.text(&p.Processor)
		case 1:
			r.text(&p.Model)
		case 2:
			r.text(&p.OS)
		case 3:
			each(r, &p.HostedIn, func(s *string) { *s, _ = r.str() })
		case 4:
			r.decimal(&p.MinSockets)
		case 5:
			r.decimal(&p.MaxSockets)
		case 6:
			r.decimal(&p.PerCore)
		}
	})
}

var exemptionKeys = []string{"device", "reason", "from", "to"}

func (r *reader) exemption(x *Exemption) {
	r.object(exemptionKeys, func(key int) {
		switch key {
		case 0:
			r.id(&x.Device)
		case 1:
			x.Reason, _ = r.str()
		case 2:
			r.instant(&x.From)
		case 3:
			r.instant(&x.To)
		}
	})
}

var overriddenKeys = []string{"device", "points", "from", "to"}

func (r *reader) overridden(x *Overridden) {
	r.object(overriddenKeys, func(key int) {
		switch key {
		case 0:
			r.id(&x.Device)
		case 1:
			r.decimal(&x.Points)
		case 2:
			r.instant(&x.From)
		case 3:
			r.instant(&x.To)
		}
	})
}

var metricOverrideKeys = []string{"device", "count", "from", "to"}

func (r *reader) metricOverride(x *MetricOverride) {
	r.object(metricOverrideKeys, func(key int) {
		switch key {
		case 0:
			r.id(&x.Device)
		case 1:
			r.decimal(&x.Count)
		case 2:
			r.instant(&x.From)
		case 3:
			r.instant(&x.To)
		}
	})
}

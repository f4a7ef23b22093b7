package measure

// MeasureInRationals measures every license the way that is meant for those whose numbers leave int64.
func (e *Engine) MeasureInRationals() *Measurement {
	e.plan.bigs = nil
	for n := range e.plan.licenses {
		e.plan.licenses[n].big = true
		e.plan.bigs = append(e.plan.bigs, int32(n))
	}
	return e.Measure()
}

package measure

// change says that from at on a series is higher by by.
type change struct {
	series uint32
	at     uint32
	by     int64
}

// Each license has eight series: the consumption in each region, and the number of relevant devices in each.
const (
	regions         = 4
	presence        = regions
	seriesOfLicense = 2 * regions
)

// seriesOf returns the series of consumption of a license in a region; that of its devices is presence further.
func seriesOf(license int32, region int8) int32 { return license*seriesOfLicense + int32(region) }

// tell notes a change of a series at the present instant.
func (r *replay) tell(series int32, by int64) {
	if by != 0 {
		r.sum[series] += by
		r.touched = append(r.touched, series)
	}
}

// flush writes down the net changes of the present instant.
func (r *replay) flush() {
	for _, series := range r.touched {
		if by := r.sum[series]; by != 0 {
			r.changes = append(r.changes, change{uint32(series), r.now, by})
			r.sum[series] = 0
		}
	}
	r.touched = r.touched[:0]
}

// remarkChange says that from at on a remark about a device begins to hold for one more reason, or for one less.
type remarkChange struct {
	license int32
	device  uint32
	at      uint32
	code    uint8
	by      int8
}

// codes lists the remarks in the order of their codes.
var codes = [...]Code{CoresMissing, HostCoresMissing, HostUnknown, OverrideIgnored, PointsUnmatched}

// The bits of remarks that hold, in the order of codes.
const (
	bitCoresMissing uint8 = 1 << iota
	bitHostCoresMissing
	bitHostUnknown
	bitOverrideIgnored
	bitPointsUnmatched
)

// remarkMember brings the remarks about a device itself up to date: that its count is missing, and that an overridden
// consumption stands at it although it is a guest.
func (r *replay) remarkMember(n int32, m *member) {
	bits := uint8(0)
	if m.cell >= 0 {
		c := &r.cells[m.cell]
		exempt := c.adjust >= 0 && r.adjusts[c.adjust].exempt
		if !exempt && m.count == unknown {
			bits |= bitCoresMissing
		}
		if !exempt && !m.self && m.adjust >= 0 && r.adjusts[m.adjust].value != 0 {
			bits |= bitOverrideIgnored
		}
	}
	if bits != m.bits {
		r.remarkChanges(m.license, n, m.bits, bits)
		m.bits = bits
	}
}

// remarkChanges notes that other remarks hold about a device.
func (r *replay) remarkChanges(license, n int32, before, after uint8) {
	for code := range codes {
		bit := uint8(1) << code
		if by := int8(after&bit>>code) - int8(before&bit>>code); by != 0 {
			r.remarks = append(r.remarks, remarkChange{license, uint32(r.base + n), r.now, uint8(code), by})
		}
	}
}

package measure

import (
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"strings"

	"github.com/highwater-sam/highwater/estate"
)

// Format is the value of the field format of every measurement.
const Format = "highwater-measurement/1"

// Measurement is what an estate comes to. Its JSON is that of docs/design/engine.md. It is not changed once returned,
// and may be read from several goroutines.
type Measurement struct {
	Format   string         `json:"format"`
	AsOf     estate.Instant `json:"as_of"`
	Licenses []*License     `json:"licenses"` // in the estate's order
}

// License is the position of one license.
type License struct {
	ID           string         `json:"id"`
	Metric       estate.Metric  `json:"metric"`
	Entitlements estate.Decimal `json:"entitlements,omitzero"`
	Current      Current        `json:"current"`
	Periods      []Period       `json:"periods"` // in the estate's order
	Remarks      []Remark       `json:"remarks"` // by code, device, from
}

// Current is the raw consumption at the last instant before as_of.
type Current struct {
	Raw     Number        `json:"raw"` // the sum of the regions
	Regions []RegionValue `json:"regions"`
}

// RegionValue is the consumption in one region.
type RegionValue struct {
	Region Region `json:"region"`
	Value  Number `json:"value"`
}

// Period is the position of a license in one reporting period.
type Period struct {
	Name    string       `json:"name"`
	Peak    Number       `json:"peak"` // the sum of the regions' peaks, a whole number
	Regions []RegionPeak `json:"regions"`
}

// RegionPeak is the highest consumption in one region during a period.
type RegionPeak struct {
	Region Region `json:"region"`
	Exact  Number `json:"exact"`
	Peak   Number `json:"peak"` // Exact rounded up to a whole number
	// Date is the last UTC day on any moment of which consumption was at the peak, such as 2026-03-31; Start is the
	// first instant of the latest unbroken stretch at the peak. Both are absent where nothing was consumed.
	Date  string         `json:"peak_date,omitzero"`
	Start estate.Instant `json:"peak_start,omitzero"`
}

// Remark says that something about a device could not be known, or was not heeded, during [From, To).
type Remark struct {
	Code   Code           `json:"code"`
	Device string         `json:"device"`
	From   estate.Instant `json:"from"`
	To     estate.Instant `json:"to"` // 0 (null) if still so just before as_of
}

// Code names a kind of remark.
type Code string

// The codes of remarks.
const (
	CoresMissing     Code = "cores-missing"      // a relevant device whose count is unknown counts as 0
	HostCoresMissing Code = "host-cores-missing" // a host whose cores are unknown limits nothing
	HostUnknown      Code = "host-unknown"       // an on-premises vm without placement is its own server
	OverrideIgnored  Code = "override-ignored"   // an overridden consumption that does not apply
	PointsUnmatched  Code = "points-unmatched"   // no points rule holds for the server
)

// Region is one of IBM's regions; 0 is unassigned, null in JSON.
type Region estate.Region

// Unassigned is the region of servers whose location has none, and the one series of ibm-rvu-mapc.
const Unassigned Region = 0

// MarshalJSON writes the number of the region, null when unassigned.
func (r Region) MarshalJSON() ([]byte, error) {
	if r == Unassigned {
		return []byte("null"), nil
	}
	return fmt.Appendf(nil, "%d", int(r)), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (r *Region) UnmarshalJSON(b []byte) error {
	*r = Unassigned
	if string(b) == "null" {
		return nil
	}
	var n int
	if err := json.Unmarshal(b, &n); err != nil {
		return err
	}
	if n < 1 || n > 3 {
		return fmt.Errorf("%d is not a region", n)
	}
	*r = Region(n)
	return nil
}

// String returns the region in words.
func (r Region) String() string {
	return [...]string{"unassigned", "Americas", "Europe and Africa", "Asia and Australia"}[r&3]
}

// Number is an exact number that is not negative, in writing: the shortest decimal where it terminates, else a/b.
type Number string

// NumberOf writes x.
func NumberOf(x *big.Rat) Number {
	if x.IsInt() {
		return Number(x.Num().String())
	}
	rest, twos, fives := new(big.Int).Set(x.Denom()), 0, 0
	two, five := big.NewInt(2), big.NewInt(5)
	for q, m := new(big.Int), new(big.Int); ; twos++ {
		if q.QuoRem(rest, two, m); m.Sign() != 0 {
			break
		}
		rest.Set(q)
	}
	for q, m := new(big.Int), new(big.Int); ; fives++ {
		if q.QuoRem(rest, five, m); m.Sign() != 0 {
			break
		}
		rest.Set(q)
	}
	if !rest.IsInt64() || rest.Int64() != 1 {
		return Number(x.RatString())
	}
	return Number(x.FloatString(max(twos, fives)))
}

// Rat returns the exact value, nil when the text is no number.
func (n Number) Rat() *big.Rat {
	x, ok := new(big.Rat).SetString(string(n))
	if !ok || strings.ContainsAny(string(n), "eEpPxX_+") {
		return nil
	}
	return x
}

// Cmp compares two numbers.
func (n Number) Cmp(m Number) int { return n.Rat().Cmp(m.Rat()) }

// Encode writes the measurement as indented JSON.
func (m *Measurement) Encode(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	return enc.Encode(m)
}

// Decode reads a measurement that Encode has written.
func Decode(r io.Reader) (*Measurement, error) {
	m := &Measurement{}
	dec := json.NewDecoder(r)
	dec.DisallowUnknownFields()
	if err := dec.Decode(m); err != nil {
		return nil, fmt.Errorf("read measurement: %w", err)
	}
	if m.Format != Format {
		return nil, fmt.Errorf("read measurement: the format is %q, not %q", m.Format, Format)
	}
	return m, nil
}

// License returns the position of the license with this id, nil when there is none.
func (m *Measurement) License(id string) *License {
	for _, l := range m.Licenses {
		if l.ID == id {
			return l
		}
	}
	return nil
}

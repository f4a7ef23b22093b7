package report

import "io"

// positionColumns are the columns of the positions as CSV: one row a license and region.
var positionColumns = []Column{
	{Key: "license", Kind: Text}, {Key: "metric", Kind: Text}, {Key: "period", Kind: Text}, {Key: "entitled", Kind: Exact},
	{Key: "now", Kind: Exact}, {Key: "peak", Kind: Exact}, {Key: "left", Kind: Exact}, {Key: "status", Kind: Choice},
	{Key: "region", Kind: Text}, {Key: "region_exact", Kind: Exact}, {Key: "region_peak", Kind: Exact}, {Key: "peak_date", Kind: Day},
	{Key: "peak_start", Kind: Instant},
}

// WriteLicenseCSV writes the positions as CSV with exact values: one row for each license and region that consumed, one
// for a license without any.
func WriteLicenseCSV(w io.Writer, lines []LicenseLine) error {
	out, err := NewCSV(w, positionColumns)
	if err != nil {
		return err
	}
	for _, l := range lines {
		left := any(nil)
		if l.Position.Left != nil {
			left = FormatExact(l.Position.Left)
		}
		license := []any{l.Name, l.Metric, l.Period, orUnknown(l.Entitled), l.Current, l.Peak, left, l.Position.Status}
		if len(l.Regions) == 0 {
			if err := out.Write(Row{ID: l.Name, Cells: append(license, nil, nil, nil, nil, nil)}); err != nil {
				return err
			}
		}
		for _, r := range l.Regions {
			day, start := any(nil), any(nil)
			if !r.Date.IsZero() {
				day, start = r.Date.UnixMicro(), r.Start.UnixMicro()
			}
			cells := append(license[:len(license):len(license)], RegionName(r.Region), r.Exact, r.Peak, day, start)
			if err := out.Write(Row{ID: l.Name, Cells: cells}); err != nil {
				return err
			}
		}
	}
	return out.Flush()
}

func orUnknown(s string) any {
	if s == "" {
		return nil
	}
	return s
}

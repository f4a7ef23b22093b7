package report

import (
	"strings"
	"testing"
	"time"
)

func TestPositionsAsCSVAreExact(t *testing.T) {
	over, _ := PositionOf("107", "100")
	lines := []LicenseLine{
		{Name: "IBM MQ", Metric: "PVU", Entitled: "100", Current: "106.75", Period: "2026-Q1", Peak: "107", Position: over, Regions: []RegionLine{
			{Region: 2, Exact: "106.75", Peak: "107", Date: time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC), Start: time.Date(2026, 1, 1, 6, 30, 0, 0, time.UTC)},
			{Region: 0, Exact: "0", Peak: "0"},
		}},
		{Name: "=cmd()", Metric: "VPC", Period: "2026-Q1", Current: "0", Peak: "0"},
	}
	var b strings.Builder
	if err := WriteLicenseCSV(&b, lines); err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{
		"license,metric,period,entitled,now,peak,left,status,region,region_exact,region_peak,peak_date,peak_start",
		"IBM MQ,PVU,2026-Q1,100,106.75,107,-7,over,Europe and Africa,106.75,107,2026-03-31,2026-01-01T06:30:00Z",
		"IBM MQ,PVU,2026-Q1,100,106.75,107,-7,over,Unassigned,0,0,,",
		"'=cmd(),VPC,2026-Q1,,0,0,,,,,,,",
		"",
	}, "\r\n")
	if b.String() != want {
		t.Errorf("the CSV is\n%s\nwant\n%s", b.String(), want)
	}
}

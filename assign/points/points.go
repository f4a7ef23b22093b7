// Package points holds the library of points rules: how many PVU a core of which processor counts, and how far each rule is
// confirmed.
package points

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	_ "embed"

	"github.com/highwater-sam/highwater/estate"
)

// Version names this edition of the table, to be kept with every measurement that used it.
const Version = "pvu 2026.11"

// Status says how far a rule is confirmed.
type Status string

// The statuses, best first.
const (
	Local      Status = "local"      // the site's own rule
	Confirmed  Status = "confirmed"  // read in IBM's text
	Partly     Status = "partly"     // follows from IBM's text by one stated step
	Secondary  Status = "secondary"  // read in another's text
	Common     Status = "common"     // widely published, not read in IBM's text
	Unverified Status = "unverified" // general knowledge: shown, and not used unless a site says so
)

// statuses lists them in order.
var statuses = []Status{Local, Confirmed, Partly, Secondary, Common, Unverified}

// Row is one rule of a table.
type Row struct {
	Status Status
	Family string // in words: "POWER9", "Xeon Nehalem EX 6500-6599, 7500-7599"
	Rule   estate.PointsRule
	Note   string
	Source string // where the rate was read
}

// Table is rows in the order in which they are tried: the first that holds decides.
type Table struct {
	Version string
	Rows    []Row
}

//go:embed data/pvu.csv
var libraryText string

// Library returns the table of this release. It is shared: do not change it.
func Library() Table { return library() }

var library = sync.OnceValue(func() Table {
	t, err := Parse("library", strings.NewReader(libraryText))
	if err != nil {
		panic(err) // the table is part of the program, and a test reads it
	}
	t.Version = Version
	return t
})

// Rules returns the rules a license uses, in order: the site's own first, then the table's as far as they are confirmed.
// Unverified rows are left out: a server they would fit takes the license's rate for unmatched servers, with a remark.
// A site that checked such a row states it as its own.
func (t Table) Rules(local []estate.PointsRule) []estate.PointsRule {
	rules := slices.Clone(local)
	for _, row := range t.Rows {
		if row.Status != Unverified {
			rules = append(rules, row.Rule)
		}
	}
	return rules
}

var columns = []string{"status", "family", "processor", "model", "os", "hosted_in", "min_sockets", "max_sockets", "per_core", "note", "source"}

// Parse reads a table from CSV with the columns of the library's. Every bad row is reported with its line.
func Parse(name string, r io.Reader) (Table, error) {
	in := csv.NewReader(r)
	in.FieldsPerRecord = len(columns)
	var t Table
	var problems []error
	for first := true; ; first = false {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Table{}, fmt.Errorf("%s: %w", name, err)
		}
		if first {
			if !slices.Equal(record, columns) {
				return Table{}, fmt.Errorf("%s: the columns are %s; want %s", name, strings.Join(record, ", "), strings.Join(columns, ", "))
			}
			continue
		}
		row, err := parseRow(record)
		if err != nil {
			line, _ := in.FieldPos(0)
			problems = append(problems, fmt.Errorf("%s:%d: %w", name, line, err))
			continue
		}
		t.Rows = append(t.Rows, row)
	}
	if len(problems) > 0 {
		return Table{}, errors.Join(problems...)
	}
	return t, nil
}

func parseRow(f []string) (Row, error) {
	row := Row{Status: Status(f[0]), Family: f[1], Note: f[9], Source: f[10]}
	if !slices.Contains(statuses, row.Status) {
		return row, fmt.Errorf("%q is no status", f[0])
	}
	row.Rule = estate.PointsRule{Processor: text(f[2]), Model: text(f[3]), OS: text(f[4]), HostedIn: strings.Fields(f[5])}
	if len(row.Rule.HostedIn) == 0 {
		row.Rule.HostedIn = nil // an empty list would never hold
	}
	for _, d := range []struct {
		name string
		text string
		to   *estate.Decimal
	}{{"min_sockets", f[6], &row.Rule.MinSockets}, {"max_sockets", f[7], &row.Rule.MaxSockets}, {"per_core", f[8], &row.Rule.PerCore}} {
		if d.text == "" && d.name != "per_core" {
			continue
		}
		v, err := estate.ParseDecimal(d.text)
		if err != nil {
			return row, fmt.Errorf("%s: %w", d.name, err)
		}
		*d.to = v
	}
	r := row.Rule
	if r.Processor == nil && r.Model == nil && r.OS == nil && r.HostedIn == nil && !r.MinSockets.Stated() && !r.MaxSockets.Stated() {
		return row, errors.New("a rule without any condition would hold for every server")
	}
	return row, nil
}

func text(s string) *string {
	if s == "" {
		return nil
	}
	return estate.Text(s)
}

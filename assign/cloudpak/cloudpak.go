// Package cloudpak holds how many units of an IBM Cloud Pak one unit of each program in it takes, by license text.
package cloudpak

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	_ "embed"

	"github.com/highwater-sam/highwater/assign"
	"github.com/highwater-sam/highwater/catalog"
	"github.com/highwater-sam/highwater/estate"
)

// Environment says which machines a ratio is for.
type Environment string

// The environments of license texts.
const (
	Production    Environment = "production"
	NonProduction Environment = "non-production"
	AnyMachine    Environment = "any"
)

// VPC is the unit of programs that the engine can measure in a pak.
const VPC = "VPC"

// Row is one ratio of a license text: ProgramUnits units of the program take PakUnits units of the pak.
type Row struct {
	Pak          string
	TextVersion  string            // of the license text; ratios change with it. "" when the source names none
	Program      string            // in the text's words
	Product      catalog.ProductID // "" for programs that the catalog does not recognize, or that are not counted by VPC
	Unit         string
	Environment  Environment
	ProgramUnits estate.Decimal
	PakUnits     estate.Decimal
	Note         string
	Source       string
}

// Ratio is the row as the engine uses it: VPC of the program to entitlements of the pak.
func (r Row) Ratio() estate.Ratio { return estate.Ratio{VPC: r.ProgramUnits, Entitlements: r.PakUnits} }

//go:embed data/ratios.csv
var text string

// Rows returns every ratio known, also those that cannot be measured. They are shared: do not change them.
func Rows() []Row { return rows() }

var rows = sync.OnceValue(func() []Row {
	r, err := Parse("library", strings.NewReader(text))
	if err != nil {
		panic(err) // the table is part of the program, and a test reads it
	}
	return r
})

// Terms returns the products that a license for a pak covers, with their ratios, for machines of one environment, as a
// license text states them; sorted by product. Without ratios for it the pak is unknown: the list is empty.
func Terms(pak, textVersion string, environment Environment) []assign.LicensedProduct {
	var out []assign.LicensedProduct
	for _, r := range Rows() {
		if r.Pak == pak && r.TextVersion == textVersion && r.Product != "" && r.Unit == VPC && (r.Environment == environment || r.Environment == AnyMachine) {
			ratio := r.Ratio()
			out = append(out, assign.LicensedProduct{Product: r.Product, Ratio: &ratio})
		}
	}
	slices.SortFunc(out, func(a, b assign.LicensedProduct) int { return strings.Compare(string(a.Product), string(b.Product)) })
	return out
}

var columns = []string{"pak", "text_version", "program", "product", "unit", "environment", "program_units", "pak_units", "note", "source"}

// Parse reads ratios from CSV with the library's columns. Every bad row is reported with its line.
func Parse(name string, r io.Reader) ([]Row, error) {
	in := csv.NewReader(r)
	in.FieldsPerRecord = len(columns)
	var out []Row
	var problems []error
	for first := true; ; first = false {
		f, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if first {
			if !slices.Equal(f, columns) {
				return nil, fmt.Errorf("%s: the columns are %s; want %s", name, strings.Join(f, ", "), strings.Join(columns, ", "))
			}
			continue
		}
		row, err := parseRow(f)
		if err != nil {
			line, _ := in.FieldPos(0)
			problems = append(problems, fmt.Errorf("%s:%d: %w", name, line, err))
			continue
		}
		out = append(out, row)
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return out, nil
}

func parseRow(f []string) (Row, error) {
	row := Row{Pak: f[0], TextVersion: f[1], Program: f[2], Product: catalog.ProductID(f[3]), Unit: f[4], Environment: Environment(f[5]), Note: f[8], Source: f[9]}
	if row.Pak == "" || row.Program == "" {
		return row, errors.New("no pak or no program")
	}
	switch row.Environment {
	case Production, NonProduction, AnyMachine:
	default:
		return row, fmt.Errorf("environment %q is none of production, non-production, any", f[5])
	}
	for _, d := range []struct {
		name, text string
		to         *estate.Decimal
	}{{"program_units", f[6], &row.ProgramUnits}, {"pak_units", f[7], &row.PakUnits}} {
		v, err := estate.ParseDecimal(d.text)
		if err != nil || v.Rat().Sign() == 0 {
			return row, fmt.Errorf("%s: %q is no decimal above 0", d.name, d.text)
		}
		*d.to = v
	}
	return row, nil
}

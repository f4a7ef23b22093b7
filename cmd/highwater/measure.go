package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/highwater-sam/highwater/estate"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/measure"
	"github.com/highwater-sam/highwater/measure/scenario"
)

// measureCmd measures an estate without a server: what the server says can be checked with it by anyone.
type measureCmd struct {
	Estate  string `required:"" placeholder:"FILE" help:"The estate, as JSON or as a scenario; - reads standard input."`
	JSON    bool   `name:"json" help:"Write JSON instead of text."`
	Explain string `placeholder:"LICENSE" xor:"what" help:"Say why this license's figures are what they are."`
	Region  string `placeholder:"REGION" help:"With --explain: one region only (1, 2, 3 or unassigned)."`
	At      string `placeholder:"TIME" help:"With --explain: at this instant (2026-02-03T00:00:00Z) rather than at the peaks."`
	Period  string `placeholder:"NAME" help:"With --explain: the peaks of this period only."`
	Series  string `placeholder:"LICENSE" xor:"what" help:"Write this license's consumption over time, by region, as CSV."`
	Against string `placeholder:"FILE" xor:"what" help:"Write what differs in the measurement of this other estate."`
}

// Run measures.
func (c *measureCmd) Run(std streams) error {
	out := bufio.NewWriter(std.out)
	err := c.run(std, out)
	return errors.Join(err, out.Flush())
}

func (c *measureCmd) run(std streams, out io.Writer) error {
	if c.Explain == "" && (c.Region != "" || c.At != "" || c.Period != "") {
		return fault.New(fault.Invalid, "--region, --at and --period belong to --explain")
	}
	engine, check, err := readEngine(c.Estate, std)
	if err != nil {
		return err
	}
	switch {
	case c.Explain != "":
		return c.explain(engine, out)
	case c.Series != "":
		return writeSeries(engine, c.Series, out)
	case c.Against != "":
		return c.against(engine, std, out)
	}
	m := engine.Measure()
	if c.JSON {
		err = m.Encode(out)
	} else {
		err = writeTable(out, m)
	}
	if err != nil {
		return fmt.Errorf("write measurement: %w", err)
	}
	return check(m)
}

// readEngine reads an estate. What is wrong with it is told line by line; check says whether a scenario's
// expectations are met.
func readEngine(name string, std streams) (e *measure.Engine, check func(*measure.Measurement) error, err error) {
	src := std.in
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, nil, fmt.Errorf("read estate: %w", err)
		}
		defer f.Close()
		src = f
	}
	in := bufio.NewReaderSize(src, 1<<16)
	check = func(*measure.Measurement) error { return nil }
	var read *estate.Estate
	if start, _ := in.Peek(512); strings.HasSuffix(name, ".txt") || scenario.Looks(start) {
		var s *scenario.Scenario
		if s, err = scenario.Parse(in); err == nil {
			read = s.Estate
			check = func(m *measure.Measurement) error { return met(s.Check(m), std.err) }
		}
	} else {
		read, err = estate.Decode(in)
	}
	var mistakes scenario.Mistakes
	if errors.As(err, &mistakes) || estate.ProblemsOf(err) != nil {
		fmt.Fprintln(std.err, err)
		return nil, nil, fault.Wrap(errReported, fault.Invalid, "the estate is malformed")
	}
	if err != nil {
		return nil, nil, err
	}
	e, err = measure.New(read)
	return e, check, err
}

// met tells what of a scenario's expectations was not met.
func met(failed []string, stderr io.Writer) error {
	if len(failed) == 0 {
		return nil
	}
	for _, f := range failed {
		fmt.Fprintln(stderr, f)
	}
	return errReported
}

func (c *measureCmd) explain(engine *measure.Engine, out io.Writer) error {
	q := measure.Query{Period: c.Period}
	if c.Region != "" {
		region, err := parseRegion(c.Region)
		if err != nil {
			return err
		}
		q.Region = &region
	}
	if c.At != "" {
		at, err := estate.ParseInstant(c.At)
		if err != nil {
			return fault.New(fault.Invalid, "--at: %v", err)
		}
		q.At = at
	}
	x, err := engine.Explain(c.Explain, q)
	if err != nil {
		return fault.New(fault.Invalid, "%v", err)
	}
	if c.JSON {
		return writeJSON(out, x)
	}
	return writeExplanation(out, x)
}

func parseRegion(s string) (measure.Region, error) {
	switch strings.ToLower(s) {
	case "1", "2", "3":
		return measure.Region(s[0] - '0'), nil
	case "unassigned", "null", "none":
		return measure.Unassigned, nil
	}
	return 0, fault.New(fault.Invalid, "%q is not a region: write 1, 2, 3 or unassigned", s)
}

func writeSeries(engine *measure.Engine, license string, out io.Writer) error {
	all, err := engine.Series(license)
	if err != nil {
		return fault.New(fault.Invalid, "%v", err)
	}
	fmt.Fprintln(out, "region,instant,value")
	for _, region := range all {
		name := "unassigned"
		if region.Region != measure.Unassigned {
			name = fmt.Sprint(int(region.Region))
		}
		for _, s := range region.Steps {
			fmt.Fprintf(out, "%s,%s,%s\n", name, s.At, s.Value)
		}
	}
	return nil
}

func (c *measureCmd) against(engine *measure.Engine, std streams, out io.Writer) error {
	if c.Estate == "-" && c.Against == "-" {
		return fault.New(fault.Invalid, "only one of the two estates can come from standard input")
	}
	other, _, err := readEngine(c.Against, std)
	if err != nil {
		return err
	}
	d := measure.Compare(engine.Measure(), other.Measure())
	if c.JSON {
		return writeJSON(out, d)
	}
	return writeDifference(out, d)
}

func writeJSON(out io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := out.Write(b.Bytes())
	return err
}

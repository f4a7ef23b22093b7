// Package scenario reads estates, and what is expected of them, from text that a license manager can write.
//
// A scenario is a list of blocks. A block begins at the left margin; its indented lines say more about it; what follows
// a # is a comment. docs/measure.md describes the language with examples, and measure/testdata holds many.
package scenario

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/highwater-sam/highwater/estate"
)

// Scenario is an estate with what is expected of its measurement.
type Scenario struct {
	Title  string // the comment at the top
	Estate *estate.Estate
	Expect []Expectation
}

// Mistake is a line that cannot be read.
type Mistake struct {
	Line    int
	Message string
}

// Mistakes are all lines of a scenario that cannot be read; at least one.
type Mistakes []Mistake

// Error returns every mistake on a line of its own.
func (ms Mistakes) Error() string {
	lines := make([]string, len(ms))
	for i, m := range ms {
		lines[i] = fmt.Sprintf("line %d: %s", m.Line, m.Message)
	}
	return strings.Join(lines, "\n")
}

// Looks reports whether text that begins so is a scenario rather than JSON.
func Looks(text []byte) bool {
	s := strings.TrimLeft(string(text), " \t\r\n")
	for _, head := range []string{"#", "as of ", "period ", "location ", "host ", "vm ", "computer ", "license ", "high frequency "} {
		if strings.HasPrefix(s, head) {
			return true
		}
	}
	return false
}

// Parse reads a scenario. Lines that cannot be read are returned as Mistakes, what is wrong with the estate they make
// as estate.Problems.
func Parse(src io.Reader) (*Scenario, error) {
	p := &parser{s: &Scenario{Estate: &estate.Estate{Format: estate.Format}}}
	in := bufio.NewScanner(src)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		p.line++
		p.read(in.Text())
	}
	if err := in.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			return nil, Mistakes{{p.line + 1, "this line is too long"}}
		}
		return nil, fmt.Errorf("read scenario: %w", err)
	}
	if p.mistakes != nil {
		return nil, p.mistakes
	}
	if err := estate.Validate(p.s.Estate); err != nil {
		return nil, err
	}
	return p.s, nil
}

type parser struct {
	s        *Scenario
	line     int
	block    func(w *words) // reads the indented lines of the block
	begun    bool
	mistakes Mistakes
}

func (p *parser) read(text string) {
	if title, ok := strings.CutPrefix(text, "#"); ok && !p.begun {
		p.s.Title = strings.TrimSpace(p.s.Title + " " + strings.TrimSpace(title))
		return
	}
	w, err := split(text)
	defer func() {
		switch m := recover().(type) {
		case nil:
		case mistake:
			p.mistakes = append(p.mistakes, Mistake{p.line, string(m)})
		default:
			panic(m)
		}
	}()
	if err != nil {
		w.fail("%v", err)
	}
	if len(w.list) == 0 {
		return
	}
	p.begun = true
	if text[0] != ' ' && text[0] != '\t' {
		p.block = nil
		p.head(w)
	} else if p.block == nil {
		w.fail("this line is indented but belongs to nothing")
	} else {
		p.block(w)
	}
	w.end()
}

// head reads the line that begins a block.
func (p *parser) head(w *words) {
	e := p.s.Estate
	switch {
	case w.is("as", "of"):
		e.AsOf = w.instant()
	case w.is("high", "frequency", "off"):
		e.HighFrequency = estate.Bool(false)
	case w.is("period"):
		x := estate.Period{Name: w.name()}
		x.From, x.To = w.dates(0)
		e.Periods = append(e.Periods, x)
	case w.is("location"):
		x := estate.Location{ID: w.name()}
		for w.more() {
			switch {
			case w.is("in"):
				x.Parent = w.name()
			case w.is("region"):
				x.Region = estate.Region(w.whole())
			default:
				w.fail("after a location comes: in LOCATION, or: region NUMBER")
			}
		}
		e.Locations = append(e.Locations, x)
	case w.is("host"):
		p.device(w, estate.Host)
	case w.is("vm"):
		p.device(w, estate.VM)
	case w.is("computer"):
		p.device(w, estate.Computer)
	case w.is("license"):
		p.license(w)
	case w.is("expect"):
		p.expect(w)
	default:
		w.fail("a block begins with: as of, period, location, host, vm, computer, license or expect")
	}
}

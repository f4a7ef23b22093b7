package scenario

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/highwater-sam/highwater/estate"
)

// words is one line, taken word by word. Commas stand between phrases and may be left out.
type words struct {
	list []word
}

type word struct {
	text   string
	quoted bool
}

// mistake ends the reading of a line; parser.read catches it.
type mistake string

func (w *words) fail(format string, args ...any) { panic(mistake(fmt.Sprintf(format, args...))) }

// split takes a line apart: words, "quoted texts", commas and colons at the end of words; # begins a comment.
func split(line string) (*words, error) {
	w := &words{}
	for {
		line = strings.TrimLeft(line, " \t\r")
		if line == "" || line[0] == '#' {
			return w, nil
		}
		if line[0] == '"' {
			text, rest, closed := strings.Cut(line[1:], `"`)
			if !closed {
				return w, errors.New("a quotation has no end")
			}
			w.list = append(w.list, word{text, true})
			line = rest
			continue
		}
		end := strings.IndexAny(line, " \t\r")
		if end < 0 {
			end = len(line)
		}
		text := line[:end]
		line = line[end:]
		if bare := strings.TrimRight(text, ",:"); bare != "" {
			w.list = append(w.list, word{bare, false})
		}
	}
}

func (w *words) more() bool { return len(w.list) > 0 }

// is takes the words if the line goes on with them.
func (w *words) is(texts ...string) bool {
	if len(w.list) < len(texts) {
		return false
	}
	for i, t := range texts {
		if w.list[i].quoted || w.list[i].text != t {
			return false
		}
	}
	w.list = w.list[len(texts):]
	return true
}

func (w *words) end() {
	if w.more() {
		w.fail("%q has no meaning here", w.list[0].text)
	}
}

func (w *words) take(what string) string {
	if !w.more() {
		w.fail("%s is missing at the end", what)
	}
	t := w.list[0].text
	w.list = w.list[1:]
	return t
}

func (w *words) name() string { return w.take("a name") }

func (w *words) whole() int {
	t := w.take("a number")
	n, err := strconv.Atoi(t)
	if err != nil {
		w.fail("%q is not a whole number", t)
	}
	return n
}

func (w *words) decimal() estate.Decimal {
	t := w.take("a number")
	d, err := estate.ParseDecimal(t)
	if err != nil {
		w.fail("%v", err)
	}
	return d
}

// instant reads a day, or a day and a time of day in UTC, or an RFC 3339 instant.
func (w *words) instant() estate.Instant {
	t := w.take("a date")
	if i, err := estate.ParseInstant(t); err == nil {
		return i
	}
	if _, err := time.Parse(time.DateOnly, t); err != nil {
		w.fail("%q is not a date such as 2026-02-03", t)
	}
	if w.more() {
		for _, layout := range []string{"15:04", "15:04:05"} {
			if clock, err := time.Parse(layout, w.list[0].text); err == nil {
				w.list = w.list[1:]
				i, _ := estate.ParseInstant(t + clock.Format("T15:04:05Z"))
				return i
			}
		}
	}
	i, err := estate.ParseInstant(t + "T00:00:00Z")
	if err != nil {
		w.fail("%v", err)
	}
	return i
}

// longAgo is when undated facts begin.
var longAgo, _ = estate.ParseInstant("2000-01-01T00:00:00Z")

// dates reads: from DATE to DATE, of which each may be left out; from is otherwise what is given.
func (w *words) dates(from estate.Instant) (estate.Instant, estate.Instant) {
	to := estate.Instant(0)
	if w.is("from") {
		from = w.instant()
	}
	if w.is("to") {
		to = w.instant()
	}
	return from, to
}

// ratio reads VPC:ENTITLEMENTS, such as 2:1.
func (w *words) ratio() *estate.Ratio {
	t := w.take("a ratio")
	vpc, entitlements, ok := strings.Cut(t, ":")
	r := &estate.Ratio{VPC: estate.Decimal(vpc), Entitlements: estate.Decimal(entitlements)}
	if !ok || !r.VPC.Valid() || !r.Entitlements.Valid() {
		w.fail("%q is not a ratio such as 2:1", t)
	}
	return r
}

package report

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// CSV writes rows as comma-separated values after RFC 4180: CRLF ends a record, the first record holds the columns' keys.
// Values are exact: numbers without separators, instants as 2026-06-18T06:30:00Z, days as 2026-06-18, unknown as nothing.
// encoding/csv is not used because with CRLF it changes line breaks inside values.
//
// A text that a spreadsheet would run as a formula (it begins with = + - @ or a control character) is written with an
// apostrophe before it, as OWASP advises; numbers are never changed.
type CSV struct {
	w       *bufio.Writer
	columns []Column
}

// NewCSV begins a file with its head.
func NewCSV(w io.Writer, columns []Column) (*CSV, error) {
	c := &CSV{bufio.NewWriterSize(w, 32<<10), columns}
	heads := make([]string, len(columns))
	for i, col := range columns {
		heads[i] = col.Key
	}
	return c, c.record(heads)
}

// Write adds one row; its cells are in the order of the columns: string, int64 or nil.
func (c *CSV) Write(row Row) error {
	if len(row.Cells) < len(c.columns) {
		return fmt.Errorf("write row %s as CSV: %d cells for %d columns", row.ID, len(row.Cells), len(c.columns))
	}
	fields := make([]string, len(c.columns))
	for i, col := range c.columns {
		fields[i] = PlainCell(col, row.Cells[i])
		if col.Kind == Text || col.Kind == Choice {
			fields[i] = disarm(fields[i])
		}
	}
	return c.record(fields)
}

// Flush writes what is held back.
func (c *CSV) Flush() error { return c.w.Flush() }

func (c *CSV) record(fields []string) error {
	for i, f := range fields {
		if i > 0 {
			c.w.WriteByte(',')
		}
		if strings.ContainsAny(f, ",\"\r\n") || f != strings.TrimSpace(f) {
			f = `"` + strings.ReplaceAll(f, `"`, `""`) + `"`
		}
		c.w.WriteString(f)
	}
	_, err := c.w.WriteString("\r\n")
	return err
}

// disarm keeps a spreadsheet from running a text.
func disarm(s string) string {
	if s != "" && (strings.ContainsRune("=+-@", rune(s[0])) || s[0] < ' ') {
		return "'" + s
	}
	return s
}

// PlainCell writes a cell exactly, for machines: CSV and the API. Unknown is "".
func PlainCell(c Column, cell any) string {
	switch v := cell.(type) {
	case nil:
		return ""
	case string:
		return v
	case int64:
		switch c.Kind {
		case Instant:
			return time.UnixMicro(v).UTC().Format("2006-01-02T15:04:05.999999Z")
		case Day:
			return time.UnixMicro(v).UTC().Format(time.DateOnly)
		}
		return strconv.FormatInt(v, 10)
	default:
		return fmt.Sprint(v)
	}
}

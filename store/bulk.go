package store

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"sync"
)

// bulk inserts many rows of one table with few statements: one statement for 64 rows costs little more than one for one.
// It is the loading that the design lets differ from the compiled queries. The two texts differ in their parameters
// only: SQLite looks a numbered one up by its name among all of them, which for hundreds costs more than the insert.
type bulk struct {
	table    string
	columns  []string
	conflict string // what follows VALUES, e.g. ON CONFLICT (hash) DO NOTHING
	texts    sync.Map
}

func newBulk(table, columns, conflict string) *bulk {
	return &bulk{table: table, columns: strings.Split(columns, ", "), conflict: conflict}
}

// chunks are the numbers of rows that one statement takes: few different texts, each prepared once.
var chunks = [...]int{64, 16, 4, 1}

type bulkText struct {
	rows     int
	numbered bool
}

// text is the statement for n rows.
func (b *bulk) text(n int, numbered bool) string {
	key := bulkText{n, numbered}
	if t, ok := b.texts.Load(key); ok {
		return t.(string)
	}
	var s strings.Builder
	s.WriteString("INSERT INTO " + b.table + " (" + strings.Join(b.columns, ", ") + ") VALUES ")
	p := 0
	for i := range n {
		if i > 0 {
			s.WriteString(", ")
		}
		s.WriteByte('(')
		for j := range b.columns {
			if j > 0 {
				s.WriteString(", ")
			}
			if p++; numbered {
				s.WriteByte('$')
				s.WriteString(strconv.Itoa(p))
			} else {
				s.WriteByte('?')
			}
		}
		s.WriteByte(')')
	}
	if b.conflict != "" {
		s.WriteByte(' ')
		s.WriteString(b.conflict)
	}
	b.texts.Store(key, s.String())
	return s.String()
}

// bulkRows are the values of rows, one row after another.
type bulkRows []any

// insert writes the rows and returns the outcome of each statement.
func (b *bulk) insert(ctx context.Context, tx writeTx, values bulkRows) ([]sql.Result, error) {
	width := len(b.columns)
	_, numbered := tx.(*postgresTx)
	var results []sql.Result
	for len(values) > 0 {
		n := 1
		for _, n = range chunks {
			if len(values) >= n*width {
				break
			}
		}
		r, err := tx.ExecContext(ctx, b.text(n, numbered), values[:n*width]...)
		if err != nil {
			return nil, err
		}
		results = append(results, r)
		values = values[n*width:]
	}
	return results, nil
}

// affected adds up the outcomes.
func affected(results []sql.Result) (total int64, err error) {
	for _, r := range results {
		n, err := r.RowsAffected()
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// Package report holds every report and list: its columns, declared once, and the functions that fill and print them.
package report

// ColumnKind says how a column is sorted, filtered, aligned and printed.
type ColumnKind string

// The kinds of column.
const (
	Text    ColumnKind = "text"
	Number  ColumnKind = "number"  // an integer, stored as BIGINT
	Exact   ColumnKind = "exact"   // an exact decimal in text; sorted by a numeric companion column named <key>_sort
	Instant ColumnKind = "instant" // microseconds UTC
	Day     ColumnKind = "day"     // microseconds UTC of a midnight
	Choice  ColumnKind = "choice"  // one of Values
)

// Column is one column of a list. Its key is also its name in the URL, in the API, in CSV heads and in the store's view.
type Column struct {
	Key    string
	Title  string
	Kind   ColumnKind
	Unit   string   // written in the head, never in the cells
	Values []string // of a Choice
	Hidden bool     // not shown until the column chooser shows it
	Inner  bool     // read only to make links of or to narrow the list by: never shown, offered or exported
	Link   string   // where the cell leads; {id} stands for the row's id, {key} for another column's value; "" = nowhere
	Help   string   // one sentence for the head's title
}

// Grid is one list: the store has a view of the same name whose columns are the keys, and id.
type Grid struct {
	Name    string // of the view, and in URLs
	Title   string
	Noun    string // what a row is, for counts: "device"
	Columns []Column
	Sort    []Sort // the order when none is asked for; id is always the last tie-breaker
}

// Sort is one level of order.
type Sort struct {
	Key        string
	Descending bool
}

// Filter is one condition; all conditions of a query hold together. Value is text for Text and Choice, a decimal integer
// for Number, a decimal ("-12.5") for Exact, and decimal microseconds UTC for Instant and Day; it is "" for Empty and
// Set. An unknown value (NULL) satisfies only Empty and Not.
type Filter struct {
	Key   string
	Op    Op
	Value string
}

// Op is how a filter compares.
type Op string

// The comparisons. Text compares without regard to ASCII case.
const (
	Contains Op = "contains"
	Equal    Op = "eq"
	Not      Op = "ne"
	Less     Op = "lt"
	AtMost   Op = "le"
	More     Op = "gt"
	AtLeast  Op = "ge"
	Empty    Op = "empty"
	Set      Op = "set"
)

// Query asks for one page of a grid. It is what a URL says (see ParseQuery) and what the store answers.
type Query struct {
	Search  string // found in any text column
	Filters []Filter
	Sort    []Sort   // empty = the grid's own
	Columns []string // shown, in order; empty = the grid's default
	After   string   // opaque: the page after this row; "" = the first page
	Before  string   // opaque: the page before this row
	Limit   int      // rows a page; 0 = 50
}

// Page is one page of rows. Cells are in the order of the query's columns: string, int64, or nil for unknown.
type Page struct {
	Columns    []Column
	Rows       []Row
	Total      int64  // rows the filters leave, all pages together
	Next, Prev string // for Query.After and Query.Before; "" at an end
}

// Row is one row with the id it links by.
type Row struct {
	ID    string
	Cells []any
}

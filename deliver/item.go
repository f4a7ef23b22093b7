// Package deliver moves documents reliably from where they are made to where they are kept. It does not look inside
// them.
//
// The sender keeps each item in a spool on disk before anything else happens, and removes it only when a receiver has
// said that it is durable there. A relay does the same in the middle. So whatever is killed at whatever moment, an item
// arrives at least once, and because its id travels with it, it is taken once.
package deliver

import (
	"fmt"
	"strings"
	"time"
)

// Limits of what is delivered.
const (
	MaxBody  = 16 << 20 // bytes of one item
	MaxBatch = 500      // items of one request
	MaxBytes = 24 << 20 // bytes of one request
	maxMeta  = 32 << 10 // bytes of what travels beside one body
	maxHops  = 16       // relays on the way
)

// Item is one thing to deliver: an opaque body and what must be known of it on the way.
type Item struct {
	ID     string    `json:"id"`             // the same at each attempt, so that a receiver takes it once
	From   string    `json:"from,omitempty"` // whose it is; items of one sender are taken in order
	At     time.Time `json:"at"`             // when it was made, by its maker's clock; the oldest goes first
	Weight Weight    `json:"weight,omitempty"`
	Stamps []Stamp   `json:"stamps,omitempty"` // one for each receiver it passed, first to last
	Body   []byte    `json:"-"`
}

// Weight says what goes first when a spool must drop something.
type Weight int

// The weights: of full inventories the next one says the same again, a lost change of hardware is lost for good.
const (
	Ordinary Weight = 0
	Precious Weight = 1
)

// Stamp is what one receiver noted when it took an item.
type Stamp struct {
	By         string    `json:"by"`          // the receiver's name
	ReceivedAt time.Time `json:"received_at"` // by its clock
	// Offset is how far the sender's clock was ahead of the receiver's, in microseconds; nil when it was not measured.
	// The offsets of all stamps together are how far the maker's clock was ahead of the last receiver's.
	Offset *int64 `json:"offset_us,omitempty"`
}

// ClockOffset returns how far the maker's clock was ahead of the last receiver's, and whether every hop measured it.
func (i Item) ClockOffset() (time.Duration, bool) {
	var sum time.Duration
	for _, s := range i.Stamps {
		if s.Offset == nil {
			return 0, false
		}
		sum += time.Duration(*s.Offset) * time.Microsecond
	}
	return sum, len(i.Stamps) > 0
}

// check refuses what no receiver could take and no spool could keep.
func (i Item) check() error {
	if i.ID == "" || len(i.ID) > 80 || strings.Trim(i.ID, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
		return fmt.Errorf("the item's id %.90q is not 1 to 80 letters, digits and dashes", i.ID)
	}
	if y := i.At.UTC().Year(); y < 1971 || y > 9000 {
		return fmt.Errorf("item %s: its time %s is not plausible", i.ID, i.At)
	}
	if i.Weight != Ordinary && i.Weight != Precious {
		return fmt.Errorf("item %s: its weight is %d", i.ID, i.Weight)
	}
	if len(i.From) > 255 || len(i.Stamps) > maxHops {
		return fmt.Errorf("item %s: it passed %d relays or comes from a name of %d bytes", i.ID, len(i.Stamps), len(i.From))
	}
	if len(i.Body) > MaxBody {
		return fmt.Errorf("item %s has %d bytes, %d are allowed", i.ID, len(i.Body), MaxBody)
	}
	return nil
}

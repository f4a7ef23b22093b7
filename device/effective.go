package device

import (
	"fmt"
	"time"
)

// ClockTolerance is how far a device's clock may be from the receiver's for its collection times to be believed.
const ClockTolerance = 5 * time.Minute

// Clock is how far the sender's clock was from the receiver's when they last spoke.
type Clock struct {
	Measured bool          // false: nobody compared them (an uploaded file, an unsigned document)
	Offset   time.Duration // sender minus receiver
}

// Effective says from when a document's facts hold: from its collection time where the clock that told it is known to be
// right within ClockTolerance, otherwise from when it was received, with a remark for a person. Instants are cut to whole
// seconds, the grain of an estate.
func Effective(collected, received time.Time, clock Clock) (at time.Time, remark string) {
	at = received.UTC().Truncate(time.Second)
	off := clock.Offset
	switch {
	case collected.IsZero():
		return at, "the document has no collection time: it counts from when it was received"
	case !clock.Measured:
		return at, fmt.Sprintf("the clock of the collector is not known to be right: the document counts from when it was received, not from %s",
			collected.UTC().Format(time.RFC3339))
	case off > ClockTolerance || off < -ClockTolerance:
		way := "ahead"
		if off < 0 {
			off, way = -off, "behind"
		}
		return at, fmt.Sprintf("the device's clock was %s %s: the document counts from when it was received, not from %s",
			off.Round(time.Second), way, collected.UTC().Format(time.RFC3339))
	case collected.Sub(received) > ClockTolerance:
		return at, fmt.Sprintf("the collection time %s lies after the time of receipt: the document counts from when it was received",
			collected.UTC().Format(time.RFC3339))
	}
	return collected.UTC().Truncate(time.Second), ""
}

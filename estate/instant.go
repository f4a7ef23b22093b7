package estate

import (
	"fmt"
	"time"
)

// Instant is a whole second of UTC. Instants order and subtract as integers, in seconds. The zero value means "not
// stated": as a From since ever, as a To still so. Every instant that RFC 3339 can write is above zero.
type Instant int64

// yearZero is the Unix second of 0000-01-01T00:00:00Z, which is Instant 1.
const yearZero = -62167219200

// lastInstant is 9999-12-31T23:59:59Z, the last that RFC 3339 can write.
const lastInstant = Instant(253402300799 - yearZero + 1)

// At returns the instant of t, whose fraction of a second is dropped.
func At(t time.Time) Instant { return Unix(t.Unix()) }

// Unix returns the instant that is sec seconds after 1970-01-01T00:00:00Z.
func Unix(sec int64) Instant { return Instant(sec - yearZero + 1) }

// Unix returns the instant in seconds since 1970-01-01T00:00:00Z.
func (i Instant) Unix() int64 { return int64(i) + yearZero - 1 }

// Time returns the instant as a time in UTC, and the zero time when it is not stated.
func (i Instant) Time() time.Time {
	if i == 0 {
		return time.Time{}
	}
	return time.Unix(i.Unix(), 0).UTC()
}

// IsZero reports whether the instant is not stated.
func (i Instant) IsZero() bool { return i == 0 }

// String returns the instant in RFC 3339, and "" when it is not stated.
func (i Instant) String() string {
	if i == 0 {
		return ""
	}
	return i.Time().Format("2006-01-02T15:04:05Z")
}

// Date returns the UTC day of the instant, such as 2026-03-31.
func (i Instant) Date() string { return i.Time().Format("2006-01-02") }

// MarshalJSON writes the instant as a string, null when it is not stated.
func (i Instant) MarshalJSON() ([]byte, error) {
	if i == 0 {
		return []byte("null"), nil
	}
	return []byte(`"` + i.String() + `"`), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (i *Instant) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*i = 0
		return nil
	}
	if len(b) < 2 || b[0] != '"' || b[len(b)-1] != '"' {
		return fmt.Errorf("%s is not an instant", b)
	}
	v, err := ParseInstant(string(b[1 : len(b)-1]))
	*i = v
	return err
}

// ParseInstant reads an RFC 3339 instant of a whole second ending in Z, such as 2026-02-03T00:00:00Z.
func ParseInstant(s string) (Instant, error) {
	if i, ok := parseInstant(s); ok {
		return i, nil
	}
	return 0, fmt.Errorf("%q is not an instant: write whole seconds of UTC such as 2026-02-03T00:00:00Z", s)
}

// instantShape has a 0 where a digit must stand.
const instantShape = "0000-00-00T00:00:00Z"

func parseInstant(s string) (Instant, bool) {
	if len(s) != len(instantShape) {
		return 0, false
	}
	for i := range len(s) {
		if c := instantShape[i]; c == '0' && (s[i] < '0' || s[i] > '9') || c != '0' && s[i] != c {
			return 0, false
		}
	}
	year := number(s[0:2])*100 + number(s[2:4])
	month, day := number(s[5:7]), number(s[8:10])
	hour, minute, second := number(s[11:13]), number(s[14:16]), number(s[17:19])
	if month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59 {
		return 0, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	if t.Day() != day { // the 31st of a month of 30 days
		return 0, false
	}
	return At(t), true
}

// number reads two digits.
func number(s string) int { return int(s[0]-'0')*10 + int(s[1]-'0') }

package auth

import (
	"sync"
	"time"
)

// The limits of Throttle.
const (
	// TriesPerAccount failures for one account from one address lead to a pause of that pair.
	TriesPerAccount = 5
	// TriesPerAddress failures from one address, whatever the accounts, lead to a pause of the address.
	TriesPerAddress = 30
	// TriesOnAccount failures for one account from all addresses together lead to a pause of the account for addresses
	// that have not signed in to it before: a spread attack stops, its owner still gets in from where they work.
	TriesOnAccount = 50
	// Pause is how long a pause lasts, and how long a failure is remembered.
	Pause = 15 * time.Minute
	// maxRemembered bounds the memory an attacker can make us use; beyond it what is forgotten goes first, then any.
	maxRemembered = 100_000
)

// Throttle slows down guessing of passwords. The rule: a failure is remembered for Pause after it happened; when an
// account and address together have TriesPerAccount remembered failures, or an address has TriesPerAddress, or an account
// has TriesOnAccount, further tries are refused, without looking at the password, until the failures are forgotten again.
// A success forgets the failures of its account and address. Refused tries do not count as failures, so a pause ends.
// It remembers in memory: each process counts for itself. It is safe for concurrent use.
type Throttle struct {
	mu      sync.Mutex
	entries map[string]*tries
	known   map[string]time.Time // account and address that have signed in, and when
}

// tries are the failures of one subject: how many, and until when they are remembered.
type tries struct {
	count int
	until time.Time
}

// NewThrottle makes a throttle that remembers nothing.
func NewThrottle() *Throttle {
	return &Throttle{entries: map[string]*tries{}, known: map[string]time.Time{}}
}

// pair, address and account name the three subjects of a try; \x00 is in no account name and no address.
func pairKey(account, address string) string { return "p\x00" + account + "\x00" + address }
func addressKey(address string) string       { return "a\x00" + address }
func accountKey(account string) string       { return "u\x00" + account }

// Verdict is whether a try may go on.
type Verdict struct {
	Allowed bool
	Left    int           // tries left for this account and address before a pause, this one included
	Wait    time.Duration // until the pause ends, when not Allowed
}

// Begin counts a try as failed before it is decided, so that tries at the same time cannot slip past the limit, and
// returns whether it may go on. Call Succeed when the password was right.
func (t *Throttle) Begin(account, address string, now time.Time) Verdict {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bound(now)
	limits := []struct {
		key string
		max int
	}{{pairKey(account, address), TriesPerAccount}, {addressKey(address), TriesPerAddress}, {accountKey(account), TriesOnAccount}}
	if _, known := t.known[pairKey(account, address)]; known {
		limits = limits[:2]
	}
	var wait time.Duration
	for _, l := range limits {
		if e := t.live(l.key, now); e != nil && e.count >= l.max {
			wait = max(wait, e.until.Sub(now))
		}
	}
	if wait > 0 {
		return Verdict{Wait: wait}
	}
	left := TriesPerAccount
	for i, key := range []string{pairKey(account, address), addressKey(address), accountKey(account)} {
		e := t.live(key, now)
		if e == nil {
			e = &tries{}
			t.entries[key] = e
		}
		if i == 0 {
			left -= e.count
		}
		e.count++
		e.until = now.Add(Pause)
	}
	return Verdict{Allowed: true, Left: left}
}

// Succeed takes back the try that Begin counted, and forgets the failures of the account and address.
func (t *Throttle) Succeed(account, address string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.entries, pairKey(account, address))
	for _, key := range []string{addressKey(address), accountKey(account)} {
		if e := t.live(key, now); e != nil && e.count > 0 {
			e.count--
		}
	}
	t.known[pairKey(account, address)] = now
}

// live returns the entry of the key when it is still remembered.
func (t *Throttle) live(key string, now time.Time) *tries {
	e := t.entries[key]
	if e != nil && !now.Before(e.until) {
		delete(t.entries, key)
		return nil
	}
	return e
}

// bound keeps the memory in bounds: what is forgotten goes first, then whatever the map yields. It makes room for a
// tenth at a time, so that its cost is spread over as many tries.
func (t *Throttle) bound(now time.Time) {
	const room = maxRemembered * 9 / 10
	if len(t.entries) >= maxRemembered {
		for key := range t.entries {
			t.live(key, now)
		}
		for key := range t.entries {
			if len(t.entries) <= room {
				break
			}
			delete(t.entries, key)
		}
	}
	if len(t.known) >= maxRemembered {
		for key := range t.known {
			if len(t.known) <= room {
				break
			}
			delete(t.known, key)
		}
	}
}

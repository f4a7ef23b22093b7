package auth

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 6, 18, 12, 0, 0, 0, time.UTC)

func TestFiveTriesThenAPause(t *testing.T) {
	th := NewThrottle()
	for i := range TriesPerAccount {
		v := th.Begin("m.okafor", "192.0.2.7", noon)
		if !v.Allowed || v.Left != TriesPerAccount-i {
			t.Fatalf("try %d: %+v", i+1, v)
		}
	}
	if v := th.Begin("m.okafor", "192.0.2.7", noon.Add(time.Minute)); v.Allowed || v.Wait != 14*time.Minute {
		t.Fatalf("the sixth try: %+v", v)
	}
	if v := th.Begin("a.lindqvist", "192.0.2.7", noon); !v.Allowed {
		t.Error("another account from the same address is paused too soon")
	}
	if v := th.Begin("m.okafor", "192.0.2.8", noon); !v.Allowed {
		t.Error("the account from another address is paused too soon")
	}
	if v := th.Begin("m.okafor", "192.0.2.7", noon.Add(Pause)); !v.Allowed || v.Left != TriesPerAccount {
		t.Errorf("after the pause: %+v", v)
	}
}

func TestSuccessForgetsFailures(t *testing.T) {
	th := NewThrottle()
	for range TriesPerAccount - 1 {
		th.Begin("m.okafor", "192.0.2.7", noon)
	}
	th.Begin("m.okafor", "192.0.2.7", noon)
	th.Succeed("m.okafor", "192.0.2.7", noon)
	if v := th.Begin("m.okafor", "192.0.2.7", noon); !v.Allowed || v.Left != TriesPerAccount {
		t.Errorf("after a success: %+v", v)
	}
}

func TestOneAddressTryingManyAccountsIsPaused(t *testing.T) {
	th := NewThrottle()
	for i := range TriesPerAddress {
		if v := th.Begin(fmt.Sprintf("user%d", i), "192.0.2.7", noon); !v.Allowed {
			t.Fatalf("try %d: %+v", i, v)
		}
	}
	if v := th.Begin("one-more", "192.0.2.7", noon); v.Allowed || v.Wait != Pause {
		t.Errorf("after %d accounts: %+v", TriesPerAddress, v)
	}
	if v := th.Begin("one-more", "192.0.2.8", noon); !v.Allowed {
		t.Errorf("another address: %+v", v)
	}
}

func TestManyAddressesTryingOneAccountArePausedButItsOwnerIsNot(t *testing.T) {
	th := NewThrottle()
	th.Begin("m.okafor", "198.51.100.1", noon)
	th.Succeed("m.okafor", "198.51.100.1", noon)
	for i := range TriesOnAccount {
		th.Begin("m.okafor", fmt.Sprintf("192.0.2.%d", i), noon)
	}
	if v := th.Begin("m.okafor", "192.0.2.200", noon); v.Allowed {
		t.Error("a new address may go on guessing an account under attack")
	}
	if v := th.Begin("m.okafor", "198.51.100.1", noon); !v.Allowed {
		t.Error("an attack locks the owner out of where they work")
	}
}

func TestTriesAtTheSameTimeDoNotSlipPast(t *testing.T) {
	th := NewThrottle()
	var wg sync.WaitGroup
	allowed := make(chan bool, 200)
	for range 200 {
		wg.Go(func() { allowed <- th.Begin("m.okafor", "192.0.2.7", noon).Allowed })
	}
	wg.Wait()
	close(allowed)
	n := 0
	for ok := range allowed {
		if ok {
			n++
		}
	}
	if n != TriesPerAccount {
		t.Errorf("%d of 200 tries at once were allowed, want %d", n, TriesPerAccount)
	}
}

// Whatever happens, no account and address get more than TriesPerAccount failures in any span of Pause without a success.
func TestThrottleHoldsItsPromise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		th, now := NewThrottle(), noon
		failures := map[string][]time.Time{}
		for range rapid.IntRange(1, 120).Draw(t, "tries") {
			now = now.Add(time.Duration(rapid.IntRange(0, 400).Draw(t, "seconds")) * time.Second)
			account := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "account")
			address := rapid.SampledFrom([]string{"1", "2"}).Draw(t, "address")
			key := account + address
			if !th.Begin(account, address, now).Allowed {
				continue
			}
			if rapid.IntRange(0, 9).Draw(t, "right") == 0 {
				th.Succeed(account, address, now)
				failures[key] = nil
				continue
			}
			failures[key] = append(failures[key], now)
			recent := 0
			for _, at := range failures[key] {
				if now.Sub(at) < Pause {
					recent++
				}
			}
			if recent > TriesPerAccount {
				t.Fatalf("%d failures of %s within %v", recent, key, Pause)
			}
		}
	})
}

func TestThrottleMemoryIsBounded(t *testing.T) {
	th := NewThrottle()
	for i := range maxRemembered { // three entries a try
		th.Begin(fmt.Sprint("u", i), fmt.Sprint("a", i), noon)
	}
	if n := len(th.entries); n > maxRemembered+3 {
		t.Errorf("%d entries remembered", n)
	}
}

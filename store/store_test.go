package store_test

import (
	"os"
	"testing"
	"time"

	"github.com/highwater-sam/highwater/store"
	"github.com/highwater-sam/highwater/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// eachWithClock is storetest.Each with a clock that the test moves.
func eachWithClock(t *testing.T, test func(t *testing.T, st *store.Store, now *time.Time)) {
	t.Helper()
	for _, database := range storetest.Databases {
		t.Run(database, func(t *testing.T) {
			now := day
			test(t, storetest.Open(t, storetest.Address(t, database), store.Options{Clock: func() time.Time { return now }}), &now)
		})
	}
}

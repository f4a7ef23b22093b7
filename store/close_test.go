package store_test

import (
	"testing"

	"github.com/highwater-sam/highwater/store"
	"github.com/highwater-sam/highwater/store/storetest"
)

func TestClosingTwiceIsClosingOnce(t *testing.T) {
	for _, database := range storetest.Databases {
		t.Run(database, func(t *testing.T) {
			st, err := store.Open(t.Context(), storetest.Address(t, database), store.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := st.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

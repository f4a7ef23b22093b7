package pipeline_test

import (
	"cmp"
	"slices"
	"strconv"
	"testing"

	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/measure"
	"github.com/highwater-sam/highwater/store"
)

// nameOf finds the name of a device by its id in an estate.
func nameOf(t *testing.T, st *store.Store, key string) string {
	t.Helper()
	id, err := strconv.ParseInt(key, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	points, err := st.CurrentPoints(t.Context(), device.ID(id))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range points {
		if n, ok := p.Value.(*device.Name); ok {
			return n.Name
		}
	}
	t.Fatalf("device %s has no name", key)
	return ""
}

func sortRemarks(all []measure.Remark) {
	slices.SortFunc(all, func(a, b measure.Remark) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Device, b.Device), cmp.Compare(a.From, b.From))
	})
}

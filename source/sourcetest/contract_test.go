package sourcetest_test

import (
	"context"
	"testing"
	"time"

	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/inventory/inventorytest"
	"github.com/highwater-sam/highwater/source"
	"github.com/highwater-sam/highwater/source/sourcetest"
)

// fixed emits generated documents: a source that keeps the contract.
type fixed struct{ n uint64 }

func (f fixed) Collect(ctx context.Context, emit func(*inventory.Document) error) error {
	for i := range f.n {
		if err := ctx.Err(); err != nil {
			return err
		}
		d := inventorytest.Document(inventorytest.Options{Seed: i})
		d.Header.ID = inventorytest.Document(inventorytest.Options{Seed: i, At: time.Now()}).Header.ID
		if err := emit(d); err != nil {
			return err
		}
	}
	return nil
}

func TestASourceThatKeepsTheContractPasses(t *testing.T) {
	open := func(source.Values) (source.Source, error) { return fixed{3}, nil }
	sourcetest.Run(t, sourcetest.Subject{
		Kind: source.Kind{Name: "agent", Title: "Fixed", Help: "Emits generated documents.", Places: []source.Place{source.OnServer}, New: open},
		New:  func(*testing.T) source.Source { return fixed{3} }, AtLeast: 3,
	})
}

package sample_test

import (
	"testing"

	"github.com/highwater-sam/highwater/catalog"
	"github.com/highwater-sam/highwater/pipeline/sample"
)

func TestTheLibraryRecognizesTheSamplesSoftware(t *testing.T) {
	recognizer, err := catalog.Compile(catalog.Library())
	if err != nil {
		t.Fatal(err)
	}
	devices := map[catalog.ProductID]map[string]bool{}
	for _, r := range sample.New(day).Reports {
		for _, found := range recognizer.Recognize(catalog.TitlesOf(r.Document)).Products {
			if devices[found.Product] == nil {
				devices[found.Product] = map[string]bool{}
			}
			devices[found.Product][r.Document.Header.DeviceName] = true
		}
	}
	for product, least := range map[catalog.ProductID]int{
		"ibm-db2": 15, "ibm-mq": 20, "ibm-was-nd": 12, "ibm-app-connect-enterprise": 7, "ibm-tivoli-monitoring": 10, "oracle-database": 1,
		"nginx": 6, "postgresql": 3,
	} {
		if got := len(devices[product]); got < least {
			t.Errorf("%s is recognized on %d devices, want at least %d", product, got, least)
		}
	}
	if t.Failed() {
		for product, on := range devices {
			t.Logf("%s on %d", product, len(on))
		}
	}
}

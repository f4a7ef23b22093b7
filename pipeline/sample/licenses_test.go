package sample_test

import (
	"testing"

	"github.com/highwater-sam/highwater/assign"
	"github.com/highwater-sam/highwater/pipeline/sample"
)

func TestTheSamplesLicensesAreValid(t *testing.T) {
	licenses := sample.Licenses(sample.New(day))
	for _, l := range licenses {
		if err := l.Validate(); err != nil {
			t.Errorf("license %s: %v", l.ID, err)
		}
	}
	if err := assign.ValidateTogether(licenses); err != nil {
		t.Error(err)
	}
	if len(licenses) < 6 {
		t.Errorf("the sample has %d licenses, want PVU, VPC, Cloud Pak and RVU ones", len(licenses))
	}
}

package store_test

import (
	"os"
	"testing"

	"github.com/highwater-sam/highwater/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

package local

import (
	"runtime"

	"github.com/highwater-sam/highwater/fault"
)

// errUnsupported is what a live look answers on systems whose readers do not exist yet.
func errUnsupported() error {
	return fault.New(fault.Invalid, "this agent cannot look at a %s machine yet: only Linux and AIX are supported so far", runtime.GOOS)
}

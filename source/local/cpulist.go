package local

import (
	"fmt"
	"strconv"
	"strings"
)

// maxCPU bounds CPU numbers in lists; the kernel's own bound is 8192.
const maxCPU = 1 << 16

// parseCPUList reads the kernel's form of a set of CPUs: "0-3,8,10-11". An empty text is an empty set.
func parseCPUList(s string) ([]int, error) {
	var out []int
	if s = strings.TrimSpace(s); s == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(s, ",") {
		first, last, ranged := strings.Cut(part, "-")
		from, err := strconv.ParseUint(first, 10, 31)
		if err != nil {
			return nil, fmt.Errorf("CPU list %.60q: %q is no number", s, first)
		}
		to := from
		if ranged {
			if to, err = strconv.ParseUint(last, 10, 31); err != nil {
				return nil, fmt.Errorf("CPU list %.60q: %q is no number", s, last)
			}
		}
		if to < from || to >= maxCPU || len(out) > maxCPU {
			return nil, fmt.Errorf("CPU list %.60q: %q is no range below %d", s, part, maxCPU)
		}
		for n := from; n <= to; n++ {
			out = append(out, int(n))
		}
	}
	return out, nil
}

package local

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/highwater-sam/highwater/inventory"
)

// maxSmall bounds the files that are read whole: those of /proc, /sys and /etc.
const maxSmall = 4 << 20

// tree reads files below one root, "/" or a recorded machine, and notes what it could not read. It is used by one
// goroutine.
type tree struct {
	root    string
	remarks []inventory.Remark
	denied  map[string]int // permission refusals by part, told in one remark each
}

func newTree(root string) *tree { return &tree{root: root, denied: map[string]int{}} }

func (t *tree) path(name string) string { return filepath.Join(t.root, filepath.FromSlash(name)) }

// live reports whether the tree is this running machine, so that system calls and programs tell about it too.
func (t *tree) live() bool { return t.root == "/" }

func (t *tree) remark(part, format string, args ...any) {
	t.remarks = append(t.remarks, inventory.Remark{Part: part, Text: inventory.Text(fmt.Sprintf(format, args...))})
}

// finish returns the remarks, with one for each part that permissions closed.
func (t *tree) finish() []inventory.Remark {
	for part, n := range t.denied {
		t.remark(part, "%d files need more rights than this run has; run as root to read them", n)
	}
	t.denied = map[string]int{}
	slices.SortFunc(t.remarks, func(a, b inventory.Remark) int {
		return cmp.Or(cmp.Compare(a.Part, b.Part), cmp.Compare(a.Text, b.Text))
	})
	return t.remarks
}

// bytes reads a small file whole; nil when it is not there. Any other failure becomes a remark of the part.
func (t *tree) bytes(part, name string) []byte {
	f, err := os.Open(t.path(name))
	if err == nil {
		defer func() { _ = f.Close() }() // only read from
		var b []byte
		if b, err = io.ReadAll(io.LimitReader(f, maxSmall+1)); err == nil {
			if len(b) > maxSmall {
				t.remark(part, "%s is longer than %d bytes and was cut", name, maxSmall)
				b = b[:maxSmall]
			}
			return b
		}
	}
	t.failed(part, name, err)
	return nil
}

// failed notes why name could not be read, unless it is simply not there.
func (t *tree) failed(part, name string, err error) {
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case errors.Is(err, fs.ErrPermission):
		t.denied[part]++
	default:
		t.remark(part, "read %s: %v", name, err)
	}
}

// text reads a small file as one trimmed text; "" when it is not there.
func (t *tree) text(part, name string) string { return inventory.Text(string(t.bytes(part, name))) }

// number reads a small file as a whole number; ok is false when it is not there or is something else.
func (t *tree) number(part, name string) (n int64, ok bool) {
	s := t.text(part, name)
	if s == "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// names lists a folder; nil when it is not there.
func (t *tree) names(part, name string) []string {
	entries, err := os.ReadDir(t.path(name))
	if err != nil {
		t.failed(part, name, err)
		return nil
	}
	out := make([]string, 0, len(entries))
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func (t *tree) exists(name string) bool {
	_, err := os.Stat(t.path(name))
	return err == nil
}

// pairs reads "key<sep>value" lines; the first value of a key wins.
func pairs(b []byte, sep string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(string(b)) {
		key, value, ok := strings.Cut(line, sep)
		if key = strings.TrimSpace(key); !ok || key == "" {
			continue
		}
		if _, given := out[key]; !given {
			out[key] = inventory.Text(value)
		}
	}
	return out
}

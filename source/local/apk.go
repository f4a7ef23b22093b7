package local

import (
	"bufio"
	"fmt"
	"io"
	"os"

	"github.com/highwater-sam/highwater/inventory"
)

// readAPK reads Alpine's list of installed packages.
func readAPK(t *tree, e *inventory.Evidence) {
	const name = "lib/apk/db/installed"
	f, err := os.Open(t.path(name))
	if err != nil {
		t.failed("apk", name, err)
		return
	}
	defer func() { _ = f.Close() }() // only read from
	packages, err := parseAPK(f)
	e.Packages = append(e.Packages, packages...)
	if err != nil {
		t.remark("apk", "%s was read only in part: %v", name, err)
		return
	}
	e.Looked = append(e.Looked, "apk")
}

// parseAPK reads paragraphs of one-letter fields: P name, V version, A architecture, m maintainer.
func parseAPK(r io.Reader) ([]inventory.Package, error) {
	var out []inventory.Package
	p := inventory.Package{Source: "apk"}
	end := func() error {
		if p.Name != "" {
			if len(out) == inventory.MaxEvidence {
				return fmt.Errorf("more than %d packages", inventory.MaxEvidence)
			}
			out = append(out, p)
		}
		p = inventory.Package{Source: "apk"}
		return nil
	}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	for lines.Scan() {
		line := lines.Text()
		if line == "" {
			if err := end(); err != nil {
				return out, err
			}
			continue
		}
		if len(line) < 2 || line[1] != ':' {
			continue
		}
		switch value := inventory.Text(line[2:]); line[0] {
		case 'P':
			p.Name = value
		case 'V':
			p.Version = value
		case 'A':
			p.Arch = value
		case 'm':
			p.Publisher = value
		}
	}
	if err := lines.Err(); err != nil {
		return out, err
	}
	return out, end()
}

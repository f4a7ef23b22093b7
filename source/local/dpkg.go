package local

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/highwater-sam/highwater/inventory"
)

// maxLine bounds one line of a package database; longer ones end the reading with an error.
const maxLine = 1 << 20

// readDpkg reads the installed packages from dpkg's status file, and from the folder of such files that images built
// without dpkg carry. It adds "dpkg" to what was looked at only when all of it could be read.
func readDpkg(t *tree, e *inventory.Evidence) {
	names := []string{"var/lib/dpkg/status"}
	for _, name := range t.names("dpkg", "var/lib/dpkg/status.d") {
		if !strings.HasSuffix(name, ".md5sums") {
			names = append(names, "var/lib/dpkg/status.d/"+name)
		}
	}
	found, whole := false, true
	for _, name := range names {
		f, err := os.Open(t.path(name))
		if err != nil {
			if !os.IsNotExist(err) {
				whole = false
			}
			t.failed("dpkg", name, err)
			continue
		}
		found = true
		packages, err := parseDpkg(f, strings.Contains(name, "status.d/"))
		_ = f.Close()
		e.Packages = append(e.Packages, packages...)
		if err != nil {
			whole = false
			t.remark("dpkg", "%s was read only in part: %v", name, err)
		}
	}
	if found && whole {
		e.Looked = append(e.Looked, "dpkg")
	}
}

// parseDpkg reads the paragraphs of a dpkg status file and returns the packages whose state is "installed": not those
// that were removed and left their configuration behind. A paragraph without a state counts as installed where
// stateless says that files of this kind have none.
func parseDpkg(r io.Reader, stateless bool) ([]inventory.Package, error) {
	var out []inventory.Package
	var p inventory.Package
	state := ""
	end := func() error {
		if p.Name != "" && (state == "installed" || state == "" && stateless) {
			if len(out) == inventory.MaxEvidence {
				return fmt.Errorf("more than %d packages", inventory.MaxEvidence)
			}
			p.Source = "dpkg"
			out = append(out, p)
		}
		p, state = inventory.Package{}, ""
		return nil
	}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	for lines.Scan() {
		line := lines.Bytes()
		if len(bytes.TrimSpace(line)) == 0 {
			if err := end(); err != nil {
				return out, err
			}
			continue
		}
		key, value, ok := bytes.Cut(line, []byte(":"))
		if !ok || line[0] == ' ' || line[0] == '\t' {
			continue // the continuation of a field that is not needed
		}
		switch string(key) {
		case "Package":
			p.Name = inventory.Text(string(value))
		case "Version":
			p.Version = inventory.Text(string(value))
		case "Architecture":
			p.Arch = inventory.Text(string(value))
		case "Maintainer":
			p.Publisher = inventory.Text(string(value))
		case "Status":
			if f := strings.Fields(string(value)); len(f) == 3 {
				state = f[2]
			} else {
				state = "unknown"
			}
		}
	}
	if err := lines.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			err = fmt.Errorf("a line is longer than %d bytes", maxLine)
		}
		return out, err
	}
	return out, end()
}

package local

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/highwater-sam/highwater/inventory"
)

// rpmQuery asks for one package a line, its fields between tabs. Its version carries the epoch, as rpm compares it.
const rpmQuery = `%{NAME}\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\t%{ARCH}\t%{VENDOR}\n`

// rpmDatabases are the files of rpm's database in its three forms, at its two places.
var rpmDatabases = []string{"rpmdb.sqlite", "Packages.db", "Packages"}

const rpmTimeout = 30 * time.Second

// readRPM asks the machine's own rpm program for the installed packages: the database has three formats, and rpm knows
// its own. Where there is a database and no program, it says so and leaves rpm out of what was looked at.
func readRPM(ctx context.Context, t *tree, e *inventory.Evidence) {
	folder := rpmDatabase(t)
	if folder == "" {
		return
	}
	program, err := exec.LookPath("rpm")
	if err != nil {
		t.remark("rpm", "there is an rpm database and no rpm program to read it: packages of this kind are not reported")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, rpmTimeout)
	defer cancel()
	arguments := []string{"-qa", "--dbpath", folder, "--qf", rpmQuery}
	if !t.live() {
		arguments = append(arguments, "--root", t.root)
	}
	cmd := exec.CommandContext(ctx, program, arguments...) // the program is found by its name, as root's shell would
	cmd.Env = []string{"LC_ALL=C", "PATH=/usr/bin:/bin:/usr/sbin:/sbin"}
	cmd.WaitDelay = time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	packages, parseErr := parseRPM(&stdout)
	e.Packages = append(e.Packages, packages...)
	switch {
	case err != nil:
		t.remark("rpm", "rpm -qa failed: %v: %s", err, firstLine(stderr.String()))
	case parseErr != nil:
		t.remark("rpm", "what rpm -qa printed was read only in part: %v", parseErr)
	default:
		e.Looked = append(e.Looked, "rpm")
	}
}

// rpmDatabase returns the folder of the rpm database, seen from the machine's own root; "" when there is none.
func rpmDatabase(t *tree) string {
	for _, folder := range []string{"/var/lib/rpm", "/usr/lib/sysimage/rpm"} {
		for _, name := range rpmDatabases {
			if t.exists(folder + "/" + name) {
				return folder
			}
		}
	}
	return ""
}

// parseRPM reads the lines that rpmQuery asks for.
func parseRPM(r io.Reader) ([]inventory.Package, error) {
	var out []inventory.Package
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	for lines.Scan() {
		f := strings.Split(lines.Text(), "\t")
		if len(f) != 4 || f[0] == "" {
			return out, fmt.Errorf("line %.80q has %d fields, not 4", lines.Text(), len(f))
		}
		if len(out) == inventory.MaxEvidence {
			return out, fmt.Errorf("more than %d packages", inventory.MaxEvidence)
		}
		for i := range f {
			if f[i] = inventory.Text(f[i]); f[i] == "(none)" {
				f[i] = ""
			}
		}
		out = append(out, inventory.Package{Source: "rpm", Name: f[0], Version: f[1], Arch: f[2], Publisher: f[3]})
	}
	return out, lines.Err()
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}

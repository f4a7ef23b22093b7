package local

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/highwater-sam/highwater/inventory"
)

// tagPlaces are where ISO/IEC 19770-2 and the publishers put tags: folders, and how deep each is searched.
var tagPlaces = []struct {
	folder string
	depth  int
}{
	{"usr/share/swidtag", 4}, {"usr/lib/swidtag", 4}, {"usr/local/share", 6}, {"usr/local/lib/swidtag", 4},
	{"opt", 12}, {"usr/IBM", 12}, {"var/ibm", 8},
}

// walk limits: what is left out beyond them is told, and then "swid" does not count as looked at. They are wide, because
// the machines with the largest folders are those with the software that licenses count.
const (
	maxVisited = 5_000_000
	maxWalk    = 30 * time.Second
)

// tagless are folders of other packages' making that hold many files and never a tag of their own.
var tagless = map[string]bool{"node_modules": true, ".git": true, ".cache": true, "__pycache__": true, "site-packages": true,
	"overlay2": true, "man": true, "locale": true}

// readTags searches the places for tag files and reads them. It follows no symbolic links below the places, does not
// enter network file systems, and stops at its limits. A search that did not see everything does not count as a look at "swid", so
// that a tag it missed is not taken for one that went away.
func readTags(ctx context.Context, t *tree, e *inventory.Evidence) {
	w := walker{ctx: ctx, tree: t, evidence: e, deadline: time.Now().Add(maxWalk), mounts: networkMounts(t)}
	whole := true
	for _, place := range tagPlaces {
		root := t.path(place.folder)
		if info, err := os.Lstat(root); err == nil && info.Mode()&os.ModeSymlink != 0 && t.live() {
			if real, err := filepath.EvalSymlinks(root); err == nil {
				root = real // a place may be moved to another disk as a whole
			}
		}
		if err := w.walk(root, place.depth); err != nil {
			whole = false
			t.remark("swid", "the search for software tags in /%s ended early: %v; more tags may exist", place.folder, err)
			break
		}
	}
	if whole && t.denied["swid"] == 0 {
		e.Looked = append(e.Looked, "swid")
	}
}

type walker struct {
	ctx      context.Context
	tree     *tree
	evidence *inventory.Evidence
	deadline time.Time
	visited  int
	mounts   []string
}

func (w *walker) walk(root string, depth int) error {
	return filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			w.tree.failed("swid", name, err)
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if err := w.spend(); err != nil {
			return err
		}
		relative, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if strings.Count(relative, string(filepath.Separator)) >= depth || slices.Contains(w.mounts, name) || tagless[d.Name()] {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() || !isTag(d.Name()) {
			return nil
		}
		return w.take(name)
	})
}

// spend counts one visited file and fails when the limits are reached.
func (w *walker) spend() error {
	if w.visited++; w.visited > maxVisited {
		return fmt.Errorf("more than %d files", maxVisited)
	}
	if w.visited%256 == 0 {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		if time.Now().After(w.deadline) {
			return fmt.Errorf("it took longer than %s", maxWalk)
		}
	}
	return nil
}

func (w *walker) take(name string) error {
	if len(w.evidence.Tags) == inventory.MaxEvidence {
		return fmt.Errorf("more than %d tags", inventory.MaxEvidence)
	}
	relative, err := filepath.Rel(w.tree.root, name)
	if err != nil {
		return err
	}
	shown := "/" + filepath.ToSlash(relative)
	f, err := os.Open(name)
	if err != nil {
		w.tree.failed("swid", shown, err)
		return nil
	}
	defer func() { _ = f.Close() }() // only read from
	b, err := io.ReadAll(io.LimitReader(f, maxTag))
	if err != nil {
		w.tree.failed("swid", shown, err)
		return nil
	}
	tag, err := parseTag(shown, b)
	if err != nil {
		w.tree.remark("swid", "%s is broken (%v); what could be read of it is reported", shown, err)
	}
	w.evidence.Tags = append(w.evidence.Tags, tag)
	return nil
}

// networkMounts lists the folders where file systems of other machines are mounted: what is on them is not installed here.
func networkMounts(t *tree) []string {
	var out []string
	for line := range strings.Lines(string(t.bytes("swid", "proc/self/mountinfo"))) {
		before, after, ok := strings.Cut(line, " - ")
		f, kind := strings.Fields(before), strings.Fields(after)
		if !ok || len(f) < 5 || len(kind) == 0 {
			continue
		}
		switch strings.TrimPrefix(kind[0], "fuse.") {
		case "nfs", "nfs4", "cifs", "smb3", "afs", "ceph", "glusterfs", "lustre", "gpfs", "sshfs", "9p", "autofs", "s3fs":
			out = append(out, t.path(f[4]))
		}
	}
	return out
}

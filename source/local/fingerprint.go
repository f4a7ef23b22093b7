package local

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"maps"
	"slices"

	"github.com/highwater-sam/highwater/inventory"
)

// Fingerprint is the same for two documents whose hardware, virtualization, cloud identity, attributes and name differ
// in nothing but ignored properties. A property is named by its path in the document, lists without positions:
// "hardware.adapters.mac". Virtual adapters count for nothing.
func Fingerprint(d *inventory.Document, ignored func(path string) bool) (string, error) {
	seen := struct {
		Device     string              `json:"device"`
		Domain     string              `json:"domain"`
		Hardware   *inventory.Hardware `json:"hardware"`
		Virtual    *inventory.Virtual  `json:"virtual"`
		Cloud      *inventory.Cloud    `json:"cloud"`
		Attributes map[string]string   `json:"attributes"`
	}{d.Header.DeviceName, d.Header.Domain, d.Hardware, d.Virtual, d.Cloud, d.Attributes}
	if d.Hardware != nil {
		h := *d.Hardware
		h.Adapters = slices.DeleteFunc(slices.Clone(h.Adapters), func(a inventory.Adapter) bool { return a.Virtual })
		seen.Hardware = &h
	}
	b, err := json.Marshal(seen)
	if err != nil {
		return "", fmt.Errorf("fingerprint a document: %w", err)
	}
	var tree any
	if err := json.Unmarshal(b, &tree); err != nil {
		return "", fmt.Errorf("fingerprint a document: %w", err)
	}
	w := sha256.New()
	add(w, "", tree, ignored)
	return hex.EncodeToString(w.Sum(nil)), nil
}

// add writes the leaves of a tree with their paths, in one order. Lists were put in order with the document.
func add(w hash.Hash, path string, node any, ignored func(string) bool) {
	if path != "" && ignored(path) {
		return
	}
	switch x := node.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(x)) {
			below := key
			if path != "" {
				below = path + "." + key
			}
			add(w, below, x[key], ignored)
		}
	case []any:
		for n, v := range x {
			fmt.Fprintf(w, "%q[%d of %d]\n", path, n, len(x))
			add(w, path, v, ignored)
		}
	case nil:
	default:
		fmt.Fprintf(w, "%q=%q\n", path, fmt.Sprint(x))
	}
}

package main

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/highwater-sam/highwater/internal/need"
)

// A beacon stands in branch networks: it keeps no database, and needs nothing of the server.
func TestTheBeaconLinksNoDatabase(t *testing.T) {
	b, err := exec.CommandContext(t.Context(), need.Program(t, "go"), "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	const module = "github.com/highwater-sam/highwater/"
	for path := range strings.Lines(string(b)) {
		path = strings.TrimSpace(path)
		rest, ours := strings.CutPrefix(path, module)
		if path == "database/sql" || ours && (strings.HasPrefix(rest, "store") || strings.HasPrefix(rest, "pipeline") || strings.HasPrefix(rest, "web")) {
			t.Errorf("the beacon links %s", path)
		}
	}
	if !strings.Contains(string(b), module+"deliver") {
		t.Error("the list of what the beacon links is not one")
	}
}

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/highwater-sam/highwater/internal/need"
)

// The agent runs on every machine of a company: what it links is what they all carry. A new dependency shows here.
var (
	ours = []string{"cmd/highwater-agent", "cmd/highwater-agent/agentcmd", "deliver", "fault", "inventory", "policy", "source",
		"source/local", "source/local/identity"}
	theirs = []string{"github.com/alecthomas/kong", "github.com/cenkalti/backoff", "github.com/go-json-experiment/json",
		"github.com/google/uuid", "github.com/klauspost/compress", "github.com/klauspost/cpuid", "golang.org/x/sys"}
)

const module = "github.com/highwater-sam/highwater/"

func TestTheAgentLinksNoDatabaseAndNoCloudSDK(t *testing.T) {
	program := need.Program(t, "go")
	b, err := exec.CommandContext(t.Context(), program, "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for path := range strings.Lines(string(b)) {
		path = strings.TrimSpace(path)
		if path == "database/sql" {
			t.Errorf("the agent links %s", path)
		}
		first, _, _ := strings.Cut(path, "/")
		if !strings.Contains(first, ".") { // the standard library
			continue
		}
		if !allowed(path) {
			t.Errorf("the agent links %s: if that is wanted, add it to the list here and say why in the commit", path)
		}
	}
}

func allowed(path string) bool {
	if rest, mine := strings.CutPrefix(path, module); mine {
		for _, p := range ours {
			if rest == p {
				return true
			}
		}
		return false
	}
	for _, p := range theirs {
		if path == p || strings.HasPrefix(path, p+"/") {
			return true
		}
	}
	return false
}

func TestTheAgentIsSmall(t *testing.T) {
	program := need.Program(t, "go")
	file := filepath.Join(t.TempDir(), "agent")
	cmd := exec.CommandContext(t.Context(), program, "build", "-trimpath", "-ldflags", "-s -w", "-o", file, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%.1f MB", float64(info.Size())/1e6)
	if info.Size() > 20e6 {
		t.Errorf("%d bytes: the budget on disk is 20 MB with spool and state", info.Size())
	}
}

package agentcmd

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/highwater-sam/highwater/internal/need"
	"github.com/highwater-sam/highwater/inventory"
)

// The agent built for other processors runs under an emulator over a recorded machine and sees what it sees here; what
// it seals there opens here.
func TestTheAgentRunsOnOtherArchitectures(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the agent for other processors, which takes minutes the first time")
	}
	root := machine(t, "other", 6)
	want, err := inventory.Decode([]byte(must(t, t.TempDir(), root, "collect", "--stdout")))
	if err != nil {
		t.Fatal(err)
	}
	for _, arch := range []string{"s390x", "ppc64le"} {
		t.Run(arch, func(t *testing.T) {
			emulator := need.Program(t, "qemu-"+arch+"-static", "qemu-"+arch)
			program := filepath.Join(t.TempDir(), "agent")
			build := exec.CommandContext(t.Context(), need.Program(t, "go"), "build", "-o", program, "..")
			build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
			if out, err := build.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			file := filepath.Join(t.TempDir(), "document")
			run := exec.CommandContext(t.Context(), emulator, program, "--state", t.TempDir(), "--root", root, "collect", "--to", file)
			if out, err := run.CombinedOutput(); err != nil || !strings.Contains(string(out), "wrote the document of other") {
				t.Fatalf("%v: %s", err, out)
			}
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			key, err := inventory.StatedKey(b)
			if err != nil {
				t.Fatal(err)
			}
			got, err := inventory.Open(b, key)
			if err != nil {
				t.Fatal(err)
			}
			if got.Digests() != want.Digests() || got.Header.AgentID != want.Header.AgentID {
				t.Errorf("it sees another machine: %+v, %+v", got.Header, got.Hardware)
			}
		})
	}
}

//go:build !race

// The race detector's own memory would be measured with the agent's; make test measures the program as it is built.

package agentcmd

import (
	"bytes"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/highwater-sam/highwater/inventory"
)

// What an agent may take from its machine: 60 MB of memory, 200 ms of processor time for a hardware check. The figures
// are the kernel's own of a real process, start included; processor time, unlike time, does not grow with what else runs.
func TestFootprint(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name      string
		arguments []string
		processor time.Duration
	}{
		{"hardware check", []string{"collect", "--stdout", "--hardware"}, 200 * time.Millisecond},
		{"full inventory", []string{"collect", "--stdout"}, 2 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), self, append([]string{"--state", t.TempDir()}, c.arguments...)...)
			cmd.Env = append(os.Environ(), "HIGHWATER_TEST_AGENT=1")
			var out bytes.Buffer
			cmd.Stdout = &out
			if err := cmd.Run(); err != nil {
				t.Fatal(err)
			}
			if _, err := inventory.Decode(out.Bytes()); err != nil {
				t.Fatal(err)
			}
			usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
			if !ok {
				t.Fatal("the kernel gives no figures")
			}
			processor := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
			t.Logf("%s of processor time, %d KiB of memory at most", processor, usage.Maxrss)
			if processor > c.processor || usage.Maxrss > 60<<10 {
				t.Errorf("%s of processor time (budget %s), %d KiB of memory (budget 61440)", processor, c.processor, usage.Maxrss)
			}
		})
	}
}

package local

import (
	"bytes"
	"context"
	"os/exec"
	"strings"
	"time"

	"github.com/highwater-sam/highwater/inventory"
)

// commandTimeout bounds one program that is asked about the machine.
const commandTimeout = 60 * time.Second

// output returns what a program of the machine prints; for a recorded machine, the file below "commands" that is named
// like the call. A program that fails or is missing is told as a remark of the part and gives nil.
func (t *tree) output(ctx context.Context, part, program string, arguments ...string) []byte {
	call := strings.Join(append([]string{program}, arguments...), " ")
	if !t.live() {
		b := t.bytes(part, "commands/"+call)
		if b == nil {
			t.remark(part, "%s was not recorded", call)
		}
		return b
	}
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, arguments...) // fixed calls of the machine's own programs
	cmd.Env = []string{"LC_ALL=C", "LANG=C", "PATH=/usr/bin:/usr/sbin:/bin:/sbin"}
	cmd.WaitDelay = time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.remark(part, "%s failed: %v: %s", call, err, firstLine(stderr.String()))
		return nil
	}
	return stdout.Bytes()
}

// system names the machine's operating system as Go does: this program's for the live machine, else what was recorded.
func (t *tree) system(live string) string {
	if t.live() {
		return live
	}
	if name := inventory.Text(string(t.bytes("os", "commands/uname -s"))); name != "" {
		return strings.ToLower(name)
	}
	return "linux"
}

//go:build unix && !aix

package deliver

import (
	"os/exec"
	"syscall"
)

func runAs(cmd *exec.Cmd, uid uint32) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
}

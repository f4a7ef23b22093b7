//go:build linux || darwin || freebsd

package agentcmd

import (
	"log/slog"

	"golang.org/x/sys/unix"
)

// beNice gives every other process of the machine precedence.
func beNice(log *slog.Logger) {
	if err := unix.Setpriority(unix.PRIO_PROCESS, 0, 10); err != nil {
		log.Debug("the priority could not be lowered", "error", err)
	}
}

//go:build !(linux || darwin || freebsd)

package agentcmd

import "log/slog"

// beNice does nothing here: the service manager sets the priority.
func beNice(*slog.Logger) {}

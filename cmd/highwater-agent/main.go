// Command highwater-agent inventories the machine it runs on and delivers what it finds.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/highwater-sam/highwater/cmd/highwater-agent/agentcmd"
)

// version is set by the build (-ldflags -X main.version=…).
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(agentcmd.Main(ctx, os.Args[1:], agentcmd.Streams{Out: os.Stdout, Err: os.Stderr, Version: version}))
}

// Command highwater-beacon relays documents up and policies down between agents and the server.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/highwater-sam/highwater/cmd/highwater-beacon/beaconcmd"
)

// version is set by the build (-ldflags -X main.version=…).
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(beaconcmd.Main(ctx, os.Args[1:], beaconcmd.Streams{Out: os.Stdout, Err: os.Stderr, Version: version}))
}

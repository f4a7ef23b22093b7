// Package beaconcmd is the beacon's command line and what stands behind it: highwater-beacon is nothing else.
package beaconcmd

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/highwater-sam/highwater/fault"
)

// Streams are what the commands write to, and the program's version.
type Streams struct {
	Out, Err io.Writer
	Version  string
}

// CLI are the beacon's commands.
type CLI struct {
	State    string `help:"Folder of the beacon's key, spool and remembered policies (${default})." default:"${state}" env:"HIGHWATER_BEACON_STATE" type:"path"`
	LogLevel string `help:"debug, info, warn or error (${default})." enum:"debug,info,warn,error" default:"info" env:"HIGHWATER_BEACON_LOG_LEVEL"`

	Enroll enrollCmd `cmd:"" help:"Make this beacon known to its parent with an enrollment token."`
	Run    runCmd    `cmd:"" help:"Relay until stopped."`
	Status statusCmd `cmd:"" help:"Show who this beacon is, what waits and what was refused."`
}

// DefaultState is the folder of the beacon's state unless another is named.
func DefaultState() string {
	if runtime.GOOS == "windows" {
		return filepath.Join(os.Getenv("ProgramData"), "Highwater", "beacon")
	}
	if os.Getuid() == 0 {
		return "/var/lib/highwater-beacon"
	}
	if home, err := os.UserHomeDir(); err == nil {
		return filepath.Join(home, ".local", "state", "highwater-beacon")
	}
	return "highwater-beacon-state"
}

// Main parses args, runs the command and returns the exit status: 0 done, 1 failed, 2 wrong input.
func Main(ctx context.Context, args []string, std Streams) int {
	var cli struct {
		CLI
		Version kong.VersionFlag `help:"Print the version and stop."`
	}
	status, exited := 0, false
	parser, err := kong.New(&cli, kong.Name("highwater-beacon"),
		kong.Description("Relays documents of Highwater's agents to the server, and policies back, and loses nothing while a link is down."),
		kong.Vars{"version": std.Version, "state": DefaultState()}, kong.Writers(std.Out, std.Err),
		kong.Exit(func(code int) { status, exited = code, true }), kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(std), kong.Bind(&cli.CLI))
	if err != nil {
		fmt.Fprintln(std.Err, "highwater-beacon:", err)
		return 1
	}
	command, err := parser.Parse(args)
	switch {
	case exited:
		return status
	case err != nil:
		fmt.Fprintf(std.Err, "highwater-beacon: %v; see 'highwater-beacon --help'\n", err)
		return 2
	}
	if err := command.Run(); err != nil {
		fmt.Fprintln(std.Err, "highwater-beacon:", strings.Join(strings.Fields(err.Error()), " "))
		if fault.KindOf(err) == fault.Invalid {
			return 2
		}
		return 1
	}
	return 0
}

// logger writes to the error stream, so that what a command prints stays clean.
func (c *CLI) logger(std Streams) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		level = slog.LevelInfo
	}
	return slog.New(slog.NewTextHandler(std.Err, &slog.HandlerOptions{Level: level}))
}

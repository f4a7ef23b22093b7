// Package agentcmd is the agent's command line and what stands behind it: highwater-agent is nothing else, and the
// server's program offers the same commands to show an agent at work.
package agentcmd

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"

	"github.com/alecthomas/kong"

	"github.com/highwater-sam/highwater/fault"
)

// Streams are what the commands write to, and the program's version.
type Streams struct {
	Out, Err io.Writer
	Version  string
}

// CLI are the agent's commands. A program that offers them below one of its own binds a context.Context and Streams.
type CLI struct {
	State    string `help:"Folder of the agent's identity, key, spool and settings." default:"${state}" env:"HIGHWATER_AGENT_STATE" type:"path"`
	Root     string `help:"Folder where the machine's file system begins: / for this machine, or a recorded one." default:"/" hidden:""`
	Cloud    string `help:"Ask the cloud's metadata service who this instance is: auto (when the firmware points to a cloud), aws, off." enum:"auto,aws,off" default:"auto"`
	LogLevel string `help:"debug, info, warn or error." enum:"debug,info,warn,error" default:"info"`

	Run     runCmd     `cmd:"" help:"Inventory this machine again and again, and deliver what changed, until stopped."`
	Once    onceCmd    `cmd:"" help:"Inventory this machine once, deliver it, and stop."`
	Collect collectCmd `cmd:"" help:"Inventory this machine and write the document to a file or the terminal; nothing is sent or kept."`
	Enroll  enrollCmd  `cmd:"" help:"Make this agent known to a server or beacon with an enrollment token."`
	Status  statusCmd  `cmd:"" help:"Show identity, settings, last runs and what waits to be delivered."`
	Prepare prepareCmd `cmd:"" name:"prepare-image" help:"Forget identity, key and everything that waits, before this machine becomes an image."`
}

// DefaultState is the folder of the agent's state unless another is named: the system's for root, the user's otherwise.
func DefaultState() string {
	if runtime.GOOS == "windows" {
		return filepath.Join(os.Getenv("ProgramData"), "Highwater", "agent")
	}
	if os.Getuid() == 0 {
		return "/var/lib/highwater-agent"
	}
	if home, err := os.UserHomeDir(); err == nil {
		return filepath.Join(home, ".local", "state", "highwater-agent")
	}
	return "highwater-agent-state"
}

// Main parses args, runs the command and returns the exit status: 0 done, 1 failed, 2 wrong input.
func Main(ctx context.Context, args []string, std Streams) int {
	var cli struct {
		CLI
		Version kong.VersionFlag `help:"Print the version and stop."`
	}
	status, exited := 0, false
	parser, err := kong.New(&cli, kong.Name("highwater-agent"),
		kong.Description("Inventories this machine for Highwater: hardware, virtualization, cloud identity and installed software."),
		kong.Vars{"version": std.Version, "state": DefaultState()}, kong.Writers(std.Out, std.Err),
		kong.Exit(func(code int) { status, exited = code, true }), kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(std), kong.Bind(&cli.CLI))
	if err != nil {
		fmt.Fprintln(std.Err, "highwater-agent:", err)
		return 1
	}
	command, err := parser.Parse(args)
	switch {
	case exited:
		return status
	case err != nil:
		fmt.Fprintf(std.Err, "highwater-agent: %v; see 'highwater-agent --help'\n", err)
		return 2
	}
	if err := command.Run(); err != nil {
		fmt.Fprintln(std.Err, "highwater-agent:", err)
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

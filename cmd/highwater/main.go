// Command highwater is the server of the Highwater software asset manager and its command line.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/highwater-sam/highwater/cmd/highwater-agent/agentcmd"
	"github.com/highwater-sam/highwater/fault"
)

// version is set by the build (-ldflags -X main.version=…).
var version = "dev"

// commandLine lists the subcommands: one field, one file.
type commandLine struct {
	Demo      demoCmd      `cmd:"" help:"Show the main job on this machine: its inventory, a sample estate, and its license positions."`
	Serve     serveCmd     `cmd:"" help:"Run the server: pages, intake of documents, daily reconciliation."`
	Measure   measureCmd   `cmd:"" help:"Measure an estate file: positions, peaks, and why."`
	Report    reportCmd    `cmd:"" help:"Print license positions and lists from the database."`
	Reconcile reconcileCmd `cmd:"" help:"Recognize, assign and measure now."`
	Apply     applyCmd     `cmd:"" help:"Record licenses, locations, periods and where devices are, from a file."`
	Estate    estateCmd    `cmd:"" help:"Write the estate behind the newest figures, for anyone to measure again."`
	User      userCmd      `cmd:"" help:"People who may sign in."`
	Token     tokenCmd     `cmd:"" help:"Tokens with which agents enroll."`
	Policy    policyCmd    `cmd:"" help:"What the site asks of its agents: schedules, and the switch for high-frequency checks."`
	Agent     agentcmd.CLI `cmd:"" help:"What highwater-agent does, from this program."`
	Bench     benchCmd     `cmd:"" help:"Benchmarks: how fast each part is, against how fast it could be."`
	Load      loadCmd      `cmd:"" help:"Put load on a server of this machine."`

	Config  kong.ConfigFlag  `help:"Settings file (YAML): the names of the flags and their values." placeholder:"FILE"`
	Version kong.VersionFlag `help:"Print the version and stop."`
}

// streams are what a subcommand reads and writes, so that tests can run it in-process.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
}

// errReported means that the subcommand has already told the person what is wrong; only the status remains.
var errReported = errors.New("reported")

// run parses args, runs the subcommand and returns the exit status: 0 done, 1 failed, 2 the input is wrong.
func run(ctx context.Context, args []string, std streams) int {
	var cli commandLine
	status, exited := 0, false
	parser, err := kong.New(&cli,
		kong.Name("highwater"),
		kong.Description("Software licenses counted by capacity over time: inventory, peaks, and the evidence for each."),
		kong.Vars{"version": version, "state": agentcmd.DefaultState(), "lists": listNames()},
		kong.Configuration(readConfig),
		kong.Writers(std.out, std.err),
		kong.Exit(func(code int) { status, exited = code, true }),
		kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(std),
		kong.Bind(agentcmd.Streams{Out: std.out, Err: std.err, Version: version}),
		kong.Bind(&cli.Agent),
	)
	if err != nil {
		fmt.Fprintln(std.err, "highwater:", err)
		return 1
	}
	kctx, err := parser.Parse(args)
	if exited {
		return status
	}
	if err != nil {
		fmt.Fprintf(std.err, "highwater: %v; see 'highwater --help'\n", err)
		return 2
	}
	return exitStatus(kctx.Run(), std.err)
}

// exitStatus is the one place where the kind of an error becomes an exit status.
func exitStatus(err error, stderr io.Writer) int {
	if err == nil {
		return 0
	}
	if !errors.Is(err, errReported) {
		fmt.Fprintln(stderr, "highwater:", strings.Join(strings.Fields(err.Error()), " ")) // one line, whatever a driver says
	}
	if fault.KindOf(err) == fault.Invalid {
		return 2
	}
	return 1
}

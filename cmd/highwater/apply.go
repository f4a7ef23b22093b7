package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/user"

	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/pipeline"
)

// applyCmd records what a file states.
type applyCmd struct {
	databaseFlags
	File   string `short:"f" required:"" help:"The declaration (YAML); - is standard input." placeholder:"FILE"`
	Plan   bool   `help:"Show what would change, and change nothing."`
	Reason string `required:"" help:"Why; it is recorded with every change." placeholder:"TEXT"`
	Author string `help:"Who; by default the user of this machine." placeholder:"NAME"`
}

// Run plans and applies.
func (c *applyCmd) Run(ctx context.Context, std streams) error {
	d, err := c.read(std)
	if err != nil {
		return err
	}
	s, err := openSite(ctx, siteConfig{database: c.Database, data: c.Data, name: "command line", log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	return closing(s.store, c.apply(ctx, s.pipeline, d, std.out), func() {})
}

func (c *applyCmd) read(std streams) (*pipeline.Declaration, error) {
	if c.File == "-" {
		return pipeline.ReadDeclaration(std.in)
	}
	f, err := os.Open(c.File)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "cannot read %s", c.File)
	}
	d, err := pipeline.ReadDeclaration(f)
	return d, errors.Join(err, f.Close())
}

func (c *applyCmd) apply(ctx context.Context, p *pipeline.Pipeline, d *pipeline.Declaration, w io.Writer) error {
	author := c.Author
	if author == "" {
		author = "command line"
		if u, err := user.Current(); err == nil {
			author = u.Username
		}
	}
	plan, err := p.Plan(ctx, d, author, c.Reason)
	if err != nil {
		return err
	}
	for _, one := range plan {
		fmt.Fprintln(w, one)
	}
	switch {
	case len(plan) == 0:
		fmt.Fprintln(w, "everything is as stated")
		return nil
	case c.Plan:
		fmt.Fprintf(w, "%d changes are planned; nothing was changed\n", len(plan))
		return nil
	}
	if err := p.Apply(ctx, plan); err != nil {
		return err
	}
	fmt.Fprintf(w, "%d changes are recorded; 'highwater reconcile' or the daily run brings the figures up to date\n", len(plan))
	return nil
}

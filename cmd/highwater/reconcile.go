package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/highwater-sam/highwater/pipeline"
)

// reconcileCmd reconciles now, beside a server or without one.
type reconcileCmd struct {
	databaseFlags
}

// Run reconciles and says what it took.
func (c *reconcileCmd) Run(ctx context.Context, std streams) error {
	s, err := openSite(ctx, siteConfig{database: c.Database, data: c.Data, name: "command line", log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	p := newProgress(std.out)
	step := ""
	out, err := s.pipeline.Reconcile(ctx, pipeline.Cause{Text: "on demand", Author: "command line"}, func(name string, done, total int) {
		if name != step {
			step = name
			p.begin(name)
		}
		p.at(done, total)
	})
	return closing(s.store, err, func() {
		p.end("")
		fmt.Fprintf(std.out, "run %d: %d devices, %d licenses, measured to %s\n", out.Run.ID, out.Run.Devices, len(out.Measurement.Licenses),
			out.Run.AsOf.Format("2 Jan 2006 15:04:05 UTC"))
	})
}

package main

import (
	"bufio"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/highwater-sam/highwater/estate"
)

// estateCmd writes the estate behind the figures.
type estateCmd struct {
	databaseFlags
}

// Run writes the estate of the newest run, or as of now where there is none, to standard output.
func (c *estateCmd) Run(ctx context.Context, std streams) error {
	s, err := openSite(ctx, siteConfig{database: c.Database, data: c.Data, name: "command line", log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	return closing(s.store, c.write(ctx, s, std), func() {})
}

func (c *estateCmd) write(ctx context.Context, s *site, std streams) error {
	asOf := time.Now().UTC().Truncate(time.Second)
	if run, ok, err := s.store.LatestRun(ctx); err != nil {
		return err
	} else if ok {
		asOf = run.AsOf
	}
	e, err := s.pipeline.Estate(ctx, asOf)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(std.out)
	return errors.Join(estate.Encode(w, e), w.Flush())
}

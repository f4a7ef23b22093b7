package agentcmd

import (
	"context"
	"fmt"
)

type onceCmd struct{}

// Run inventories, delivers and stops. What could not be delivered stays in the spool for the next run.
func (o *onceCmd) Run(ctx context.Context, cli *CLI, std Streams) error {
	a, err := cli.open(std)
	if err != nil {
		return err
	}
	d, err := a.full(ctx)
	if err != nil {
		return err
	}
	if err := a.ensureEnrolled(ctx, d); err != nil {
		return fmt.Errorf("the document is kept until it can be delivered: %w", err)
	}
	client, err := a.client()
	if err != nil {
		return err
	}
	r := a.sender(client).Flush(ctx)
	if r.Err != nil {
		return fmt.Errorf("the document is kept until it can be delivered: %w", r.Err)
	}
	if r.Rejected > 0 {
		return fmt.Errorf("%d documents were refused and set aside; 'highwater-agent status' says why", r.Rejected)
	}
	_, err = fmt.Fprintf(std.Out, "delivered %d documents of %s to %s\n", r.Accepted, d.Header.DeviceName, r.Target)
	return err
}

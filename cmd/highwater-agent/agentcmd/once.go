package agentcmd

import (
	"context"
	"fmt"

	"github.com/highwater-sam/highwater/deliver"
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
	var r deliver.SendReport
	for range 2 { // a second time when the server no longer knew this agent and could be told
		if err := a.ensureEnrolled(ctx, d); err != nil {
			return fmt.Errorf("the document is kept until it can be delivered: %w", err)
		}
		client, err := a.client()
		if err != nil {
			return err
		}
		if r = a.sender(client).Flush(ctx); !a.notEnrolled() {
			break
		}
	}
	if r.Err != nil {
		return fmt.Errorf("the document is kept until it can be delivered: %w", r.Err)
	}
	if r.Rejected > 0 {
		return fmt.Errorf("%d documents were refused and set aside; 'highwater-agent status' says why", r.Rejected)
	}
	_, err = fmt.Fprintf(std.Out, "delivered %d documents of %s to %s\n", r.Accepted, d.Header.DeviceName, r.Target)
	return err
}

package agentcmd

import (
	"fmt"
)

type prepareCmd struct{}

// Run forgets all that makes this agent itself. Where to send to, and the token file, stay: an instance of the image
// enrolls by itself when it has a token file.
func (p *prepareCmd) Run(cli *CLI, std Streams) error {
	a, err := cli.open(std)
	if err != nil {
		return err
	}
	stats, err := a.spool.Stats()
	if err != nil {
		return err
	}
	if err := a.spool.Clear(); err != nil {
		return err
	}
	if err := a.identity.Forget(); err != nil {
		return cannotWrite(a.folder, err)
	}
	for _, name := range []string{enrollmentFile, policyFile, runsFile} {
		if err := removeState(a.folder, name); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(std.Out, "identity, key and memory are removed; %d documents that waited are removed; this machine can become an image\n", stats.Items+stats.Rejected)
	return err
}

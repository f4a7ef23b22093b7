package beaconcmd

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/highwater-sam/highwater/deliver"
)

type statusCmd struct {
	JSON bool `help:"Print JSON." name:"json"`
}

// Run shows what is in the state folder; a running beacon tells more at /healthz.
func (c *statusCmd) Run(cli *CLI, std Streams) error {
	me, err := load(cli.State)
	if err != nil {
		return err
	}
	spool, err := deliver.OpenSpool(filepath.Join(cli.State, spoolFolder), deliver.SpoolLimits{Refuse: true, Rejected: keptRefused})
	if err != nil {
		return err
	}
	stats, err := spool.Stats()
	if err != nil {
		return err
	}
	rejected, err := spool.Rejections()
	if err != nil {
		return err
	}
	if len(rejected) > 20 {
		rejected = rejected[len(rejected)-20:] // the newest
	}
	if c.JSON {
		e := json.NewEncoder(std.Out)
		e.SetIndent("", "  ")
		return e.Encode(struct {
			Beacon   identity            `json:"beacon"`
			Spool    deliver.SpoolStats  `json:"spool"`
			Rejected []deliver.Rejection `json:"rejected,omitempty"`
		}{me, stats, rejected})
	}
	w := tabwriter.NewWriter(std.Out, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) { fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }
	line("state folder", "%s", cli.State)
	if me.KeyID == "" {
		line("enrolled", "no")
	} else {
		line("enrolled", "%s as %s, key %s, with %s", me.Enrolled.Format("2006-01-02 15:04:05 UTC"), me.ID, me.KeyID, me.Server)
	}
	for _, p := range me.Parents {
		line("parent", "%s", p)
	}
	oldest := ""
	if !stats.Oldest.IsZero() {
		oldest = ", the oldest of " + stats.Oldest.Format(time.RFC3339)
	}
	line("waiting", "%d documents, %d bytes%s", stats.Items, stats.Bytes, oldest)
	line("refused", "%d documents", stats.Rejected)
	for _, r := range rejected {
		line("", "%s (%s): %s", r.ID, r.Kind, r.Reason)
	}
	return w.Flush()
}

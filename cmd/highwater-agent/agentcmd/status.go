package agentcmd

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/highwater-sam/highwater/deliver"
	"github.com/highwater-sam/highwater/policy"
)

type statusCmd struct {
	JSON bool `help:"Print JSON." name:"json"`
}

// report is what status prints.
type report struct {
	State      string              `json:"state"`
	Version    string              `json:"version"`
	AgentID    string              `json:"agent_id,omitempty"`
	Rule       string              `json:"rule,omitempty"`
	Renewed    int                 `json:"renewed"`
	Enrollment enrollment          `json:"enrollment,omitzero"`
	Settings   settings            `json:"settings"`
	Policy     policy.Policy       `json:"policy"`
	Runs       runs                `json:"runs"`
	Spool      deliver.SpoolStats  `json:"spool"`
	Rejected   []deliver.Rejection `json:"rejected,omitempty"`
}

// Run shows the agent's state.
func (s *statusCmd) Run(cli *CLI, std Streams) error {
	a, err := cli.open(std)
	if err != nil {
		return err
	}
	r := report{State: a.folder, Version: a.version, Settings: a.settings, Policy: a.inForce(), Runs: a.remembered()}
	id, err := a.identity.Load()
	if err != nil {
		return err
	}
	if id != nil {
		r.AgentID, r.Rule, r.Renewed = id.AgentID, id.Derived.Rule, id.Derived.Counter
	}
	if err := readState(a.folder, enrollmentFile, &r.Enrollment); err != nil {
		return err
	}
	if r.Spool, err = a.spool.Stats(); err != nil {
		return err
	}
	if r.Rejected, err = a.spool.Rejections(); err != nil {
		return err
	}
	if s.JSON {
		e := json.NewEncoder(std.Out)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	return r.print(std)
}

func (r report) print(std Streams) error {
	w := tabwriter.NewWriter(std.Out, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) { fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }
	line("state folder", "%s", r.State)
	line("version", "%s", r.Version)
	if r.AgentID == "" {
		line("agent id", "none yet: it is derived at the first run")
	} else {
		line("agent id", "%s (%s, renewed %d times)", r.AgentID, r.Rule, r.Renewed)
	}
	if r.Enrollment.KeyID == "" {
		line("enrolled", "no")
	} else {
		line("enrolled", "%s, key %s", stamp(r.Enrollment.At), r.Enrollment.KeyID)
	}
	for _, t := range r.Settings.Targets {
		line("server", "%s", t.URL)
	}
	p := r.Policy
	line("policy", "revision %d: full inventory every %s, hardware check %s", p.Revision, time.Duration(p.Inventory.Every), checkWords(r))
	line("last full inventory", "%s", stamp(r.Runs.Full))
	line("last hardware check", "%s", stamp(r.Runs.Check))
	line("next", "full inventory %s, hardware check %s", stamp(r.Runs.NextFull), stamp(r.Runs.NextCheck))
	line("could not read", "%d things at the last full inventory", r.Runs.LastRemarks)
	line("last delivery", "%s %s", stamp(r.Runs.Delivered), r.Runs.Target)
	if r.Runs.Failure != "" {
		line("last failure", "%s", r.Runs.Failure)
	}
	if r.Runs.OffsetUs != nil {
		line("clock", "%s ahead of the server's", (time.Duration(*r.Runs.OffsetUs) * time.Microsecond).Round(time.Millisecond))
	}
	line("waiting", "%d documents, %d bytes, the oldest of %s", r.Spool.Items, r.Spool.Bytes, stamp(r.Spool.Oldest))
	if r.Spool.Dropped > 0 {
		line("dropped", "%d documents, because the spool was full", r.Spool.Dropped)
	}
	for _, x := range r.Rejected {
		line("refused", "%s (%s): %s", x.ID, x.Kind, x.Reason)
	}
	return w.Flush()
}

func checkWords(r report) string {
	if !r.Policy.Check.On {
		return "off"
	}
	return "every " + time.Duration(r.Policy.Check.Every).String()
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

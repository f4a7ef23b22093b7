package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/user"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/pipeline"
	"github.com/highwater-sam/highwater/policy"
	"github.com/highwater-sam/highwater/store"
)

// policyCmd is about what the site asks of its agents.
type policyCmd struct {
	Show policyShowCmd `cmd:"" help:"Print the settings in force, or one agent's policy and why it is so."`
	Set  policySetCmd  `cmd:"" help:"Record other settings. Agents follow at their next question."`
}

type policyShowCmd struct {
	databaseFlags
	Agent   string `help:"Print the policy of this agent, by its id." placeholder:"ID"`
	History bool   `help:"Print who recorded which settings when, and why, newest first."`
}

// Run prints what is asked for.
func (c *policyShowCmd) Run(ctx context.Context, std streams) error {
	s, err := openSite(ctx, siteConfig{database: c.Database, data: c.Data, name: "command line", log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	return closing(s.store, c.show(ctx, s, std.out), func() {})
}

func (c *policyShowCmd) show(ctx context.Context, s *site, w io.Writer) error {
	if c.Agent != "" {
		p, why, err := s.receiver.ExplainPolicy(ctx, c.Agent)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "# high-frequency checks are %s: %s\n", onOff(p.Check.On), why)
		return printYAML(w, p)
	}
	history, err := s.store.ConfigurationHistory(ctx, store.SettingConfiguration, pipeline.PolicySetting)
	if err != nil {
		return err
	}
	if len(history) == 0 {
		fmt.Fprintln(w, "# nothing was recorded: agents follow the defaults, and high-frequency checks are off")
		return printYAML(w, policy.Settings{})
	}
	for i, o := range history {
		if i > 0 && !c.History {
			break
		}
		fmt.Fprintf(w, "# revision %d, recorded by %s on %s: %s\n", o.Revision, o.Author, o.Recorded.Format("2 Jan 2006 15:04:05 UTC"), orWord(o.Reason, "no reason given"))
		settings := policy.Settings{}
		if o.Body != nil {
			if settings, err = policy.ReadSettings(bytes.NewReader(o.Body)); err != nil {
				return err
			}
		}
		if err := printYAML(w, settings); err != nil {
			return err
		}
	}
	return nil
}

type policySetCmd struct {
	databaseFlags
	File          string `short:"f" help:"All settings, as YAML or JSON in the form that 'policy show' prints; - is standard input." placeholder:"FILE"`
	HighFrequency string `help:"Turn the switch for high-frequency checks, and leave all else as it is: on or off." enum:",on,off" default:"" placeholder:"on|off"`
	Reason        string `required:"" help:"Why; it is recorded with the change." placeholder:"TEXT"`
	Author        string `help:"Who; by default the user of this machine." placeholder:"NAME"`
}

// Run records the settings.
func (c *policySetCmd) Run(ctx context.Context, std streams) error {
	if (c.File == "") == (c.HighFrequency == "") {
		return fault.New(fault.Invalid, "say what to set: --file FILE, or --high-frequency on or off")
	}
	if strings.TrimSpace(c.Reason) == "" {
		return fault.New(fault.Invalid, "say why: a change of configuration is recorded with its reason")
	}
	st, err := store.Open(ctx, c.Database, store.Options{})
	if err != nil {
		return err
	}
	return closing(st, c.set(ctx, st, std), func() {})
}

func (c *policySetCmd) set(ctx context.Context, st *store.Store, std streams) error {
	o, ok, err := st.ConfigurationObject(ctx, store.SettingConfiguration, pipeline.PolicySetting, nil)
	if err != nil {
		return err
	}
	var was, next policy.Settings
	if ok {
		if was, err = policy.ReadSettings(bytes.NewReader(o.Body)); err != nil {
			return err
		}
	}
	if c.HighFrequency != "" {
		next = was
		next.HighFrequency.On = c.HighFrequency == "on"
	} else if next, err = c.read(std); err != nil {
		return err
	}
	if ok && sameJSON(was, next) {
		fmt.Fprintf(std.out, "revision %d says the same; nothing was changed\n", o.Revision)
		return nil
	}
	author := c.Author
	if author == "" {
		author = "command line"
		if u, err := user.Current(); err == nil {
			author = u.Username
		}
	}
	change := store.Change{Kind: store.SettingConfiguration, Key: pipeline.PolicySetting, Revision: o.Revision, Value: next, Author: author, Reason: c.Reason}
	if err := st.SaveConfiguration(ctx, change); err != nil {
		return err
	}
	fmt.Fprintf(std.out, "revision %d is in force, with high-frequency checks %s; agents follow at their next question, within %s\n",
		o.Revision+1, onOff(next.HighFrequency.On), policy.Policy{Ask: was.Ask}.Normal().Ask)
	return nil
}

// read reads settings, YAML or JSON alike.
func (c *policySetCmd) read(std streams) (policy.Settings, error) {
	text, err := io.ReadAll(io.LimitReader(std.in, 2<<20))
	if c.File != "-" {
		text, err = os.ReadFile(c.File)
	}
	if err != nil {
		return policy.Settings{}, fault.Wrap(err, fault.Invalid, "cannot read %s", c.File)
	}
	tree := map[string]any{}
	if err := yaml.Unmarshal(text, &tree); err != nil && !errors.Is(err, io.EOF) {
		return policy.Settings{}, fault.Wrap(err, fault.Invalid, "the file is no YAML: %v", err)
	}
	b, err := json.Marshal(tree)
	if err != nil {
		return policy.Settings{}, fault.Wrap(err, fault.Invalid, "the file holds what no JSON can say: %v", err)
	}
	s, err := policy.ReadSettings(bytes.NewReader(b))
	if err != nil {
		return policy.Settings{}, fault.Wrap(err, fault.Invalid, "%v", err)
	}
	return s, nil
}

func sameJSON(a, b policy.Settings) bool {
	x, err := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err == nil && err2 == nil && bytes.Equal(x, y)
}

// printYAML prints what has JSON names as YAML, in the order of its fields.
func printYAML(w io.Writer, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	var tree yaml.Node // JSON is YAML, and a node keeps the order
	if err := yaml.Unmarshal(b, &tree); err != nil {
		return err
	}
	blockStyle(&tree)
	e := yaml.NewEncoder(w)
	e.SetIndent(2)
	return errors.Join(e.Encode(&tree), e.Close())
}

func blockStyle(n *yaml.Node) {
	n.Style = 0
	for _, child := range n.Content {
		blockStyle(child)
	}
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func orWord(s, other string) string {
	if s != "" {
		return s
	}
	return other
}

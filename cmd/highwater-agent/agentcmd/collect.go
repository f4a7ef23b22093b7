package agentcmd

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"

	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/source/local"
	"github.com/highwater-sam/highwater/source/local/identity"
)

type collectCmd struct {
	Stdout   bool   `help:"Write the document to the terminal as readable JSON." xor:"where"`
	To       string `help:"Write the document to this file, sealed as an agent sends it; 'highwater import' takes it in." xor:"where" type:"path" placeholder:"FILE"`
	Hardware bool   `help:"Hardware only: says nothing about software."`
}

// Run inventories without installation: an identity that is kept here is used, and none is made.
func (c *collectCmd) Run(ctx context.Context, cli *CLI, std Streams) error {
	if !c.Stdout && c.To == "" {
		return fault.New(fault.Invalid, "say where the document goes: --stdout or --to FILE")
	}
	folder := identity.Folder(cli.State)
	kept, err := folder.Load()
	if err != nil {
		return err
	}
	kind := inventory.Full
	if c.Hardware {
		kind = inventory.HardwareOnly
	}
	s, err := local.New(local.Options{Root: cli.Root, Kind: kind, Cloud: cli.Cloud, Version: std.Version, Identify: func(d *inventory.Document) error {
		rule, inputs := identity.InputsOf(d, local.Placeholder)
		id, _, _ := identity.Derive(kept, rule, inputs)
		fillIn(d, id)
		return nil
	}})
	if err != nil {
		return err
	}
	d, err := s.Look(ctx)
	if err != nil {
		return err
	}
	if c.Stdout {
		e := json.NewEncoder(std.Out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(d)
	}
	var key ed25519.PrivateKey
	if kept != nil && kept.AgentID == d.Header.AgentID {
		key, err = folder.Key()
	} else {
		_, key, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		return err
	}
	envelope, err := inventory.Seal(d, key)
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.To, envelope, 0o600); err != nil {
		return fault.Wrap(err, fault.Unavailable, "the document cannot be written")
	}
	_, err = fmt.Fprintf(std.Out, "wrote the document of %s to %s (%d bytes)\n", d.Header.DeviceName, c.To, len(envelope))
	return err
}

package beaconcmd

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/highwater-sam/highwater/deliver"
	"github.com/highwater-sam/highwater/fault"
)

type enrollCmd struct {
	Parent    []string `help:"Address of the server or of another beacon, https://name:port; several in the order in which to try them." required:"" placeholder:"URL"`
	Token     string   `help:"Enrollment token that the server issued." env:"HIGHWATER_ENROLL_TOKEN" xor:"token"`
	TokenFile string   `help:"File with the token." xor:"token" type:"existingfile"`
	CAFile    string   `help:"Certificates to trust besides the system's (PEM)." name:"ca-file" type:"existingfile"`
	Name      string   `help:"What the beacon calls itself in the stamps of documents; the host's name by default."`
}

// Run enrolls the beacon and keeps who its parents are.
func (c *enrollCmd) Run(ctx context.Context, cli *CLI, std Streams) error {
	token := c.Token
	if c.TokenFile != "" {
		b, err := os.ReadFile(c.TokenFile)
		if err != nil {
			return fault.Wrap(err, fault.Invalid, "the token file %s cannot be read", c.TokenFile)
		}
		token = strings.TrimSpace(string(b))
	}
	if token == "" {
		return fault.New(fault.Invalid, "an enrollment token is needed: --token or --token-file")
	}
	i, err := load(cli.State)
	if err != nil {
		return err
	}
	if i.ID == "" {
		if i.ID, err = newID(); err != nil {
			return err
		}
	}
	i.Parents, i.Name = c.Parent, nameOr(c.Name, i.Name)
	if i.CAFile = c.CAFile; i.CAFile != "" {
		if i.CAFile, err = filepath.Abs(i.CAFile); err != nil {
			return err
		}
	}
	k, err := key(cli.State)
	if err != nil {
		return err
	}
	if err := i.save(cli.State); err != nil { // the id before the server knows it: asked again, it is the same
		return err
	}
	parent, err := i.client(std)
	if err != nil {
		return err
	}
	request := deliver.Enrollment{Token: token, AgentID: i.ID, DeviceName: "beacon " + i.Name, System: runtime.GOOS + "/" + runtime.GOARCH, Version: std.Version}
	request.Sign(k)
	done, err := parent.Enroll(ctx, request)
	if err != nil {
		return err
	}
	i.KeyID, i.Server, i.ServerKey, i.Enrolled = done.KeyID, done.Server, done.ServerKey, time.Now().UTC()
	if err := i.save(cli.State); err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.Out, "enrolled with %s as %s, key %s\n", done.Server, i.ID, i.KeyID)
	return err
}

// nameOr is the name that was given, or the one so far, or the host's.
func nameOr(given, before string) string {
	if given != "" {
		return given
	}
	if before != "" {
		return before
	}
	if name, err := os.Hostname(); err == nil && name != "" {
		return name
	}
	return "beacon"
}

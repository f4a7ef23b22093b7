package agentcmd

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/highwater-sam/highwater/deliver"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/inventory"
)

type enrollCmd struct {
	Server    []string `help:"Address of the server or beacon, https://name:port; several in the order in which to try them." required:"" placeholder:"URL"`
	Token     string   `help:"Enrollment token that the server issued." env:"HIGHWATER_ENROLL_TOKEN" xor:"token"`
	TokenFile string   `help:"File with the token. It is read again when this machine gets a new identity, as a clone does." xor:"token" type:"existingfile"`
	CAFile    string   `help:"Certificates to trust besides the system's (PEM)." name:"ca-file" type:"existingfile"`
}

// Run enrolls the agent and keeps where to send to.
func (e *enrollCmd) Run(ctx context.Context, cli *CLI, std Streams) error {
	a, err := cli.open(std)
	if err != nil {
		return err
	}
	a.settings.Targets = nil
	for n, url := range e.Server {
		a.settings.Targets = append(a.settings.Targets, deliver.Target{URL: url, Priority: n})
	}
	if e.CAFile != "" {
		if a.settings.CAFile, err = filepath.Abs(e.CAFile); err != nil {
			return err
		}
	}
	if e.TokenFile != "" {
		if a.settings.TokenFile, err = filepath.Abs(e.TokenFile); err != nil {
			return err
		}
	}
	token := e.Token
	if token == "" {
		if token, err = a.token(); err != nil {
			return err
		}
	}
	d, err := a.look(ctx, inventory.HardwareOnly) // settles who this agent is
	if err != nil {
		return err
	}
	done, err := a.enroll(ctx, d, token)
	if err != nil {
		return err
	}
	if err := writeState(a.folder, settingsFile, a.settings); err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.Out, "enrolled with %s as agent %s, key %s\n", orWord(done.Server, e.Server[0]), d.Header.AgentID, done.KeyID)
	return err
}

func orWord(s, other string) string {
	if s != "" {
		return s
	}
	return other
}

// token reads the token file; a fault says so when there is none.
func (a *agent) token() (string, error) {
	if a.settings.TokenFile == "" {
		return "", fault.New(fault.Invalid, "an enrollment token is needed: --token or --token-file")
	}
	b, err := os.ReadFile(a.settings.TokenFile)
	if err != nil {
		return "", fault.Wrap(err, fault.Invalid, "the token file %s cannot be read", a.settings.TokenFile)
	}
	return strings.TrimSpace(string(b)), nil
}

// enroll makes the agent's key known, and puts back what was refused for want of that.
func (a *agent) enroll(ctx context.Context, d *inventory.Document, token string) (deliver.Enrolled, error) {
	key, err := a.identity.Key()
	if err != nil {
		return deliver.Enrolled{}, err
	}
	client, err := a.client()
	if err != nil {
		return deliver.Enrolled{}, err
	}
	request := deliver.Enrollment{Token: token, AgentID: d.Header.AgentID, DeviceName: d.Header.DeviceName,
		System: runtime.GOOS + "/" + runtime.GOARCH, Version: a.version}
	request.Sign(key)
	done, err := client.Enroll(ctx, request)
	if err != nil {
		return deliver.Enrolled{}, err
	}
	e := enrollment{AgentID: d.Header.AgentID, KeyID: inventory.KeyID(key.Public().(ed25519.PublicKey)), Server: done.Server, At: time.Now().UTC(), ServerKey: done.ServerKey}
	if err := writeState(a.folder, enrollmentFile, e); err != nil {
		return deliver.Enrolled{}, err
	}
	n, err := a.spool.Requeue(fault.Unauthorized.String())
	if n > 0 {
		a.log.Info("documents that were refused will be sent again", "documents", n)
	}
	return done, err
}

// ensureEnrolled enrolls with the token file when the server does not know this agent's key yet.
func (a *agent) ensureEnrolled(ctx context.Context, d *inventory.Document) error {
	key, err := a.identity.Key()
	if err != nil {
		return err
	}
	if a.enrolled(key, d.Header.AgentID) {
		return nil
	}
	if len(a.settings.Targets) == 0 {
		return fault.New(fault.Invalid, "this agent knows no server; run 'highwater-agent enroll' first")
	}
	token, err := a.token()
	if err != nil {
		return fault.New(fault.Invalid, "this agent is not enrolled, or has a new identity, and has no token file; run 'highwater-agent enroll' again")
	}
	_, err = a.enroll(ctx, d, token)
	return err
}

// enrollAgainAfter is how often at most an agent enrolls anew because its server stopped knowing it.
const enrollAgainAfter = time.Hour

// forgotten reports whether the server refused documents because it does not know this agent, though it did (it was
// restored from a backup, say), and the agent can mend that with its token file: it then counts as not enrolled.
func (a *agent) forgotten(r deliver.SendReport) bool {
	if r.Rejected == 0 || a.settings.TokenFile == "" {
		return false
	}
	var e enrollment
	if err := readState(a.folder, enrollmentFile, &e); err != nil || time.Since(e.At) < enrollAgainAfter {
		return false
	}
	rejections, err := a.spool.Rejections()
	if err != nil {
		return false
	}
	for _, x := range rejections {
		if x.Kind == fault.Unauthorized.String() && x.At.After(e.At) {
			a.log.Warn("the server no longer knows this agent; it enrolls again", "reason", x.Reason)
			return removeState(a.folder, enrollmentFile) == nil
		}
	}
	return false
}

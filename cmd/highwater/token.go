package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/highwater-sam/highwater/store"
)

// tokenCmd is about the tokens with which agents enroll.
type tokenCmd struct {
	Create tokenCreateCmd `cmd:"" help:"Make a token; its secret is shown once."`
	List   tokenListCmd   `cmd:"" help:"List the tokens."`
	Revoke tokenRevokeCmd `cmd:"" help:"End a token. Agents that enrolled with it stay."`
}

type tokenCreateCmd struct {
	databaseFlags
	Name    string        `arg:"" help:"What the token is for, in your words."`
	Expires time.Duration `default:"168h" help:"How long it is good for; 0 = until it is revoked (${default})."`
	Uses    int64         `help:"How many agents may enroll with it; 0 = any number."`
}

// Run makes the token.
func (c *tokenCreateCmd) Run(ctx context.Context, std streams) error {
	st, err := store.Open(ctx, c.Database, store.Options{})
	if err != nil {
		return err
	}
	t := store.Token{Name: c.Name, Author: "command line"}
	if c.Expires > 0 {
		at := time.Now().Add(c.Expires)
		t.Expires = &at
	}
	if c.Uses > 0 {
		t.MaxUses = &c.Uses
	}
	id, secret, err := st.CreateToken(ctx, t)
	return closing(st, err, func() {
		fmt.Fprintf(std.out, "token %d\nsecret %s\nOn a machine: highwater-agent enroll --server URL --token %s\n", id, secret, secret)
	})
}

type tokenListCmd struct {
	databaseFlags
}

// Run lists the tokens.
func (c *tokenListCmd) Run(ctx context.Context, std streams) error {
	st, err := store.Open(ctx, c.Database, store.Options{})
	if err != nil {
		return err
	}
	tokens, err := st.Tokens(ctx)
	return closing(st, err, func() {
		w := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tNAME\tMADE\tBY\tUSES\tSTATE")
		for _, t := range tokens {
			fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%d\t%s\n", t.ID, t.Name, t.Created.Format(time.DateOnly), t.Author, t.Uses, tokenState(t))
		}
		_ = w.Flush() // to a terminal or a pipe: nobody would hear of it
	})
}

func tokenState(t store.Token) string {
	switch {
	case t.Revoked != nil:
		return "revoked"
	case t.Expires != nil && t.Expires.Before(time.Now()):
		return "expired"
	case t.MaxUses != nil && t.Uses >= *t.MaxUses:
		return "used up"
	case t.Expires != nil:
		return "good until " + t.Expires.UTC().Format("2006-01-02 15:04 UTC")
	}
	return "good"
}

type tokenRevokeCmd struct {
	databaseFlags
	ID int64 `arg:"" help:"The token's number."`
}

// Run ends the token.
func (c *tokenRevokeCmd) Run(ctx context.Context, std streams) error {
	st, err := store.Open(ctx, c.Database, store.Options{})
	if err != nil {
		return err
	}
	return closing(st, st.RevokeToken(ctx, c.ID), func() { fmt.Fprintf(std.out, "token %d is revoked\n", c.ID) })
}

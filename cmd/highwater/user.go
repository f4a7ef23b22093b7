package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/highwater-sam/highwater/auth"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/store"
)

// userCmd is about the people who may sign in.
type userCmd struct {
	Add      userAddCmd      `cmd:"" help:"Add a user, with a generated password that is shown once."`
	Password userPasswordCmd `cmd:"" help:"Give a user a new generated password."`
	List     userListCmd     `cmd:"" help:"List the users."`
}

type userAddCmd struct {
	databaseFlags
	Name     string   `arg:"" help:"The name to sign in with."`
	FullName string   `help:"The name to show."`
	Role     string   `default:"auditor" help:"administrator, license-manager, engineer or auditor (${default})."`
	Location []string `help:"Restrict the user to these locations and what lies below." placeholder:"ID"`
}

// Run adds the user.
func (c *userAddCmd) Run(ctx context.Context, std streams) error {
	role, err := auth.ParseRole(c.Role)
	if err != nil {
		return err
	}
	name := auth.NormalName(c.Name)
	if err := auth.CheckName(name); err != nil {
		return err
	}
	st, err := store.Open(ctx, c.Database, store.Options{})
	if err != nil {
		return err
	}
	password := auth.GeneratePassword()
	_, err = st.CreateUser(ctx, auth.User{Name: name, FullName: c.FullName, Role: role, Scope: auth.Scope{Locations: c.Location}, Password: auth.HashPassword(password)})
	return closing(st, err, func() { showPassword(std.out, name, password) })
}

type userPasswordCmd struct {
	databaseFlags
	Name string `arg:"" help:"The user."`
}

// Run changes the password.
func (c *userPasswordCmd) Run(ctx context.Context, std streams) error {
	st, err := store.Open(ctx, c.Database, store.Options{})
	if err != nil {
		return err
	}
	password := auth.GeneratePassword()
	u, ok, err := st.UserByName(ctx, c.Name)
	switch {
	case err != nil:
	case !ok:
		err = fault.New(fault.NotFound, "there is no user %q", c.Name)
	default:
		u.Password = auth.HashPassword(password)
		err = st.UpdateUser(ctx, u)
	}
	return closing(st, err, func() { showPassword(std.out, u.Name, password) })
}

type userListCmd struct {
	databaseFlags
}

// Run lists the users.
func (c *userListCmd) Run(ctx context.Context, std streams) error {
	st, err := store.Open(ctx, c.Database, store.Options{})
	if err != nil {
		return err
	}
	users, err := st.Users(ctx)
	return closing(st, err, func() {
		t := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, "NAME\tFULL NAME\tROLE\tLOCATIONS\tSTATE")
		for _, u := range users {
			state := "may sign in"
			if u.Disabled {
				state = "disabled"
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", u.Name, u.FullName, u.Role, orAll(u.Scope.Locations), state)
		}
		_ = t.Flush() // to a terminal or a pipe: nobody would hear of it
	})
}

func orAll(locations []string) string {
	if len(locations) == 0 {
		return "all"
	}
	return strings.Join(locations, ", ")
}

func showPassword(w io.Writer, name, password string) {
	fmt.Fprintf(w, "user %s\npassword %s\nIt is shown once and kept only as a hash; change it after signing in.\n", name, password)
}

// closing closes the store and, when nothing failed, tells the result.
func closing(st *store.Store, err error, tell func()) error {
	if closed := st.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	tell()
	return nil
}

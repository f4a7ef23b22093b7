// Package auth knows who may do what: users, roles, scopes, passwords and the limit on sign-in attempts. It holds types
// and decisions only; the store keeps them and the web asks them.
package auth

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/highwater-sam/highwater/fault"
)

// UserID names a user in the store. It is made by the application in insertion order; 0 is nobody.
type UserID int64

// User is somebody who may sign in.
type User struct {
	ID       UserID
	Name     string // to sign in with: lower case, unique
	FullName string // to show; Name when empty
	Role     Role
	Scope    Scope
	Password string    // hash made by HashPassword; "" = cannot sign in with a password
	Theme    Theme     // of the pages
	Disabled bool      // kept for the record, may not sign in
	Created  time.Time // UTC
}

// Theme is the color scheme a user chose.
type Theme string

// The themes. The empty theme is SystemTheme.
const (
	SystemTheme Theme = ""
	LightTheme  Theme = "light"
	DarkTheme   Theme = "dark"
)

// ParseTheme reads a theme; "system" and "" are SystemTheme.
func ParseTheme(s string) (Theme, error) {
	switch s {
	case "", "system":
		return SystemTheme, nil
	case string(LightTheme), string(DarkTheme):
		return Theme(s), nil
	}
	return "", fault.New(fault.Invalid, "%q is no theme: choose light, dark or system", s)
}

// Shown is the name to show for the user.
func (u User) Shown() string {
	if u.FullName != "" {
		return u.FullName
	}
	return u.Name
}

// NormalName brings a user name into the form it is stored and looked up in: trimmed, in lower case.
func NormalName(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// CheckName says whether a normal name can be a user's: 2 to 64 letters, digits and . _ - @, beginning with a letter or digit.
func CheckName(name string) error {
	if n := utf8.RuneCountInString(name); n < 2 || n > 64 {
		return fault.New(fault.Invalid, "a user name has 2 to 64 characters")
	}
	for i, r := range name {
		letter := r >= 'a' && r <= 'z' || r >= '0' && r <= '9'
		if !letter && (i == 0 || !strings.ContainsRune("._-@", r)) {
			return fault.New(fault.Invalid, "a user name begins with a letter or digit and holds only a to z, 0 to 9 and . _ - @")
		}
	}
	return nil
}

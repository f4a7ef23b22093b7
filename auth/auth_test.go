package auth

import (
	"testing"

	"github.com/highwater-sam/highwater/fault"
)

func TestRightsByRole(t *testing.T) {
	everyone := []Action{ReadLicenses, ReadInventory, ReadDocuments}
	only := map[Role][]Action{
		Administrator:  {ReadAudit, EditLicenses, EditInventory, Reconcile, ManageCollection, ManageUsers},
		LicenseManager: {EditLicenses, EditInventory, Reconcile},
		Engineer:       {EditInventory, Reconcile, ManageCollection},
		Auditor:        {ReadAudit},
	}
	all := append(append([]Action{}, everyone...), only[Administrator]...)
	for _, role := range Roles() {
		want := map[Action]bool{}
		for _, a := range append(append([]Action{}, everyone...), only[role]...) {
			want[a] = true
		}
		u := User{ID: 1, Role: role}
		for _, a := range all {
			if got := Can(u, a, nil); got != want[a] {
				t.Errorf("%s may %s: %v, want %v", role, a, got, want[a])
			}
		}
	}
}

func TestNobodyMayAnything(t *testing.T) {
	for name, u := range map[string]User{
		"nobody":        {Role: Administrator},
		"disabled":      {ID: 1, Role: Administrator, Disabled: true},
		"without role":  {ID: 1},
		"unknown role":  {ID: 1, Role: "root"},
		"no such right": {ID: 1, Role: Administrator},
	} {
		action := ReadLicenses
		if name == "no such right" {
			action = "fly"
		}
		if Can(u, action, nil) {
			t.Errorf("%s may %s", name, action)
		}
	}
}

func TestScopeIsSubtrees(t *testing.T) {
	berlin := Place{"emea/berlin", "emea"}
	boston := Place{"amer/boston", "amer"}
	europe := User{ID: 1, Role: LicenseManager, Scope: Scope{Locations: []string{"emea"}}}
	if !Can(europe, ReadInventory, berlin) {
		t.Error("a scope covers what lies below its location")
	}
	if Can(europe, ReadInventory, boston) {
		t.Error("a scope ends at its location")
	}
	if Can(europe, ReadInventory, nil) {
		t.Error("what has no location is seen without bounds only")
	}
	if !Can(User{ID: 1, Role: Auditor}, ReadInventory, nil) {
		t.Error("the unbounded scope covers what has no location")
	}
	if Can(europe, Reconcile, berlin) {
		t.Error("a bounded user may not start what touches the whole organization")
	}
	if !CanSomewhere(europe, ReadInventory) || CanSomewhere(europe, ManageUsers) {
		t.Error("a page is shown where the user may do something")
	}
	// A location whose id begins like another's is not below it.
	if Can(europe, ReadInventory, Place{"emea2"}) {
		t.Error("subtrees follow parents, not the spelling of ids")
	}
}

func TestUserNames(t *testing.T) {
	for name, good := range map[string]bool{
		"m.okafor": true, "admin": true, "a@example.com": true, "x": false, "": false, "-dash": false, "Upper": false, "sp ace": false, "naïve": false,
	} {
		err := CheckName(name)
		if (err == nil) != good {
			t.Errorf("CheckName(%q) = %v", name, err)
		}
		if err != nil && fault.KindOf(err) != fault.Invalid {
			t.Errorf("CheckName(%q): kind %v", name, fault.KindOf(err))
		}
	}
	if got := NormalName("  M.Okafor "); got != "m.okafor" {
		t.Errorf("NormalName = %q", got)
	}
}

func TestThemes(t *testing.T) {
	for in, want := range map[string]Theme{"": SystemTheme, "system": SystemTheme, "light": LightTheme, "dark": DarkTheme} {
		if got, err := ParseTheme(in); err != nil || got != want {
			t.Errorf("ParseTheme(%q) = %q, %v", in, got, err)
		}
	}
	if _, err := ParseTheme("blue"); fault.KindOf(err) != fault.Invalid {
		t.Errorf("ParseTheme(blue): %v", err)
	}
}

func TestRoles(t *testing.T) {
	for _, role := range Roles() {
		if got, err := ParseRole(string(role)); err != nil || got != role || role.Title() == "No role" {
			t.Errorf("ParseRole(%q) = %q, %v; title %q", role, got, err, role.Title())
		}
	}
	if _, err := ParseRole("root"); fault.KindOf(err) != fault.Invalid {
		t.Errorf("ParseRole(root): %v", err)
	}
}

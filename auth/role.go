package auth

import (
	"slices"

	"github.com/highwater-sam/highwater/fault"
)

// Role says which actions a user may take, within the user's scope.
type Role string

// The roles.
const (
	Administrator  Role = "administrator"   // everything, users and settings included
	LicenseManager Role = "license-manager" // licenses, purchases, corrections; reads everything measured
	Engineer       Role = "engineer"        // agents, beacons, connections, devices; reads everything measured
	Auditor        Role = "auditor"         // reads everything, changes nothing
)

// Roles are all roles, for forms and checks.
func Roles() []Role { return []Role{Administrator, LicenseManager, Engineer, Auditor} }

// ParseRole reads a role.
func ParseRole(s string) (Role, error) {
	if r := Role(s); slices.Contains(Roles(), r) {
		return r, nil
	}
	return "", fault.New(fault.Invalid, "%q is no role: choose administrator, license-manager, engineer or auditor", s)
}

// Title is the role in words.
func (r Role) Title() string {
	switch r {
	case Administrator:
		return "Administrator"
	case LicenseManager:
		return "License manager"
	case Engineer:
		return "Engineer"
	case Auditor:
		return "Auditor"
	}
	return "No role"
}

// Action is something a user may be allowed to do.
type Action string

// The actions.
const (
	ReadLicenses     Action = "read licenses"     // licenses, positions, peaks and their explanation
	ReadInventory    Action = "read inventory"    // devices, their history and software
	ReadDocuments    Action = "read documents"    // inventory documents as received
	ReadAudit        Action = "read audit log"    // who did what
	EditLicenses     Action = "edit licenses"     // licenses, purchases, use rights, exemptions, overrides
	EditInventory    Action = "edit inventory"    // locations, roles and other facts a person states about devices
	Reconcile        Action = "reconcile"         // start a reconciliation
	ManageCollection Action = "manage collection" // agents, beacons, enrollment tokens, connections
	ManageUsers      Action = "manage users"      // users, roles, settings
)

// rights lists what each role may do. Administrator may do everything.
var rights = map[Role][]Action{
	Administrator:  {ReadLicenses, ReadInventory, ReadDocuments, ReadAudit, EditLicenses, EditInventory, Reconcile, ManageCollection, ManageUsers},
	LicenseManager: {ReadLicenses, ReadInventory, ReadDocuments, EditLicenses, EditInventory, Reconcile},
	Engineer:       {ReadLicenses, ReadInventory, ReadDocuments, EditInventory, Reconcile, ManageCollection},
	Auditor:        {ReadLicenses, ReadInventory, ReadDocuments, ReadAudit},
}

// May says whether the role allows the action, whatever the place.
func (r Role) May(a Action) bool { return slices.Contains(rights[r], a) }

package auth

import "slices"

// Scope is the part of the organization a user sees and acts on: whole subtrees of locations.
// An empty scope is everything, places without a location included.
type Scope struct {
	Locations []string `json:"locations,omitempty"` // roots of subtrees, by location id
}

// Everything is the scope without bounds.
var Everything = Scope{}

// Unbounded says whether the scope is everything.
func (s Scope) Unbounded() bool { return len(s.Locations) == 0 }

// Place is where something is: its location and that location's ancestors, nearest first. An empty place is unassigned.
type Place []string

// Covers says whether the place lies in the scope. What has no location is covered by the unbounded scope only.
func (s Scope) Covers(p Place) bool {
	if s.Unbounded() {
		return true
	}
	return slices.ContainsFunc(p, func(id string) bool { return slices.Contains(s.Locations, id) })
}

// Can decides whether the user may take the action at the place. A disabled user may do nothing. Actions that are not
// about places (Reconcile, ManageCollection, ManageUsers, ReadAudit) touch the whole organization, so they need the
// unbounded scope; pass any place.
func Can(u User, a Action, p Place) bool {
	if u.ID == 0 || u.Disabled || !u.Role.May(a) {
		return false
	}
	switch a {
	case Reconcile, ManageCollection, ManageUsers, ReadAudit:
		return u.Scope.Unbounded()
	}
	return u.Scope.Covers(p)
}

// CanSomewhere decides whether the user may take the action at some place, so whether a page for it is worth showing.
func CanSomewhere(u User, a Action) bool {
	return Can(u, a, Place(u.Scope.Locations))
}

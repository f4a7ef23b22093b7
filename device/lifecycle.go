package device

import (
	"fmt"
	"time"
)

// Status says how a device takes part in lists and figures.
type Status string

// The statuses.
const (
	Active     Status = "active"     // seen, and consuming
	Ignored    Status = "ignored"    // a person decided that it does not count; its inventory still arrives
	Archived   Status = "archived"   // gone from every source; its history still counts
	Awaiting   Status = "awaiting"   // known from a host, a cloud or an allocation only: its own inventory is awaited
	Terminated Status = "terminated" // a cloud instance that is no more
	Removable  Status = "removable"  // archived, and no period that is kept needs its history
)

// Presence is what one connection of one source says about a device now.
type Presence struct {
	Source string    // "agent", "ilmt", "aws/prod", ...
	Last   time.Time // its newest document about the device
	// Complete sources list all they know at each import: a device missing from the newest import is gone there. Gone
	// says that it was missing.
	Complete, Gone bool
	// Deleted connections no longer count. A disabled one keeps what it said.
	Deleted bool
	// MarkedDeleted devices are kept by the source, and marked as deleted in it.
	MarkedDeleted bool
	// HostOnly says that the source knows the device from outside: its host or its cloud, not an inventory of itself.
	HostOnly bool
}

// Circumstances are everything a device's status depends on.
type Circumstances struct {
	Now        time.Time
	Ignored    bool   // a person's choice
	Cloud      string // state of its instance in its provider's words; "" when it has none
	CloudSince time.Time
	Presences  []Presence
	// Silence is how long a source that lists only what reports to it (the agent) may be silent before the device counts
	// as gone there; 0 is forever.
	Silence time.Duration
	// Retention is how long history is kept; 0 is forever.
	Retention time.Duration
}

// StatusOf decides a device's status, with the reason for a person. A device is never dropped: one that is gone from every
// source is archived, its history counts as long as it is kept, and a new document makes it active again.
func StatusOf(c Circumstances) (Status, string) {
	last, present, own := time.Time{}, 0, 0
	why := ""
	for _, p := range c.Presences {
		if p.Last.After(last) {
			last = p.Last
		}
		if gone := p.gone(c); gone != "" {
			why = gone
			continue
		}
		present++
		if !p.HostOnly {
			own++
		}
	}
	switch {
	case c.Ignored:
		return Ignored, "a person decided that the device does not count"
	case terminated(c.Cloud) && !last.After(c.CloudSince):
		return Terminated, fmt.Sprintf("the cloud instance was %s on %s", c.Cloud, c.CloudSince.UTC().Format("2006-01-02 15:04"))
	case present > 0 && own == 0:
		return Awaiting, "known from its host or cloud only: its own inventory is awaited"
	case present > 0:
		return Active, "seen on " + last.UTC().Format("2006-01-02 15:04")
	case len(c.Presences) == 0:
		return Awaiting, "no source has seen it yet"
	case c.Retention > 0 && c.Now.Sub(last) > c.Retention:
		return Removable, fmt.Sprintf("gone since %s, longer than history is kept", last.UTC().Format("2006-01-02"))
	}
	return Archived, fmt.Sprintf("gone from every source; last seen on %s; %s", last.UTC().Format("2006-01-02 15:04"), why)
}

// gone says why the device is no longer in a source; "" when it is.
func (p Presence) gone(c Circumstances) string {
	switch {
	case p.Deleted:
		return "the connection " + p.Source + " was deleted"
	case p.MarkedDeleted:
		return p.Source + " marks it as deleted"
	case p.Complete && p.Gone:
		return "the newest import of " + p.Source + " no longer has it"
	case !p.Complete && c.Silence > 0 && c.Now.Sub(p.Last) > c.Silence:
		return fmt.Sprintf("%s is silent since %s", p.Source, p.Last.UTC().Format("2006-01-02"))
	}
	return ""
}

// terminated says whether a provider's word means that an instance is no more. A stopped instance still is.
func terminated(state string) bool {
	switch clean(state) {
	case "terminated", "deleted":
		return true
	}
	return false
}

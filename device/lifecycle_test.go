package device

import (
	"strings"
	"testing"
	"time"
)

func TestStatusOf(t *testing.T) {
	now := day(20)
	agentSeen := func(n int) Presence { return Presence{Source: AgentSource, Last: day(n)} }
	for _, tc := range []struct {
		name string
		c    Circumstances
		want Status
		text string
	}{
		{"seen", Circumstances{Presences: []Presence{agentSeen(19)}}, Active, "seen on 2026-01-19"},
		{"an agent that is silent for too long", Circumstances{Presences: []Presence{agentSeen(3)}, Silence: 10 * 24 * time.Hour}, Archived, "silent since 2026-01-03"},
		{"silence does not matter where nobody set a limit", Circumstances{Presences: []Presence{agentSeen(3)}}, Active, ""},
		{"case 30: gone from its only source", Circumstances{Presences: []Presence{{Source: "sccm", Last: day(3), Complete: true, Gone: true}}}, Archived, "the newest import of sccm no longer has it"},
		{"case 30: gone from one source, and still in another", Circumstances{Presences: []Presence{{Source: "sccm", Last: day(3), Complete: true, Gone: true}, agentSeen(19)}}, Active, ""},
		{"case 30: after retention", Circumstances{Presences: []Presence{{Source: "sccm", Last: day(3), Complete: true, Gone: true}}, Retention: 5 * 24 * time.Hour}, Removable, "longer than history is kept"},
		{"case 31: a disabled connection keeps what it said", Circumstances{Presences: []Presence{{Source: "sccm", Last: day(3), Complete: true}}}, Active, ""},
		{"case 31: a deleted connection", Circumstances{Presences: []Presence{{Source: "sccm", Last: day(3), Deleted: true}}}, Archived, "the connection sccm was deleted"},
		{"case 32: ignored, though it reports", Circumstances{Ignored: true, Presences: []Presence{agentSeen(19)}}, Ignored, ""},
		{"case 33: a stopped instance", Circumstances{Cloud: "stopped", CloudSince: day(18), Presences: []Presence{{Source: "aws", Last: day(19), HostOnly: true}, agentSeen(17)}}, Active, ""},
		{"case 33: a terminated instance", Circumstances{Cloud: "terminated", CloudSince: day(18), Presences: []Presence{agentSeen(17)}}, Terminated, "2026-01-18"},
		{"an instance that reports after its end is another's id or a late word of the cloud", Circumstances{Cloud: "terminated", CloudSince: day(18), Presences: []Presence{agentSeen(19)}}, Active, ""},
		{"known from its host only", Circumstances{Presences: []Presence{{Source: "host", Last: day(19), HostOnly: true}}}, Awaiting, "its own inventory is awaited"},
		{"marked as deleted in License Metric Tool and known nowhere else", Circumstances{Presences: []Presence{{Source: "ilmt", Last: day(19), MarkedDeleted: true}}}, Archived, "ilmt marks it as deleted"},
		{"nothing known yet", Circumstances{}, Awaiting, "no source has seen it yet"},
	} {
		tc.c.Now = now
		got, text := StatusOf(tc.c)
		if got != tc.want || !strings.Contains(text, tc.text) || text == "" {
			t.Errorf("%s: %s (%s), want %s (%s)", tc.name, got, text, tc.want, tc.text)
		}
	}
}

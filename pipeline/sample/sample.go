// Package sample makes the estate that the demo and the tests of the pages use: about 80 machines on four sites and in
// one cloud, with 180 days of history, as the documents their collectors would have sent.
//
// It is a function of the day it is made for: the same day gives the same documents with the same ids, so loading it
// twice changes nothing.
package sample

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/highwater-sam/highwater/inventory"
)

// Days is how much history the sample has.
const Days = 180

// Report is one document with the collector that signs and sends it.
type Report struct {
	Collector string // an agent's id, or the name of a connection
	Document  *inventory.Document
}

// Fleet is what the sample's collectors saw, in the order of collection.
type Fleet struct {
	Start, End time.Time
	Reports    []Report
	// Places maps a device's name to its location.
	Places map[string]string
	// Roles maps a device's name to its role where it is not production.
	Roles map[string]string
}

// New makes the sample as of now: its history ends at now, cut to the minute.
func New(now time.Time) *Fleet {
	end := now.UTC().Truncate(time.Minute)
	f := &fleet{
		Fleet: Fleet{
			Start:  end.Truncate(24*time.Hour).AddDate(0, 0, -Days),
			End:    end,
			Places: map[string]string{},
			Roles:  map[string]string{},
		},
		chance: rand.New(rand.NewPCG(8470, 180)),
	}
	f.onPremises()
	f.standAlone()
	f.cloud()
	slices.SortStableFunc(f.Reports, func(a, b Report) int {
		return a.Document.Header.CollectedAt.Compare(b.Document.Header.CollectedAt)
	})
	for i := range f.Reports {
		f.Reports[i].Document.Header.ID = f.documentID(i)
	}
	return &f.Fleet
}

// fleet is a Fleet in the making.
type fleet struct {
	Fleet
	chance *rand.Rand
}

// on returns the instant that is days and hours after the start.
func (f *fleet) on(day int, hour float64) time.Time {
	return f.Start.AddDate(0, 0, day).Add(time.Duration(hour * float64(time.Hour))).Truncate(time.Minute)
}

// documentID makes a UUIDv7 from the instant of collection and the document's place in the sample.
func (f *fleet) documentID(n int) string {
	at := f.Reports[n].Document.Header.CollectedAt.UnixMilli()
	sum := sha256.Sum256(fmt.Appendf(nil, "sample document %d of %d", n, f.Start.Unix()))
	var id uuid.UUID
	copy(id[:], sum[:])
	for i := range 6 {
		id[i] = byte(at >> (40 - 8*i))
	}
	id[6] = 0x70 | id[6]&0x0f
	id[8] = 0x80 | id[8]&0x3f
	return id.String()
}

// report adds what the machine is at an instant, as its own collector sees it.
func (f *fleet) report(m *machine, at time.Time) {
	if at.After(f.End) {
		return
	}
	f.Reports = append(f.Reports, Report{Collector: m.collector(), Document: m.document(at)})
}

// stableID gives a machine an id that looks like what its platform gives and never changes.
func stableID(kind, name string) string {
	sum := sha256.Sum256([]byte(kind + " " + name))
	return hex.EncodeToString(sum[:])
}

// systemUUID is a machine's SMBIOS UUID.
func systemUUID(name string) string {
	id := uuid.NewSHA1(uuid.NameSpaceDNS, []byte(name))
	return id.String()
}

package inventory

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Canonical puts every list whose order means nothing into one fixed order, drops exact repetitions in the evidence,
// and brings the collection time to UTC microseconds, the unit of the store. Two runs that saw the same thing then
// have the same digests, whatever order the machine listed it in.
func (d *Document) Canonical() {
	d.Header.CollectedAt = d.Header.CollectedAt.UTC().Truncate(time.Microsecond)
	for n, s := range d.Header.Measured {
		d.Header.Measured[n].From, d.Header.Measured[n].To = s.From.UTC().Truncate(time.Microsecond), s.To.UTC().Truncate(time.Microsecond)
	}
	if h := d.Hardware; h != nil {
		slices.SortFunc(h.Adapters, func(a, b Adapter) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.MAC, b.MAC)) })
		for _, a := range h.Adapters {
			slices.Sort(a.Addresses)
		}
		slices.SortFunc(h.Disks, func(a, b Disk) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Serial, b.Serial)) })
	}
	if v := d.Virtual; v != nil {
		slices.SortFunc(v.Guests, func(a, b Guest) int { return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Name, b.Name)) })
		slices.SortFunc(v.Pools, func(a, b Pool) int { return cmp.Compare(a.ID, b.ID) })
	}
	if e := d.Evidence; e != nil {
		e.Packages = sorted(e.Packages, comparePackages)
		e.Files = sorted(e.Files, compareFiles)
		e.Tags = sorted(e.Tags, compareTags)
		slices.Sort(e.Looked)
		e.Looked = slices.Compact(e.Looked)
	}
}

// sorted orders list and drops exact repetitions. A list that is in order already, as agents send it, costs one pass.
func sorted[T comparable](list []T, compare func(a, b T) int) []T {
	if !slices.IsSortedFunc(list, compare) {
		slices.SortStableFunc(list, compare)
	}
	return slices.Compact(list)
}

func comparePackages(a, b Package) int {
	return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version),
		cmp.Compare(a.Arch, b.Arch), cmp.Compare(a.Publisher, b.Publisher))
}

func compareFiles(a, b File) int {
	return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version),
		cmp.Compare(a.Company, b.Company), cmp.Compare(a.Bytes, b.Bytes))
}

func compareTags(a, b Tag) int {
	return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.TagID, b.TagID), cmp.Compare(a.Name, b.Name),
		cmp.Compare(a.Version, b.Version), cmp.Compare(a.Edition, b.Edition), cmp.Compare(a.Publisher, b.Publisher),
		cmp.Compare(a.Persistent, b.Persistent))
}

// Text makes text from a foreign place (firmware, a package database, a tag) fit for a document: valid UTF-8 without
// NUL or other control characters, trimmed, and cut to MaxText bytes at a rune.
func Text(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	s = strings.TrimSpace(s)
	if len(s) <= MaxText {
		return s
	}
	cut := MaxText
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return strings.TrimSpace(s[:cut])
}

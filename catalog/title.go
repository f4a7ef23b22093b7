// Package catalog knows publishers and products, and the rules that recognize them in evidence.
package catalog

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/highwater-sam/highwater/inventory"
)

// The kinds of title.
const (
	PackageTitle = "package"
	FileTitle    = "file"
	TagTitle     = "tag"
	SystemTitle  = "system" // the operating system itself
)

// Title is one distinct piece of software evidence, shared by every device that shows it.
type Title struct {
	Kind      string `json:"kind"`             // "package", "file", "tag" or "system"
	Source    string `json:"source,omitempty"` // of a package: "dpkg", "rpm", ...; of a component that another tool recognized: "ilmt"
	Name      string `json:"name"`
	Version   string `json:"version,omitempty"`
	Arch      string `json:"arch,omitempty"`
	Publisher string `json:"publisher,omitempty"` // of a file: its company
	Path      string `json:"path,omitempty"`      // of a file or tag
	ID        string `json:"id,omitempty"`        // of a tag: persistent id, else tag id
	Edition   string `json:"edition,omitempty"`   // of a tag
	Bytes     int64  `json:"bytes,omitempty"`     // of a file
}

// ProductID names a product: lower-case words with dashes, e.g. "ibm-db2".
type ProductID string

// Product is something a license can be about.
type Product struct {
	ID        ProductID `json:"id"`
	Publisher string    `json:"publisher"`
	Name      string    `json:"name"`
	Edition   string    `json:"edition,omitempty"`
	Free      bool      `json:"free,omitempty"` // needs no license (open source, runtime): recognized and shown, never unlicensed
	// Includes lists products that are part of this one: where both are recognized on a device, they are its components.
	Includes []ProductID `json:"includes,omitempty"`
	// Supporting lists products that this one brings for its own use. Seen on one device they may be no more than that; the
	// device does not tell, so it changes no figure: it is said, for a person to decide.
	Supporting []ProductID `json:"supporting,omitempty"`
}

// Recognized is one product found in a set of titles, with the rule and the titles that prove it.
type Recognized struct {
	Product ProductID `json:"product"`
	Version string    `json:"version,omitempty"` // the highest the evidence says; "" when it says none
	Edition string    `json:"edition,omitempty"`
	Rule    string    `json:"rule"`              // id of the rule that found it
	PartOf  ProductID `json:"part_of,omitempty"` // the product on the same device that includes this one
	// MaySupport lists products on the same device that may have brought this one only for their own use.
	MaySupport []ProductID `json:"may_support,omitempty"`
	Titles     []Title     `json:"titles"` // the evidence, in the order of the set
}

// Sum identifies the title by all it says: a SHA-256.
func (t *Title) Sum() [sha256.Size]byte {
	var space [512]byte
	return sha256.Sum256(t.encode(space[:0]))
}

// Hash is Sum in 64 hexadecimal digits.
func (t Title) Hash() string {
	sum := t.Sum()
	return hex.EncodeToString(sum[:])
}

// encode writes the fields so that no two titles write the same bytes.
func (t *Title) encode(b []byte) []byte {
	for _, s := range [...]string{t.Kind, t.Source, t.Name, t.Version, t.Arch, t.Publisher, t.Path, t.ID, t.Edition} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return binary.AppendVarint(b, t.Bytes)
}

// SetHash identifies a set of titles, in whatever order and however often they are given: the hex SHA-256 of the sorted
// hashes. The empty set has a hash too.
func SetHash(titles []Title) string { return setHash(sums(titles)) }

func sums(titles []Title) [][sha256.Size]byte {
	all := make([][sha256.Size]byte, len(titles))
	for i := range titles {
		all[i] = titles[i].Sum()
	}
	return all
}

func setHash(hashes [][sha256.Size]byte) string {
	hashes = slices.Clone(hashes)
	slices.SortFunc(hashes, func(a, b [sha256.Size]byte) int { return bytes.Compare(a[:], b[:]) })
	sum := sha256.New()
	var text [2 * sha256.Size]byte
	for _, h := range slices.Compact(hashes) {
		hex.Encode(text[:], h[:])
		sum.Write(text[:])
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// TitlesOf returns the distinct titles of a document's evidence, its operating system among them, in a fixed order. Nil
// evidence has none.
func TitlesOf(doc *inventory.Document) []Title {
	if doc.Evidence == nil {
		return nil
	}
	e := doc.Evidence
	titles := make([]Title, 0, len(e.Packages)+len(e.Files)+len(e.Tags)+1)
	eachTitle(doc, func(_ string, t *Title) { titles = append(titles, *t) })
	return distinct(titles)
}

// eachTitle tells every title of a document that has evidence, with its place.
func eachTitle(doc *inventory.Document, tell func(place string, t *Title)) {
	for i := range doc.Evidence.Packages {
		p := &doc.Evidence.Packages[i]
		kind, place := PackageTitle, p.Source
		if componentSources[p.Source] {
			kind = TagTitle
		}
		if place == "" {
			place = "packages"
		}
		tell(place, &Title{Kind: kind, Source: p.Source, Name: p.Name, Version: p.Version, Arch: p.Arch, Publisher: p.Publisher})
	}
	for _, f := range doc.Evidence.Files {
		tell("files", &Title{Kind: FileTitle, Name: f.Name, Version: f.Version, Publisher: f.Company, Path: f.Path, Bytes: f.Bytes})
	}
	for _, t := range doc.Evidence.Tags {
		id := t.Persistent
		if id == "" {
			id = t.TagID
		}
		tell("swid", &Title{Kind: TagTitle, Name: t.Name, Version: t.Version, Publisher: t.Publisher, Path: t.Path, ID: id, Edition: t.Edition})
	}
	if h := doc.Hardware; h != nil && h.OS.Name != "" {
		tell("system", &Title{Kind: SystemTitle, Name: h.OS.Name, Version: h.OS.Version, Arch: h.OS.Arch})
	}
}

// componentSources are other discovery tools whose records are software components they recognized, under the names of tags:
// tag rules apply to them.
var componentSources = map[string]bool{"ilmt": true, "bigfix": true}

// distinct sorts the titles and drops repetitions. Titles are large: those of a document, which are nearly in order, are
// not moved.
func distinct(titles []Title) []Title {
	if slices.IsSortedFunc(titles, compareTitles) {
		return slices.Compact(titles)
	}
	slices.SortFunc(titles, compareTitles)
	return slices.Compact(titles)
}

func compareTitles(a, b Title) int {
	if c := strings.Compare(a.Kind, b.Kind); c != 0 {
		return c
	}
	if c := strings.Compare(a.Name, b.Name); c != 0 {
		return c
	}
	return cmp.Or(strings.Compare(a.Version, b.Version), strings.Compare(a.Source, b.Source), strings.Compare(a.Arch, b.Arch),
		strings.Compare(a.Publisher, b.Publisher), strings.Compare(a.Path, b.Path), strings.Compare(a.ID, b.ID),
		strings.Compare(a.Edition, b.Edition), cmp.Compare(a.Bytes, b.Bytes))
}

// Part is what a document says of one place of evidence: one package database, the files, or the tags, as one source sees
// it. Parts are looked at, kept and replaced each by itself.
type Part struct {
	Name   string              // source, connection and place: "agent:dpkg", "glpi/berlin:packages"
	Hash   string              // SetHash of the titles
	Titles []Title             // distinct, in a fixed order; empty: looked at and nothing found
	Sums   [][sha256.Size]byte // Title.Sum of each
}

// PartsOf divides a document's evidence into the parts it looked at, by name. A place that the document lists as looked
// at is a part even where nothing was found; evidence of a place it does not list is a part too, since it was seen.
func PartsOf(doc *inventory.Document) []Part {
	if doc.Evidence == nil {
		return nil
	}
	origin := doc.Header.Source
	if doc.Header.Connection != "" {
		origin += "/" + doc.Header.Connection
	}
	places := map[string][]Title{}
	for _, looked := range doc.Evidence.Looked {
		places[looked] = nil
	}
	eachTitle(doc, func(place string, t *Title) {
		titles := places[place]
		if titles == nil { // one place usually has most of a document's packages
			titles = make([]Title, 0, 4+len(doc.Evidence.Packages)/(1+len(places)))
		}
		places[place] = append(titles, *t)
	})
	parts := make([]Part, 0, len(places))
	for place, titles := range places {
		titles = distinct(titles)
		hashes := sums(titles)
		parts = append(parts, Part{Name: origin + ":" + place, Hash: setHash(hashes), Titles: titles, Sums: hashes})
	}
	slices.SortFunc(parts, func(a, b Part) int { return strings.Compare(a.Name, b.Name) })
	return parts
}

package catalog

import (
	"fmt"
	"slices"
	"strings"
)

// Catalog is products and the rules that recognize them: the library that comes with a release, or a site's own, or both
// (see Over). It is read from text with Parse.
type Catalog struct {
	Version  string
	Products []Product
	Rules    []Rule
	Ignored  []Term // evidence that is set aside before any rule looks: it proves nothing and is not reported as unmatched
}

// Rule recognizes one product. It holds on a device when each With term is met by some title, no Without term is, and, where
// it has Any terms, at least one of those is.
type Rule struct {
	ID      string // product id, a slash, and the rule's own name: "ibm-mq/packages"
	Product ProductID
	Edition string // which edition it proves, "" when it does not tell
	Known   Basis
	Terms   []Term
	Local   bool // of the site's own catalog
}

// Basis says how it is known that the evidence means the product.
type Basis struct {
	Confirmed bool   // seen in the publisher's documentation, packages or code; otherwise derived from a stated rule
	Text      string // where, or by which rule
}

// Need says how a term takes part in its rule.
type Need int

// The needs.
const (
	Any Need = iota
	With
	Without
	Also // proves nothing and is never required, but belongs to the product where the rule holds
)

// Term is a pattern for titles. Globs know * and ? only, match the whole value, and ignore the case of ASCII letters.
type Term struct {
	Need Need
	Kind string // PackageTitle, FileTitle, TagTitle or SystemTitle
	Name string // glob; of a tag it may also match the name written in the tag's file name
	More []Condition
}

// Condition is one more demand on a title.
type Condition struct {
	Field string // "version", "publisher", "source", "arch", "path", "id", "edition" or "size"
	Glob  string
}

// fieldsOf lists the conditions each kind of term may carry.
var fieldsOf = map[string][]string{
	PackageTitle: {"version", "publisher", "source", "arch"},
	FileTitle:    {"version", "publisher", "path", "size"},
	TagTitle:     {"version", "publisher", "path", "id", "edition"},
	SystemTitle:  {"version", "arch"},
}

// matches says whether the title meets the term. The path of a Windows file is no condition: the same product is
// installed anywhere there.
func (t Term) matches(title Title) bool {
	if t.Kind != title.Kind || !Glob(t.Name, title.Name) && !(t.Kind == TagTitle && Glob(t.Name, nameInFile(title.Path))) {
		return false
	}
	for _, c := range t.More {
		if c.Field == "path" && windowsPath(title.Path) {
			continue
		}
		if !Glob(c.Glob, title.field(c.Field)) {
			return false
		}
	}
	return true
}

func (t Title) field(name string) string {
	switch name {
	case "version":
		return t.Version
	case "publisher":
		return t.Publisher
	case "source":
		return t.Source
	case "arch":
		return t.Arch
	case "path":
		return t.Path
	case "id":
		return t.ID
	case "edition":
		return t.Edition
	case "size":
		return fmt.Sprint(t.Bytes)
	}
	return ""
}

// String writes the term as a catalog's text does.
func (t Term) String() string {
	var b strings.Builder
	switch t.Need {
	case With:
		b.WriteString("with ")
	case Without:
		b.WriteString("without ")
	case Also:
		b.WriteString("also ")
	}
	b.WriteString(t.Kind + " " + t.Name)
	for _, c := range t.More {
		b.WriteString(" | " + c.Field + " " + c.Glob)
	}
	return b.String()
}

func windowsPath(p string) bool {
	return strings.Contains(p, `\`) || len(p) > 1 && p[1] == ':'
}

// nameInFile is the product's name that a tag's file name spells: "…/ibm.com_IBM_MQ-9.4.0.swidtag" says "IBM MQ".
func nameInFile(path string) string {
	base := path[strings.LastIndexAny(path, `/\`)+1:]
	for _, ext := range []string{".swidtag", ".swtag", ".cmptag"} {
		if len(base) > len(ext) && strings.EqualFold(base[len(base)-len(ext):], ext) {
			base = base[:len(base)-len(ext)]
			if i := strings.LastIndexByte(base, '-'); i > 0 && i+1 < len(base) && base[i+1] >= '0' && base[i+1] <= '9' {
				base = base[:i]
			}
			if maker, name, ok := strings.Cut(base, "_"); ok && strings.Contains(maker, ".") {
				base = name
			}
			if ext == ".swtag" {
				base = withoutVersion(base)
			}
			return strings.ReplaceAll(base, "_", " ")
		}
	}
	return ""
}

// withoutVersion cuts what older tags put behind the name: "IBM_Mobile_Portal_Accelerator8.0.0" is version 8.0.0 of it.
func withoutVersion(base string) string {
	name := strings.TrimRight(base, "0123456789.")
	if version := base[len(name):]; name == "" || !strings.Contains(strings.Trim(version, "."), ".") {
		return base
	}
	return strings.TrimRight(name, "_-")
}

// Over returns the site's catalog laid over the library: a product or rule of the same id replaces the library's, the rest
// is added, and local rules are tried first, taking their evidence with them (see Recognizer.Recognize).
func (c *Catalog) Over(library *Catalog) *Catalog {
	both := &Catalog{Version: library.Version + "+" + c.Version}
	own := map[ProductID]bool{}
	for _, p := range c.Products {
		own[p.ID] = true
	}
	replaced := map[string]bool{}
	for _, r := range c.Rules {
		r.Local = true
		replaced[r.ID] = true
		both.Rules = append(both.Rules, r)
	}
	both.Products = append(both.Products, c.Products...)
	for _, p := range library.Products {
		if !own[p.ID] {
			both.Products = append(both.Products, p)
		}
	}
	for _, r := range library.Rules {
		if !replaced[r.ID] {
			both.Rules = append(both.Rules, r)
		}
	}
	both.Ignored = append(slices.Clone(c.Ignored), library.Ignored...)
	slices.SortFunc(both.Products, func(a, b Product) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return both
}

// Product returns a product by its id.
func (c *Catalog) Product(id ProductID) (Product, bool) {
	for _, p := range c.Products {
		if p.ID == id {
			return p, true
		}
	}
	return Product{}, false
}

package catalog

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// maxLine is the longest line a catalog may have.
const maxLine = 4096

// Parse reads a catalog's text (docs/catalog.md). Name is the file's, for messages. Every problem is reported, each with its
// line, joined into one error; then there is no catalog.
func Parse(name string, r io.Reader) (*Catalog, error) {
	p := &parser{name: name, catalog: &Catalog{}, bases: map[string]Basis{}, products: map[ProductID]bool{}, rules: map[string]bool{}}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, maxLine), maxLine)
	for lines.Scan() {
		p.line++
		p.read(lines.Text())
	}
	p.close()
	if err := lines.Err(); err != nil {
		p.problems = append(p.problems, fmt.Errorf("%s:%d: %w", name, p.line+1, err))
	}
	if p.catalog.Version == "" {
		p.problems = append(p.problems, fmt.Errorf("%s: no line says which version this is: \"catalog 2026.1\"", name))
	}
	if len(p.problems) > 0 {
		return nil, errors.Join(p.problems...)
	}
	return p.catalog, nil
}

// parser is the state between lines: which product and rule they belong to.
type parser struct {
	name     string
	line     int
	catalog  *Catalog
	bases    map[string]Basis
	products map[ProductID]bool
	rules    map[string]bool
	product  *Product
	rule     *Rule
	ignore   bool
	problems []error
}

func (p *parser) fail(format string, args ...any) {
	p.problems = append(p.problems, fmt.Errorf("%s:%d: %s", p.name, p.line, fmt.Sprintf(format, args...)))
}

// read takes one line: a word that says what it is, and the rest. Indentation is for the reader; # between blanks, or at
// the beginning, starts a comment.
func (p *parser) read(line string) {
	line, _, _ = strings.Cut(" "+strings.ReplaceAll(line, "\t", " "), " # ")
	line = strings.TrimSpace(line)
	if line == "" || strings.HasPrefix(line, "#") {
		return
	}
	word, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	if rest == "" && word != "free" && word != "ignore" {
		p.fail("%q needs a value", word)
		return
	}
	switch word {
	case "catalog":
		if p.catalog.Version != "" {
			p.fail("the version is stated twice")
		}
		p.catalog.Version = rest
	case "basis":
		p.basis(rest)
	case "product":
		p.open(rest)
	case "ignore":
		p.close()
		p.ignore = true
	case "name", "publisher", "edition", "includes", "supporting", "free":
		p.describe(word, rest)
	case "rule":
		p.startRule(rest)
	case "with", "without", "also", PackageTitle, FileTitle, TagTitle, SystemTitle:
		p.term(word, rest)
	default:
		p.fail("%q is no word of a catalog", word)
	}
}

// basis gives a name to a way of knowing that many rules share: "basis announced derived: why".
func (p *parser) basis(rest string) {
	name, text, _ := strings.Cut(rest, " ")
	b, ok := parseBasis(strings.TrimSpace(text))
	if !ok {
		p.fail("basis %s says neither \"confirmed: ...\" nor \"derived: ...\"", name)
		return
	}
	p.bases[name] = b
}

func parseBasis(s string) (Basis, bool) {
	how, text, _ := strings.Cut(s, ":")
	text = strings.TrimSpace(text)
	return Basis{Confirmed: how == "confirmed", Text: text}, (how == "confirmed" || how == "derived") && text != ""
}

func (p *parser) open(id string) {
	p.close()
	if !productID(id) {
		p.fail("product %q: an id has lower-case letters, digits, dots and dashes only", id)
	}
	if p.products[ProductID(id)] {
		p.fail("product %s is there twice", id)
	}
	p.products[ProductID(id)] = true
	p.product = &Product{ID: ProductID(id)}
}

func productID(id string) bool {
	return id != "" && !strings.ContainsFunc(id, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '.')
	})
}

// close ends the product and the rule that lines belonged to.
func (p *parser) close() {
	p.closeRule()
	if p.product != nil {
		if p.product.Name == "" || p.product.Publisher == "" {
			p.fail("product %s has no name or no publisher", p.product.ID)
		}
		p.catalog.Products = append(p.catalog.Products, *p.product)
	}
	p.product, p.ignore = nil, false
}

func (p *parser) closeRule() {
	if p.rule == nil {
		return
	}
	if !slices.ContainsFunc(p.rule.Terms, func(t Term) bool { return t.Need == Any || t.Need == With }) {
		p.fail("rule %s asks for no evidence", p.rule.ID)
	}
	p.catalog.Rules = append(p.catalog.Rules, *p.rule)
	p.rule = nil
}

func (p *parser) describe(word, rest string) {
	switch {
	case p.product == nil:
		p.fail("%s before any product", word)
	case word == "edition" && p.rule != nil:
		p.rule.Edition = rest
	case p.rule != nil:
		p.fail("%s belongs to the product, before its rules", word)
	case word == "name":
		p.product.Name = rest
	case word == "publisher":
		p.product.Publisher = rest
	case word == "edition":
		p.product.Edition = rest
	case word == "free":
		p.product.Free = true
	case word == "includes", word == "supporting":
		list := &p.product.Includes
		if word == "supporting" {
			list = &p.product.Supporting
		}
		for _, id := range strings.Fields(rest) {
			*list = append(*list, ProductID(id))
		}
	}
}

func (p *parser) startRule(rest string) {
	p.closeRule()
	if p.product == nil {
		p.fail("rule before any product")
		return
	}
	name, how, _ := strings.Cut(rest, " ")
	how = strings.TrimSpace(how)
	basis, ok := p.bases[how]
	if !ok {
		if basis, ok = parseBasis(how); !ok {
			p.fail("rule %s says neither \"confirmed: ...\" nor \"derived: ...\" nor a stated basis", name)
		}
	}
	id := string(p.product.ID) + "/" + name
	if p.rules[id] {
		p.fail("rule %s is there twice", id)
	}
	p.rules[id] = true
	p.rule = &Rule{ID: id, Product: p.product.ID, Known: basis}
}

// term reads "[with|without|also] package|file|tag|system NAME | field GLOB | ...".
func (p *parser) term(word, rest string) {
	t := Term{Kind: word}
	if need, ok := map[string]Need{"with": With, "without": Without, "also": Also}[word]; ok {
		t.Need = need
		t.Kind, rest, _ = strings.Cut(rest, " ")
		if fieldsOf[t.Kind] == nil {
			p.fail("%q is no kind of evidence: package, file, tag or system", t.Kind)
			return
		}
	}
	parts := strings.Split(rest, "|")
	t.Name = strings.TrimSpace(parts[0])
	if strings.Trim(t.Name, "*? ") == "" {
		p.fail("a name that matches everything proves nothing")
		return
	}
	for _, part := range parts[1:] {
		field, pattern, _ := strings.Cut(strings.TrimSpace(part), " ")
		pattern = strings.TrimSpace(pattern)
		if !slices.Contains(fieldsOf[t.Kind], field) || pattern == "" {
			p.fail("%q is no condition on a %s: %s, each with a pattern", strings.TrimSpace(part), t.Kind, strings.Join(fieldsOf[t.Kind], ", "))
			return
		}
		t.More = append(t.More, Condition{field, pattern})
	}
	switch {
	case p.rule != nil:
		p.rule.Terms = append(p.rule.Terms, t)
	case p.ignore && t.Need == Any:
		p.catalog.Ignored = append(p.catalog.Ignored, t)
	default:
		p.fail("evidence before any rule")
	}
}

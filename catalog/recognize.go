package catalog

import (
	"fmt"
	"slices"
	"strings"
)

// Recognizer is a catalog made fast: the names of terms are indexed, so that a title is compared with the few terms it can
// meet. It may be used from several goroutines.
type Recognizer struct {
	catalog *Catalog
	local   int                       // the rules before this place are the site's own
	exact   map[string][]place        // kind and folded name, of names without wildcards
	prefix  map[string][]place        // kind and the folded text before the first wildcard
	lengths [256][]int                // lengths of prefixes, by their first byte after the kind
	rest    []place                   // terms whose name begins with a wildcard
	partOf  map[ProductID][]string    // the products that include a product
	support map[ProductID][]ProductID // the products that bring a product for their own use
}

// place is one term of one rule; rule -1 is the list of ignored evidence.
type place struct{ rule, term int }

// ignoredRule stands for the list of ignored evidence.
const ignoredRule = -1

// Compile makes a recognizer. It refuses a catalog whose rules or bundles name products it does not hold.
func Compile(c *Catalog) (*Recognizer, error) {
	r := &Recognizer{catalog: c, exact: map[string][]place{}, prefix: map[string][]place{}, partOf: map[ProductID][]string{}, support: map[ProductID][]ProductID{}}
	known := map[ProductID]bool{}
	for _, p := range c.Products {
		known[p.ID] = true
	}
	for _, p := range c.Products {
		for _, part := range p.Includes {
			if !known[part] || part == p.ID {
				return nil, fmt.Errorf("product %s includes %s, which is no other product of the catalog", p.ID, part)
			}
			r.partOf[part] = append(r.partOf[part], string(p.ID))
		}
		for _, used := range p.Supporting {
			if !known[used] || used == p.ID {
				return nil, fmt.Errorf("product %s names %s as supporting, which is no other product of the catalog", p.ID, used)
			}
			r.support[used] = append(r.support[used], p.ID)
		}
	}
	for i, rule := range c.Rules {
		if !known[rule.Product] {
			return nil, fmt.Errorf("rule %s is for product %s, which the catalog does not hold", rule.ID, rule.Product)
		}
		if rule.Local {
			if r.local != i {
				return nil, fmt.Errorf("rule %s is the site's own and stands behind the library's", rule.ID)
			}
			r.local = i + 1
		}
		for j, t := range rule.Terms {
			r.index(t, place{i, j})
		}
	}
	for j, t := range c.Ignored {
		r.index(t, place{ignoredRule, j})
	}
	return r, nil
}

func (r *Recognizer) index(t Term, at place) {
	name := foldAll(t.Name)
	wild := strings.IndexAny(name, "*?")
	switch {
	case wild < 0:
		key := t.Kind[:1] + name
		r.exact[key] = append(r.exact[key], at)
	case wild == 0:
		r.rest = append(r.rest, at)
	default:
		key := t.Kind[:1] + name[:wild]
		r.prefix[key] = append(r.prefix[key], at)
		if lengths := &r.lengths[name[0]]; !slices.Contains(*lengths, wild) {
			*lengths = append(*lengths, wild)
		}
	}
}

func (r *Recognizer) term(at place) Term {
	if at.rule == ignoredRule {
		return r.catalog.Ignored[at.term]
	}
	return r.catalog.Rules[at.rule].Terms[at.term]
}

// meets calls found for each term that the title meets.
func (r *Recognizer) meets(t Title, found func(place)) {
	r.named(t, t.Name, found)
	if t.Kind == TagTitle {
		if name := nameInFile(t.Path); !strings.EqualFold(name, t.Name) {
			r.named(t, name, found)
		}
	}
	for _, at := range r.rest {
		if r.term(at).matches(t) {
			found(at)
		}
	}
}

func (r *Recognizer) named(t Title, name string, found func(place)) {
	if name == "" || t.Kind == "" {
		return
	}
	key := t.Kind[:1] + foldAll(name)
	for _, at := range r.exact[key] {
		if r.term(at).matches(t) {
			found(at)
		}
	}
	for _, n := range r.lengths[key[1]] {
		if n < len(key) {
			for _, at := range r.prefix[key[:n+1]] {
				if r.term(at).matches(t) {
					found(at)
				}
			}
		}
	}
}

// Found is what a set of titles shows.
type Found struct {
	Products  []Recognized // by product id
	Unmatched []Title      // titles that no rule used and no one set aside, in the order of the set: kept, and tried again when the catalog grows
}

// Recognize applies the rules to the titles of one device. The site's own rules come first and take the titles that prove
// them, so that a library rule cannot make something else of the same evidence. A product is found once, by the first rule
// that holds; further rules that hold for it add their titles. Where a device has a product and another that includes it,
// the included one is marked as its part.
func (r *Recognizer) Recognize(titles []Title) Found {
	met := map[int][]use{}
	ignored := make([]bool, len(titles))
	for i, t := range titles {
		r.meets(t, func(at place) {
			if at.rule == ignoredRule {
				ignored[i] = true
				return
			}
			met[at.rule] = append(met[at.rule], use{i, at.term})
		})
	}
	rules := make([]int, 0, len(met))
	for rule := range met {
		rules = append(rules, rule)
	}
	slices.Sort(rules)
	used, taken := make([]bool, len(titles)), slices.Clone(ignored)
	products := map[ProductID]*proof{}
	for k, rule := range rules {
		if rule >= r.local && (k == 0 || rules[k-1] < r.local) {
			for i := range used {
				taken[i] = taken[i] || used[i]
			}
		}
		r.apply(rule, met[rule], taken, used, products)
	}
	return r.collect(titles, products, used, ignored)
}

// use is one title meeting one term of a rule.
type use struct{ title, term int }

// proof is what proves one product.
type proof struct {
	rule    int
	edition string
	titles  map[int]bool
	direct  []int // titles of terms that are not only conditions: they tell the version
}

// apply tries one rule with the titles that meet its terms.
func (r *Recognizer) apply(index int, met []use, taken, used []bool, products map[ProductID]*proof) {
	rule := &r.catalog.Rules[index]
	held := make([]bool, len(rule.Terms))
	var proving []use
	for _, u := range met {
		if taken[u.title] && rule.Terms[u.term].Need != Without {
			continue
		}
		held[u.term] = true
		if rule.Terms[u.term].Need != Without {
			proving = append(proving, u)
		}
	}
	anyNeeded, anyHeld := false, false
	for j, t := range rule.Terms {
		switch {
		case t.Need == Without && held[j], t.Need == With && !held[j]:
			return
		case t.Need == Any:
			anyNeeded = true
			anyHeld = anyHeld || held[j]
		}
	}
	if anyNeeded && !anyHeld {
		return
	}
	p := products[rule.Product]
	if p == nil {
		p = &proof{rule: index, titles: map[int]bool{}}
		products[rule.Product] = p
	}
	if p.edition == "" {
		p.edition = rule.Edition
	}
	for _, u := range proving {
		p.titles[u.title] = true
		used[u.title] = true
		if need := rule.Terms[u.term].Need; need == Any || need == With && !anyNeeded {
			p.direct = append(p.direct, u.title)
		}
	}
}

func (r *Recognizer) collect(titles []Title, products map[ProductID]*proof, used, ignored []bool) Found {
	var f Found
	for id, p := range products {
		rec := Recognized{Product: id, Rule: r.catalog.Rules[p.rule].ID, Edition: p.edition}
		for i, t := range titles {
			if p.titles[i] {
				rec.Titles = append(rec.Titles, t)
				if rec.Edition == "" && t.Edition != "" && slices.Contains(p.direct, i) {
					rec.Edition = t.Edition
				}
			}
		}
		for _, i := range p.direct {
			if compareVersions(titles[i].Version, rec.Version) > 0 {
				rec.Version = titles[i].Version
			}
		}
		for _, whole := range r.partOf[id] {
			if products[ProductID(whole)] != nil && (rec.PartOf == "" || whole < string(rec.PartOf)) {
				rec.PartOf = ProductID(whole)
			}
		}
		for _, by := range r.support[id] {
			if products[by] != nil {
				rec.MaySupport = append(rec.MaySupport, by)
			}
		}
		slices.Sort(rec.MaySupport)
		f.Products = append(f.Products, rec)
	}
	slices.SortFunc(f.Products, func(a, b Recognized) int { return strings.Compare(string(a.Product), string(b.Product)) })
	for i, t := range titles {
		if !used[i] && !ignored[i] {
			f.Unmatched = append(f.Unmatched, t)
		}
	}
	return f
}

// compareVersions orders versions by their numbers: 10.0 is above 9.3.5.
func compareVersions(a, b string) int {
	numbers := func(s string) []string {
		return strings.FieldsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	}
	x, y := numbers(a), numbers(b)
	for i := 0; i < len(x) && i < len(y); i++ {
		p, q := strings.TrimLeft(x[i], "0"), strings.TrimLeft(y[i], "0")
		if len(p) != len(q) {
			return len(p) - len(q)
		}
		if c := strings.Compare(p, q); c != 0 {
			return c
		}
	}
	if len(x) != len(y) {
		return len(x) - len(y)
	}
	return strings.Compare(a, b)
}

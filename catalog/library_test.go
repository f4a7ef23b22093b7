package catalog

import (
	"slices"
	"strings"
	"testing"
)

func compileLibrary(t testing.TB) *Recognizer {
	r, err := Compile(Library())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// titleFor makes a title that meets the term: wildcards become text.
func titleFor(term Term) Title {
	text := func(pattern string) string {
		return strings.NewReplacer("*", "1", "?", "1").Replace(pattern)
	}
	t := Title{Kind: term.Kind, Name: text(term.Name)}
	for _, c := range term.More {
		switch c.Field {
		case "version":
			t.Version = text(c.Glob)
		case "publisher":
			t.Publisher = text(c.Glob)
		case "source":
			t.Source = text(c.Glob)
		case "arch":
			t.Arch = text(c.Glob)
		case "path":
			t.Path = text(c.Glob)
		case "id":
			t.ID = text(c.Glob)
		case "edition":
			t.Edition = text(c.Glob)
		}
	}
	return t
}

func TestLibraryHoldsWhatLicensesAreAbout(t *testing.T) {
	ibm := 0
	for _, p := range Library().Products {
		if p.Publisher == "IBM" && !p.Free {
			ibm++
		}
	}
	if ibm < 120 {
		t.Errorf("%d IBM products that need a license, want at least 120", ibm)
	}
	for _, id := range []ProductID{"ibm-db2", "ibm-mq", "ibm-was", "ibm-was-nd", "ibm-app-connect-enterprise", "ibm-datapower-gateway", "ibm-api-connect",
		"ibm-cp4i", "ibm-cp4ba", "ibm-cp4d", "ibm-cognos-analytics", "ibm-spss-modeler-server", "ibm-odm", "ibm-baw", "ibm-informix", "ibm-instana", "ibm-maximo",
		"oracle-database", "microsoft-sql-server", "microsoft-windows-server", "redhat-enterprise-linux", "suse-linux-enterprise", "vmware-esxi", "sap-hana",
		"postgresql", "mysql", "mariadb", "nginx", "apache-httpd", "redis", "openjdk"} {
		if _, ok := Library().Product(id); !ok {
			t.Errorf("no product %s", id)
		}
	}
}

func TestEveryProductCanBeRecognizedAndSaysHowItIsKnown(t *testing.T) {
	c := Library()
	ruled := map[ProductID]bool{}
	for _, r := range c.Rules {
		ruled[r.Product] = true
		if len(r.Known.Text) < 20 {
			t.Errorf("rule %s: how it is known: %q", r.ID, r.Known.Text)
		}
	}
	names := map[string]ProductID{}
	for _, p := range c.Products {
		if !ruled[p.ID] {
			t.Errorf("product %s has no rule", p.ID)
		}
		if other := names[p.Name]; other != "" {
			t.Errorf("products %s and %s have one name", other, p.ID)
		}
		names[p.Name] = p.ID
	}
}

// TestNoEvidenceMeansTwoProducts: what proves one product of the library proves no other, unless one includes the other.
func TestNoEvidenceMeansTwoProducts(t *testing.T) {
	r := compileLibrary(t)
	for _, rule := range Library().Rules {
		for _, term := range rule.Terms {
			if term.Need != Any {
				continue
			}
			title := titleFor(term)
			found := r.Recognize([]Title{title})
			if !slices.ContainsFunc(found.Products, func(p Recognized) bool { return p.Product == rule.Product }) {
				t.Errorf("rule %s: %q does not recognize %+v", rule.ID, term, title)
			}
			for _, p := range found.Products {
				if p.Product != rule.Product {
					t.Errorf("rule %s: %q is also evidence of %s by %s", rule.ID, term, p.Product, p.Rule)
				}
			}
		}
	}
}

func TestNoTermIsThereTwice(t *testing.T) {
	seen := map[string]string{}
	for _, rule := range Library().Rules {
		for _, term := range rule.Terms {
			if term.Need != Any {
				continue
			}
			text := strings.ToLower(term.String())
			if seen[text] != "" {
				t.Errorf("%q is in %s and in %s", term, seen[text], rule.ID)
			}
			seen[text] = rule.ID
		}
	}
}

func TestBundlesHaveNoCircles(t *testing.T) {
	c := Library()
	parts := map[ProductID][]ProductID{}
	for _, p := range c.Products {
		parts[p.ID] = p.Includes
	}
	var walk func(id ProductID, path []ProductID)
	walk = func(id ProductID, path []ProductID) {
		if slices.Contains(path, id) {
			t.Fatalf("%v includes itself", append(path, id))
		}
		for _, part := range parts[id] {
			walk(part, append(slices.Clone(path), id))
		}
	}
	for id := range parts {
		walk(id, nil)
	}
}

package catalog

import (
	"os"
	"strings"
	"testing"
)

// TestTheExampleInTheDocumentationIsACatalog reads the example of docs/catalog.md and recognizes with it.
func TestTheExampleInTheDocumentationIsACatalog(t *testing.T) {
	text, err := os.ReadFile("../docs/catalog.md")
	if err != nil {
		t.Fatal(err)
	}
	var example []string
	for _, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, "    ") {
			example = append(example, line)
		}
	}
	own, err := Parse("docs/catalog.md", strings.NewReader(strings.Join(example, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	r, err := Compile(own.Over(Library()))
	if err != nil {
		t.Fatal(err)
	}
	found := r.Recognize([]Title{
		{Kind: PackageTitle, Name: "acme-ledger-server", Version: "9.1"},
		{Kind: PackageTitle, Name: "acme-ledger-doc-en"},
		{Kind: PackageTitle, Name: "acme-ledger-locale-de"},
		{Kind: FileTitle, Name: "acmerpt", Path: "/opt/acme/bin/acmerpt"},
	})
	if len(found.Products) != 2 || found.Products[1].PartOf != "acme-ledger" || found.Products[0].Version != "9.1" || len(found.Unmatched) != 0 {
		t.Errorf("%+v", found)
	}
}

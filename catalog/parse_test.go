package catalog

import (
	"strings"
	"testing"
)

func TestParseSaysWhatIsWrongAndWhere(t *testing.T) {
	const head = "catalog 1\nproduct p\nname P\npublisher Q\n"
	for _, tc := range []struct{ text, want string }{
		{"", "no line says which version"},
		{"catalog 1\ncatalog 2\n", "local:2: the version is stated twice"},
		{"catalog 1\nproduct Upper\nname P\npublisher Q\n", `local:2: product "Upper": an id has lower-case letters`},
		{"catalog 1\nproduct p\nname P\n", "product p has no name or no publisher"},
		{head + "product p\nname P\npublisher Q\n", "local:5: product p is there twice"},
		{head + "nmae X\n", `local:5: "nmae" is no word of a catalog`},
		{head + "name\n", `local:5: "name" needs a value`},
		{"catalog 1\nname P\n", "local:2: name before any product"},
		{head + "package x\n", "local:5: evidence before any rule"},
		{head + "rule r because\npackage x\n", `neither "confirmed: ..." nor "derived: ..." nor a stated basis`},
		{head + "rule r confirmed:\npackage x\n", "neither"},
		{head + "rule r confirmed: y\n", "rule p/r asks for no evidence"},
		{head + "rule r confirmed: y\nwithout package x\n", "rule p/r asks for no evidence"},
		{head + "rule r confirmed: y\npackage x\nrule r confirmed: y\npackage z\n", "rule p/r is there twice"},
		{head + "rule r confirmed: y\npackage *\n", "a name that matches everything proves nothing"},
		{head + "rule r confirmed: y\npackage x | path /y\n", `"path /y" is no condition on a package: version, publisher, source, arch`},
		{head + "rule r confirmed: y\npackage x | version\n", `"version" is no condition`},
		{head + "rule r confirmed: y\nwith thing x\n", `"thing" is no kind of evidence`},
		{head + "rule r confirmed: y\npackage x\nname Z\n", "name belongs to the product, before its rules"},
		{"rule r confirmed: y\n", "rule before any product"},
		{"catalog 1\nbasis b perhaps: y\n", "basis b says neither"},
		{"catalog 1\nproduct p\nname P\npublisher " + strings.Repeat("x", maxLine) + "\n", "token too long"},
	} {
		_, err := Parse("local", strings.NewReader(tc.text))
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%q: %v, want %q", tc.text, err, tc.want)
		}
	}
}

func TestEveryProblemIsReported(t *testing.T) {
	_, err := Parse("local", strings.NewReader("catalog 1\nfoo x\nbar y\n"))
	if err == nil || !strings.Contains(err.Error(), "local:2") || !strings.Contains(err.Error(), "local:3") {
		t.Error(err)
	}
}

func TestCompileRefusesUnknownProducts(t *testing.T) {
	for name, c := range map[string]*Catalog{
		"a rule":   {Rules: []Rule{{ID: "x/y", Product: "x"}}},
		"a bundle": {Products: []Product{{ID: "a", Includes: []ProductID{"b"}}}},
		"itself":   {Products: []Product{{ID: "a", Includes: []ProductID{"a"}}}},
	} {
		if _, err := Compile(c); err == nil {
			t.Errorf("%s names a product that is not there", name)
		}
	}
}

func TestALocalProductAndRuleReplaceTheLibrarys(t *testing.T) {
	own, err := Parse("local", strings.NewReader("catalog 7\nproduct nginx\nname nginx Plus\npublisher F5\nrule packages confirmed: our contract\npackage nginx-plus\n"))
	if err != nil {
		t.Fatal(err)
	}
	both := own.Over(Library())
	if p, _ := both.Product("nginx"); p.Name != "nginx Plus" || p.Free {
		t.Errorf("%+v", p)
	}
	if len(both.Products) != len(Library().Products) || len(both.Rules) != len(Library().Rules) {
		t.Errorf("%d products, %d rules", len(both.Products), len(both.Rules))
	}
	if both.Version != Library().Version+"+7" {
		t.Error(both.Version)
	}
	r, err := Compile(both)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Recognize([]Title{{Kind: PackageTitle, Name: "nginx"}}); len(got.Products) != 0 {
		t.Errorf("the library's rule still holds: %+v", got.Products)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("catalog 1\nproduct p\nname P\npublisher Q\nfree\nincludes q\nrule r confirmed: y\nedition E\npackage x | version 9.*\nwithout tag y\nignore\nfile z\n")
	f.Add("basis b derived: x\nrule r b\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse("f", strings.NewReader(text))
		if (c == nil) == (err == nil) {
			t.Fatal("neither a catalog nor an error")
		}
		if err == nil {
			if r, err := Compile(c); err == nil {
				r.Recognize([]Title{{Kind: PackageTitle, Name: "x", Version: "9.1"}, {Kind: TagTitle, Name: "y"}, {Kind: FileTitle, Name: "z"}})
			}
		}
	})
}

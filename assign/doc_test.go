package assign

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestEveryReasonIsExplained: each code in reason.go has its line in docs/assignment.md.
func TestEveryReasonIsExplained(t *testing.T) {
	text, err := os.ReadFile("../docs/assignment.md")
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), "reason.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	codes := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) == 0 {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); !ok || kind.Name != "Reason" && kind.Name != "Cause" {
			return true
		}
		for _, v := range spec.Values {
			code, err := strconv.Unquote(v.(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			codes++
			if !strings.Contains(string(text), "`"+code+"`") {
				t.Errorf("docs/assignment.md does not explain %q", code)
			}
		}
		return true
	})
	if codes < 20 {
		t.Errorf("only %d codes found", codes)
	}
}

package measure

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/highwater-sam/highwater/estate"
)

// TestEstatesWithTheirMeasurements compares whole measurements with those that lie beside the estates. These hold no
// remarks; remarks have scenarios and the naive twin.
func TestEstatesWithTheirMeasurements(t *testing.T) {
	files, err := filepath.Glob("testdata/estates/*.estate.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no estates: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			got := map[string]any{}
			var b bytes.Buffer
			if err := runFile(t, file).Encode(&b); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(b.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			for _, l := range got["licenses"].([]any) {
				delete(l.(map[string]any), "remarks")
			}
			text, err := os.ReadFile(strings.Replace(file, ".estate.", ".measurement.", 1))
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]any{}
			if err := json.Unmarshal(text, &want); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func runFile(t testing.TB, file string) *Measurement {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	e, err := estate.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Run(e)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/highwater-sam/highwater/measure"
)

var updateMeasure = flag.Bool("update-measure", false, "rewrite the golden files of highwater measure")

// answer runs the program in this process.
func answer(stdin string, args ...string) (status int, stdout, stderr string) {
	var out, err bytes.Buffer
	status = run(context.Background(), args, streams{strings.NewReader(stdin), &out, &err})
	return status, out.String(), err.String()
}

// TestMeasureWritesWhatPeopleRead compares with golden files; go test ./cmd/highwater -run Measure -update-measure
// rewrites them.
func TestMeasureWritesWhatPeopleRead(t *testing.T) {
	const estates = "../../measure/testdata/estates/"
	for name, args := range map[string][]string{
		"table":          {"--estate", estates + "00.estate.json"},
		"table-remarks":  {"--estate", estates + "05.estate.json"},
		"json":           {"--estate", estates + "00.estate.json", "--json"},
		"explain":        {"--estate", estates + "05.estate.json", "--explain", "L0"},
		"explain-rvu":    {"--estate", "../../measure/testdata/rvu_tiers.txt", "--explain", "rvu"},
		"explain-pools":  {"--estate", "../../measure/testdata/two_pool_levels.txt", "--explain", "db2"},
		"explain-pak":    {"--estate", "../../measure/testdata/cloud_pak_per_product.txt", "--explain", "cp4i"},
		"explain-exempt": {"--estate", "../../measure/testdata/exempt_host.txt", "--explain", "db2", "--at", "2026-01-15T00:00:00Z"},
		"explain-over":   {"--estate", "../../measure/testdata/published_overridden_is_not_capped.txt", "--explain", "db2", "--region", "2"},
		"explain-json":   {"--estate", estates + "00.estate.json", "--explain", "mq", "--region", "2", "--json"},
		"series":         {"--estate", estates + "05.estate.json", "--series", "L2"},
		"against":        {"--estate", "../../measure/testdata/published_device_grows_on_3_february.txt", "--against", "../../measure/testdata/published_override_16_hides_the_growth.txt"},
		"against-json":   {"--estate", "../../measure/testdata/published_hard_pool.txt", "--against", "../../measure/testdata/soft_pool_limits_nothing.txt", "--json"},
		"against-same":   {"--estate", estates + "00.estate.json", "--against", estates + "00.estate.json"},
	} {
		t.Run(name, func(t *testing.T) {
			status, got, stderr := answer("", append([]string{"measure"}, args...)...)
			if status != 0 || stderr != "" {
				t.Fatalf("status %d: %s", status, stderr)
			}
			file := filepath.Join("testdata", "measure", name+".golden")
			if *updateMeasure {
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

func TestMeasureReadsStandardInput(t *testing.T) {
	for _, file := range []string{"estates/00.estate.json", "published_hard_pool.txt"} {
		text, err := os.ReadFile("../../measure/testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		status, out, stderr := answer(string(text), "measure", "--estate", "-", "--json")
		m, err := measure.Decode(strings.NewReader(out))
		if status != 0 || stderr != "" || err != nil || len(m.Licenses) == 0 {
			t.Errorf("%s: status %d, %v: %s", file, status, err, stderr)
		}
	}
}

// TestMeasureRefusesWhatIsWrong with status 2, one message for each problem, and no figure.
func TestMeasureRefusesWhatIsWrong(t *testing.T) {
	const head = `{"format":"highwater-estate/1","as_of":"2026-04-01T00:00:00Z","periods":[{"name":"Q1","from":"2026-01-01T00:00:00Z"}]`
	good := filepath.Join("..", "..", "measure", "testdata", "estates", "00.estate.json")
	for name, c := range map[string]struct {
		stdin string
		args  []string
		want  []string
	}{
		"every problem": {head + `,"devices":[{"id":"a","kind":"vm","hardware":[{"from":"2026-01-01T00:00:00Z","cores":"x"}]},{"id":"a","kind":"host"}],"color":1}`,
			nil, []string{`devices[0].hardware[0].cores: "x" is not a decimal`, `devices[1].id: "a" stands twice`, "color: this key is not known"}},
		"no JSON":         {"hello", nil, []string{"this is not JSON"}},
		"nothing":         {"", nil, []string{"the text ends before the value does"}},
		"a scenario":      {"# odd\nvm v\n  8 apples\n  9 pears\n", nil, []string{"line 3: after 8 comes", "line 4: after 9 comes"}},
		"unknown license": {"", []string{"--estate", good, "--explain", "nope"}, []string{`the estate has no license "nope"`}},
		"unknown region":  {"", []string{"--estate", good, "--explain", "mq", "--region", "9"}, []string{`"9" is not a region`}},
		"unknown period":  {"", []string{"--estate", good, "--explain", "mq", "--period", "Q9"}, []string{`no period "Q9"`}},
		"no instant":      {"", []string{"--estate", good, "--explain", "mq", "--at", "noon"}, []string{`"noon" is not an instant`}},
		"not measured":    {"", []string{"--estate", good, "--explain", "mq", "--at", "2030-01-01T00:00:00Z"}, []string{"is not measured"}},
		"no explanation":  {"", []string{"--estate", good, "--region", "2"}, []string{"belong to --explain"}},
		"series of none":  {"", []string{"--estate", good, "--series", "nope"}, []string{`the estate has no license "nope"`}},
		"both from stdin": {head + "}", []string{"--estate", "-", "--against", "-"}, []string{"only one of the two estates"}},
	} {
		t.Run(name, func(t *testing.T) {
			args := c.args
			if args == nil {
				args = []string{"--estate", "-", "--json"}
			}
			status, out, stderr := answer(c.stdin, append([]string{"measure"}, args...)...)
			if status != 2 || out != "" {
				t.Errorf("status %d, output %q", status, out)
			}
			lines := strings.Split(strings.TrimSpace(stderr), "\n")
			for i, want := range c.want {
				if i >= len(lines) || !strings.Contains(stderr, want) {
					t.Errorf("no %q in:\n%s", want, stderr)
				}
			}
		})
	}
	if status, _, stderr := answer("", "measure", "--estate", filepath.Join(t.TempDir(), "none.json")); status != 1 || !strings.Contains(stderr, "none.json") {
		t.Errorf("a file that is not there: status %d: %s", status, stderr)
	}
}

func TestMeasureTellsWhatAScenarioDoesNotMeet(t *testing.T) {
	text, err := os.ReadFile("../../measure/testdata/published_hard_pool.txt")
	if err != nil {
		t.Fatal(err)
	}
	status, out, stderr := answer(strings.Replace(string(text), "peak 630", "peak 631", 1), "measure", "--estate", "-")
	if status != 1 || !strings.Contains(out, "630") || !strings.Contains(stderr, "the peak of Q1: 630; expected: 631") {
		t.Errorf("status %d:\n%s%s", status, out, stderr)
	}
}

func TestBenchMeasureWritesItsFigures(t *testing.T) {
	status, out, stderr := answer("", "bench", "measure", "--devices", "2000", "--days", "30", "--licenses", "12", "--json")
	if status != 0 {
		t.Fatal(stderr)
	}
	figures := map[string]float64{}
	if err := json.Unmarshal([]byte(out), &figures); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"devices", "facts", "floor_ms", "full_ms", "full_over_floor", "naive_over_full", "bytes_per_device", "override_ms", "location_ms", "peak_rss_mb"} {
		if figures[key] <= 0 && key != "peak_rss_mb" {
			t.Errorf("%s: %v", key, figures[key])
		}
	}
	if status, _, _ := answer("", "bench", "measure", "--devices", "0"); status != 2 {
		t.Errorf("no devices: status %d", status)
	}
}

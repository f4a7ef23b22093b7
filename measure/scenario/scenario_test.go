package scenario_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/highwater-sam/highwater/measure"
	"github.com/highwater-sam/highwater/measure/scenario"
)

// TestScenarios measures every scenario file. A customer's odd case becomes a file here, then a fix.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("../testdata/*.txt")
	if err != nil || len(files) < 60 {
		t.Fatalf("%d scenarios: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			s := read(t, file)
			if s.Title == "" || len(s.Expect) == 0 {
				t.Error("a scenario has a title, and expects something")
			}
			m, err := measure.Run(s.Estate)
			if err != nil {
				t.Fatal(err)
			}
			for _, failed := range s.Check(m) {
				t.Error(failed)
			}
		})
	}
}

// TestTheManualsExample measures the scenario that the manual shows.
func TestTheManualsExample(t *testing.T) {
	manual, err := os.ReadFile("../../docs/measure.md")
	if err != nil {
		t.Fatal(err)
	}
	var example strings.Builder
	inside := false
	for line := range strings.Lines(string(manual)) {
		inside = inside && !strings.HasPrefix(line, "A block begins") || strings.HasPrefix(line, "    # Guests of 2 and 5")
		if inside {
			example.WriteString(strings.TrimPrefix(line, "    "))
		}
	}
	s, err := scenario.Parse(strings.NewReader(example.String()))
	if err != nil {
		t.Fatal(err)
	}
	m, err := measure.Run(s.Estate)
	if err != nil {
		t.Fatal(err)
	}
	if failed := s.Check(m); len(s.Expect) != 3 || failed != nil {
		t.Errorf("%d expectations: %q", len(s.Expect), failed)
	}
}

func read(t *testing.T, file string) *scenario.Scenario {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s, err := scenario.Parse(f)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const small = `# one computer
as of 2026-04-01
period Q1 from 2026-01-01 to 2026-04-01
location berlin region 2
computer a at berlin agent
  8 cores
  has db2
license db2 ibm-vpc
  product db2
expect db2
`

// TestExpectationsCanFail takes every kind of expectation, wrongly stated.
func TestExpectationsCanFail(t *testing.T) {
	for _, wrong := range []string{
		"Q1 peak 9", "Q2 peak 8", "Q1 region 2 exact 9", "Q1 region 2 peak 9", "Q1 region 2 last on 2026-03-30", "Q1 region 2 since 2026-01-02",
		"Q1 region 2 absent", "Q1 region 2 never", "Q1 region 1 exact 0", "Q2 region 2 exact 8", "current 9", "current region 2 9", "current region 1 0", "current unassigned 8",
		"remark cores-missing a from 2026-01-01",
	} {
		s, err := scenario.Parse(strings.NewReader(small + "  " + wrong))
		if err != nil {
			t.Fatalf("%s: %v", wrong, err)
		}
		m, err := measure.Run(s.Estate)
		if err != nil {
			t.Fatal(err)
		}
		if failed := s.Check(m); len(failed) != 1 || !strings.HasPrefix(failed[0], "line 11: license db2: ") {
			t.Errorf("%s: %q", wrong, failed)
		}
	}
	s, err := scenario.Parse(strings.NewReader(strings.Replace(small, "expect db2", "expect mq\n  current 8", 1)))
	if err != nil {
		t.Fatal(err)
	}
	m, _ := measure.Run(s.Estate)
	if failed := s.Check(m); len(failed) != 1 {
		t.Errorf("a license that is not there: %q", failed)
	}
}

func TestMistakesNameTheirLines(t *testing.T) {
	for text, want := range map[string]string{
		"as of tomorrow":                              `line 1: "tomorrow" is not a date`,
		"  8 cores":                                   "line 1: this line is indented but belongs to nothing",
		"laptop a":                                    "line 1: a block begins with",
		"as of 2026-02-31":                            "line 1: ",
		"vm v\n  8 apples":                            "line 2: after 8 comes",
		"vm v\n  many cores":                          `line 2: "many" is not a decimal`,
		"vm v\n  on":                                  "line 2: a name is missing",
		"vm v\n  on h for a while":                    `line 2: "for" has no meaning here`,
		"vm v\n  from 2026-01-01":                     "line 2: what hardware?",
		"vm v green":                                  "line 1: after a device comes",
		"host h\n  pool p 4 apples":                   "line 2: after a pool comes",
		"location a near b":                           "line 1: after a location comes",
		"location a region x":                         `line 1: "x" is not a whole number`,
		"license l ibm-pvu\n  is cheap":               `line 2: "is" says nothing about a license`,
		"license l ibm-pvu\n  points 7 if red":        `line 2: "red" is no condition`,
		"license l ibm-vpc\n  ratio 2":                `line 2: "2" is not a ratio`,
		"license l ibm-vpc\n  product a often":        "line 2: after a product comes",
		"license l ibm-pvu\n  points 7 if at least 2": "line 2: sockets is missing",
		"expect l\n  Q1":                              "line 2: behind a period comes",
		"expect l\n  Q1 region 2":                     "line 2: of a region one says",
		"expect l\n  current 1.50":                    "line 2: 1.50 is written 1.5",
		"expect l\n  remark cores-missing a":          "line 2: a remark has a from",
		`vm "v`:                                       "line 1: a quotation has no end",
		"vm v\n  8 apples\n  9 pears":                 "line 3: after 9 comes",
	} {
		if _, err := scenario.Parse(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := scenario.Parse(strings.NewReader(strings.Replace(small, "at berlin", "at mars", 1))); err == nil || !strings.Contains(err.Error(), "devices[0].location") {
		t.Errorf("an estate that is not valid: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("../testdata/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := scenario.Parse(strings.NewReader(text))
		if (s == nil) != (err != nil) {
			t.Fatal("neither a scenario nor an error, or both")
		}
		if err != nil {
			return
		}
		m, err := measure.Run(s.Estate)
		if err != nil {
			t.Fatalf("read, and yet not to be measured: %v", err)
		}
		s.Check(m)
	})
}

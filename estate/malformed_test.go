package estate

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// body wraps parts of an estate that are under test in what every estate needs.
func body(parts string) string { return "{" + head + "," + parts + "}" }

const twoHosts = `"devices":[{"id":"h","kind":"host","pools":[{"id":"p"}]},{"id":"g","kind":"host","pools":[{"id":"q"}]},` +
	`{"id":"v","kind":"vm","placement":[%]}]`

func TestMalformedEstates(t *testing.T) {
	vm := func(placement string) string { return body(strings.ReplaceAll(twoHosts, "%", placement)) }
	license := func(fields string) string {
		return body(`"devices":[{"id":"d","kind":"computer"}],"licenses":[{"id":"l",` + fields + `}]`)
	}
	device := func(fields string) string { return body(`"devices":[{"id":"d","kind":"computer",` + fields + `}]`) }
	const pvu, vpc, rvu = `"products":[{"product":"x"}],"metric":"ibm-pvu","unmatched_points":null`, `"products":[{"product":"x"}],"metric":"ibm-vpc"`, `"products":[{"product":"x"}],"metric":"ibm-rvu-mapc"`
	const jan, feb, mar = `"2026-01-01T00:00:00Z"`, `"2026-02-01T00:00:00Z"`, `"2026-03-01T00:00:00Z"`
	for name, c := range map[string]struct {
		text string
		want []string // each the start of one problem, all of them
	}{
		"nothing":                    {``, []string{"the text ends"}},
		"not an object":              {`[]`, []string{"[] is not an object", "format: this is missing"}},
		"cut off":                    {`{"format":`, []string{"format: the text ends"}},
		"not JSON":                   {`{"format" "x"}`, []string{"format: this is not JSON"}},
		"text after":                 {"{" + head + "} {}", []string{"there is text after"}},
		"garbage after":              {"{" + head + "} x", []string{"there is text after"}},
		"empty object":               {`{}`, []string{"format: this is missing", "as_of: this is missing", "periods: this is missing"}},
		"wrong format":               {strings.Replace("{"+head+"}", "estate/1", "estate/2", 1), []string{`format: "highwater-estate/2" is not`}},
		"null counts as not written": {`{"format":null,"as_of":"2026-04-01T00:00:00Z","periods":[]}`, []string{"format: this is missing"}},
		"unknown key":                {body(`"device":[]`), []string{"device: this key is not known"}},
		"key in another case":        {device(`"Role":"test"`), []string{"devices[0].Role: this key is not known"}},
		"misspelt deep key":          {license(pvu + `,"points":[{"percore":"1"}]`), []string{"licenses[0].points[0].percore: this key is not known", "licenses[0].points[0].per_core: this is missing"}},
		"key twice":                  {device(`"role":"a","role":"b"`), []string{"devices[0].role: this key stands twice"}},
		"key twice, escaped":         {device(`"role":"a","\u0072ole":"b"`), []string{"devices[0].role: this key stands twice"}},
		"null in a list":             {body(`"devices":[null]`), []string{"devices[0]: null has no place"}},
		"null in a text list":        {license(pvu + `,"exempt_roles":[null]`), []string{"licenses[0].exempt_roles[0]: null has no place"}},
		"fraction":                   {device(`"hardware":[{"from":` + jan + `,"cores":1.5}]`), []string{"devices[0].hardware[0].cores: 1.5 is a number with a fraction"}},
		"exponent":                   {device(`"hardware":[{"from":` + jan + `,"cores":1e3}]`), []string{"devices[0].hardware[0].cores: 1e3 is a number with a fraction or exponent"}},
		"whole float":                {device(`"hardware":[{"from":` + jan + `,"cores":2.0}]`), []string{"devices[0].hardware[0].cores: 2.0 is a number with a fraction"}},
		"negative":                   {device(`"hardware":[{"from":` + jan + `,"cores":-2}]`), []string{"devices[0].hardware[0].cores: -2 is negative"}},
		"negative text":              {device(`"hardware":[{"from":` + jan + `,"cores":"-2"}]`), []string{`devices[0].hardware[0].cores: "-2" is not a decimal`}},
		"word for a decimal":         {device(`"hardware":[{"from":` + jan + `,"cores":"x"}]`), []string{`devices[0].hardware[0].cores: "x" is not a decimal`}},
		"truth for a decimal":        {device(`"hardware":[{"from":` + jan + `,"cores":true}]`), []string{"devices[0].hardware[0].cores: true is not a decimal"}},
		"number for a text":          {device(`"role":7`), []string{"devices[0].role: 7 is not a string"}},
		"text for truth":             {body(`"high_frequency":"true"`), []string{`high_frequency: "true" is not true or false`}},
		"object for a list":          {body(`"devices":{}`), []string{"devices: {} is not a list"}},
		"hardware from after to":     {device(`"hardware":[{"from":` + feb + `,"to":` + jan + `}]`), []string{"devices[0].hardware[0].to: 2026-01-01T00:00:00Z is not later than from"}},
		"empty interval":             {device(`"hardware":[{"from":` + jan + `,"to":` + jan + `}]`), []string{"devices[0].hardware[0].to: "}},
		"instant with offset":        {device(`"hardware":[{"from":"2026-01-01T00:00:00+01:00"}]`), []string{"devices[0].hardware[0].from: "}},
		"instant with fraction":      {device(`"hardware":[{"from":"2026-01-01T00:00:00.5Z"}]`), []string{"devices[0].hardware[0].from: "}},
		"unknown kind":               {body(`"devices":[{"id":"d","kind":"laptop"}]`), []string{`devices[0].kind: "laptop" is not`}},
		"no kind, no id":             {body(`"devices":[{}]`), []string{"devices[0].id: this is missing", "devices[0].kind: this is missing"}},
		"empty id":                   {body(`"devices":[{"id":"","kind":"vm"}]`), []string{"devices[0].id: this is empty"}},
		"duplicate device":           {body(`"devices":[{"id":"d","kind":"vm"},{"id":"d","kind":"vm"}]`), []string{`devices[1].id: "d" stands twice`}},
		"unknown source":             {device(`"source":"sccm"`), []string{`devices[0].source: "sccm" is not agent or other`}},
		"unknown location":           {device(`"location":"mars"`), []string{`devices[0].location: the location "mars" is not defined`}},
		"move to nowhere": {device(`"moves":[{"from":` + jan + `,"location":"mars"},{"from":` + jan + `}]`), []string{
			`devices[0].moves[0].location: the location "mars"`, "devices[0].moves[1].location: this is missing", "devices[0].moves[1]: this holds at the same time as moves[0]"}},
		"overlapping hardware": {device(`"hardware":[{"from":` + feb + `},{"from":` + jan + `,"to":` + mar + `}]`), []string{"devices[0].hardware[1]: this holds at the same time as hardware[0]"}},
		"one fact inside another": {device(`"hardware":[{"from":` + jan + `},{"from":` + feb + `,"to":` + mar + `},{"from":` + mar + `}]`), []string{
			"devices[0].hardware[1]: this holds at the same time as hardware[0]", "devices[0].hardware[2]: this holds at the same time as hardware[0]"}},
		"overlapping placements":              {vm(`{"host":"h","from":` + jan + `},{"host":"g","from":` + feb + `}`), []string{"devices[2].placement[1]: this holds"}},
		"placement on nothing":                {vm(`{"host":"x","from":` + jan + `}`), []string{`devices[2].placement[0].host: the device "x" is not defined`}},
		"placement on a vm":                   {vm(`{"host":"v","from":` + jan + `}`), []string{`devices[2].placement[0].host: "v" is not a host`}},
		"another host's pool":                 {vm(`{"host":"h","pool":"q","from":` + jan + `}`), []string{`devices[2].placement[0].pool: the host "h" has no pool "q"`}},
		"placement of a computer":             {body(`"devices":[{"id":"h","kind":"host"},{"id":"d","kind":"computer","placement":[{"host":"h","from":` + jan + `}]}]`), []string{"devices[1].placement: only a vm has a placement"}},
		"pools of a computer":                 {device(`"pools":[{"id":"p"}]`), []string{"devices[0].pools: only a host has pools"}},
		"partition on a host":                 {body(`"devices":[{"id":"h","kind":"host","hardware":[{"from":` + jan + `,"partition":{"kind":"shared"}}]}]`), []string{"devices[0].hardware[0].partition: a host has no partition"}},
		"partition without kind":              {device(`"overrides":[{"partition":{}}]`), []string{"devices[0].overrides[0].partition.kind: this is missing"}},
		"duplicate pool":                      {body(`"devices":[{"id":"h","kind":"host","pools":[{"id":"p"},{"id":"p"}]}]`), []string{`devices[0].pools[1].id: "p" stands twice`}},
		"pool without parent":                 {body(`"devices":[{"id":"h","kind":"host","pools":[{"id":"p","parent":"x"}]}]`), []string{`devices[0].pools[0].parent: this host has no pool "x"`}},
		"three pool levels":                   {body(`"devices":[{"id":"h","kind":"host","pools":[{"id":"a"},{"id":"b","parent":"a"},{"id":"c","parent":"b"}]}]`), []string{`devices[0].pools[2].parent: "b" has a parent itself`}},
		"pool cycle":                          {body(`"devices":[{"id":"h","kind":"host","pools":[{"id":"a","parent":"b"},{"id":"b","parent":"a"}]}]`), []string{`devices[0].pools[0].parent: the parents of "a"`, `devices[0].pools[1].parent: the parents of "b"`}},
		"pool in itself":                      {body(`"devices":[{"id":"h","kind":"host","pools":[{"id":"a","parent":"a"}]}]`), []string{`devices[0].pools[0].parent: the parents of "a"`}},
		"overrides clash":                     {device(`"overrides":[{"cores":1},{"cores":2,"from":` + jan + `},{"threads":2}]`), []string{"devices[0].overrides[1].cores: overrides[0] sets this"}},
		"unknown parent":                      {body(`"locations":[{"id":"a","parent":"x"}]`), []string{`locations[0].parent: the location "x" is not defined`}},
		"location cycle":                      {body(`"locations":[{"id":"a","parent":"b"},{"id":"b","parent":"a"},{"id":"c","parent":"b"}]`), []string{`locations[0].parent: the parents of "a" lead back`}},
		"location in itself":                  {body(`"locations":[{"id":"a","parent":"a"}]`), []string{`locations[0].parent: the parents of "a" lead back`}},
		"duplicate location":                  {body(`"locations":[{"id":"a"},{"id":"a"}]`), []string{`locations[1].id: "a" stands twice`}},
		"region 4":                            {body(`"locations":[{"id":"a","region":4}]`), []string{"locations[0].region: 4 is not a region"}},
		"region 0":                            {body(`"locations":[{"id":"a","region":0}]`), []string{"locations[0].region: 0 is not a region"}},
		"region as text":                      {body(`"locations":[{"id":"a","region":"2"}]`), []string{`locations[0].region: "2" is not a region`}},
		"region as float":                     {body(`"locations":[{"id":"a","region":2.0}]`), []string{"locations[0].region: 2.0 is not a region"}},
		"installation nowhere":                {body(`"installations":[{"device":"d","product":"p","from":` + jan + `}]`), []string{`installations[0].device: the device "d" is not defined`}},
		"empty installation":                  {body(`"installations":[{}]`), []string{"installations[0].device: this is missing", "installations[0].product: this is missing", "installations[0].from: this is missing"}},
		"overlapping installations":           {body(`"devices":[{"id":"d","kind":"vm"}],"installations":[{"device":"d","product":"p","from":` + jan + `},{"device":"d","product":"q","from":` + jan + `},{"device":"d","product":"p","from":` + feb + `}]`), []string{"installations[2]: this holds at the same time as installations[0]"}},
		"duplicate period":                    {strings.Replace("{"+head+"}", `}]`, `},{"name":"Q1","from":`+jan+`}]`, 1), []string{`periods[1].name: "Q1" stands twice`}},
		"period backwards":                    {strings.Replace("{"+head+"}", `}]`, `,"to":`+jan+`}]`, 1), []string{"periods[0].to: "}},
		"duplicate license":                   {body(`"licenses":[{"id":"l",` + rvu + `},{"id":"l",` + vpc + `}]`), []string{`licenses[1].id: "l" stands twice`}},
		"product twice":                       {license(`"metric":"ibm-vpc","products":[{"product":"x"},{"product":"x"}]`), []string{`licenses[0].products[1].product: "x" stands twice`}},
		"no metric, no products":              {license(`"capacity":"sub"`), []string{"licenses[0].metric: this is missing", "licenses[0].products: this is missing"}},
		"unknown metric":                      {license(`"metric":"ibm-uvu","products":[]`), []string{`licenses[0].metric: "ibm-uvu" is not`}},
		"unmatched not stated":                {license(`"metric":"ibm-pvu","products":[]`), []string{"licenses[0].unmatched_points: this is missing"}},
		"pvu with ratio":                      {license(pvu + `,"ratio":{"vpc":1,"entitlements":1}`), []string{"licenses[0].ratio: a license by ibm-pvu does not use this"}},
		"pvu with bundle":                     {license(pvu + `,"bundle":"per-product","overridden_metric":[]`), []string{"licenses[0].bundle: ", "licenses[0].overridden_metric: "}},
		"vpc with points":                     {license(vpc + `,"points":[],"unmatched_points":"1"`), []string{"licenses[0].points: ", "licenses[0].unmatched_points: "}},
		"rvu with overrides":                  {license(rvu + `,"overridden":[],"overridden_metric":[]`), []string{"licenses[0].overridden_metric: ", "licenses[0].overridden: "}},
		"ratio of the license, per product":   {license(vpc + `,"bundle":"per-product","ratio":{"vpc":1,"entitlements":1}`), []string{"licenses[0].ratio: a license counted per product"}},
		"ratio of a product, once per device": {license(`"metric":"ibm-vpc","products":[{"product":"x","ratio":{"vpc":1,"entitlements":1}}]`), []string{"licenses[0].products[0].ratio: a license counted once per device"}},
		"ratio by 0":                          {license(vpc + `,"ratio":{"vpc":"0.0","entitlements":0}`), []string{"licenses[0].ratio.vpc: this is 0"}},
		"half a ratio":                        {license(vpc + `,"ratio":{"vpc":1}`), []string{"licenses[0].ratio.entitlements: this is missing"}},
		"unknown capacity":                    {license(vpc + `,"capacity":"half"`), []string{`licenses[0].capacity: "half" is not sub or full`}},
		"unknown bundle":                      {license(vpc + `,"bundle":"each"`), []string{`licenses[0].bundle: "each" is not`}},
		"exemption of nothing":                {license(vpc + `,"exemptions":[{"device":"x"},{}]`), []string{`licenses[0].exemptions[0].device: the device "x"`, "licenses[0].exemptions[1].device: this is missing"}},
		"two exemptions":                      {license(vpc + `,"exemptions":[{"device":"d"},{"device":"d","from":` + jan + `}]`), []string{"licenses[0].exemptions[1]: this holds at the same time as exemptions[0]"}},
		"two overridden":                      {license(pvu + `,"overridden":[{"device":"d","points":1,"to":` + feb + `},{"device":"d","points":1,"to":` + mar + `}]`), []string{"licenses[0].overridden[1]: this holds at the same time"}},
		"overridden by nothing":               {license(pvu + `,"overridden":[{"device":"d"}]`), []string{"licenses[0].overridden[0].points: this is missing"}},
		"two metric overrides":                {license(vpc + `,"overridden_metric":[{"device":"d","count":1},{"device":"d","count":2}]`), []string{"licenses[0].overridden_metric[1]: this holds at the same time"}},
		"count missing":                       {license(vpc + `,"overridden_metric":[{"device":"d"}]`), []string{"licenses[0].overridden_metric[0].count: this is missing"}},
		"all at once": {body(`"locations":[{"id":"a","parent":"b"}],"devices":[{"id":"d","kind":"vm","hardware":[{"from":"x","cores":"y","color":1}],"placement":[{"host":"z","from":` + jan + `}]}]`), []string{
			"devices[0].hardware[0].from: ", `devices[0].hardware[0].cores: "y"`, "devices[0].hardware[0].color: ", "locations[0].parent: ", "devices[0].placement[0].host: "}},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := Decode(strings.NewReader(c.text))
			got := ProblemsOf(err)
			if e != nil || got == nil {
				t.Fatalf("taken for an estate: %v", err)
			}
			for _, want := range c.want {
				if !slices.ContainsFunc(got, func(p Problem) bool { return strings.HasPrefix(p.String(), want) }) {
					t.Errorf("no problem %q in:\n%v", want, got)
				}
			}
			if len(got) > len(c.want) && name != "not an object" {
				t.Errorf("more than %d problems:\n%v", len(c.want), got)
			}
		})
	}
}

func TestWhatIsNoProblem(t *testing.T) {
	const jan, feb = `"2026-01-01T00:00:00Z"`, `"2026-02-01T00:00:00Z"`
	for name, text := range map[string]string{
		"least":                       "{" + head + "}",
		"no period at all":            `{"format":"highwater-estate/1","as_of":"2026-04-01T00:00:00Z","periods":[]}`,
		"empty lists":                 body(`"devices":[{"id":"d","kind":"computer","placement":[],"pools":[],"hardware":[],"moves":[],"overrides":[]}],"locations":[]`),
		"nulls":                       body(`"devices":null,"high_frequency":null,"locations":[{"id":"a","parent":null,"region":null}]`),
		"facts that touch":            body(`"devices":[{"id":"d","kind":"vm","hardware":[{"from":` + feb + `},{"from":` + jan + `,"to":` + feb + `}]}]`),
		"overrides of other fields":   body(`"devices":[{"id":"d","kind":"vm","overrides":[{"cores":1},{"threads":2},{}]}]`),
		"pools of one name elsewhere": body(`"devices":[{"id":"g","kind":"host","pools":[{"id":"p"}]},{"id":"h","kind":"host","pools":[{"id":"p"}]}]`),
		"keys not used, but null":     body(`"licenses":[{"id":"l","metric":"ibm-rvu-mapc","products":[],"points":null,"unmatched_points":null,"overridden":null}]`),
		"number beyond int64":         body(`"devices":[{"id":"d","kind":"vm","overrides":[{"cores":123456789012345678901234567890}]}]`),
	} {
		if _, err := Decode(strings.NewReader(text)); err != nil {
			t.Errorf("%s:\n%v", name, err)
		}
	}
}

func TestAnErrorOfTheReaderIsNoProblemOfTheEstate(t *testing.T) {
	lost := errors.New("the disk is gone")
	_, err := Decode(io.MultiReader(strings.NewReader("{"+head), iotest.ErrReader(lost)))
	if !errors.Is(err, lost) || ProblemsOf(err) != nil {
		t.Error(err)
	}
}

func TestValidateFindsWhatOnlyAProgramCanBuild(t *testing.T) {
	e := everyField()
	e.Devices[0].Hardware[0].Cores = "many"
	e.Locations[0].Region = 9
	e.AsOf = -5
	got := ProblemsOf(Validate(e))
	if len(got) != 3 {
		t.Errorf("%d problems:\n%v", len(got), got)
	}
}

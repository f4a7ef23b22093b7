package policy_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/highwater-sam/highwater/policy"
)

// device is a machine of these tests.
func device() policy.Device {
	return policy.Device{
		Name: "DB01", Domain: "example.net", Addresses: []netip.Addr{netip.MustParseAddr("10.1.2.3"), netip.MustParseAddr("2001:db8::5")},
		Locations: []string{"paris", "france", "europe"}, Products: []string{"ibm-mq", "ibm-db2-server"},
	}
}

func TestConditionsHold(t *testing.T) {
	for _, c := range []struct {
		condition policy.Condition
		want      bool
	}{
		{policy.Condition{Name: "db*"}, true},
		{policy.Condition{Name: "db0?"}, true},
		{policy.Condition{Name: "*.example.net"}, true},
		{policy.Condition{Name: "db01.EXAMPLE.net"}, true},
		{policy.Condition{Name: "db"}, false},
		{policy.Condition{Name: "*b*1*"}, true},
		{policy.Condition{Name: "*2*"}, false},
		{policy.Condition{Subnet: "10.1.0.0/16"}, true},
		{policy.Condition{Subnet: "10.2.0.0/16"}, false},
		{policy.Condition{Subnet: "2001:db8::/32"}, true},
		{policy.Condition{Location: "paris"}, true},
		{policy.Condition{Location: "europe"}, true},
		{policy.Condition{Location: "asia"}, false},
		{policy.Condition{Product: "ibm-mq"}, true},
		{policy.Condition{Product: "ibm-*"}, true},
		{policy.Condition{Product: "oracle-*"}, false},
		{policy.Condition{Name: "db*", Location: "europe"}, true},
		{policy.Condition{Name: "db*", Location: "asia"}, false},
		{policy.Condition{}, false},
	} {
		if got := c.condition.Holds(device()); got != c.want {
			t.Errorf("%q: %v, want %v", c.condition, got, c.want)
		}
	}
	for _, c := range []policy.Condition{{Name: "*.example.net"}, {Subnet: "0.0.0.0/0"}, {Location: "paris"}, {Product: "*"}} {
		if c.Holds(policy.Device{Name: "db01"}) {
			t.Errorf("%s holds for a device of which it is not known", c)
		}
	}
}

func TestExcludeBeatsInclude(t *testing.T) {
	on := func(targets ...policy.Target) policy.Settings {
		return policy.Settings{HighFrequency: policy.HighFrequency{On: true, Targets: targets}}
	}
	all := policy.Target{Name: "all", Include: []policy.Condition{{Name: "*"}}}
	none := policy.Target{Name: "no databases", Exclude: []policy.Condition{{Name: "db*"}}}
	sub := device()
	sub.SubCapacity = "IBM MQ"
	for name, c := range map[string]struct {
		settings policy.Settings
		device   policy.Device
		want     bool
		why      string
	}{
		"off by default":                      {policy.Settings{HighFrequency: policy.HighFrequency{Targets: []policy.Target{all}}}, sub, false, "off at this site"},
		"in no target":                        {on(), device(), false, "no target includes it"},
		"in a target":                         {on(all), device(), true, `target "all" includes it (name *)`},
		"linked to a sub-capacity license":    {on(), sub, true, "IBM MQ is linked"},
		"excluded by the target itself":       {on(policy.Target{Name: "x", Include: all.Include, Exclude: none.Exclude}), device(), false, "excludes"},
		"excluded by another target":          {on(all, none), device(), false, `target "no databases" excludes it (name db*)`},
		"excluded though linked to a license": {on(none), sub, false, "excludes"},
	} {
		p, why := c.settings.Decide(c.device)
		if p.Check.On != c.want || !strings.Contains(why, c.why) {
			t.Errorf("%s: %v because %s", name, p.Check.On, why)
		}
	}
}

func TestSettingsAreReadStrictly(t *testing.T) {
	good := `{"ask":"5m","inventory":{"every":"24h","missed":"never"},"high_frequency":{"on":true,"every":"30m",
		"targets":[{"name":"t","include":[{"subnet":"10.0.0.0/8"}],"exclude":[{"name":"test*"}]}]},"servers":[{"url":"https://beacon:8471","priority":2}]}`
	s, err := policy.ReadSettings(strings.NewReader(good))
	if err != nil || time.Duration(s.Ask) != 5*time.Minute || !s.HighFrequency.On || len(s.HighFrequency.Targets[0].Exclude) != 1 {
		t.Fatalf("%+v, %v", s, err)
	}
	for text, says := range map[string]string{
		`{"high_frequency":{"onn":1}}`:                                 "onn",
		`{"hugh_frequency":{}}`:                                        "hugh_frequency",
		`{} {}`:                                                        "follows",
		`{"ask":"1s"}`:                                                 "1m to 24h",
		`{"high_frequency":{"every":"61m"}}`:                           "5m to 60m",
		`{"inventory":{"every":"10m"}}`:                                "1h to 168h",
		`{"inventory":{"missed":"sometimes"}}`:                         "neither never nor once",
		`{"inventory":{"window":"48h"}}`:                               "longer",
		`{"servers":[{"url":"ftp://x"}]}`:                              "https://name:port",
		`{"high_frequency":{"targets":[{"name":""}]}}`:                 "1 to 40",
		`{"high_frequency":{"targets":[{"name":"a"}]}}`:                "no condition",
		`{"high_frequency":{"targets":[{"name":"a","include":[{}]}]}}`: "states none",
		`{"high_frequency":{"targets":[{"name":"a","include":[{"subnet":"x"}]}]}}`:                                     "no subnet",
		`{"high_frequency":{"targets":[{"name":"a","include":[{"subnet":"10.1.2.3/8"}]}]}}`:                            "10.0.0.0/8 is meant",
		`{"high_frequency":{"targets":[{"name":"a","include":[{"name":"x"}]},{"name":"a","include":[{"name":"y"}]}]}}`: "two are named",
	} {
		if _, err := policy.ReadSettings(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want it to say %q", text, err, says)
		}
	}
}

// However targets are combined: whatever an exclude condition names is never covered, and more includes never take a
// device out.
func TestMoreIncludesNeverTakeOut(t *testing.T) {
	condition := rapid.Custom(func(t *rapid.T) policy.Condition {
		return policy.Condition{
			Name: rapid.SampledFrom([]string{"", "db*", "web*", "*"}).Draw(t, "name"), Subnet: rapid.SampledFrom([]string{"", "10.1.0.0/16", "10.2.0.0/16"}).Draw(t, "subnet"),
			Location: rapid.SampledFrom([]string{"", "europe", "asia"}).Draw(t, "location"), Product: rapid.SampledFrom([]string{"", "ibm-*", "x"}).Draw(t, "product"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		target := rapid.Custom(func(t *rapid.T) policy.Target {
			return policy.Target{Name: "t", Include: rapid.SliceOfN(condition, 0, 3).Draw(t, "include"), Exclude: rapid.SliceOfN(condition, 0, 1).Draw(t, "exclude")}
		})
		s := policy.Settings{HighFrequency: policy.HighFrequency{On: true, Targets: rapid.SliceOfN(target, 0, 3).Draw(t, "targets")}}
		d := device()
		d.SubCapacity = rapid.SampledFrom([]string{"", "ibm-mq"}).Draw(t, "sub")
		before, _ := s.Decide(d)
		for _, one := range s.HighFrequency.Targets {
			for _, c := range one.Exclude {
				if c.Holds(d) && before.Check.On {
					t.Fatalf("%s is excluded and covered", c)
				}
			}
		}
		s.HighFrequency.Targets = append(s.HighFrequency.Targets, policy.Target{Name: "more", Include: []policy.Condition{condition.Draw(t, "more")}})
		if after, _ := s.Decide(d); before.Check.On && !after.Check.On {
			t.Fatal("an include took the device out")
		}
	})
}

func FuzzReadSettings(f *testing.F) {
	f.Add(`{"high_frequency":{"on":true,"targets":[{"name":"a","include":[{"name":"*a*b"}]}]}}`)
	f.Add(`{"ask":"99999h","servers":[{"url":"https://[::1]:1"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := policy.ReadSettings(strings.NewReader(text))
		if err != nil {
			return
		}
		p, why := s.Decide(device())
		if why == "" || p.Ask < policy.Duration(time.Minute) || p.Check.Every < policy.Duration(5*time.Minute) {
			t.Errorf("%+v because %q", p, why)
		}
	})
}

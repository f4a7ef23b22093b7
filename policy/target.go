package policy

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"unicode/utf8"
)

// Device is what conditions ask about. The zero value of a field means that it is not known; a condition about it does
// not hold then.
type Device struct {
	Name      string
	Domain    string
	Addresses []netip.Addr
	Locations []string // where it is, nearest first, with all that lie above
	Products  []string // ids of the products installed now
	// SubCapacity names a product that is linked to a sub-capacity license, on the device itself or on a guest of it;
	// "" = there is none.
	SubCapacity string
}

// Decide returns the policy of a device and why checks are on or off for it, for a person. The revision is the caller's.
func (s Settings) Decide(d Device) (Policy, string) {
	h := s.HighFrequency
	p := Policy{Ask: s.Ask, Inventory: s.Inventory, Servers: s.Servers}
	p.Check = Check{Every: h.Every, Always: h.Always, Ignore: h.Ignore}
	var why string
	p.Check.On, why = h.covers(d)
	return p.Normal(), why
}

// covers reports whether checks run on the device.
func (h HighFrequency) covers(d Device) (bool, string) {
	if !h.On {
		return false, "high-frequency checks are off at this site"
	}
	for _, t := range h.Targets {
		for _, c := range t.Exclude {
			if c.Holds(d) {
				return false, fmt.Sprintf("target %q excludes it (%s)", t.Name, c)
			}
		}
	}
	if d.SubCapacity != "" {
		return true, fmt.Sprintf("%s is linked to a sub-capacity license", d.SubCapacity)
	}
	for _, t := range h.Targets {
		for _, c := range t.Include {
			if c.Holds(d) {
				return true, fmt.Sprintf("target %q includes it (%s)", t.Name, c)
			}
		}
	}
	return false, "no target includes it, and nothing on it is linked to a sub-capacity license"
}

// Asks says which facts the conditions of the settings ask about, so that nobody reads what none needs.
func (s Settings) Asks() (subnet, location bool) {
	for _, t := range s.HighFrequency.Targets {
		for _, list := range [][]Condition{t.Include, t.Exclude} {
			for _, c := range list {
				subnet, location = subnet || c.Subnet != "", location || c.Location != ""
			}
		}
	}
	return subnet, location
}

// Holds reports whether everything that c states holds for the device.
func (c Condition) Holds(d Device) bool {
	if c == (Condition{}) {
		return false
	}
	if c.Name != "" && !matches(c.Name, d.Name) && (d.Domain == "" || !matches(c.Name, d.Name+"."+d.Domain)) {
		return false
	}
	if c.Subnet != "" && !c.inSubnet(d.Addresses) {
		return false
	}
	if c.Location != "" && !has(d.Locations, func(l string) bool { return l == c.Location }) {
		return false
	}
	return c.Product == "" || has(d.Products, func(p string) bool { return matches(c.Product, p) })
}

func (c Condition) inSubnet(addresses []netip.Addr) bool {
	p, err := netip.ParsePrefix(c.Subnet)
	if err != nil {
		return false
	}
	for _, a := range addresses {
		if p.Contains(a.Unmap().WithZone("")) {
			return true
		}
	}
	return false
}

func has(list []string, is func(string) bool) bool {
	for _, s := range list {
		if is(s) {
			return true
		}
	}
	return false
}

// String writes the condition as a person reads it.
func (c Condition) String() string {
	var words []string
	for _, w := range []struct{ name, value string }{{"name", c.Name}, {"subnet", c.Subnet}, {"location", c.Location}, {"product", c.Product}} {
		if w.value != "" {
			words = append(words, w.name+" "+w.value)
		}
	}
	return strings.Join(words, " and ")
}

// matches reports whether s is as the pattern says, where * stands for any text and ? for one character. Its time grows
// with the product of the lengths and no faster.
func matches(pattern, s string) bool {
	p, t := []rune(strings.ToLower(pattern)), []rune(strings.ToLower(s))
	star, mark, i, j := -1, 0, 0, 0
	for j < len(t) {
		switch {
		case i < len(p) && p[i] == '*':
			star, mark = i, j
			i++
		case i < len(p) && (p[i] == '?' || p[i] == t[j]):
			i++
			j++
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}

func (t Target) check() error {
	if t.Name == "" || utf8.RuneCountInString(t.Name) > maxTargetName {
		return fmt.Errorf("its name has 1 to %d characters", maxTargetName)
	}
	if len(t.Include)+len(t.Exclude) == 0 {
		return errors.New("it states no condition")
	}
	if len(t.Include)+len(t.Exclude) > maxConditions {
		return fmt.Errorf("%d conditions, %d are allowed", len(t.Include)+len(t.Exclude), maxConditions)
	}
	for _, list := range [][]Condition{t.Include, t.Exclude} {
		for i, c := range list {
			if err := c.check(); err != nil {
				return fmt.Errorf("condition %d (%s): %w", i+1, c, err)
			}
		}
	}
	return nil
}

func (c Condition) check() error {
	if c == (Condition{}) {
		return errors.New("it states none of name, subnet, location, product")
	}
	for _, s := range []string{c.Name, c.Location, c.Product} {
		if len(s) > maxPattern {
			return fmt.Errorf("%d bytes, %d are allowed", len(s), maxPattern)
		}
	}
	if c.Subnet == "" {
		return nil
	}
	p, err := netip.ParsePrefix(c.Subnet)
	if err != nil {
		return fmt.Errorf("%.60q is no subnet such as 10.1.0.0/16", c.Subnet)
	}
	if p.Masked() != p {
		return fmt.Errorf("the address has bits beyond the mask; %s is meant?", p.Masked())
	}
	return nil
}

func (v Server) check() error {
	u, err := url.Parse(v.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.RawQuery != "" {
		return fmt.Errorf("%.100q is not of the form https://name:port", v.URL)
	}
	return nil
}

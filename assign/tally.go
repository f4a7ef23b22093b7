package assign

import (
	"maps"
	"math/big"
	"slices"
	"strings"
)

// tally is everything linked to one license that counts, for metrics that are counted over all of it together.
type tally struct {
	run     *run
	license *License
	items   []*item             // installations that consume, by device and product
	rows    map[string]*big.Rat // what each device, server or user adds, where that can be told
	missing []string            // devices whose count is not known, with what is missing
}

func (t *tally) miss(d *Device, what Reason) { t.missing = append(t.missing, d.ID+": "+string(what)) }

// devices are the devices that consume, each once, in order.
func (t *tally) devices() []*Device {
	var out []*Device
	for _, it := range t.items {
		if len(out) == 0 || out[len(out)-1] != it.device {
			out = append(out, it.device)
		}
	}
	return out
}

func (t *tally) sum() *big.Rat {
	sum := new(big.Rat)
	for _, r := range t.rows {
		sum.Add(sum, r)
	}
	return sum
}

// server is the machine whose processors a device uses: its host where that is known, else itself.
func (t *tally) server(d *Device) *Device {
	if host := t.run.devices[d.Host]; d.Kind == "vm" && host != nil {
		return host
	}
	return d
}

// serverCores adds the cores of the devices on each server, at most the server's own, server by server.
func (t *tally) serverCores() (servers []*Device, cores map[*Device]*big.Rat) {
	cores = map[*Device]*big.Rat{}
	for _, d := range t.devices() {
		n, missing := known(d.Cores, CoresMissing)
		if n == nil {
			t.miss(d, missing)
			continue
		}
		s := t.server(d)
		if cores[s] == nil {
			cores[s] = new(big.Rat)
			servers = append(servers, s)
		}
		cores[s].Add(cores[s], n)
	}
	for s, n := range cores {
		if own, _ := known(s.Cores, CoresMissing); own != nil && n.Cmp(own) > 0 {
			cores[s] = own
		}
	}
	return servers, cores
}

// oracleProcessors multiplies the cores of the servers of each core factor by it, rounds each group up, and adds the groups.
// Core factors are the license's points rules; a server that none fits has the rate for unmatched ones, else 1.
func oracleProcessors(t *tally) *big.Rat {
	groups := map[string]*big.Rat{}
	servers, cores := t.serverCores()
	for _, s := range servers {
		factor := t.license.pointsOf(s)
		if factor == nil {
			factor = big.NewRat(1, 1)
		}
		t.rows[s.ID] = new(big.Rat).Mul(cores[s], factor)
		if groups[factor.RatString()] == nil {
			groups[factor.RatString()] = new(big.Rat)
		}
		groups[factor.RatString()].Add(groups[factor.RatString()], t.rows[s.ID])
	}
	sum := new(big.Rat)
	for _, g := range groups {
		sum.Add(sum, ceil(g))
	}
	return sum
}

// namedUsersPlus is the greater of the users and the minimum for the processors. Users of one account on several databases
// are the most of any of them.
func namedUsersPlus(t *tally) *big.Rat {
	processors := oracleProcessors(t)
	clear(t.rows)
	most := map[string]int64{}
	for _, a := range t.run.in.Accounts {
		if slices.ContainsFunc(t.items, func(it *item) bool { return it.Device == a.Device && it.Product == a.Product }) {
			most[a.Account] = max(most[a.Account], a.Users)
		}
	}
	people := new(big.Rat)
	for account, n := range most {
		t.rows[account] = new(big.Rat).SetInt64(n)
		people.Add(people, t.rows[account])
	}
	least := t.license.MinUsersPerProcessor
	if !least.Stated() {
		return people
	}
	return largest(people, processors.Mul(processors, least.Rat()))
}

// managementCores licenses whole servers: all cores, at least 8 for each processor and 16 for the server. A standard edition
// is counted once for every two virtual machines on it, a datacenter edition once.
func managementCores(t *tally) *big.Rat {
	guests, datacenter := map[*Device]int64{}, map[*Device]bool{}
	var servers []*Device
	for _, d := range t.devices() {
		s := t.server(d)
		if !slices.Contains(servers, s) {
			servers = append(servers, s)
		}
		if d != s {
			guests[s]++
		}
	}
	for _, it := range t.items {
		if strings.EqualFold(it.Edition, "datacenter") {
			datacenter[t.server(it.device)] = true
		}
	}
	for _, s := range servers {
		cores, missing := known(s.Cores, CoresMissing)
		processors, without := known(s.Processors, ProcessorsMissing)
		if cores == nil || processors == nil {
			t.miss(s, Reason(strings.Join(slices.DeleteFunc([]string{string(missing), string(without)}, func(x string) bool { return x == "" }), ", ")))
			continue
		}
		pass := largest(cores, processors.Mul(processors, big.NewRat(8, 1)), big.NewRat(16, 1))
		times := max(1, (guests[s]+1)/2)
		if datacenter[s] {
			times = 1
		}
		t.rows[s.ID] = new(big.Rat).Mul(pass, new(big.Rat).SetInt64(times))
	}
	return t.sum()
}

// users counts each active owner once, each device without one once, and everybody else who used the software there.
func users(t *tally) *big.Rat {
	one := big.NewRat(1, 1)
	for _, it := range t.items {
		if it.device.User != "" && !it.device.UserInactive {
			t.rows["user "+it.device.User] = one
		} else {
			t.rows["device "+it.Device] = one
		}
	}
	for _, it := range t.items {
		for _, u := range it.Users {
			if u != it.device.User || !it.device.UserInactive {
				t.rows["user "+u] = one
			}
		}
	}
	return t.sum()
}

// namedUsers counts the allocated users who have the software.
func namedUsers(t *tally) *big.Rat {
	for _, it := range t.items {
		t.rows["user "+it.device.User] = big.NewRat(1, 1)
	}
	return t.sum()
}

// byHand is the quantity that the license's owner states.
func byHand(t *tally) *big.Rat {
	if !t.license.Quantity.Stated() {
		return nil
	}
	return t.license.Quantity.Rat()
}

// banded sends the stated quantity through the license's bands, or those of its metric, and rounds up.
func banded(t *tally) *big.Rat {
	bands := t.license.Bands
	if bands == nil {
		bands = UserBands[t.license.Metric]
	}
	if !t.license.Quantity.Stated() || bands == nil {
		return nil
	}
	return ceil(Marginal(t.license.Quantity.Rat(), bands))
}

// sortedRows lists what was counted by name.
func (t *tally) sortedRows() []CountRow {
	var out []CountRow
	for _, name := range slices.Sorted(maps.Keys(t.rows)) {
		out = append(out, CountRow{name, decimalOf(t.rows[name])})
	}
	return out
}

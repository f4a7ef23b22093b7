package sample

import (
	"fmt"
	"slices"
	"time"

	"github.com/highwater-sam/highwater/inventory"
)

// cluster is hosts of one kind on one site, with the guests that run on them.
type cluster struct {
	site, domain, location string
	board                  board
	hosts                  int
	guests                 []guests
}

// guests is a row of like guests of a cluster.
type guests struct {
	name     string
	count    int
	cores    int64
	role     string
	software []software
}

// clusters are the VMware-like part of the sample.
var clusters = []cluster{
	{"nyc", "nyc.example.com", "amer/new-york", r640, 3, []guests{
		{"db", 4, 8, "", []software{db2(), monitoring()}},
		{"mq", 3, 4, "", []software{mq()}},
		{"app", 5, 4, "", []software{wasND(), monitoring()}},
		{"web", 3, 2, "", []software{nginx()}},
		{"test", 1, 4, "test", []software{db2(), mq()}},
	}},
	{"ber", "ber.example.com", "emea/berlin", r6525, 4, []guests{
		{"db", 4, 8, "", []software{db2()}},
		{"mq", 5, 5, "", []software{mq(), monitoring()}},
		{"app", 5, 4, "", []software{wasND()}},
		{"int", 3, 6, "", []software{ace()}},
		{"ora", 1, 8, "", []software{oracle()}},
	}},
	{"sin", "sin.example.com", "apac/singapore", sr650, 2, []guests{
		{"int", 4, 8, "", []software{ace(), mq()}},
		{"db", 3, 8, "", []software{db2()}},
		{"web", 3, 2, "", []software{nginx(), postgresql()}},
	}},
	{"lab", "lab.example.com", "lab", dl360, 1, []guests{
		{"mq", 2, 3, "", []software{mq()}},
		{"app", 2, 2, "test", []software{wasND()}},
	}},
}

// onPremises tells the life of every cluster: its hosts are seen by the connection to the site's vCenter, its guests
// by their own agents, and now and then a guest migrates.
func (f *fleet) onPremises() {
	for _, c := range clusters {
		f.tell(c)
	}
}

func (f *fleet) tell(c cluster) {
	hosts := make([]*machine, c.hosts)
	for i := range hosts {
		hosts[i] = c.board.physical(fmt.Sprintf("%s-esx-%02d", c.site, i+1), c.domain)
		hosts[i].source, hosts[i].connection = "vsphere", "vcenter-"+c.site
		hosts[i].hardware.OS = inventory.OS{Family: "vmkernel", Name: "VMware ESXi 8.0.3", Version: "8.0.3", Arch: "x86_64"}
		hosts[i].virtual = &inventory.Virtual{IsHost: true, Guests: []inventory.Guest{}}
		f.Places[hosts[i].name] = c.location
	}
	var all []*machine
	for _, row := range c.guests {
		for i := range row.count {
			g := c.board.guest(fmt.Sprintf("%s-%s-%02d", c.site, row.name, i+1), c.domain, row.cores)
			g.software = append([]software{}, row.software...)
			f.Places[g.name] = c.location
			if row.role != "" {
				f.Roles[g.name] = row.role
			}
			place(hosts[len(all)%len(hosts)], g)
			all = append(all, g)
		}
	}
	for i, m := range slices.Concat(hosts, all) {
		f.report(m, f.on(0, 0.5+float64(i)/30))
	}
	f.migrate(hosts, all)
	f.grow(c, all)
	for i, m := range slices.Concat(hosts, all) {
		if m.name == "ber-db-03" { // nobody knows what it ran for nine days
			m.silent = [2]time.Time{f.on(101, 6), f.on(110, 9)}
		}
		f.report(m, f.End.Add(-time.Duration(20+i%9)*time.Minute)) // the last daily run
	}
}

// migrate moves a guest of the cluster to its next host every few days, and reports both hosts.
func (f *fleet) migrate(hosts, all []*machine) {
	if len(hosts) < 2 {
		return
	}
	for day := 3 + f.chance.IntN(5); day < Days-1; day += 2 + f.chance.IntN(5) {
		g := all[f.chance.IntN(len(all))]
		from := slices.IndexFunc(hosts, func(h *machine) bool { return holds(h, g) })
		to := (from + 1 + f.chance.IntN(len(hosts)-1)) % len(hosts)
		unplace(hosts[from], g)
		place(hosts[to], g)
		at := f.on(day, 1+22*f.chance.Float64()).Truncate(30 * time.Minute)
		f.report(hosts[from], at)
		f.report(hosts[to], at)
	}
}

// grow changes a few guests: new cores for a busy month, software that is removed or arrives.
func (f *fleet) grow(c cluster, all []*machine) {
	find := func(name string) *machine {
		i := slices.IndexFunc(all, func(m *machine) bool { return m.name == name })
		if i < 0 {
			return nil
		}
		return all[i]
	}
	resize := func(name string, cores int64, day int, hour float64) {
		if m := find(name); m != nil {
			n := cores
			m.hardware.Cores, m.hardware.Threads = &n, &n
			f.report(m, f.on(day, hour))
		}
	}
	install := func(name string, s []software, day int, hour float64) {
		if m := find(name); m != nil {
			m.software = s
			f.report(m, f.on(day, hour))
		}
	}
	monthEnd := func(name string, usual, busy int64, first int) { // more cores for the closing of each month
		for day := first; day+4 < Days; day += 30 {
			resize(name, busy, day, 6+float64(day%7))
			resize(name, usual, day+3, 19.5)
		}
	}
	switch c.site {
	case "ber":
		monthEnd("ber-mq-03", 5, 14, 17)
		monthEnd("ber-db-01", 8, 12, 18)
		resize("ber-mq-01", 12, 64, 7.5)
		resize("ber-mq-02", 12, 64, 8)
		resize("ber-mq-01", 5, 96, 21)
		resize("ber-mq-02", 5, 110, 20.5)
		install("ber-app-05", []software{wasND(), mq()}, 130, 9)
	case "nyc":
		monthEnd("nyc-mq-02", 4, 8, 16)
		monthEnd("nyc-app-02", 4, 6, 19)
		resize("nyc-db-02", 16, 40, 13)
		resize("nyc-db-02", 8, 71, 3.5)
		install("nyc-web-03", []software{nginx(), mq()}, 88, 15)
	case "sin":
		monthEnd("sin-int-02", 8, 10, 21)
		resize("sin-int-01", 16, 120, 2)
		install("sin-db-03", []software{}, 150, 4)
	}
}

func place(host, g *machine) {
	host.virtual.Guests = append(host.virtual.Guests, inventory.Guest{
		ID: g.virtual.VMID, Name: g.name, State: "running", Cores: g.hardware.Cores,
	})
}

func unplace(host, g *machine) {
	host.virtual.Guests = slices.DeleteFunc(host.virtual.Guests, func(x inventory.Guest) bool { return x.ID == g.virtual.VMID })
}

func holds(host, g *machine) bool {
	return slices.ContainsFunc(host.virtual.Guests, func(x inventory.Guest) bool { return x.ID == g.virtual.VMID })
}

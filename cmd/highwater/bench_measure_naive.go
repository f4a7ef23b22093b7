package main

import (
	"fmt"
	"math/big"
	"time"

	"github.com/highwater-sam/highwater/estate"
	"github.com/highwater-sam/highwater/measure"
	"github.com/highwater-sam/highwater/measure/synthetic"
)

// The naive way counts every device anew at every half-hour: look up what holds of it, add it to its server, limit,
// weigh, and add up by region. It is timed on a part of the estate at some of the half-hours, and scaled up. That its
// figures are the engine's is checked, so that the ratio compares like with like.
const (
	naiveDevices   = 20_000
	naiveHalfHours = 40
	halfHour       = 1800
)

// naiveEstate is the synthetic estate as arrays, such as a program would load for this.
type naiveEstate struct {
	devices  []estate.Device
	host     [][]int // of each placement
	cores    [][]int64
	rate     []int // by device: index into synthetic.Rates
	region   []int
	products [][]naiveProduct
	licenses []estate.License
}

type naiveProduct struct {
	license  int
	from, to estate.Instant
}

// naive returns how long the naive way would take for the whole estate, in milliseconds.
func (c *benchMeasureCmd) naive() (float64, error) {
	maker := synthetic.New(min(c.Devices, naiveDevices), c.Days, c.Licenses, c.Moves)
	e := maker.Estate()
	n := newNaiveEstate(e)
	engine, err := measure.New(e)
	if err != nil {
		return 0, err
	}
	from, halfHours := e.Periods[0].From, c.Days*48
	step := max(1, halfHours/naiveHalfHours)
	samples, spent := 0, time.Duration(0)
	for i := 0; i < halfHours; i += step {
		at := from + estate.Instant(i*halfHour)
		start := time.Now()
		sums := n.count(at)
		spent += time.Since(start)
		samples++
		if i/step%8 == 0 {
			if err := sameFigures(engine, n, sums, at); err != nil {
				return 0, err
			}
		}
	}
	return milliseconds(spent) / float64(samples) * float64(halfHours) * float64(c.Devices) / float64(len(e.Devices)), nil
}

func newNaiveEstate(e *estate.Estate) *naiveEstate {
	n := &naiveEstate{devices: e.Devices, licenses: e.Licenses, products: make([][]naiveProduct, len(e.Devices))}
	number, license, region := map[string]int{}, map[string]int{}, map[string]int{}
	for i := range e.Devices {
		number[e.Devices[i].ID] = i
	}
	for i := range e.Licenses {
		license[e.Licenses[i].Products[0].Product] = i
	}
	for _, l := range e.Locations {
		region[l.ID] = int(l.Region)
	}
	for i := range e.Devices {
		d := &e.Devices[i]
		var hosts []int
		for _, p := range d.Placement {
			hosts = append(hosts, number[p.Host])
		}
		var cores []int64
		for _, h := range d.Hardware {
			count, _, _ := h.Cores.Scaled()
			cores = append(cores, count)
		}
		n.host, n.cores = append(n.host, hosts), append(n.cores, cores)
		n.rate = append(n.rate, synthetic.RateOf(*d.Hardware[0].Processor))
		n.region = append(n.region, region[d.Location])
	}
	for _, x := range e.Installations {
		i := number[x.Device]
		n.products[i] = append(n.products[i], naiveProduct{license[x.Product], x.From, x.To})
	}
	return n
}

// naiveSums holds consumption by license and region: PVU in hundredths, VPC in sixths, RVU in cores.
type naiveSums [][4]int64

type naiveServer struct {
	guests     int64
	self, full bool
}

// count counts every device at one instant.
func (n *naiveEstate) count(at estate.Instant) naiveSums {
	var servers []naiveServer
	index := map[[2]int]int{}
	var keys [][2]int
	for i := range n.devices {
		d := &n.devices[i]
		for _, p := range n.products[i] {
			if at < p.from || p.to != 0 && at >= p.to {
				continue
			}
			server := i
			for j := range d.Placement {
				if at >= d.Placement[j].From && (d.Placement[j].To == 0 || at < d.Placement[j].To) {
					server = n.host[i][j]
				}
			}
			k := [2]int{server, p.license}
			s, ok := index[k]
			if !ok {
				s = len(servers)
				index[k] = s
				servers, keys = append(servers, naiveServer{}), append(keys, k)
			}
			if server == i {
				servers[s].self = true
			} else {
				servers[s].guests += n.coresAt(i, at)
			}
			servers[s].full = servers[s].full || d.Source != estate.Agent
		}
	}
	sums := make(naiveSums, len(n.licenses))
	for s, k := range keys {
		server, license := k[0], k[1]
		own := n.coresAt(server, at)
		cores := own
		if !servers[s].self && !servers[s].full {
			cores = min(own, servers[s].guests)
		}
		region := n.region[server]
		switch l := &n.licenses[license]; {
		case l.Metric == estate.PVU:
			cores *= synthetic.Hundredths(n.rate[server])
		case l.Metric == estate.RVU:
			region = 0
		case l.Bundle == estate.PerProduct:
			cores *= 3
		default:
			cores *= 4
		}
		sums[license][region] += cores
	}
	return sums
}

func (n *naiveEstate) coresAt(i int, at estate.Instant) int64 {
	hardware := n.devices[i].Hardware
	for j := range hardware {
		if at >= hardware[j].From && (hardware[j].To == 0 || at < hardware[j].To) {
			return n.cores[i][j]
		}
	}
	return 0
}

// sameFigures compares with the engine's series.
func sameFigures(engine *measure.Engine, n *naiveEstate, sums naiveSums, at estate.Instant) error {
	for i, l := range n.licenses {
		if l.Metric == estate.RVU { // its series has gone through the tiers
			continue
		}
		unit := int64(100)
		if l.Metric == estate.VPC {
			unit = 6
		}
		series, err := engine.Series(l.ID)
		if err != nil {
			return err
		}
		for _, s := range series {
			value := measure.Number("0")
			for _, step := range s.Steps {
				if step.At <= at {
					value = step.Value
				}
			}
			if want := big.NewRat(sums[i][s.Region], unit); want.Cmp(value.Rat()) != 0 {
				return fmt.Errorf("the naive way and the engine disagree: %s in region %d at %s: %s, engine %s", l.ID, s.Region, at, measure.NumberOf(want), value)
			}
		}
	}
	return nil
}

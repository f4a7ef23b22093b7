package measure

import (
	"cmp"
	"slices"

	"github.com/highwater-sam/highwater/estate"
)

// A shard ends with the cluster that brings it to one of these sizes: small enough that its state stays in a core's
// cache while its events are replayed, large enough that beginning a shard costs nothing.
const (
	shardDevices = 256
	shardEvents  = 2048
)

// Engine ends the building. The builder cannot be used again.
func (b *Builder) Engine() (*Engine, error) {
	if b.waits {
		b.beginLate()
	}
	for n, ok := range b.defined {
		if !ok {
			b.fail("the device %q is not defined", b.facts.ids.at(n))
			break
		}
	}
	b.resolvePools()
	if b.err != nil {
		return nil, b.err
	}
	b.setIdleAside()
	to := b.deal()
	b.renumber(to)
	b.place, b.class, b.spot, b.links = nil, nil, nil, nil
	return newEngine(b.header, b.facts, b.config)
}

// beginLate begins with a clock of every instant of change.
func (b *Builder) beginLate() {
	devices, installations := b.early, b.earlyInstallations
	b.early, b.earlyInstallations = nil, nil
	b.begin(newClock(b.header, func(yield func(estate.Instant)) {
		instantsOf(b.header, devices, installations, yield)
	}))
	for i := range devices {
		b.Device(&devices[i])
	}
	for i := range installations {
		b.Installation(&installations[i])
	}
}

func (b *Builder) resolvePools() {
	for k, n := range b.spot {
		if k.pool == "" {
			continue
		}
		host := int32(k.host) - 1
		i := slices.IndexFunc(b.facts.pools[host].list, func(p pool) bool { return p.id == k.pool })
		if i < 0 {
			b.fail("the host %q has no pool %q", b.facts.ids.at(int(host)), k.pool)
		}
		b.facts.spots[n].pool = int32(i)
	}
}

// setIdleAside takes the events of devices that can never count, whatever the configuration, out of the way of replays.
func (b *Builder) setIdleAside() {
	f := b.facts
	counts := make([]bool, len(b.links))
	for i, n := range f.class {
		counts[i] = f.classes[n].kind == estate.Host
	}
	for _, e := range f.events {
		if e.what>>kindShift == install>>kindShift {
			counts[e.device] = true
		}
	}
	kept := f.events[:0]
	for _, e := range f.events {
		if counts[e.device] {
			kept = append(kept, e)
		} else {
			f.idle = append(f.idle, e)
		}
	}
	f.events = kept
}

// deal deals the clusters into shards and returns the new number of each device: those of a shard follow each other,
// and in it those of a cluster.
func (b *Builder) deal() []uint32 {
	f, n := b.facts, len(b.links)
	events := make([]uint32, n)
	for i := range f.events {
		events[f.events[i].device]++
	}
	// Chain the devices of each cluster behind its root, which is its lowest number.
	next, last := make([]uint32, n), make([]uint32, n)
	for i := range n {
		root := b.root(uint32(i))
		if root == uint32(i) {
			last[i] = root
			continue
		}
		next[last[root]] = uint32(i)
		last[root] = uint32(i)
	}
	to := make([]uint32, n)
	number, count, current := 0, 0, shard{}
	end := func() {
		current.devices.to, current.events.to = number, count
		f.shards = append(f.shards, current)
		current = shard{devices: span{from: number}, events: span{from: count}}
	}
	for i := range n {
		if b.links[i] != uint32(i) {
			continue
		}
		for at := uint32(i); ; at = next[at] {
			to[at] = uint32(number)
			number++
			count += int(events[at])
			if next[at] == 0 {
				break
			}
		}
		if number-current.devices.from >= shardDevices || count-current.events.from >= shardEvents {
			end()
		}
	}
	if number > current.devices.from {
		end()
	}
	return to
}

// renumber gives every device its new number and brings the events of each shard together, in order of time.
func (b *Builder) renumber(to []uint32) {
	f := b.facts
	f.ids = f.ids.reordered(to)
	f.class = reordered(f.class, to)
	for i := range f.spots[1:] {
		f.spots[i+1].host = int32(to[f.spots[i+1].host])
	}
	hosts := make(map[int32]pools, len(f.pools))
	for host, p := range f.pools {
		hosts[int32(to[host])] = p
	}
	f.pools = hosts
	b.config.place = reordered(b.config.place, to)
	devices := make(map[uint32]*deviceConfig, len(b.config.devices))
	for n, c := range b.config.devices {
		devices[to[n]] = c
	}
	b.config.devices = devices

	shardOf := make([]uint32, len(to))
	next := make([]int, len(f.shards))
	for s, sh := range f.shards {
		next[s] = sh.events.from
		for d := sh.devices.from; d < sh.devices.to; d++ {
			shardOf[d] = uint32(s)
		}
	}
	events := make([]event, len(f.events))
	for _, e := range f.events {
		e.device = to[e.device]
		at := &next[shardOf[e.device]]
		events[*at] = e
		*at++
	}
	f.events = events
	for i := range f.idle {
		f.idle[i].device = to[f.idle[i].device]
	}
	f.idle = slices.Clip(f.idle)
	each(len(f.shards), func(s int) {
		part := f.events[f.shards[s].events.from:f.shards[s].events.to]
		slices.SortFunc(part, func(a, b event) int {
			return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.device, b.device), cmp.Compare(a.what, b.what))
		})
	})
}

func reordered[T any](column []T, to []uint32) []T {
	ordered := make([]T, len(column))
	for i, v := range column {
		ordered[to[i]] = v
	}
	return ordered
}

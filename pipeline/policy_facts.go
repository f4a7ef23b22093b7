package pipeline

import (
	"bytes"
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/highwater-sam/highwater/assign"
	"github.com/highwater-sam/highwater/catalog"
	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/estate"
	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/policy"
	"github.com/highwater-sam/highwater/store"
)

// policies remembers between questions what is the same for many of them. All of it can be found out again.
type policies struct {
	mu        sync.Mutex
	settings  recordedSettings
	licenses  []assign.License // with a sub-capacity metric and capacity sub
	readAt    time.Time        // the licenses
	products  map[string][]catalog.ProductID
	addresses map[device.ID]addressesOf
}

// recordedSettings are the settings in force.
type recordedSettings struct {
	policy.Settings
	revision int64     // 0 = nobody recorded any
	recorded time.Time // zero = nobody recorded any
}

type addressesOf struct {
	document string
	list     []netip.Addr
}

// Bounds of what is remembered, and how long the list of licenses is used. Agents ask a thirtieth of their interval early
// to make up for the latter (15 minutes: half a minute).
const (
	rememberedSets    = 200_000
	rememberedDevices = 200_000
	licensesFor       = 30 * time.Second
)

// settings returns the settings that are recorded now.
func (r *Receiver) settings(ctx context.Context) (recordedSettings, error) {
	o, ok, err := r.Store.ConfigurationObject(ctx, store.SettingConfiguration, PolicySetting, nil)
	if err != nil {
		return recordedSettings{}, err
	}
	m := &r.remembered
	m.mu.Lock()
	defer m.mu.Unlock()
	if o.Revision == m.settings.revision && o.Recorded.Equal(m.settings.recorded) {
		return m.settings, nil
	}
	s := recordedSettings{revision: o.Revision, recorded: o.Recorded}
	if ok {
		if s.Settings, err = policy.ReadSettings(bytes.NewReader(o.Body)); err != nil {
			return recordedSettings{}, err
		}
	}
	m.settings = s
	return s, nil
}

// decidePolicy decides for one agent, reading no more than the settings ask about.
func (r *Receiver) decidePolicy(ctx context.Context, s recordedSettings, agent store.Agent) (policy.Policy, string, error) {
	d := policy.Device{Name: agent.Name}
	if s.HighFrequency.On && agent.Device != 0 {
		var err error
		if d, err = r.policyDevice(ctx, s.Settings, agent); err != nil {
			return policy.Policy{}, "", err
		}
	}
	p, why := s.Decide(d)
	return p, why, nil
}

// policyDevice gathers what is known of an agent's device.
func (r *Receiver) policyDevice(ctx context.Context, s policy.Settings, agent store.Agent) (policy.Device, error) {
	row, ok, err := r.Store.PolicyDevice(ctx, agent.Device)
	if err != nil || !ok {
		return policy.Device{Name: agent.Name}, err
	}
	d := policy.Device{Name: row.Name, Domain: row.Domain}
	subnet, location := s.Asks()
	if location {
		if d.Locations, err = r.Store.Place(ctx, row.Location); err != nil {
			return d, err
		}
	}
	if subnet {
		if d.Addresses, err = r.addresses(ctx, row.ID); err != nil {
			return d, err
		}
	}
	installed, err := r.installedNow(ctx, row)
	if err != nil {
		return d, err
	}
	for _, p := range installed {
		d.Products = append(d.Products, string(p))
	}
	d.SubCapacity, err = r.subCapacity(ctx, row, installed)
	return d, err
}

// subCapacity names a product that is linked to a sub-capacity license, on the device or, where it is a host, on one of
// its guests: the cores of a host bound what its guests consume.
func (r *Receiver) subCapacity(ctx context.Context, row store.PolicyDevice, installed []catalog.ProductID) (string, error) {
	licenses, err := r.subCapacityLicenses(ctx)
	if err != nil || len(licenses) == 0 {
		return "", err
	}
	name, err := r.linked(ctx, row.ID, installed, licenses)
	if err != nil || name != "" || row.Kind != device.Host {
		return name, err
	}
	guests, err := r.Store.GuestsOf(ctx, row.ID, r.now())
	if err != nil {
		return "", err
	}
	for _, id := range guests {
		guest, ok, err := r.Store.PolicyDevice(ctx, id)
		if err != nil || !ok {
			return "", err
		}
		if installed, err = r.installedNow(ctx, guest); err != nil {
			return "", err
		}
		if name, err = r.linked(ctx, id, installed, licenses); err != nil || name != "" {
			return name + " on guest " + guest.Name, err
		}
	}
	return "", nil
}

// linked names a product on a device that counts against one of the licenses, or would: one that no reconciliation has
// assigned yet is taken as linked, so that a device is checked from the day on which its software appears. Software that
// is covered or exempt is linked too: its hardware matters as soon as that decision is taken back.
func (r *Receiver) linked(ctx context.Context, id device.ID, installed []catalog.ProductID, licenses []assign.License) (string, error) {
	var statuses map[[2]string]string
	for _, l := range licenses {
		for _, of := range l.Products {
			if !slices.Contains(installed, of.Product) {
				continue
			}
			if statuses == nil {
				assignments, err := r.Store.Assignments(ctx, id)
				if err != nil {
					return "", err
				}
				statuses = make(map[[2]string]string, len(assignments))
				for _, a := range assignments {
					statuses[[2]string{string(a.Product), string(a.License)}] = a.Status
				}
			}
			switch assign.Status(statuses[[2]string{string(of.Product), string(l.ID)}]) {
			case assign.Rejected, assign.NotAssessed:
				continue
			}
			product, _ := r.Catalog.Product(of.Product)
			if product.Name == "" {
				return string(of.Product), nil
			}
			return product.Name, nil
		}
	}
	return "", nil
}

// subCapacityLicenses are the licenses by which hardware must be checked at high frequency.
func (r *Receiver) subCapacityLicenses(ctx context.Context) ([]assign.License, error) {
	m := &r.remembered
	m.mu.Lock()
	defer m.mu.Unlock()
	if age := r.now().Sub(m.readAt); age >= 0 && age < licensesFor {
		return m.licenses, nil
	}
	all, err := r.Store.Licenses(ctx, nil)
	if err != nil {
		return nil, err
	}
	m.licenses, m.readAt = nil, r.now()
	for _, c := range all {
		metric := estate.Metric(c.Value.Metric)
		if (metric == estate.PVU || metric == estate.VPC) && c.Value.Rules.Capacity != estate.Full { // unstated is sub
			m.licenses = append(m.licenses, c.Value)
		}
	}
	return m.licenses, nil
}

// installedNow recognizes what the newest evidence of a device shows, whether or not it was reconciled since.
func (r *Receiver) installedNow(ctx context.Context, row store.PolicyDevice) ([]catalog.ProductID, error) {
	if row.Evidence == "" {
		return nil, nil
	}
	m := &r.remembered
	m.mu.Lock()
	found, ok := m.products[row.Evidence]
	m.mu.Unlock()
	if ok {
		return found, nil
	}
	points, err := r.Store.CurrentPoints(ctx, row.ID)
	if err != nil {
		return nil, err
	}
	hash := ""
	for _, p := range points {
		if set, ok := p.Value.(*device.EvidenceSet); ok && set != nil {
			recognized, err := r.recognizeSet(ctx, set, map[string][]catalog.Recognized{})
			if err != nil {
				return nil, err
			}
			hash = set.Hash
			for _, one := range recognized {
				found = append(found, one.Product)
			}
		}
	}
	if hash != row.Evidence {
		return found, nil // newer than the row: the next question remembers it
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.products == nil || len(m.products) >= rememberedSets {
		m.products = map[string][]catalog.ProductID{}
	}
	m.products[row.Evidence] = found
	return found, nil
}

// addresses are those in the newest document in which an agent looked at the device's hardware.
func (r *Receiver) addresses(ctx context.Context, id device.ID) ([]netip.Addr, error) {
	documents, err := r.Store.Documents(ctx, id, 20)
	if err != nil {
		return nil, err
	}
	for _, row := range documents {
		if row.Source != device.AgentSource || row.Kind != inventory.Full && row.Kind != inventory.HardwareOnly {
			continue
		}
		m := &r.remembered
		m.mu.Lock()
		known, ok := m.addresses[id]
		m.mu.Unlock()
		if ok && known.document == row.ID {
			return known.list, nil
		}
		envelope, err := r.Store.Envelope(ctx, row.ID)
		if err != nil {
			return nil, err
		}
		doc, err := inventory.OpenKept(envelope)
		if err != nil {
			return nil, err
		}
		known = addressesOf{document: row.ID, list: addressesIn(doc)}
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.addresses == nil || len(m.addresses) >= rememberedDevices {
			m.addresses = map[device.ID]addressesOf{}
		}
		m.addresses[id] = known
		return known.list, nil
	}
	return nil, nil
}

func addressesIn(doc *inventory.Document) []netip.Addr {
	var out []netip.Addr
	if doc.Hardware == nil {
		return nil
	}
	for _, adapter := range doc.Hardware.Adapters {
		for _, text := range adapter.Addresses {
			if a, err := netip.ParseAddr(text); err == nil {
				out = append(out, a)
			} else if p, err := netip.ParsePrefix(text); err == nil {
				out = append(out, p.Addr())
			}
		}
	}
	return out
}

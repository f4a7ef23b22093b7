package sample

import (
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/highwater-sam/highwater/deliver"
	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/pipeline"
	"github.com/highwater-sam/highwater/store"
)

// Author is who the sample's configuration is recorded by.
const Author = "sample"

// reason is why.
const reason = "part of the sample estate"

// Load enrolls the sample's collectors, sends their documents through the receiver like any other, and records what its
// owner would record by hand. Progress is told how many documents are in. Loading the same sample again changes nothing.
func Load(ctx context.Context, st *store.Store, r *pipeline.Receiver, f *Fleet, progress func(done, total int)) error {
	l := loader{st: st, r: r, f: f, keys: map[string]ed25519.PrivateKey{}, devices: map[string]device.ID{}}
	if err := l.enroll(ctx); err != nil {
		return fmt.Errorf("sample: enroll its collectors: %w", err)
	}
	if err := l.send(ctx, progress); err != nil {
		return fmt.Errorf("sample: %w", err)
	}
	if err := l.configure(ctx); err != nil {
		return fmt.Errorf("sample: record its configuration: %w", err)
	}
	return nil
}

type loader struct {
	st      *store.Store
	r       *pipeline.Receiver
	f       *Fleet
	keys    map[string]ed25519.PrivateKey
	mu      sync.Mutex
	devices map[string]device.ID // by name
}

// enroll gives every collector a key of its own, with a token that ends at once.
func (l *loader) enroll(ctx context.Context) error {
	id, secret, err := l.st.CreateToken(ctx, store.Token{Name: "sample estate", Author: Author})
	if err != nil {
		return err
	}
	for _, report := range l.f.Reports {
		if l.keys[report.Collector] != nil {
			continue
		}
		key := l.key(report.Collector)
		e := deliver.Enrollment{Token: secret, AgentID: report.Collector, DeviceName: report.Document.Header.DeviceName, Version: "sample"}
		e.Sign(key)
		if _, err := l.r.Enroll(ctx, e); err != nil {
			return err
		}
		l.keys[report.Collector] = key
	}
	return l.st.RevokeToken(ctx, id)
}

// key makes a collector's key from the server's own, so that a load that was interrupted can be finished later.
func (l *loader) key(collector string) ed25519.PrivateKey {
	mac := hmac.New(sha256.New, l.r.Key.Seed())
	mac.Write([]byte("sample collector " + collector))
	return ed25519.NewKeyFromSeed(mac.Sum(nil))
}

// send delivers the documents, in order for each collector and several collectors at once. Hosts wait for their guests: a
// collector's documents of one instant go in the order of the sample.
func (l *loader) send(ctx context.Context, progress func(done, total int)) error {
	done := 0
	for start := 0; start < len(l.f.Reports); {
		end := l.wave(start)
		g, ctx := errgroup.WithContext(ctx)
		g.SetLimit(8)
		for _, report := range l.f.Reports[start:end] {
			g.Go(func() error { return l.accept(ctx, report) })
		}
		if err := g.Wait(); err != nil {
			return err
		}
		done += end - start
		progress(done, len(l.f.Reports))
		start = end
	}
	return nil
}

// wave ends before the first report that is about a device of the wave already, or about its guests.
func (l *loader) wave(start int) int {
	seen := map[string]bool{}
	for i := start; i < len(l.f.Reports); i++ {
		d := l.f.Reports[i].Document
		if seen[d.Header.DeviceName] {
			return i
		}
		seen[d.Header.DeviceName] = true
		if d.Virtual != nil {
			for _, g := range d.Virtual.Guests {
				if seen[g.Name] {
					return i
				}
				seen[g.Name] = true
			}
		}
	}
	return len(l.f.Reports)
}

func (l *loader) accept(ctx context.Context, report Report) error {
	h := report.Document.Header
	envelope, err := inventory.Seal(report.Document, l.keys[report.Collector])
	if err != nil {
		return fmt.Errorf("document of %s: %w", h.DeviceName, err)
	}
	none := int64(0)
	item := deliver.Item{ID: h.ID, From: report.Collector, At: h.CollectedAt, Body: envelope,
		Stamps: []deliver.Stamp{{By: "sample", ReceivedAt: h.CollectedAt.Add(2 * time.Second), Offset: &none}}}
	if err := l.r.Accept(ctx, item); err != nil {
		return fmt.Errorf("document of %s at %s: %w", h.DeviceName, h.CollectedAt.Format(time.RFC3339), err)
	}
	id, ok, err := l.st.DocumentDevice(ctx, h.ID)
	if err != nil || !ok {
		return fmt.Errorf("document of %s is not in the store: %w", h.DeviceName, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.devices[h.DeviceName] = id
	return nil
}

// configure records locations, where each device is, its role, and the licenses.
func (l *loader) configure(ctx context.Context) error {
	var changes []store.Change
	add := func(kind store.ConfigurationKind, key string, value any) error {
		object, _, err := l.st.ConfigurationObject(ctx, kind, key, nil)
		if err != nil {
			return err
		}
		changes = append(changes, store.Change{Kind: kind, Key: key, Revision: object.Revision, Value: value, Author: Author, Reason: reason})
		return nil
	}
	for _, location := range Locations() {
		if err := add(store.LocationConfiguration, location.ID, location); err != nil {
			return err
		}
	}
	for name, id := range l.devices {
		settings := store.DeviceSettings{Location: l.f.Places[name], Role: l.f.Roles[name]}
		if settings.Location == "" && settings.Role == "" {
			continue
		}
		if err := add(store.DeviceConfiguration, store.DeviceKey(id), settings); err != nil {
			return err
		}
	}
	for _, license := range Licenses(l.f) {
		if err := add(store.LicenseConfiguration, string(license.ID), license); err != nil {
			return err
		}
	}
	return l.st.SaveConfiguration(ctx, changes...)
}

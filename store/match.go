package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/store/db"
)

// Match is what a search by keys found: which devices have each key. Intake checks that it still holds when the
// document's keys are written, so that two documents of one new device never make two devices.
type Match struct {
	Records []device.Record            // every device that has one of the keys, in order of id
	Holders map[device.Key][]device.ID // which devices have each key; a key nobody has is missing
}

// keysAtOnce is how many keys one statement looks up.
const keysAtOnce = 8

// FindByKeys finds the devices that have any of the keys. Names, the weakest keys, are only looked up when no other key
// finds a device; of a name that many devices share, at most 1,000 are found.
func (s *Store) FindByKeys(ctx context.Context, keys []device.Key) (Match, error) {
	var strong, weak []device.Key
	for _, k := range keys {
		if k.Kind == device.NameKey {
			weak = append(weak, k)
		} else {
			strong = append(strong, k)
		}
	}
	m := Match{Holders: map[device.Key][]device.ID{}}
	for _, some := range [][]device.Key{strong, weak} {
		if len(m.Holders) > 0 {
			break
		}
		for part := range slices.Chunk(some, keysAtOnce) {
			if err := s.findHolders(ctx, part, m.Holders); err != nil {
				return Match{}, explain(s.dialect, err, "find a device by its keys")
			}
		}
	}
	var devices []device.ID
	for _, holders := range m.Holders {
		devices = append(devices, holders...)
	}
	slices.Sort(devices)
	for _, id := range slices.Compact(devices) {
		r, err := s.record(ctx, id)
		if err != nil {
			return Match{}, explain(s.dialect, err, "find a device by its keys")
		}
		m.Records = append(m.Records, r)
	}
	return m, nil
}

func (s *Store) findHolders(ctx context.Context, keys []device.Key, into map[device.Key][]device.ID) error {
	var k [keysAtOnce]device.Key
	copy(k[:], keys)
	if s.dialect.local() {
		return s.joinHolders(ctx, k, into)
	}
	rows, err := s.q.DevicesWithKeys(ctx, db.DevicesWithKeysParams{
		Kind1: string(k[0].Kind), Value1: k[0].Value, Kind2: string(k[1].Kind), Value2: k[1].Value,
		Kind3: string(k[2].Kind), Value3: k[2].Value, Kind4: string(k[3].Kind), Value4: k[3].Value,
		Kind5: string(k[4].Kind), Value5: k[4].Value, Kind6: string(k[5].Kind), Value6: k[5].Value,
		Kind7: string(k[6].Kind), Value7: k[6].Value, Kind8: string(k[7].Kind), Value8: k[7].Value,
	})
	if err != nil {
		return err
	}
	for _, r := range rows {
		key := device.Key{Kind: device.KeyKind(r.Kind), Value: r.Value}
		into[key] = append(into[key], device.ID(r.Device))
	}
	return nil
}

// holdersOfKeys is DevicesWithKeys for SQLite, which searches its index key by key only when it is told so.
const holdersOfKeys = "SELECT k.kind, k.value, k.device FROM (VALUES (?, ?), (?, ?), (?, ?), (?, ?), (?, ?), (?, ?), (?, ?), (?, ?)) v " +
	"CROSS JOIN device_keys k WHERE k.kind = v.column1 AND k.value = v.column2 LIMIT 1000"

func (s *Store) joinHolders(ctx context.Context, keys [keysAtOnce]device.Key, into map[device.Key][]device.ID) error {
	var args [2 * keysAtOnce]any
	for i, k := range keys {
		args[2*i], args[2*i+1] = string(k.Kind), k.Value
	}
	rows, err := s.dialect.reader().QueryContext(ctx, holdersOfKeys, args[:]...)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // rows.Err has it
	for rows.Next() {
		var key device.Key
		var id device.ID
		if err := rows.Scan(&key.Kind, &key.Value, &id); err != nil {
			return err
		}
		into[key] = append(into[key], id)
	}
	return rows.Err()
}

func (s *Store) record(ctx context.Context, id device.ID) (device.Record, error) {
	r := device.Record{ID: id}
	rows, err := s.q.KeysOfDevices(ctx, int64(id))
	for _, row := range rows {
		r.Source = row.Source
		r.Keys = append(r.Keys, device.Key{Kind: device.KeyKind(row.Kind), Value: row.Value})
	}
	return r, err
}

// State is what intake must know of a device before it decides what a document changes. Version guards the decision:
// Intake refuses (ErrChanged) when the device has changed since.
type State struct {
	ID            device.ID
	Version       int64
	Recorded      time.Time // of the last change
	Kind          device.Kind
	Source        string // the best source so far: "agent", or another kind
	Status        Status
	Hypervisor    string
	LastInventory time.Time // newest collection time of any document; zero = none
	LastDocument  string
	LastContact   time.Time
	Covered       Span // the newest span of measured time; zero = none

	evidenceFrom int64 // validity of the evidence that lists show
}

// Status says where a device is in its life.
type Status string

// The statuses a device can have.
const (
	Active     Status = "active"
	Archived   Status = "archived"   // gone from every source; its history still counts
	Ignored    Status = "ignored"    // a person decided that it does not count
	Awaiting   Status = "awaiting"   // known from a host or cloud only, its own inventory is awaited
	Terminated Status = "terminated" // a cloud instance that is no more
)

// State reads the state of a device; ok is false when there is none of that id.
func (s *Store) State(ctx context.Context, id device.ID) (state State, ok bool, err error) {
	r, err := s.q.DeviceState(ctx, int64(id))
	if errors.Is(err, sql.ErrNoRows) {
		return State{}, false, nil
	}
	if err != nil {
		return State{}, false, explain(s.dialect, err, "read the state of a device")
	}
	return stateOf(id, r), true, nil
}

func stateOf(id device.ID, r db.DeviceStateRow) State {
	state := State{ID: id, Version: r.Version, Recorded: instant(r.Recorded), Kind: device.Kind(r.Kind), Source: r.Source, Status: Status(r.Status),
		Hypervisor: r.Hypervisor.String, LastDocument: r.LastDocument.String, evidenceFrom: r.EvidenceFrom}
	if r.LastInventory.Valid {
		state.LastInventory = instant(r.LastInventory.Int64)
	}
	if r.LastContact.Valid {
		state.LastContact = instant(r.LastContact.Int64)
	}
	if r.CoveredTo != 0 {
		state.Covered = Span{instant(r.CoveredFrom), instant(r.CoveredTo)}
	}
	return state
}

// SourceState is the newest document that one source gave of a device.
type SourceState struct {
	Source, Connection string
	Document           string
	Kind               inventory.Kind
	Collected          time.Time
	Received           time.Time
	Digests            inventory.Digests // of its parts; a part it did not look at keeps the digest of the document before
}

// SourceState reads the newest document of a source of a device; ok is false when there is none.
func (s *Store) SourceState(ctx context.Context, id device.ID, source, connection string) (state SourceState, ok bool, err error) {
	r, err := s.q.DeviceSource(ctx, db.DeviceSourceParams{Device: int64(id), Source: source, Connection: connection})
	if errors.Is(err, sql.ErrNoRows) {
		return SourceState{}, false, nil
	}
	if err != nil {
		return SourceState{}, false, explain(s.dialect, err, "read the newest document of a source")
	}
	state, err = sourceState(r)
	return state, err == nil, err
}

// SourceStates reads the newest document of every source of a device.
func (s *Store) SourceStates(ctx context.Context, id device.ID) ([]SourceState, error) {
	rows, err := s.q.DeviceSources(ctx, int64(id))
	if err != nil {
		return nil, explain(s.dialect, err, "read the sources of a device")
	}
	states := make([]SourceState, len(rows))
	for i, r := range rows {
		if states[i], err = sourceState(r); err != nil {
			return nil, err
		}
	}
	return states, nil
}

func sourceState(r db.DeviceSource) (SourceState, error) {
	s := SourceState{Source: r.Source, Connection: r.Connection, Document: r.Document, Kind: inventory.Kind(r.Kind), Collected: instant(r.Collected), Received: instant(r.Received)}
	if err := json.Unmarshal([]byte(r.Digests), &s.Digests); err != nil {
		return s, fmt.Errorf("read the digests of document %s: %w", r.Document, err)
	}
	return s, nil
}

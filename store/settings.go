package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"time"

	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/estate"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/store/db"
)

// DeviceSettings are what a person states about a device; what is empty is not stated.
type DeviceSettings struct {
	Location  string                  `json:"location,omitempty"`
	Role      string                  `json:"role,omitempty"`
	HostedIn  string                  `json:"hosted_in,omitempty"`
	Moves     []estate.Move           `json:"moves,omitempty"`     // dated relocations, which win over Location
	Overrides []estate.HardwareChange `json:"overrides,omitempty"` // corrections of hardware
}

// DeviceKey is a device's key in configuration.
func DeviceKey(id device.ID) string { return strconv.FormatInt(int64(id), 10) }

// DeviceSettings returns the settings of every device that has any, as known at an instant (nil = now).
func (s *Store) DeviceSettings(ctx context.Context, knownAt *time.Time) (map[device.ID]Configured[DeviceSettings], error) {
	all, err := Configurations[DeviceSettings](ctx, s, DeviceConfiguration, knownAt)
	if err != nil {
		return nil, err
	}
	settings := make(map[device.ID]Configured[DeviceSettings], len(all))
	for _, c := range all {
		id, err := strconv.ParseInt(c.Key, 10, 64)
		if err != nil {
			return nil, fault.Wrap(err, fault.Internal, "device settings %q", c.Key)
		}
		settings[device.ID(id)] = c
	}
	return settings, nil
}

// materializeDevice shows a device's settings in lists.
func materializeDevice(ctx context.Context, q *db.Queries, key string) error {
	id, err := strconv.ParseInt(key, 10, 64)
	if err != nil {
		return fault.New(fault.Invalid, "%q is no device", key)
	}
	r, err := q.ConfigurationObject(ctx, db.ConfigurationObjectParams{Kind: string(DeviceConfiguration), Key: key, Recorded: always})
	if err != nil {
		return err
	}
	var settings DeviceSettings
	if r.Body.Valid {
		if err := decodeBody(objectOf(r), &settings); err != nil {
			return err
		}
	}
	if err := checkLocation(ctx, q, settings.Location); err != nil {
		return err
	}
	for _, m := range settings.Moves {
		if err := checkLocation(ctx, q, m.Location); err != nil {
			return err
		}
	}
	n, err := q.SetDeviceSettings(ctx, db.SetDeviceSettingsParams{Location: nullText(settings.Location), Role: nullText(settings.Role), HostedIn: nullText(settings.HostedIn), ID: id})
	if err == nil && n == 0 {
		return fault.New(fault.NotFound, "there is no device %d", id)
	}
	return err
}

func checkLocation(ctx context.Context, q *db.Queries, id string) error {
	if id == "" {
		return nil
	}
	_, err := q.Location(ctx, id)
	if errors.Is(err, sql.ErrNoRows) {
		return fault.New(fault.Invalid, "there is no location %q", id)
	}
	return err
}

// Period is a reporting period, [From, To); without To it is still open.
type Period struct {
	Name string     `json:"name"`
	From time.Time  `json:"from"`
	To   *time.Time `json:"to,omitempty"`
}

// Periods returns the reporting periods as known at an instant (nil = now), by name.
func (s *Store) Periods(ctx context.Context, knownAt *time.Time) ([]Configured[Period], error) {
	return Configurations[Period](ctx, s, PeriodConfiguration, knownAt)
}

package store_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/highwater-sam/highwater/assign"
	"github.com/highwater-sam/highwater/auth"
	"github.com/highwater-sam/highwater/estate"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/report"
	"github.com/highwater-sam/highwater/store"
	"github.com/highwater-sam/highwater/store/storetest"
)

func TestConfigurationIsReadAsItWasKnown(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		one := store.Period{Name: "2026-Q1", From: day}
		two := one
		end := day.AddDate(0, 3, 0)
		two.To = &end
		change := store.Change{Kind: store.PeriodConfiguration, Key: one.Name, Value: one, Author: "anna", Reason: "new year", Remote: "10.0.0.1"}
		save := func(c store.Change) time.Time {
			t.Helper()
			if err := st.SaveConfiguration(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			history, err := st.ConfigurationHistory(t.Context(), c.Kind, c.Key)
			if err != nil {
				t.Fatal(err)
			}
			return history[0].Recorded
		}
		first := save(change)
		if err := st.SaveConfiguration(t.Context(), change); fault.KindOf(err) != fault.Conflict {
			t.Errorf("the same change on the old revision gave %v, want a conflict", err)
		}
		change.Revision, change.Value = 1, two
		second := save(change)
		change.Revision, change.Value = 2, nil
		removed := save(change)
		change.Revision = 3
		if err := st.SaveConfiguration(t.Context(), change); fault.KindOf(err) != fault.NotFound {
			t.Errorf("removing what is gone gave %v", err)
		}
		change.Value = one
		again := save(change)
		for _, c := range []struct {
			at   time.Time
			want []store.Period
		}{{first.Add(-time.Microsecond), nil}, {first, []store.Period{one}}, {second, []store.Period{two}}, {removed, nil}, {again, []store.Period{one}}} {
			periods, err := st.Periods(t.Context(), &c.at)
			if err != nil {
				t.Fatal(err)
			}
			var got []store.Period
			for _, p := range periods {
				got = append(got, p.Value)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("as known at %s (-want +got):\n%s", c.at, diff)
			}
		}
		o, ok, err := st.ConfigurationObject(t.Context(), store.PeriodConfiguration, one.Name, &removed)
		if ok || err != nil || o.Revision != 3 {
			t.Errorf("the removed object: %+v %v %v", o, ok, err)
		}
		log, err := st.AuditLog(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		var actions []string
		for _, e := range log {
			actions = append(actions, e.Action)
			if e.Author != "anna" || e.Remote != "10.0.0.1" || e.Key != one.Name {
				t.Errorf("audit entry %+v", e)
			}
		}
		if diff := cmp.Diff([]string{"create", "remove", "change", "create"}, actions); diff != "" {
			t.Errorf("audit log (-want +got):\n%s", diff)
		}
		var before store.Period
		if err := json.Unmarshal(log[2].Before, &before); err != nil || !cmp.Equal(before, one) {
			t.Errorf("the value before the change: %s %v", log[2].Before, err)
		}
	})
}

func TestOneWrongChangeUndoesAll(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		err := st.SaveConfiguration(t.Context(),
			store.Change{Kind: store.LocationConfiguration, Key: "emea", Value: store.Location{ID: "emea"}, Author: "anna"},
			store.Change{Kind: store.LocationConfiguration, Key: "x", Value: store.Location{ID: "y"}, Author: "anna"})
		if fault.KindOf(err) != fault.Invalid {
			t.Fatalf("got %v", err)
		}
		if all, err := st.Locations(t.Context(), nil); err != nil || len(all) != 0 {
			t.Errorf("locations %+v %v", all, err)
		}
	})
}

func license() assign.License {
	points := estate.Decimal("70")
	return assign.License{ID: "db2-pvu", Name: "Db2 PVU", Publisher: "IBM", Metric: "ibm-pvu", Products: []assign.LicensedProduct{{Product: "ibm-db2"}},
		Rules:     estate.License{ID: "db2-pvu", Metric: "ibm-pvu", Points: []estate.PointsRule{{PerCore: points}}, ExemptRoles: []string{"test"}},
		Purchases: []assign.Purchase{{Reference: "PO-1", Quantity: "1000", Date: day}}}
}

func TestLicensesComeBackAsTheyWereSaved(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		want := license()
		if err := st.SaveConfiguration(t.Context(), store.Change{Kind: store.LicenseConfiguration, Key: string(want.ID), Value: want, Author: "anna"}); err != nil {
			t.Fatal(err)
		}
		got, err := st.Licenses(t.Context(), nil)
		if err != nil || len(got) != 1 {
			t.Fatal(got, err)
		}
		if diff := cmp.Diff(want, got[0].Value); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		page, err := st.Grid(t.Context(), &report.Licenses, report.Query{Columns: []string{"name", "status", "consumed"}}, auth.Everything)
		if err != nil || len(page.Rows) != 1 {
			t.Fatal(page, err)
		}
		if diff := cmp.Diff([]any{"Db2 PVU", "not measured", nil}, page.Rows[0].Cells); diff != "" {
			t.Errorf("its row (-want +got):\n%s", diff)
		}
		if err := st.SaveConfiguration(t.Context(), store.Change{Kind: store.LicenseConfiguration, Key: string(want.ID), Revision: 1, Author: "anna", Reason: "gone"}); err != nil {
			t.Fatal(err)
		}
		if page, err = st.Grid(t.Context(), &report.Licenses, report.Query{}, auth.Everything); err != nil || page.Total != 0 {
			t.Errorf("a removed license is listed: %+v %v", page, err)
		}
	})
}

func TestDeviceSettings(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		id := take(t, st, first("d1", "db01", 6)).Device
		if err := st.SaveConfiguration(t.Context(),
			store.Change{Kind: store.LocationConfiguration, Key: "emea", Value: store.Location{ID: "emea", Region: 2}, Author: "anna"},
			store.Change{Kind: store.DeviceConfiguration, Key: store.DeviceKey(id), Author: "anna", Reason: "moved", Value: store.DeviceSettings{Location: "emea", Role: "test",
				Moves: []estate.Move{{From: estate.At(day), Location: "emea"}}}}); err != nil {
			t.Fatal(err)
		}
		settings, err := st.DeviceSettings(t.Context(), nil)
		if err != nil || settings[id].Value.Location != "emea" || settings[id].Reason != "moved" || settings[id].Value.Moves[0].From != estate.At(day) {
			t.Errorf("settings %+v %v", settings, err)
		}
		page, err := st.Grid(t.Context(), &report.Devices, report.Query{Columns: []string{"location", "role", "hosted_in"}}, auth.Everything)
		if err != nil || len(page.Rows) != 1 {
			t.Fatal(page, err)
		}
		if diff := cmp.Diff([]any{"emea", "test", "on-premises"}, page.Rows[0].Cells[:3]); diff != "" {
			t.Errorf("row (-want +got):\n%s", diff)
		}
	})
}

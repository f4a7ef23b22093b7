package store

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/highwater-sam/highwater/catalog"
	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/store/db"
)

// TestEveryFieldOfATitleTellsItApart: a field that the hash forgot would make two titles one.
func TestEveryFieldOfATitleTellsItApart(t *testing.T) {
	seen := map[titleHash]string{hashTitle(&catalog.Title{}): "the empty title"}
	kind := reflect.TypeFor[catalog.Title]()
	for i := range kind.NumField() {
		var title catalog.Title
		switch f := reflect.ValueOf(&title).Elem().Field(i); f.Kind() {
		case reflect.String:
			f.SetString("x")
		case reflect.Int64:
			f.SetInt(1)
		default:
			t.Fatalf("field %s is of a kind the hash does not know", kind.Field(i).Name)
		}
		h := hashTitle(&title)
		if other, ok := seen[h]; ok {
			t.Errorf("a title with %s has the hash of %s", kind.Field(i).Name, other)
		}
		seen[h] = kind.Field(i).Name
	}
	a, b := catalog.Title{Name: "ab", Version: "c"}, catalog.Title{Name: "a", Version: "bc"}
	if hashTitle(&a) == hashTitle(&b) {
		t.Error("two titles whose fields run together have one hash")
	}
}

func TestASetComesBackSortedAndOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOf(rapid.Int64Range(1, 1<<60)).Draw(t, "ids")
		got, err := decodeSet(encodeSet(ids))
		if err != nil {
			t.Fatal(err)
		}
		want := slices.Clone(ids)
		slices.Sort(want)
		if want = slices.Compact(want); !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

func FuzzDecodeSet(f *testing.F) {
	f.Add(encodeSet(nil))
	f.Add(encodeSet([]int64{1, 2, 1 << 40}))
	f.Add(compressor().EncodeAll([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, nil))
	f.Add(compressor().EncodeAll([]byte{0x00}, nil))
	f.Fuzz(func(t *testing.T, body []byte) {
		ids, err := decodeSet(body)
		if err != nil {
			return
		}
		again, err := decodeSet(encodeSet(ids))
		if err != nil || !slices.Equal(ids, again) {
			t.Errorf("%v became %v, %v", ids, again, err)
		}
	})
}

func FuzzDecodeSeries(f *testing.F) {
	for _, steps := range [][]Step{nil, {{instant(1), "107"}, {instant(2), "1/3"}}} {
		body, err := encodeSeries(steps)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Add(compressor().EncodeAll([]byte{1, 0xff, 0xff, 0xff, 0xff, 0x0f}, nil))
	f.Fuzz(func(t *testing.T, body []byte) {
		steps, err := decodeSeries(body)
		if err != nil {
			return
		}
		packed, err := encodeSeries(steps)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		again, err := decodeSeries(packed)
		if err != nil || !slices.Equal(steps, again) {
			t.Errorf("%v became %v, %v", steps, again, err)
		}
	})
}

func FuzzDecodeValue(f *testing.F) {
	f.Add("hardware", []byte(`{"cores":8,"detail":{"os":{}}}`))
	f.Add("placement", []byte(`{"host":1}`))
	f.Add("evidence", []byte(`{"hash":"","count":1,"parts":null}`))
	f.Add("nonsense", []byte(`{}`))
	f.Fuzz(func(t *testing.T, aspect string, text []byte) {
		v, err := decodeValue(device.Aspect(aspect), text)
		if err != nil {
			return
		}
		kept, err := encodeValue(v)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		again, err := decodeValue(device.Aspect(aspect), []byte(kept.String))
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if twice, err := encodeValue(again); err != nil || twice != kept {
			t.Errorf("%s became %s, %v", kept.String, twice.String, err)
		}
	})
}

// TestBulkColumns: the columns written by hand are those of the schema, in its order.
func TestBulkColumns(t *testing.T) {
	for _, c := range []struct {
		bulk *bulk
		row  any
	}{
		{deviceRows, db.Device{}}, {stateRows, db.DeviceState{}}, {sourceRows, db.DeviceSource{}}, {partRows, db.DevicePart{}}, {pointRowsBulk, db.Point{}},
		{hardwareRows, db.HardwarePoint{}}, {placementRows, db.PlacementPoint{}}, {poolsRows, db.PoolsPoint{}}, {documentRows, db.Document{}},
		{bodyRows, db.DocumentBody{}}, {coverageRows, db.Coverage{}}, {titleRows, db.Title{}}, {setRows, db.EvidenceSet{}},
	} {
		var want []string
		for f := range reflect.TypeOf(c.row).NumField() {
			want = append(want, strings.ToLower(reflect.TypeOf(c.row).Field(f).Name))
		}
		var got []string
		for _, column := range c.bulk.columns {
			got = append(got, strings.ReplaceAll(column, "_", ""))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s is filled in the columns %v, the schema has %v", c.bulk.table, got, want)
		}
	}
}

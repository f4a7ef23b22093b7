package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"time"

	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/measure"
	"github.com/highwater-sam/highwater/report"
	"github.com/highwater-sam/highwater/store/db"
)

// Run is one reconciliation: when, why, from what.
type Run struct {
	ID           int64 // set by the store, in the order of runs
	AsOf         time.Time
	KnownAt      *time.Time // nil: all that was known; otherwise a past view, which lists do not show
	Started      time.Time
	Finished     time.Time
	Cause        string // "daily", "on demand", "correction of …"
	Author       string
	EstateDigest string // hexadecimal SHA-256 of the estate that was measured
	Devices      int64
	Remark       string
	Period       string // of the measurement, that the list of licenses shows; "" = the last
}

// Step is one step of a series: from From on the value holds, until the next step. Value is exact, as measurements print it.
type Step struct {
	From  time.Time
	Value string
}

// Series is the consumption of a license in a region (0 = unassigned) over time.
type Series struct {
	License string
	Region  measure.Region
	Steps   []Step
}

// keptSeries is how many runs keep their series and remarks: charts and lists show the newest, the rest can be measured
// again from the history.
const keptSeries = 10

// SaveMeasurement keeps a measurement with the run that made it and what lists and charts need of it, and returns the
// run's id. It is one transaction: lists change from one run to the next at once.
func (s *Store) SaveMeasurement(ctx context.Context, run Run, m *measure.Measurement, series []Series) (int64, error) {
	id, err := s.ids.next(ctx, "run", 1)
	if err != nil {
		return 0, err
	}
	rows, err := rowsOfMeasurement(id, run, m)
	if err != nil {
		return 0, err
	}
	var text bytes.Buffer
	if err := m.Encode(&text); err != nil {
		return 0, fmt.Errorf("encode the measurement: %w", err)
	}
	body := compressor().EncodeAll(text.Bytes(), nil)
	return id, s.write(ctx, "save the measurement", func(q *db.Queries) error {
		err := q.InsertRun(ctx, db.InsertRunParams{ID: id, AsOf: micros(run.AsOf), KnownAt: nullMicros(run.KnownAt), Started: micros(run.Started),
			Finished: micros(run.Finished), Cause: run.Cause, Author: run.Author, EstateDigest: run.EstateDigest, Devices: run.Devices, Remark: run.Remark})
		if err != nil {
			return err
		}
		if err := q.InsertMeasurement(ctx, id, body); err != nil {
			return err
		}
		if err := rows.insert(ctx, q); err != nil {
			return err
		}
		for _, one := range series {
			packed, err := encodeSeries(one.Steps)
			if err != nil {
				return fmt.Errorf("series of %s: %w", one.License, err)
			}
			if err := q.InsertSeries(ctx, db.InsertSeriesParams{Run: id, License: one.License, Region: int64(one.Region), Body: packed}); err != nil {
				return err
			}
		}
		return forgetOldSeries(ctx, q)
	})
}

func forgetOldSeries(ctx context.Context, q *db.Queries) error {
	oldest, err := q.NthRun(ctx, keptSeries-1)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := q.DeleteSeriesBefore(ctx, oldest); err != nil {
		return err
	}
	return q.DeleteRemarksBefore(ctx, oldest)
}

// measurementRows is a measurement as lists need it.
type measurementRows struct {
	positions []db.InsertPositionParams
	peaks     []db.InsertPeakParams
	remarks   []db.InsertRemarkParams
}

func rowsOfMeasurement(run int64, r Run, m *measure.Measurement) (*measurementRows, error) {
	rows := &measurementRows{}
	for place, l := range m.Licenses {
		for i, p := range l.Periods {
			if p.Name == r.Period || r.Period == "" && i == len(l.Periods)-1 {
				position, err := positionRow(run, int64(place), l, &p)
				if err != nil {
					return nil, fmt.Errorf("position of %s: %w", l.ID, err)
				}
				rows.positions = append(rows.positions, position)
			}
			for j, region := range p.Regions {
				peak, err := peakRow(run, int64(j), l.ID, p.Name, region)
				if err != nil {
					return nil, fmt.Errorf("peak of %s: %w", l.ID, err)
				}
				rows.peaks = append(rows.peaks, peak)
			}
		}
		for _, remark := range l.Remarks {
			id, err := strconv.ParseInt(remark.Device, 10, 64)
			if err != nil {
				return nil, fmt.Errorf("remark of %s: device %q has no number", l.ID, remark.Device)
			}
			row := db.InsertRemarkParams{Run: run, Place: int64(len(rows.remarks)), License: l.ID, Code: string(remark.Code), Device: id,
				ValidFrom: remark.From.Time().UnixMicro()}
			if remark.To != 0 {
				row.ValidTo = sql.NullInt64{Int64: remark.To.Time().UnixMicro(), Valid: true}
			}
			rows.remarks = append(rows.remarks, row)
		}
	}
	return rows, nil
}

func positionRow(run, place int64, l *measure.License, p *measure.Period) (db.InsertPositionParams, error) {
	at, ok := report.PositionOf(string(p.Peak), string(l.Entitlements))
	if !ok {
		return db.InsertPositionParams{}, fmt.Errorf("peak %q against %q are no numbers", p.Peak, l.Entitlements)
	}
	consumed, err := strconv.ParseInt(string(p.Peak), 10, 64)
	if err != nil {
		return db.InsertPositionParams{}, fmt.Errorf("peak %q: %w", p.Peak, err)
	}
	row := db.InsertPositionParams{Run: run, License: l.ID, Place: place, Metric: string(l.Metric), Period: p.Name, Consumed: consumed, Status: at.Status,
		Current: string(l.Current.Raw), CurrentSort: sortable(l.Current.Raw.Rat()), Remarks: int64(len(l.Remarks))}
	row.Entitled, row.EntitledSort = exact(at.Entitled)
	row.Position, row.PositionSort = exact(at.Left)
	row.Used, row.UsedSort = exact(at.Percent)
	for _, region := range p.Regions {
		day, err := dayOf(region.Date)
		if err != nil {
			return row, err
		}
		if day.Valid && (!row.PeakDate.Valid || day.Int64 > row.PeakDate.Int64) {
			row.PeakDate = day
		}
	}
	return row, nil
}

func peakRow(run, place int64, license, period string, p measure.RegionPeak) (db.InsertPeakParams, error) {
	row := db.InsertPeakParams{Run: run, License: license, Period: period, Region: int64(p.Region), Place: place, Exact: string(p.Exact), ExactSort: sortable(p.Exact.Rat())}
	var err error
	if row.Peak, err = strconv.ParseInt(string(p.Peak), 10, 64); err != nil {
		return row, fmt.Errorf("%q: %w", p.Peak, err)
	}
	if p.Start != 0 {
		row.PeakStart = sql.NullInt64{Int64: p.Start.Time().UnixMicro(), Valid: true}
	}
	row.PeakDate, err = dayOf(p.Date)
	return row, err
}

func dayOf(text string) (sql.NullInt64, error) {
	if text == "" {
		return sql.NullInt64{}, nil
	}
	t, err := time.Parse(time.DateOnly, text)
	return sql.NullInt64{Int64: t.UnixMicro(), Valid: err == nil}, err
}

// exact is a number as text and as what it is sorted by; nil is unknown.
func exact(r *big.Rat) (sql.NullString, sql.NullFloat64) {
	if r == nil {
		return sql.NullString{}, sql.NullFloat64{}
	}
	return nullText(report.FormatExact(r)), sql.NullFloat64{Float64: sortable(r), Valid: true}
}

// sortable is a number near enough to sort by; what is shown and counted is the text.
func sortable(r *big.Rat) float64 {
	if r == nil {
		return 0
	}
	f, _ := r.Float64()
	return f
}

func (m *measurementRows) insert(ctx context.Context, q *db.Queries) error {
	for _, p := range m.positions {
		if err := q.InsertPosition(ctx, p); err != nil {
			return err
		}
	}
	for _, p := range m.peaks {
		if err := q.InsertPeak(ctx, p); err != nil {
			return err
		}
	}
	for _, r := range m.remarks {
		if err := q.InsertRemark(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// LatestRun returns the newest run of the present view; ok is false when there is none.
func (s *Store) LatestRun(ctx context.Context) (r Run, ok bool, err error) {
	row, err := s.q.LatestRun(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return Run{}, false, nil
	}
	return runOf(row), err == nil, explain(s.dialect, err, "read the latest run")
}

// Runs returns the newest runs, newest first, at most limit.
func (s *Store) Runs(ctx context.Context, limit int) ([]Run, error) {
	rows, err := s.q.Runs(ctx, int32(min(limit, 1<<30))) //nolint:gosec // bounded
	if err != nil {
		return nil, explain(s.dialect, err, "read the runs")
	}
	runs := make([]Run, len(rows))
	for i, r := range rows {
		runs[i] = runOf(r)
	}
	return runs, nil
}

func runOf(r db.Run) Run {
	return Run{ID: r.ID, AsOf: instant(r.AsOf), KnownAt: nullInstant(r.KnownAt), Started: instant(r.Started), Finished: instant(r.Finished), Cause: r.Cause,
		Author: r.Author, EstateDigest: r.EstateDigest, Devices: r.Devices, Remark: r.Remark}
}

// Measurement returns what a run measured. An unknown run is a fault of kind NotFound.
func (s *Store) Measurement(ctx context.Context, run int64) (*measure.Measurement, error) {
	body, err := s.q.Measurement(ctx, run)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.New(fault.NotFound, "there is no run %d", run)
	}
	if err != nil {
		return nil, explain(s.dialect, err, "read a measurement")
	}
	text, err := decompressor().DecodeAll(body, nil)
	if err != nil {
		return nil, fmt.Errorf("decompress the measurement of run %d: %w", run, err)
	}
	return measure.Decode(bytes.NewReader(text))
}

// LatestMeasurement returns the newest run of the present view and what it measured; ok is false when there is none.
func (s *Store) LatestMeasurement(ctx context.Context) (r Run, m *measure.Measurement, ok bool, err error) {
	if r, ok, err = s.LatestRun(ctx); err != nil || !ok {
		return Run{}, nil, false, err
	}
	m, err = s.Measurement(ctx, r.ID)
	return r, m, err == nil, err
}

// Series returns the series of a license by region as a run measured them; none when the run's series are no longer kept.
func (s *Store) Series(ctx context.Context, run int64, license string) ([]Series, error) {
	rows, err := s.q.Series(ctx, run, license)
	if err != nil {
		return nil, explain(s.dialect, err, "read the series of a license")
	}
	series := make([]Series, len(rows))
	for i, r := range rows {
		series[i] = Series{License: r.License, Region: measure.Region(r.Region)}
		if series[i].Steps, err = decodeSeries(r.Body); err != nil {
			return nil, fmt.Errorf("series of %s in region %d: %w", license, r.Region, err)
		}
	}
	return series, nil
}

package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/inventory/inventorytest"
	"github.com/highwater-sam/highwater/pipeline"
	"github.com/highwater-sam/highwater/store"
	"github.com/highwater-sam/highwater/store/storetest/pg"
)

// benchIntakeCmd measures how fast documents are taken in: verified, matched, compared with history and committed so
// that a power cut loses nothing. Beside each figure stands the floor, the same documents verified, decompressed and
// parsed and nothing else.
type benchIntakeCmd struct {
	Database  string `enum:"sqlite,postgres,both" default:"both" help:"Where documents go: sqlite, postgres or both."`
	Documents int    `default:"3000" help:"Small documents of each kind; large ones are a fifth as many."`
	Uploaders int    `default:"64" help:"Uploads under way at once."`
	Dir       string `type:"path" help:"Folder for the data, on the disk to be measured; the default is the folder for temporary files."`
	Postgres  string `env:"HIGHWATER_TEST_POSTGRES" help:"URL of a PostgreSQL server whose user may create databases; without it a private one is started."`
}

// leastShare is the share of the floor that intake must reach.
const leastShare = 1.0 / 3

// Run prints the table.
func (c *benchIntakeCmd) Run(ctx context.Context, std streams) error {
	if c.Documents < 50 || c.Uploaders < 1 {
		return fault.New(fault.Invalid, "a measurement needs 50 documents or more and an uploader")
	}
	wait, err := flushTime(c.Dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(std.out, "%d processors; a write that waits for the disk takes %s here; %d uploads at once.\n", runtime.GOMAXPROCS(0), wait.Round(time.Microsecond), c.Uploaders)
	fmt.Fprintln(std.out, "The floor is to verify, decompress and parse the same documents on all processors, and no more. CPU counts this program and a private PostgreSQL.")
	fmt.Fprintf(std.out, "\n%-9s %-6s %-10s %12s %9s %9s %10s %10s %10s %6s\n", "database", "size", "documents", "documents/s", "p50", "p99", "CPU each", "floor/s", "floor CPU", "ratio")
	databases := []string{"sqlite", "postgres"}
	if c.Database != "both" {
		databases = []string{c.Database}
	}
	low := 0
	for _, database := range databases {
		for _, size := range []struct {
			name            string
			packages, count int
		}{{"20 KB", inventorytest.Small, c.Documents}, {"200 KB", inventorytest.Large, max(c.Documents/5, 10)}} {
			n, err := c.measure(ctx, std.out, database, size.name, size.packages, size.count)
			if err != nil {
				return err
			}
			low += n
		}
	}
	err = pg.Stop()
	if low > 0 {
		fmt.Fprintf(std.out, "\n%d of the figures are below a third of their floor.\n", low)
	} else {
		fmt.Fprintln(std.out, "\nEvery figure is at least a third of its floor.")
	}
	return err
}

// measure prints three lines: documents of new devices, of unchanged ones, and of changed ones.
func (c *benchIntakeCmd) measure(ctx context.Context, out io.Writer, database, size string, packages, count int) (low int, err error) {
	dsn, cpu, drop, err := c.fresh(database)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, drop()) }()
	st, err := store.Open(ctx, dsn, store.Options{})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	p, err := pipeline.New(pipeline.Config{Store: st})
	if err != nil {
		return 0, err
	}
	start := time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)
	for _, kind := range []struct {
		name   string
		change uint64
		after  time.Duration
	}{{"first seen", 0, 0}, {"unchanged", 0, 24 * time.Hour}, {"changed", 1, 48 * time.Hour}} {
		arrivals := make([]pipeline.Arrival, count)
		if err := parallel(runtime.GOMAXPROCS(0), count, func(i int) error {
			at := start.Add(kind.after)
			o := inventorytest.Options{Seed: uint64(i), Change: kind.change, Packages: packages, At: at}
			arrivals[i] = pipeline.Arrival{Envelope: inventorytest.Sealed(o), Key: inventorytest.Key(uint64(i)).Public().(ed25519.PublicKey), Received: at, Clock: device.Clock{Measured: true}}
			return nil
		}); err != nil {
			return low, err
		}
		runtime.GC()
		open := func(i int) error {
			_, err := inventory.Open(arrivals[i].Envelope, arrivals[i].Key)
			return err
		}
		floorBefore := processorTime(0)
		floor, err := rateOf(count, runtime.GOMAXPROCS(0), open)
		if err != nil {
			return low, err
		}
		floorEach := (processorTime(0) - floorBefore) / time.Duration(count)
		runtime.GC()
		before := cpu()
		figures, err := rateOf(count, c.Uploaders, func(i int) error {
			_, err := p.Take(ctx, arrivals[i])
			return err
		})
		if err != nil {
			return low, fmt.Errorf("take in documents: %w", err)
		}
		each := (cpu() - before) / time.Duration(count)
		// Once more afterwards: what else the machine does weighs on both alike.
		again, err := rateOf(count, runtime.GOMAXPROCS(0), open)
		if err != nil {
			return low, err
		}
		floor.perSecond = 2 / (1/floor.perSecond + 1/again.perSecond)
		ratio := figures.perSecond / floor.perSecond
		mark := ""
		if ratio < leastShare {
			low++
			mark = " low"
		}
		fmt.Fprintf(out, "%-9s %-6s %-10s %12.0f %9s %9s %10s %10.0f %10s %6.2f%s\n", database, size, kind.name, figures.perSecond, brief(figures.p50), brief(figures.p99), brief(each),
			floor.perSecond, brief(floorEach), ratio, mark)
	}
	return low, nil
}

func brief(d time.Duration) string {
	if d < time.Millisecond {
		return d.Round(time.Microsecond).String()
	}
	return d.Round(10 * time.Microsecond).String()
}

// fresh makes an empty database, and says how to count the processor time spent on it.
func (c *benchIntakeCmd) fresh(database string) (dsn string, cpu func() time.Duration, drop func() error, err error) {
	if database == "sqlite" {
		folder, err := os.MkdirTemp(c.Dir, "highwater-bench")
		return "sqlite:" + folder, func() time.Duration { return processorTime(0) }, func() error { return os.RemoveAll(folder) }, err
	}
	server := c.Postgres
	if server == "" {
		found, err := filepath.Glob(pg.Program)
		if err != nil || len(found) == 0 {
			return "", nil, nil, fault.New(fault.Unavailable, "there is no PostgreSQL here (%s); install it, name a server with --postgres, or use --database sqlite", pg.Program)
		}
		if server, err = pg.Start(filepath.Dir(found[len(found)-1])); err != nil {
			return "", nil, nil, err
		}
	}
	dsn, drop, err = pg.Create(server)
	return dsn, func() time.Duration { return processorTime(pg.PID()) }, drop, err
}

// figures are how fast something went.
type figures struct {
	perSecond float64
	p50, p99  time.Duration
}

// rateOf does n things, some at once, and says how fast that was.
func rateOf(n, workers int, do func(i int) error) (figures, error) {
	took := make([]time.Duration, n)
	start := time.Now()
	err := parallel(workers, n, func(i int) error {
		began := time.Now()
		err := do(i)
		took[i] = time.Since(began)
		return err
	})
	all := time.Since(start)
	slices.Sort(took)
	return figures{perSecond: float64(n) / all.Seconds(), p50: took[n/2], p99: took[n*99/100]}, err
}

// parallel does n things, some at once, and returns the first error.
func parallel(workers, n int, do func(i int) error) error {
	var next atomic.Int64
	var all sync.WaitGroup
	errs := make(chan error, workers)
	for range workers {
		all.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				if err := do(int(i)); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	all.Wait()
	select {
	case err := <-errs:
		return err
	default:
		return nil
	}
}

// flushTime is the median time of a small write that waits for the disk: what no durable commit can be faster than.
func flushTime(dir string) (_ time.Duration, err error) {
	file, err := os.CreateTemp(dir, "highwater-flush")
	if err != nil {
		return 0, fmt.Errorf("measure the disk: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close(), os.Remove(file.Name())) }()
	took := make([]time.Duration, 21)
	for i := range took {
		began := time.Now()
		if _, err := file.Write(make([]byte, 4096)); err != nil {
			return 0, fmt.Errorf("measure the disk: %w", err)
		}
		if err := file.Sync(); err != nil {
			return 0, fmt.Errorf("measure the disk: %w", err)
		}
		took[i] = time.Since(began)
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}

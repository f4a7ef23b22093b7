package deliver

import (
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkSpool is the way of one 20 KB item through a spool (put, read, done), beside what no spool can do without:
// one file written and synced.
func BenchmarkSpool(b *testing.B) {
	body := make([]byte, 20<<10)
	run := func(name string, f func(n int) error) {
		b.Run(name, func(b *testing.B) {
			n := 0
			for b.Loop() {
				if err := f(n); err != nil {
					b.Fatal(err)
				}
				n++
			}
		})
	}
	folder := b.TempDir()
	run("file-synced", func(n int) error { return writeSynced(filepath.Join(folder, fmt.Sprint(n%100)), body) })
	s := open(b, b.TempDir(), SpoolLimits{})
	run("put-read-done", func(n int) error {
		i := Item{ID: fmt.Sprint("i", n), At: noon.Add(time.Duration(n)), Body: body}
		if err := s.Put(i); err != nil {
			return err
		}
		if _, err := s.Oldest(1, 1); err != nil {
			return err
		}
		return s.Done(i.ID)
	})
	// What a relay does when many agents send at once.
	many := open(b, b.TempDir(), SpoolLimits{})
	b.Run("put-64-at-once", func(b *testing.B) {
		var n atomic.Int64
		b.SetParallelism(32)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				n := n.Add(1)
				if err := many.Put(Item{ID: fmt.Sprint("p", n), At: noon.Add(time.Duration(n)), Body: body}); err != nil {
					b.Error(err)
				}
			}
		})
	})
	// A relay that was cut off: every put goes into a spool where many wait.
	full := open(b, b.TempDir(), SpoolLimits{})
	for n := range 5000 {
		if err := full.putOne(Item{ID: fmt.Sprint("w", n), At: noon.Add(time.Duration(n)), Body: body[:100]}); err != nil {
			b.Fatal(err)
		}
	}
	run("put-behind-5000", func(n int) error {
		return full.Put(Item{ID: fmt.Sprint("i", n), At: noon.Add(time.Hour + time.Duration(n)), Body: body})
	})
}

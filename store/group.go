package store

import "sync"

// group gathers what several callers want to write while the previous commit is under way, so that one commit, and one
// wait for the disk, serves them all.
type group[T any] struct {
	waiting chan T
	max     int
	commit  func([]T) // settles every item, whatever happens
	mu      sync.RWMutex
	closed  bool
	done    chan struct{}
}

func newGroup[T any](most int, commit func([]T)) *group[T] {
	g := &group[T]{waiting: make(chan T, most), max: most, commit: commit, done: make(chan struct{})}
	go g.run()
	return g
}

// add hands over an item. It answers false when the group is closed.
func (g *group[T]) add(item T) bool {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if g.closed {
		return false
	}
	g.waiting <- item
	return true
}

// close settles what was added and returns then.
func (g *group[T]) close() {
	g.mu.Lock()
	if !g.closed {
		g.closed = true
		close(g.waiting)
	}
	g.mu.Unlock()
	<-g.done
}

func (g *group[T]) run() {
	defer close(g.done)
	for first := range g.waiting {
		items := []T{first}
	gather:
		for len(items) < g.max {
			select {
			case item, open := <-g.waiting:
				if !open {
					break gather
				}
				items = append(items, item)
			default:
				break gather
			}
		}
		g.commit(items)
	}
}

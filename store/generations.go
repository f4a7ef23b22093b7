package store

import "sync"

// generations is a bounded cache: when the young generation is full it becomes the old one, and what is still asked for
// moves on. What it holds must stay true: it is never told of a change.
type generations[K comparable, V any] struct {
	limit      int // entries of one generation
	mu         sync.Mutex
	young, old map[K]V
}

func (g *generations[K, V]) get(k K) (V, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	v, ok := g.young[k]
	if !ok {
		if v, ok = g.old[k]; ok {
			g.keep(k, v)
		}
	}
	return v, ok
}

// fill looks many keys up at once; values of unknown keys are left as they are.
func (g *generations[K, V]) fill(keys []K, values []V) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, k := range keys {
		if v, ok := g.young[k]; ok {
			values[i] = v
		} else if v, ok := g.old[k]; ok {
			values[i] = v
			g.keep(k, v)
		}
	}
}

func (g *generations[K, V]) put(k K, v V) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.keep(k, v)
}

func (g *generations[K, V]) keep(k K, v V) {
	if g.young == nil || len(g.young) >= g.limit {
		g.old, g.young = g.young, make(map[K]V)
	}
	g.young[k] = v
}

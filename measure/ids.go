package measure

import "hash/maphash"

// idTable holds device ids one after the other and finds the number of an id: some 12 bytes a device beside the text.
type idTable struct {
	text []byte
	ends []uint64
	slot []uint32 // 1 + number, by hash, 0 when free; its length is a power of two
	seed maphash.Seed
}

func newIDTable(capacity int) *idTable {
	size := 64
	for size < capacity*3/2 {
		size *= 2
	}
	return &idTable{ends: make([]uint64, 0, capacity), slot: make([]uint32, size), seed: maphash.MakeSeed()}
}

func (t *idTable) len() int { return len(t.ends) }

func (t *idTable) bytesAt(i int) []byte {
	from := uint64(0)
	if i > 0 {
		from = t.ends[i-1]
	}
	return t.text[from:t.ends[i]]
}

// at returns the id with this number.
func (t *idTable) at(i int) string { return string(t.bytesAt(i)) }

// find returns the number of an id.
func (t *idTable) find(id string) (number int, found bool) {
	slot := t.free(id)
	return int(t.slot[slot]) - 1, t.slot[slot] != 0
}

// add returns the number of an id, which is a new one if it was not there.
func (t *idTable) add(id string) (number int, added bool) {
	slot := t.free(id)
	if n := t.slot[slot]; n != 0 {
		return int(n) - 1, false
	}
	if len(t.ends)*4 >= len(t.slot)*3 {
		t.grow()
		slot = t.free(id)
	}
	t.text = append(t.text, id...)
	t.ends = append(t.ends, uint64(len(t.text)))
	t.slot[slot] = uint32(len(t.ends))
	return len(t.ends) - 1, true
}

// free returns the slot that holds the id, or the free one where it belongs.
func (t *idTable) free(id string) uint64 {
	mask := uint64(len(t.slot) - 1)
	for at := maphash.String(t.seed, id) & mask; ; at = (at + 1) & mask {
		if n := t.slot[at]; n == 0 || string(t.bytesAt(int(n-1))) == id {
			return at
		}
	}
}

func (t *idTable) grow() {
	t.slot = make([]uint32, 2*len(t.slot))
	for i := range t.ends {
		t.slot[t.free(t.at(i))] = uint32(i + 1)
	}
}

// reordered returns a table of the same ids in which the id of number i has the number to[i].
func (t *idTable) reordered(to []uint32) *idTable {
	from := make([]uint32, len(to))
	for i, n := range to {
		from[n] = uint32(i)
	}
	ordered := newIDTable(len(to))
	ordered.text = make([]byte, 0, len(t.text))
	for _, i := range from {
		ordered.add(t.at(int(i)))
	}
	return ordered
}

package deliver

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// errFrame is what every fault in the form of a batch wraps.
var errFrame = errors.New("not a batch of items")

// appendFrame writes one item: four bytes with the length of its JSON, the JSON, four bytes with the length of its body,
// the body; lengths are big endian. A batch is frames one after the other to the end, and so is a spool file with one.
func appendFrame(b []byte, i Item) ([]byte, error) {
	if err := i.check(); err != nil {
		return nil, err
	}
	meta, err := json.Marshal(i)
	if err != nil {
		return nil, fmt.Errorf("write item %s: %w", i.ID, err)
	}
	if len(meta) > maxMeta {
		return nil, fmt.Errorf("item %s: %d bytes beside its body, %d are allowed", i.ID, len(meta), maxMeta)
	}
	b = binary.BigEndian.AppendUint32(b, uint32(len(meta)))
	b = append(b, meta...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(i.Body)))
	return append(b, i.Body...), nil
}

// readFrame reads one item; io.EOF when nothing is left. It allocates no more than has arrived.
func readFrame(r *bufio.Reader) (Item, error) {
	if _, err := r.Peek(1); errors.Is(err, io.EOF) {
		return Item{}, io.EOF
	}
	meta, err := readPart(r, maxMeta)
	if err != nil {
		return Item{}, err
	}
	var i Item
	if err := json.Unmarshal(meta, &i); err != nil {
		return Item{}, fmt.Errorf("%w: %w", errFrame, err)
	}
	if i.Body, err = readPart(r, MaxBody); err != nil {
		return Item{}, err
	}
	if err := i.check(); err != nil {
		return Item{}, fmt.Errorf("%w: %w", errFrame, err)
	}
	return i, nil
}

func readPart(r io.Reader, limit uint32) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, fmt.Errorf("%w: %w", errFrame, cut(err))
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > limit {
		return nil, fmt.Errorf("%w: a part of %d bytes, %d are allowed", errFrame, n, limit)
	}
	b := make([]byte, 0, min(n, 64<<10))
	for uint32(len(b)) < n {
		have := len(b)
		next := min(n, max(uint32(2*have), 64<<10))
		b = append(b, make([]byte, int(next)-have)...)
		if _, err := io.ReadFull(r, b[have:]); err != nil {
			return nil, fmt.Errorf("%w: %w", errFrame, cut(err))
		}
	}
	return b, nil
}

// cut names an end in the middle as what it is.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// encodeSeries packs steps: microseconds since the step before (the first since 1970) and the value's text, compressed.
// The steps must be in order of time.
func encodeSeries(steps []Step) ([]byte, error) {
	var packed []byte
	var last int64
	for i, s := range steps {
		at := s.From.UnixMicro()
		if at < last || i > 0 && at == last {
			return nil, fmt.Errorf("step %d at %s is not after the one before, or before 1970", i, s.From)
		}
		packed = binary.AppendUvarint(packed, uint64(at-last))
		packed = binary.AppendUvarint(packed, uint64(len(s.Value)))
		packed = append(packed, s.Value...)
		last = at
	}
	return compressor().EncodeAll(packed, nil), nil
}

var errSeries = errors.New("a packed series is damaged")

// decodeSeries reads what encodeSeries wrote.
func decodeSeries(body []byte) ([]Step, error) {
	packed, err := decompressor().DecodeAll(body, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errSeries, err)
	}
	var steps []Step
	var last int64
	for len(packed) > 0 {
		since, n := binary.Uvarint(packed)
		if n <= 0 || since > 1<<62 || last+int64(since) < last || len(steps) > 0 && since == 0 {
			return nil, errSeries
		}
		packed = packed[n:]
		size, n := binary.Uvarint(packed)
		if n <= 0 || size > uint64(len(packed)-n) {
			return nil, errSeries
		}
		last += int64(since)
		steps = append(steps, Step{From: time.UnixMicro(last).UTC(), Value: string(packed[n : n+int(size)])})
		packed = packed[n+int(size):]
	}
	return steps, nil
}

package inventory

import (
	"bytes"
	"encoding/json"
	"fmt"

	jsonv2 "github.com/go-json-experiment/json"
)

// Encode puts d in its canonical order (it is changed in place), checks it, and returns its JSON. Equal documents
// encode to equal bytes.
func Encode(d *Document) ([]byte, error) {
	d.Canonical()
	if err := d.Validate(); err != nil {
		return nil, fmt.Errorf("encode document: %w", err)
	}
	raw, err := marshal(d)
	if err != nil {
		return nil, fmt.Errorf("encode document: %w", err)
	}
	if len(raw) > MaxRawBytes {
		return nil, fmt.Errorf("encode document: %w: %d bytes of JSON, %d allowed", ErrTooLarge, len(raw), MaxRawBytes)
	}
	return raw, nil
}

// Decode reads a document's JSON and checks it. It is strict: names match exactly, no name may occur twice in an
// object, text is valid UTF-8, nothing follows the document. Keys it does not know are ignored, because a newer
// agent may add some within one format; a format it does not know is refused.
func Decode(raw []byte) (*Document, error) {
	if len(raw) > MaxRawBytes {
		return nil, fmt.Errorf("decode document: %w: %d bytes of JSON, %d allowed", ErrTooLarge, len(raw), MaxRawBytes)
	}
	if deeper(raw, MaxDepth) {
		return nil, fmt.Errorf("decode document: %w: nested deeper than %d", ErrTooLarge, MaxDepth)
	}
	var d Document
	if err := jsonv2.Unmarshal(raw, &d); err != nil {
		return nil, fmt.Errorf("decode document: %w: %w", ErrInvalid, err)
	}
	if err := d.Validate(); err != nil {
		return nil, fmt.Errorf("decode document: %w", err)
	}
	return &d, nil
}

// marshal is the one way this package writes JSON: compact, map keys sorted, no HTML escapes.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'}), nil
}

// deeper reports whether raw nests objects and arrays beyond limit. It looks only at brackets outside strings, so it
// is right for valid JSON and harmless for the rest, which the parser refuses afterwards.
func deeper(raw []byte, limit int) bool {
	depth := 0
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '{', '[':
			if depth++; depth > limit {
				return true
			}
		case '}', ']':
			depth--
		case '"':
			i = stringEnd(raw, i+1)
		}
	}
	return false
}

// stringEnd returns the index of the quote that closes the string whose content begins at i.
func stringEnd(raw []byte, i int) int {
	for i < len(raw) {
		n := bytes.IndexByte(raw[i:], '"')
		if n < 0 {
			return len(raw)
		}
		i += n
		slashes := 0
		for raw[i-1-slashes] == '\\' { // ends at the opening quote at the latest
			slashes++
		}
		if slashes%2 == 0 {
			return i
		}
		i++
	}
	return i
}

package estate

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// Encode writes the estate as canonical JSON: keys in the order of docs/design/engine.md, decimals as their shortest
// strings, absent values left out, one list entry to a line. Decode reads back an equal estate. The devices are
// encoded one at a time, so that an estate of any size needs little memory.
func Encode(dst io.Writer, e *Estate) error {
	w := &encoder{w: bufio.NewWriterSize(dst, 1<<16)}
	w.text("{")
	w.member("format", Format)
	w.member("as_of", e.AsOf)
	if e.HighFrequency != nil {
		w.member("high_frequency", *e.HighFrequency)
	}
	lines(w, "periods", e.Periods, true)
	lines(w, "locations", e.Locations, false)
	lines(w, "devices", e.Devices, false)
	lines(w, "installations", e.Installations, false)
	lines(w, "licenses", e.Licenses, false)
	w.text("\n}\n")
	if w.err == nil {
		w.err = w.w.Flush()
	}
	if w.err != nil {
		return fmt.Errorf("write estate: %w", w.err)
	}
	return nil
}

// encoder writes the outer object by hand and what is in it by the struct tags.
type encoder struct {
	w     *bufio.Writer
	buf   bytes.Buffer
	comma bool
	err   error
}

func (w *encoder) text(s string) {
	if w.err == nil {
		_, w.err = w.w.WriteString(s)
	}
}

func (w *encoder) value(v any) {
	if w.err != nil {
		return
	}
	w.buf.Reset()
	enc := json.NewEncoder(&w.buf)
	enc.SetEscapeHTML(false)
	if w.err = enc.Encode(v); w.err == nil {
		_, w.err = w.w.Write(bytes.TrimRight(w.buf.Bytes(), "\n"))
	}
}

func (w *encoder) key(name string) {
	if w.comma {
		w.text(",")
	}
	w.comma = true
	w.text("\n\"" + name + "\":")
}

func (w *encoder) member(name string, v any) {
	w.key(name)
	w.value(v)
}

func lines[T any](w *encoder, name string, list []T, always bool) {
	if len(list) == 0 && !always {
		return
	}
	w.key(name)
	w.text("[")
	for i := range list {
		if i > 0 {
			w.text(",")
		}
		w.text("\n")
		w.value(&list[i])
	}
	w.text("]")
}

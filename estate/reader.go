package estate

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// reader walks JSON text, keeps the path it is at, and collects what is wrong. After a problem of meaning it goes on
// behind the value; after a problem of syntax every further read does nothing.
type reader struct {
	dec      *jsontext.Decoder
	path     []segment
	problems Problems
	broken   error              // a syntax or I/O error: nothing more can be read
	texts    map[string]*string // one copy of each optional text
	names    map[string]string  // one copy of each identifier
}

// segment is one step of a path: a key, or an index where key is "".
type segment struct {
	key   string
	index int
}

func newReader(r io.Reader) *reader {
	return &reader{
		dec:   jsontext.NewDecoder(r, jsontext.AllowDuplicateNames(true)),
		texts: map[string]*string{},
		names: map[string]string{},
	}
}

// at writes the present path.
func (r *reader) at() string {
	var b strings.Builder
	for _, s := range r.path {
		switch {
		case s.key == "":
			b.WriteByte('[')
			b.WriteString(strconv.Itoa(s.index))
			b.WriteByte(']')
		default:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(s.key)
		}
	}
	return b.String()
}

func (r *reader) problem(format string, args ...any) {
	r.problems = append(r.problems, Problem{r.at(), fmt.Sprintf(format, args...)})
}

// stop keeps the error that ends the reading.
func (r *reader) stop(err error) {
	if err == nil || r.broken != nil {
		return
	}
	r.broken = err
	var syntax *jsontext.SyntacticError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		r.problem("the text ends before the value does, at byte %d", r.dec.InputOffset())
	case errors.As(err, &syntax):
		r.problem("this is not JSON, at byte %d: %v", syntax.ByteOffset, syntax.Err)
	}
}

// kind returns the kind of the next value: one of { [ " 0 t f n, and 0 when nothing can be read.
func (r *reader) kind() jsontext.Kind {
	if r.broken != nil {
		return 0
	}
	k := r.dec.PeekKind()
	if k == 0 {
		_, err := r.dec.ReadToken()
		r.stop(err)
		return 0
	}
	return k
}

func (r *reader) token() {
	_, err := r.dec.ReadToken()
	r.stop(err)
}

// raw reads the next value; the bytes hold until the next read.
func (r *reader) raw() []byte {
	v, err := r.dec.ReadValue()
	if err != nil {
		r.stop(err)
		return nil
	}
	return v
}

func (r *reader) skip() {
	if r.broken == nil {
		r.stop(r.dec.SkipValue())
	}
}

// wrong reports that the next value is not what it should be, and passes over it.
func (r *reader) wrong(should string) {
	if r.kind() == 0 {
		return
	}
	at, before := r.at(), len(r.problems)
	text := shorten(string(r.raw()))
	if len(r.problems) == before { // a value that is not JSON has been reported as that
		r.problems = append(r.problems, Problem{at, fmt.Sprintf("%s is not %s", text, should)})
	}
}

// shorten keeps messages readable.
func shorten(text string) string {
	const most = 60
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// null passes over a null and reports whether there was one.
func (r *reader) null() bool {
	if r.kind() != 'n' {
		return false
	}
	r.token()
	return true
}

// object reads an object whose keys are known, and calls field with the index of each key that has a value other than
// null; field must read that value. Unknown and repeated keys are problems.
func (r *reader) object(keys []string, field func(key int)) {
	r.objectNulls(keys, field, func(int) {})
}

// objectNulls is object with a call of null for each known key whose value is null.
func (r *reader) objectNulls(keys []string, field, null func(key int)) {
	if k := r.kind(); k != '{' {
		if k != 0 {
			r.wrong("an object")
		}
		return
	}
	r.token()
	var seen uint32
	for r.kind() != '}' && r.broken == nil {
		name := r.raw()
		if r.broken != nil {
			return
		}
		if i := find(keys, name); i >= 0 {
			r.path = append(r.path, segment{key: keys[i]})
			if seen&(1<<i) != 0 {
				r.problem("this key stands twice")
			}
			seen |= 1 << i
			if r.null() {
				null(i)
			} else {
				field(i)
			}
		} else {
			r.path = append(r.path, segment{key: shorten(unquote(name))})
			r.problem("this key is not known")
			r.skip()
		}
		r.path = r.path[:len(r.path)-1]
	}
	if r.broken == nil {
		r.token()
	}
}

// find returns the index of the quoted name in keys, -1 when it is none of them.
func find(keys []string, name []byte) int {
	for i, k := range keys {
		if len(name) == len(k)+2 && string(name[1:len(name)-1]) == k {
			return i
		}
	}
	if strings.IndexByte(string(name), '\\') < 0 {
		return -1
	}
	plain := unquote(name) // an escape may spell a known key
	for i, k := range keys {
		if plain == k {
			return i
		}
	}
	return -1
}

func unquote(name []byte) string {
	plain, err := jsontext.AppendUnquote(nil, name)
	if err != nil {
		return string(name)
	}
	return string(plain)
}

// list reads an array of values other than null, and calls element for each; element must read one value.
func (r *reader) list(element func()) {
	if k := r.kind(); k != '[' {
		if k != 0 {
			r.wrong("a list")
		}
		return
	}
	r.token()
	r.path = append(r.path, segment{})
	for i := 0; r.kind() != ']' && r.broken == nil; i++ {
		r.path[len(r.path)-1].index = i
		if r.kind() == 'n' {
			r.problem("null has no place in a list")
			r.skip()
			continue
		}
		element()
	}
	r.path = r.path[:len(r.path)-1]
	if r.broken == nil {
		r.token()
	}
}

// end checks that nothing but space follows.
func (r *reader) end() {
	if r.broken != nil {
		return
	}
	_, err := r.dec.ReadToken()
	var syntax *jsontext.SyntacticError
	switch {
	case errors.Is(err, io.EOF):
	case err == nil, errors.As(err, &syntax):
		r.problem("there is text after the object")
	default:
		r.broken = err
	}
}

package estate

import (
	"bytes"
	"strconv"
)

// bad marks an instant that could not be read, so that no other check draws conclusions from it.
const bad Instant = -1

// str reads a string.
func (r *reader) str() (string, bool) {
	if k := r.kind(); k != '"' {
		r.wrong("a string")
		return "", false
	}
	v := r.raw()
	if len(v) < 2 {
		return "", false
	}
	if bytes.IndexByte(v, '\\') < 0 {
		return r.name(v[1 : len(v)-1]), true
	}
	return unquote(v), true
}

// name returns one shared copy of the text. Only short texts are worth remembering, and not without end.
func (r *reader) name(b []byte) string {
	const longest, most = 64, 1 << 16
	if s, ok := r.names[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(s) <= longest && len(r.names) < most {
		r.names[s] = s
	}
	return s
}

// id reads an identifier, which may not be empty.
func (r *reader) id(into *string) {
	s, ok := r.str()
	if ok && s == "" {
		r.problem("this is empty")
		return
	}
	*into = s
}

// text reads an optional text, whose empty string is a value.
func (r *reader) text(into **string) {
	s, ok := r.str()
	if !ok {
		return
	}
	p := r.texts[s]
	if p == nil {
		p = &s
		r.texts[s] = p
	}
	*into = p
}

// word reads a string of one of the enumerated types; Validate knows its values.
func word[T ~string](r *reader, into *T) {
	if s, ok := r.str(); ok {
		*into = T(s)
		if s == "" {
			r.problem("this is empty")
		}
	}
}

// decimal reads a JSON integer or a string of digits; whether it is a decimal, Validate says.
func (r *reader) decimal(into *Decimal) {
	switch r.kind() {
	case 0:
	case '0':
		v := r.raw()
		switch {
		case bytes.ContainsAny(v, ".eE"):
			r.problem("%s is a number with a fraction or exponent: write it as a string of digits", shorten(string(v)))
		case len(v) > 0 && v[0] == '-':
			r.problem("%s is negative", shorten(string(v)))
		default:
			*into = Decimal(r.name(v))
		}
	case '"':
		s, _ := r.str()
		if !Decimal(s).Valid() {
			r.problem("%q is not a decimal", shorten(s))
			return
		}
		*into = Decimal(s)
	default:
		r.wrong("a decimal")
	}
}

func (r *reader) instant(into *Instant) {
	*into = bad
	s, ok := r.str()
	if !ok {
		return
	}
	i, err := ParseInstant(s)
	if err != nil {
		r.problem("%v", err)
		return
	}
	*into = i
}

func (r *reader) boolean(into *bool) {
	switch r.kind() {
	case 't', 'f':
		t, err := r.dec.ReadToken()
		r.stop(err)
		*into = err == nil && t.Kind() == 't'
	default:
		r.wrong("true or false")
	}
}

func (r *reader) region(into *Region) {
	if r.kind() != '0' {
		r.wrong("a region: 1 Americas, 2 Europe and Africa, 3 Asia and Australia")
		return
	}
	v := r.raw()
	n, err := strconv.Atoi(string(v))
	if err != nil || n < 1 || n > 3 {
		r.problem("%s is not a region: 1 Americas, 2 Europe and Africa, 3 Asia and Australia", shorten(string(v)))
		return
	}
	*into = Region(n)
}

package inventory

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/klauspost/compress/zstd"
)

// EnvelopeFormat names the version of the envelope; it is the envelope's first line.
const EnvelopeFormat = "highwater-envelope/1"

// EnvelopeHeader is what an envelope says about the document inside it. It is signed with it, and can be read
// without decompressing anything. An envelope is three lines and the compressed document:
//
//	highwater-envelope/1
//	{"document":"0198…","agent":"…","key":"…","device":"db01",…}     this header, one line of JSON
//	base64 of the Ed25519 signature over the two lines above, their line ends included
//	zstd frame whose SHA-256 the header states
type EnvelopeHeader struct {
	Document    string    `json:"document"`        // Header.ID
	Agent       string    `json:"agent,omitempty"` // Header.AgentID
	Key         string    `json:"key"`             // KeyID of the key that signed
	PublicKey   []byte    `json:"public_key"`      // that key itself, for files that an operator brings by hand
	Device      string    `json:"device"`          // Header.DeviceName
	Source      string    `json:"source"`          // Header.Source
	Connection  string    `json:"connection,omitempty"`
	CollectedAt time.Time `json:"collected_at"`
	Kind        Kind      `json:"kind"`
	Payload     string    `json:"payload_sha256"` // of the compressed document, hexadecimal
	Compressed  int64     `json:"payload_bytes"`  // bytes of the compressed document
	Raw         int64     `json:"raw_bytes"`      // bytes of its JSON
	Digests     Digests   `json:"digests"`        // of the document's parts
	Measured    []Span    `json:"measured,omitempty"`
}

// KeyID returns the short name of a public key: the first 128 bits of its SHA-256, in hexadecimal.
func KeyID(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:16])
}

// Seal puts d in canonical order, checks it, compresses it and signs it. It may be called from several goroutines.
func Seal(d *Document, key ed25519.PrivateKey) ([]byte, error) {
	if len(key) != ed25519.PrivateKeySize {
		return nil, fmt.Errorf("seal document: the private key has %d bytes, not %d", len(key), ed25519.PrivateKeySize)
	}
	raw, err := Encode(d)
	if err != nil {
		return nil, fmt.Errorf("seal document: %w", err)
	}
	payload := encoder().EncodeAll(raw, nil)
	sum := sha256.Sum256(payload)
	header, err := marshal(EnvelopeHeader{
		Document: d.Header.ID, Agent: d.Header.AgentID, Key: KeyID(key.Public().(ed25519.PublicKey)), PublicKey: key.Public().(ed25519.PublicKey),
		Device: d.Header.DeviceName, Source: d.Header.Source, Connection: d.Header.Connection,
		CollectedAt: d.Header.CollectedAt, Kind: d.Header.Kind,
		Payload: hex.EncodeToString(sum[:]), Compressed: int64(len(payload)), Raw: int64(len(raw)), Digests: d.Digests(),
		Measured: d.Header.Measured,
	})
	if err != nil {
		return nil, fmt.Errorf("seal document: %w", err)
	}
	signed := append(append([]byte(EnvelopeFormat+"\n"), header...), '\n')
	out := append(signed, base64.StdEncoding.EncodeToString(ed25519.Sign(key, signed))...)
	out = append(append(out, '\n'), payload...)
	if len(header) > MaxHeaderBytes || len(out) > MaxEnvelopeBytes {
		return nil, fmt.Errorf("seal document: %w: an envelope of %d bytes, %d allowed", ErrTooLarge, len(out), MaxEnvelopeBytes)
	}
	return out, nil
}

// OpenHeader reads an envelope's header without verifying or decompressing anything. Use it to learn whose key
// verifies the envelope, never to trust what it says.
func OpenHeader(envelope []byte) (EnvelopeHeader, error) {
	parts, err := split(envelope)
	if err != nil {
		return EnvelopeHeader{}, fmt.Errorf("read envelope: %w", err)
	}
	return parts.header, nil
}

// StatedKey returns the public key that an envelope itself names. An envelope that opens with it is whole and unaltered
// since it was sealed, by whoever sealed it: that is enough for a file that an operator vouches for by importing it,
// and for nothing else.
func StatedKey(envelope []byte) (ed25519.PublicKey, error) {
	parts, err := split(envelope)
	if err != nil {
		return nil, fmt.Errorf("read envelope: %w", err)
	}
	key := ed25519.PublicKey(parts.header.PublicKey)
	if len(key) != ed25519.PublicKeySize || KeyID(key) != parts.header.Key {
		return nil, fmt.Errorf("read envelope: %w: the key it states is not the key it names", ErrSignature)
	}
	return key, nil
}

// Verify checks an envelope's signature and the digest of its payload, and returns its header, which may then be
// trusted as far as the owner of the key is. Nothing is decompressed.
func Verify(envelope []byte, key ed25519.PublicKey) (EnvelopeHeader, error) {
	parts, err := verify(envelope, key)
	if err != nil {
		return EnvelopeHeader{}, err
	}
	return parts.header, nil
}

// Open verifies an envelope, decompresses it within limits, and returns the document inside, checked and in agreement
// with the envelope's header. It may be called from several goroutines.
func Open(envelope []byte, key ed25519.PublicKey) (*Document, error) {
	parts, err := verify(envelope, key)
	if err != nil {
		return nil, err
	}
	return read(parts)
}

// OpenKept opens an envelope that was verified when it was taken in and has been kept since, whether or not its key is
// still at hand. The digest of its payload is checked, its signature is not.
func OpenKept(envelope []byte) (*Document, error) {
	parts, err := split(envelope)
	if err != nil {
		return nil, fmt.Errorf("open kept envelope: %w", err)
	}
	if sum := sha256.Sum256(parts.payload); hex.EncodeToString(sum[:]) != parts.header.Payload {
		return nil, fmt.Errorf("open kept envelope: %w: the document was altered after it was signed", ErrSignature)
	}
	return read(parts)
}

// read decompresses and parses the document of an envelope whose payload has been checked.
func read(parts envelope) (*Document, error) {
	buffer := rawBuffers.Get().(*[]byte)
	defer rawBuffers.Put(buffer)
	if int64(cap(*buffer)) < parts.header.Raw {
		*buffer = make([]byte, 0, parts.header.Raw)
	}
	raw, err := decompress((*buffer)[:0:parts.header.Raw], parts)
	if err != nil {
		return nil, fmt.Errorf("open envelope: %w", err)
	}
	if cap(*buffer) > maxKept {
		*buffer = nil
	}
	d, err := Decode(raw)
	if err != nil {
		return nil, fmt.Errorf("open envelope: %w", err)
	}
	h := parts.header
	if h.Document != d.Header.ID || h.Agent != d.Header.AgentID || h.Device != d.Header.DeviceName || h.Source != d.Header.Source ||
		h.Connection != d.Header.Connection || h.Kind != d.Header.Kind || !h.CollectedAt.Equal(d.Header.CollectedAt) {
		return nil, fmt.Errorf("open envelope: %w: its header does not agree with the document inside", ErrInvalid)
	}
	return d, nil
}

// rawBuffers keeps buffers for decompressed JSON, whose strings are copied out by the parser. Larger ones than
// maxKept are left to the garbage collector.
var rawBuffers = sync.Pool{New: func() any { return new([]byte) }}

const maxKept = 1 << 20

// decompress writes the payload into buffer, whose capacity is exactly what the header states and is never exceeded:
// a payload that holds more than its signed header says (a "zip bomb") is refused when it reaches that size.
func decompress(buffer []byte, p envelope) ([]byte, error) {
	raw, err := decoder().DecodeAll(p.payload, buffer)
	if err != nil {
		return nil, fmt.Errorf("%w: decompress: %w", ErrInvalid, err)
	}
	if int64(len(raw)) != p.header.Raw {
		return nil, fmt.Errorf("%w: %d bytes of JSON, its header says %d", ErrInvalid, len(raw), p.header.Raw)
	}
	return raw, nil
}

// envelope is a sealed document in its parts.
type envelope struct {
	signed    []byte // the first two lines
	header    EnvelopeHeader
	signature []byte
	payload   []byte
}

func verify(b []byte, key ed25519.PublicKey) (envelope, error) {
	p, err := split(b)
	if err != nil {
		return envelope{}, fmt.Errorf("verify envelope: %w", err)
	}
	if len(key) != ed25519.PublicKeySize {
		return envelope{}, fmt.Errorf("verify envelope: %w: the public key has %d bytes, not %d", ErrSignature, len(key), ed25519.PublicKeySize)
	}
	if KeyID(key) != p.header.Key {
		return envelope{}, fmt.Errorf("verify envelope: %w: it was signed with key %.40q, not with %q", ErrSignature, p.header.Key, KeyID(key))
	}
	if !ed25519.Verify(key, p.signed, p.signature) {
		return envelope{}, fmt.Errorf("verify envelope: %w: the header was altered or signed by someone else", ErrSignature)
	}
	sum := sha256.Sum256(p.payload)
	if hex.EncodeToString(sum[:]) != p.header.Payload {
		return envelope{}, fmt.Errorf("verify envelope: %w: the document was altered after it was signed", ErrSignature)
	}
	return p, nil
}

// split takes an envelope apart and checks its form and sizes.
func split(b []byte) (envelope, error) {
	if len(b) > MaxEnvelopeBytes {
		return envelope{}, fmt.Errorf("%w: an envelope of %d bytes, %d allowed", ErrTooLarge, len(b), MaxEnvelopeBytes)
	}
	rest, ok := bytes.CutPrefix(b, []byte(EnvelopeFormat+"\n"))
	if !ok {
		first, _, _ := bytes.Cut(b[:min(len(b), 60)], []byte("\n"))
		return envelope{}, fmt.Errorf("%w: it begins with %q, not with %q", ErrFormat, first, EnvelopeFormat)
	}
	line, rest, ok := cutLine(rest, MaxHeaderBytes)
	if !ok {
		return envelope{}, fmt.Errorf("%w: no header line of at most %d bytes", ErrInvalid, MaxHeaderBytes)
	}
	p := envelope{signed: b[:len(EnvelopeFormat)+1+len(line)+1]}
	if deeper(line, MaxDepth) {
		return envelope{}, fmt.Errorf("%w: its header is nested deeper than %d", ErrTooLarge, MaxDepth)
	}
	if err := jsonv2.Unmarshal(line, &p.header); err != nil {
		return envelope{}, fmt.Errorf("%w: its header: %w", ErrInvalid, err)
	}
	signature, payload, ok := cutLine(rest, 2*ed25519.SignatureSize)
	if !ok {
		return envelope{}, fmt.Errorf("%w: no signature line", ErrInvalid)
	}
	var err error
	if p.signature, err = base64.StdEncoding.Strict().DecodeString(string(signature)); err != nil || len(p.signature) != ed25519.SignatureSize {
		return envelope{}, fmt.Errorf("%w: its signature line is not the base64 of %d bytes", ErrInvalid, ed25519.SignatureSize)
	}
	if p.payload = payload; int64(len(payload)) != p.header.Compressed {
		return envelope{}, fmt.Errorf("%w: a payload of %d bytes, its header says %d (cut off on the way?)", ErrInvalid, len(payload), p.header.Compressed)
	}
	if p.header.Raw < 0 || p.header.Raw > MaxRawBytes {
		return envelope{}, fmt.Errorf("%w: %d bytes of JSON, %d allowed", ErrTooLarge, p.header.Raw, MaxRawBytes)
	}
	return p, nil
}

// cutLine splits b after its first line end, when that line has at most limit bytes.
func cutLine(b []byte, limit int) (line, rest []byte, ok bool) {
	n := bytes.IndexByte(b[:min(len(b), limit+1)], '\n')
	if n < 0 {
		return nil, nil, false
	}
	return b[:n], b[n+1:], true
}

// encoder and decoder are shared: their EncodeAll and DecodeAll are safe for several goroutines. The encoder's window
// is kept small because it runs on every inventoried machine.
var encoder = sync.OnceValue(func() *zstd.Encoder {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(1<<20))
	if err != nil {
		panic("inventory: zstd options: " + err.Error())
	}
	return e
})

var decoder = sync.OnceValue(func() *zstd.Decoder {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(MaxRawBytes), zstd.WithDecodeAllCapLimit(true))
	if err != nil {
		panic("inventory: zstd options: " + err.Error())
	}
	return d
})

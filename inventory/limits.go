package inventory

import "errors"

// Limits of a document. They stand well above any real machine, and low enough that no document, however made, can
// exhaust the memory of a beacon or of the server.
const (
	MaxRawBytes      = 64 << 20 // of the document's JSON
	MaxEnvelopeBytes = 16 << 20 // of a sealed document
	MaxHeaderBytes   = 16 << 10 // of an envelope's header line
	MaxDepth         = 16       // of nested JSON objects and arrays
	MaxText          = 4 << 10  // bytes of any one string
	MaxName          = 255      // bytes of a device name, a domain, an id
	MaxStatement     = 64 << 10 // bytes of a cloud provider's signed identity statement
	MaxEvidence      = 200_000  // packages, and files, and tags of one device
	MaxParts         = 20_000   // adapters, disks, guests, pools, attributes, remarks, addresses of one adapter
	MaxHistory       = 1_000    // earlier agent ids
	MaxSpans         = 50       // measured times of one document
	MaxCount         = 1 << 20  // processors, cores, threads of one device
)

// What can be wrong with a document or its envelope. Every error of this package wraps exactly one of them.
var (
	ErrFormat    = errors.New("format not known here") // made by a newer or another program
	ErrInvalid   = errors.New("document not valid")    // broken, incomplete or contradictory
	ErrTooLarge  = errors.New("beyond a limit")        // of size, depth or count
	ErrSignature = errors.New("signature not valid")   // altered on the way, or signed with another key
)

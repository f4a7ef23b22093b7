package deliver

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"net/http"
	"time"

	"github.com/highwater-sam/highwater/fault"
)

// The paths a receiver answers at.
const (
	PathEnroll    = "/v1/enroll"
	PathDocuments = "/v1/documents"
)

// The headers of each exchange. By them a client tells an answer of a receiver from that of a proxy in between.
const (
	headerProtocol = "Highwater-Protocol"     // "1", in requests and answers
	headerSentAt   = "Highwater-Sent-At"      // microseconds since 1970 by the sender's clock
	headerOffset   = "Highwater-Clock-Offset" // microseconds the sender's clock was ahead of this receiver's when it last asked
	headerTime     = "Highwater-Time"         // in answers: microseconds since 1970 by the receiver's clock
	protocol       = "1"
	batchType      = "application/vnd.highwater.batch"
)

// Enrollment is an agent's request to be known. Its Proof shows that it has the private key.
type Enrollment struct {
	Token      string            `json:"token"`
	AgentID    string            `json:"agent_id"`
	PublicKey  ed25519.PublicKey `json:"public_key"`
	Proof      []byte            `json:"proof"`
	DeviceName string            `json:"device_name,omitempty"`
	System     string            `json:"system,omitempty"` // GOOS/GOARCH
	Version    string            `json:"version,omitempty"`
}

// Enrolled is the answer.
type Enrolled struct {
	KeyID  string `json:"key_id"`           // the name under which the key is known
	Server string `json:"server,omitempty"` // what the server calls itself
	// ServerKey verifies the policies the server signs; nil when it signs none.
	ServerKey ed25519.PublicKey `json:"server_key,omitempty"`
}

// statement is what the proof signs: it binds the key to the agent and to this token.
func (e Enrollment) statement() []byte {
	return fmt.Appendf(nil, "highwater-enroll/1\n%s\n%x\n%x\n", e.AgentID, sha256.Sum256([]byte(e.Token)), []byte(e.PublicKey))
}

// Sign fills in the public key and the proof.
func (e *Enrollment) Sign(key ed25519.PrivateKey) {
	e.PublicKey = key.Public().(ed25519.PublicKey)
	e.Proof = ed25519.Sign(key, e.statement())
}

// check refuses a request that is incomplete or whose proof does not hold.
func (e Enrollment) check() error {
	if e.Token == "" || e.AgentID == "" || len(e.AgentID) > 255 || len(e.Token) > 1024 || len(e.DeviceName) > 255 || len(e.System) > 255 || len(e.Version) > 255 {
		return fault.New(fault.Invalid, "an enrollment needs a token and an agent id")
	}
	if len(e.PublicKey) != ed25519.PublicKeySize || !ed25519.Verify(e.PublicKey, e.statement(), e.Proof) {
		return fault.New(fault.Unauthorized, "the enrollment's proof does not verify: it was altered on the way")
	}
	return nil
}

// Outcome is what became of one uploaded item.
type Outcome struct {
	ID     string `json:"id"`
	Status Status `json:"status"`
	Kind   string `json:"kind,omitempty"`   // of the fault, unless accepted
	Reason string `json:"reason,omitempty"` // for people
}

// Status says what the sender does with an item now.
type Status string

// The statuses.
const (
	Accepted Status = "accepted" // it is durable there: forget it
	Rejected Status = "rejected" // it will never be taken: set it aside
	Retry    Status = "retry"    // not now: keep it
)

// outcomeOf turns a receiver's error into what the sender is told. Only faults that no repetition mends are final.
func outcomeOf(id string, err error) Outcome {
	if err == nil {
		return Outcome{ID: id, Status: Accepted}
	}
	kind := fault.KindOf(err)
	out := Outcome{ID: id, Status: Retry, Kind: kind.String(), Reason: fault.Message(err)}
	switch kind {
	case fault.Invalid, fault.Unauthorized, fault.Forbidden, fault.TooLarge:
		out.Status = Rejected
	}
	return out
}

// answer is the body of every answer that is no enrollment.
type answer struct {
	Results []Outcome `json:"results,omitempty"`
	Kind    string    `json:"kind,omitempty"` // of a fault of the whole request
	Message string    `json:"message,omitempty"`
}

// statusOf is the HTTP status of a kind of fault.
func statusOf(k fault.Kind) int {
	switch k {
	case fault.Invalid:
		return http.StatusBadRequest
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.Unauthorized:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// kindNamed is the inverse of fault.Kind.String.
func kindNamed(name string) fault.Kind {
	for k := fault.Internal; k <= fault.Unavailable; k++ {
		if k.String() == name {
			return k
		}
	}
	return fault.Internal
}

func micros(t time.Time) int64 { return t.UTC().UnixMicro() }

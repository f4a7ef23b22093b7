// Package fault gives every error that reaches a person a kind and one sentence that is safe to show.
//
// A package wraps its errors with %w and the operation that failed. Where it knows what the person can do about
// it, it makes a fault: the API turns its Kind into an HTTP status, the command line into an exit status, once each.
package fault

import (
	"errors"
	"fmt"
)

// Kind says what sort of thing went wrong, so that each outside (HTTP, command line) can answer in its own way.
type Kind int

// The kinds, from what a person can mend to what only an engineer can.
const (
	Internal     Kind = iota // a defect or an unknown cause: the message stays in the log
	Invalid                  // the input is wrong: the message says what, where, and what to do
	NotFound                 // nothing has that name
	Conflict                 // the state does not allow it now (duplicate, already done, changed meanwhile)
	Unauthorized             // nobody is signed in, or a signature does not verify
	Forbidden                // somebody is signed in, without the right to this
	TooLarge                 // the input is beyond a stated limit
	Unavailable              // a part that is needed does not answer now: trying again may help
)

var names = [...]string{"internal", "invalid", "not found", "conflict", "unauthorized", "forbidden", "too large", "unavailable"}

// String returns the kind in words, for logs and API answers.
func (k Kind) String() string {
	if k < 0 || int(k) >= len(names) {
		return "internal"
	}
	return names[k]
}

// Error is an error with a kind and a message that is safe to show to whoever asked.
// Its cause, where there is one, is for the log only.
type Error struct {
	Kind    Kind
	Message string
	Cause   error
}

// Error returns the safe message and, for the log, its cause.
func (e *Error) Error() string {
	if e.Cause == nil {
		return e.Message
	}
	return e.Message + ": " + e.Cause.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// New makes an error of a kind whose message is safe to show.
func New(k Kind, format string, args ...any) *Error {
	return &Error{Kind: k, Message: fmt.Sprintf(format, args...)}
}

// Wrap makes an error of a kind around a cause; only the message is safe to show.
func Wrap(cause error, k Kind, format string, args ...any) *Error {
	return &Error{Kind: k, Message: fmt.Sprintf(format, args...), Cause: cause}
}

// KindOf returns the kind of the first fault in err's chain; Internal when there is none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// Message returns the sentence that may be shown for err. For an error that is no fault it says only that
// something failed here and that the log has the cause.
func Message(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Kind != Internal {
		return e.Message
	}
	return "something failed on our side; the log has the cause"
}

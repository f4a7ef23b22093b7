package deliver

import "context"

// Relay is a receiver that keeps what it takes in its own spool, from where a Sender moves it on. It acknowledges when
// the item is durable here. Its spool must be one that refuses when full: what was promised is not dropped.
type Relay struct {
	Spool    *Spool
	Parent   *Client
	Policies string // folder that remembers the agents' policies for when the parent is away; "" = none are given
}

// Enroll asks the parent: who may enroll is decided at the server alone.
func (r *Relay) Enroll(ctx context.Context, e Enrollment) (Enrolled, error) {
	return r.Parent.Enroll(ctx, e)
}

// Accept keeps the item.
func (r *Relay) Accept(_ context.Context, i Item) error { return r.Spool.Put(i) }

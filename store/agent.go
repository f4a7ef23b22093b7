package store

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"database/sql"
	"errors"
	"time"

	"github.com/highwater-sam/highwater/device"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/store/db"
)

// Agent is an enrolled agent: whose key signs its documents, and when it last spoke.
type Agent struct {
	ID             string
	Key            ed25519.PublicKey
	Device         device.ID // 0: none of its documents has been taken in
	Name           string    // what it called itself when it enrolled
	Version        string
	Token          int64 // the token it enrolled with
	Enrolled       time.Time
	Revoked        *time.Time
	LastContact    time.Time
	ClockOffset    *time.Duration // its clock less ours at the last contact; nil = not measured
	PolicyRevision string
}

// Token is an enrollment token, without its secret.
type Token struct {
	ID       int64
	Name     string
	Created  time.Time
	Author   string
	Expires  *time.Time
	MaxUses  *int64
	Uses     int64
	Revoked  *time.Time
	LastUsed *time.Time
}

// CreateToken makes an enrollment token and returns its secret, which is shown once and never kept. Expires and MaxUses
// nil are without bound.
func (s *Store) CreateToken(ctx context.Context, t Token) (id int64, secret string, err error) {
	if id, err = s.ids.next(ctx, "token", 1); err != nil {
		return 0, "", err
	}
	secret = "hw_" + rand.Text()
	return id, secret, s.write(ctx, "create an enrollment token", func(q *db.Queries) error {
		return q.InsertToken(ctx, db.InsertTokenParams{ID: id, Hash: tokenHash(secret), Name: t.Name, Created: s.clock.next(), Author: t.Author,
			Expires: nullMicros(t.Expires), MaxUses: nullInt(t.MaxUses)})
	})
}

// Tokens returns the enrollment tokens in the order they were made.
func (s *Store) Tokens(ctx context.Context) ([]Token, error) {
	rows, err := s.q.Tokens(ctx)
	if err != nil {
		return nil, explain(s.dialect, err, "read the enrollment tokens")
	}
	tokens := make([]Token, len(rows))
	for i, r := range rows {
		tokens[i] = Token{ID: r.ID, Name: r.Name, Created: instant(r.Created), Author: r.Author, Expires: nullInstant(r.Expires), MaxUses: intOf(r.MaxUses), Uses: r.Uses,
			Revoked: nullInstant(r.Revoked), LastUsed: nullInstant(r.LastUsed)}
	}
	return tokens, nil
}

// RevokeToken ends a token at once. Agents that enrolled with it stay.
func (s *Store) RevokeToken(ctx context.Context, id int64) error {
	return s.write(ctx, "revoke an enrollment token", func(q *db.Queries) error {
		n, err := q.RevokeToken(ctx, sql.NullInt64{Int64: s.clock.next(), Valid: true}, id)
		if err == nil && n == 0 {
			return fault.New(fault.NotFound, "there is no enrollment token %d that could be revoked", id)
		}
		return err
	})
}

// Enroll makes an agent known under its key and counts the use of the token. Asked again with the same key it answers as
// before, so that a lost answer costs nothing. A wrong, expired, used up or revoked token is a fault of kind
// Unauthorized; an agent that is known under another key, or revoked, one of kind Forbidden or Conflict.
func (s *Store) Enroll(ctx context.Context, secret string, a Agent) error {
	if len(a.Key) != ed25519.PublicKeySize || a.ID == "" {
		return fault.New(fault.Invalid, "an agent enrolls with its id and an Ed25519 key of %d bytes", ed25519.PublicKeySize)
	}
	return s.write(ctx, "enroll an agent", func(q *db.Queries) error {
		known, err := q.AgentByID(ctx, a.ID)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return s.enrollNew(ctx, q, secret, a)
		case err != nil:
			return err
		case known.Revoked.Valid:
			return fault.New(fault.Forbidden, "the agent was revoked")
		case string(known.PublicKey) != string(a.Key):
			return fault.New(fault.Conflict, "the agent is enrolled with another key: revoke it first, or let it take a new identity")
		}
		_, err = q.TokenByHash(ctx, tokenHash(secret)) // the same agent again: a token that exists is enough
		if errors.Is(err, sql.ErrNoRows) {
			return errToken
		}
		return err
	})
}

var errToken = fault.New(fault.Unauthorized, "the enrollment token is not valid: it is unknown, expired, used up or revoked")

func (s *Store) enrollNew(ctx context.Context, q *db.Queries, secret string, a Agent) error {
	now := s.clock.next()
	token, err := q.UseToken(ctx, sql.NullInt64{Int64: now, Valid: true}, tokenHash(secret))
	if errors.Is(err, sql.ErrNoRows) {
		return errToken
	}
	if err != nil {
		return err
	}
	n, err := q.InsertAgent(ctx, db.InsertAgentParams{Agent: a.ID, PublicKey: a.Key, KeyID: inventory.KeyID(a.Key), Name: a.Name, Version: a.Version,
		Token: sql.NullInt64{Int64: token, Valid: true}, Enrolled: now})
	if err == nil && n == 0 {
		return fault.New(fault.Conflict, "the agent was enrolled at this moment: ask again")
	}
	return err
}

// Agent returns an enrolled agent; ok is false when there is none of that id. A revoked agent is returned, with Revoked.
func (s *Store) Agent(ctx context.Context, id string) (a Agent, ok bool, err error) {
	r, err := s.q.AgentByID(ctx, id)
	if errors.Is(err, sql.ErrNoRows) {
		return Agent{}, false, nil
	}
	return agentOf(r), err == nil, explain(s.dialect, err, "read an agent")
}

// AgentsByKey returns the agents whose key has this id (inventory.KeyID): whose documents it may sign.
func (s *Store) AgentsByKey(ctx context.Context, keyID string) ([]Agent, error) {
	rows, err := s.q.AgentByKey(ctx, keyID)
	if err != nil {
		return nil, explain(s.dialect, err, "find an agent by its key")
	}
	agents := make([]Agent, len(rows))
	for i, r := range rows {
		agents[i] = agentOf(r)
	}
	return agents, nil
}

func agentOf(r db.Agent) Agent {
	a := Agent{ID: r.Agent, Key: r.PublicKey, Device: device.ID(r.Device.Int64), Name: r.Name, Version: r.Version, Token: r.Token.Int64, Enrolled: instant(r.Enrolled),
		Revoked: nullInstant(r.Revoked), PolicyRevision: r.PolicyRevision}
	if r.LastContact.Valid {
		a.LastContact = instant(r.LastContact.Int64)
	}
	if r.ClockOffset.Valid {
		offset := time.Duration(r.ClockOffset.Int64) * time.Microsecond
		a.ClockOffset = &offset
	}
	return a
}

// RevokeAgent refuses everything the agent sends from now on. Its device and history stay.
func (s *Store) RevokeAgent(ctx context.Context, id, author string) error {
	return s.write(ctx, "revoke an agent", func(q *db.Queries) error {
		n, err := q.RevokeAgent(ctx, db.RevokeAgentParams{Revoked: sql.NullInt64{Int64: s.clock.next(), Valid: true}, RevokedBy: nullText(author), Agent: id})
		if err == nil && n == 0 {
			return fault.New(fault.NotFound, "there is no agent %q that could be revoked", id)
		}
		return err
	})
}

// Contact is one exchange with an agent.
type Contact struct {
	Agent   string
	At      time.Time
	Offset  *time.Duration // the agent's clock less ours; nil = not measured
	Version string
}

// Contacts records exchanges, many in one commit: gather them for some seconds. An older contact never undoes a newer one.
func (s *Store) Contacts(ctx context.Context, contacts ...Contact) error {
	return s.write(ctx, "record contacts of agents", func(q *db.Queries) error {
		for _, c := range contacts {
			p := db.ContactAgentParams{LastContact: nullMicros(&c.At), Version: c.Version, Agent: c.Agent}
			if c.Offset != nil {
				p.ClockOffset = sql.NullInt64{Int64: c.Offset.Microseconds(), Valid: true}
			}
			if err := q.ContactAgent(ctx, p); err != nil {
				return err
			}
		}
		return nil
	})
}

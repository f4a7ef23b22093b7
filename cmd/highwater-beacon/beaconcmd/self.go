package beaconcmd

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/highwater-sam/highwater/deliver"
	"github.com/highwater-sam/highwater/policy"
)

// self is the beacon as one that the server knows: it asks for a policy of its own as agents do, by which the server
// hears of it also when nothing is relayed.
type self struct {
	identity
	folder string
	parent *deliver.Client
	log    *slog.Logger
}

// keepInTouch asks again and again until ctx ends. A beacon that was not enrolled relays all the same.
func (s *self) keepInTouch(ctx context.Context) {
	if s.KeyID == "" {
		s.log.Warn("this beacon is not enrolled: it relays, and the server does not know it; 'highwater-beacon enroll' makes it known")
		return
	}
	k, err := key(s.folder)
	if err != nil {
		s.log.Error("the server does not hear of this beacon", "error", err)
		return
	}
	have := ""
	for {
		every := time.Duration(policy.Default().Ask)
		answer, err := s.parent.Policy(ctx, deliver.PolicyQuestion{Agent: s.ID, Have: have}, k)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			s.log.Warn("the server did not hear of this beacon", "error", err)
			every /= 3
		case answer.Body != nil:
			issued, err := policy.Open(answer.Body, s.ID, s.ServerKey)
			if err != nil {
				s.log.Error("what the server signed for this beacon does not verify; enroll it again", "error", err)
				break
			}
			have, every = answer.Tag, time.Duration(issued.Policy.Ask)
		}
		t := time.NewTimer(every - rand.N(every/10)) // spreads load, protects nothing
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.C:
		}
	}
}

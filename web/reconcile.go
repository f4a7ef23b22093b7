package web

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/report"
)

// reconcile runs a reconciliation now and shows what it found.
func (s *server) reconcile(w http.ResponseWriter, r *http.Request, v *viewer) error {
	if s.Reconcile == nil {
		return errNoPage
	}
	select {
	case s.running <- struct{}{}:
		defer func() { <-s.running }()
	default:
		return fault.New(fault.Conflict, "A reconciliation asked for here is running. Its figures appear when it is done.")
	}
	started := time.Now()
	// It goes on when the person leaves the page: half a reconciliation helps nobody.
	ctx := context.WithoutCancel(r.Context())
	if err := s.Reconcile(ctx); err != nil {
		return fmt.Errorf("reconcile: %w", err)
	}
	s.counts.forget()
	s.audit(r, v.Name, "reconciled", "run", "", "")
	s.sessions.Put(r.Context(), sessionToast, "Reconciled in "+report.FormatLength(time.Since(started).Round(100*time.Millisecond))+".")
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/inventory"
	"github.com/highwater-sam/highwater/report"
	"github.com/highwater-sam/highwater/store"
)

// documentView is one inventory document as pages show it.
type documentView struct {
	store.Document
	DeviceName string
	DeviceHref string
	Signature  signature
	Digest     string // SHA-256 of the envelope, hexadecimal
	Header     *inventory.Header
	Lines      []docLine
	Cut        int // lines beyond those shown
	Learnt     string
	ClockNote  string
	Gone       bool // retention has removed the envelope
}

// signature says what checking the envelope found, now.
type signature struct {
	Class string // of the text: "good-text", "over-text"
	Text  string
}

type docLine struct {
	Number int
	Text   string
	Marked bool
}

// mostLines is how many lines of a document a page shows; the envelope has all of it.
const mostLines = 4000

// documentData fills document.html.
type documentData struct {
	Document *documentView
	Back     string
}

func (s *server) document(w http.ResponseWriter, r *http.Request, v *viewer) error {
	d, err := s.documentOf(r.Context(), v, r.PathValue("id"), nil)
	if err != nil {
		return err
	}
	return s.show(w, r, v, http.StatusOK, page{Title: "Document " + shortID(d.ID), Template: "document.html", Data: documentData{Document: d}})
}

// documentOf reads a document, checks its signature again, and prints its content; marks are the paths whose lines are
// marked, e.g. "hardware.cores".
func (s *server) documentOf(ctx context.Context, v *viewer, id string, marks []string) (*documentView, error) {
	kept, err := s.Store.Document(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := s.seesDevice(ctx, v, int64(kept.Device)); err != nil {
		return nil, err
	}
	d := &documentView{Document: kept, DeviceHref: "/devices/" + strconv.FormatInt(int64(kept.Device), 10)}
	d.DeviceName = s.names(ctx).of(strconv.FormatInt(int64(kept.Device), 10)).name
	d.Learnt = learnt(kept.Collected, kept.Received)
	envelope, err := s.Store.Envelope(ctx, id)
	if fault.KindOf(err) == fault.NotFound {
		d.Gone = true
		return d, nil
	}
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(envelope)
	d.Digest = hex.EncodeToString(sum[:])
	if d.Signature, err = s.checkSignature(ctx, kept, envelope); err != nil {
		return nil, err
	}
	doc, err := inventory.OpenKept(envelope)
	if err != nil {
		return nil, fmt.Errorf("read document %s: %w", id, err)
	}
	d.Header = &doc.Header
	text, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("print document %s: %w", id, err)
	}
	d.Lines = linesOf(string(text), marks)
	if len(d.Lines) > mostLines {
		d.Cut, d.Lines = len(d.Lines)-mostLines, d.Lines[:mostLines]
	}
	return d, nil
}

// checkSignature verifies the envelope with the key that is on record for the agent, as an auditor would.
func (s *server) checkSignature(ctx context.Context, kept store.Document, envelope []byte) (signature, error) {
	agent, known, err := s.Store.Agent(ctx, kept.Agent)
	if err != nil {
		return signature{}, err
	}
	if known && kept.Agent != "" {
		if _, err := inventory.Verify(envelope, agent.Key); err == nil {
			text := "Signature valid, agent key " + shortKey(inventory.KeyID(agent.Key))
			if agent.Revoked != nil {
				text += ", revoked " + report.FormatInstant(*agent.Revoked)
			}
			return signature{"good-text", text}, nil
		}
	}
	header, err := inventory.OpenHeader(envelope)
	if err != nil {
		return signature{"over-text", "The envelope cannot be read: it was damaged after it was taken in"}, nil //nolint:nilerr // said on the page
	}
	key, err := inventory.StatedKey(envelope)
	if err == nil {
		_, err = inventory.Verify(envelope, key)
	}
	if errors.Is(err, inventory.ErrSignature) || err != nil {
		return signature{"over-text", "The signature does not fit: the document was altered after it was sealed"}, nil
	}
	if known && kept.Agent != "" {
		return signature{"good-text", "Signature valid, by an earlier key of the agent, " + shortKey(header.Key)}, nil
	}
	return signature{"good-text", "Signature valid, key " + shortKey(header.Key) + " of whoever brought it"}, nil
}

func shortKey(id string) string {
	if len(id) > 8 {
		return id[:8]
	}
	return id
}

// learnt says how long after it was collected a document reached us.
func learnt(collected, received time.Time) string {
	d := received.Sub(collected)
	switch {
	case d < 0:
		return report.FormatLength((-d).Round(time.Second)) + " before it was collected, by the device's clock"
	case d < time.Second:
		return "at once"
	}
	return report.FormatLength(d.Round(time.Second)) + " later"
}

// linesOf numbers the lines of indented JSON and marks those of the given paths.
func linesOf(text string, marks []string) []docLine {
	raw := strings.Split(text, "\n")
	lines := make([]docLine, len(raw))
	var path []string
	for i, line := range raw {
		lines[i] = docLine{Number: i + 1, Text: line}
		depth := (len(line) - len(strings.TrimLeft(line, " "))) / 2
		key, _, isKey := strings.Cut(strings.TrimSpace(line), `":`)
		if !isKey || !strings.HasPrefix(key, `"`) || depth == 0 {
			continue
		}
		for len(path) < depth {
			path = append(path, "")
		}
		path = append(path[:depth-1], key[1:])
		full := strings.Join(path, ".")
		for _, mark := range marks {
			lines[i].Marked = lines[i].Marked || full == mark
		}
	}
	return lines
}

// documentEnvelope answers with the document exactly as it was received.
func (s *server) documentEnvelope(w http.ResponseWriter, r *http.Request, v *viewer) error {
	id := r.PathValue("id")
	kept, err := s.Store.Document(r.Context(), id)
	if err != nil {
		return err
	}
	if err := s.seesDevice(r.Context(), v, int64(kept.Device)); err != nil {
		return err
	}
	envelope, err := s.Store.Envelope(r.Context(), id)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", fileName(id)+".hwe"))
	_, _ = w.Write(envelope) // the other side may have gone
	return nil
}

// seesDevice refuses a device outside the viewer's scope, as if it were not there.
func (s *server) seesDevice(ctx context.Context, v *viewer, id int64) error {
	q := report.Query{Filters: []report.Filter{{Key: "id", Op: report.Equal, Value: strconv.FormatInt(id, 10)}}, Columns: []string{"name"}, Limit: 1}
	page, err := s.rows(ctx, v, &report.Devices, q)
	if err != nil {
		return err
	}
	if len(page.Rows) == 0 {
		return fault.New(fault.NotFound, "There is no such device or document, or it lies outside what you see.")
	}
	return nil
}

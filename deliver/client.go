package deliver

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/highwater-sam/highwater/fault"
)

// Target is one receiver that can be sent to.
type Target struct {
	URL      string `json:"url"`
	Priority int    `json:"priority,omitempty"` // lower first
}

// ClientOptions say how to reach receivers. Certificates are always verified.
type ClientOptions struct {
	Targets []Target
	CAFile  string        // certificates to trust besides the system's, PEM; "" for none
	Timeout time.Duration // of one request; default 2 minutes
	Version string        // of the program, for the receiver's log
	Now     func() time.Time
	// Transport carries the requests instead of TCP and TLS, and CAFile is not read then: for a receiver in the same
	// process. nil = the network.
	Transport http.RoundTripper
}

// Client speaks to the receivers of its list, the first that answers, and measures its clock against theirs. It is
// safe for concurrent use.
type Client struct {
	http    *http.Client
	targets []Target
	agent   string
	now     func() time.Time

	mu     sync.Mutex
	offset map[string]time.Duration // how far our clock is ahead of each target's
	failed map[string]time.Time     // when each target last failed
}

// shun is how long a target that failed comes after those that did not.
const shun = 5 * time.Minute

// NewClient checks the options and makes a client.
func NewClient(o ClientOptions) (*Client, error) {
	if len(o.Targets) == 0 {
		return nil, fault.New(fault.Invalid, "no server is set to send to")
	}
	c := &Client{targets: slices.Clone(o.Targets), agent: "highwater/" + o.Version, now: o.Now, offset: map[string]time.Duration{}, failed: map[string]time.Time{}}
	if c.now == nil {
		c.now = time.Now
	}
	for n, t := range c.targets {
		u, err := url.Parse(t.URL)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.RawQuery != "" {
			return nil, fault.New(fault.Invalid, "the server's address %q is not of the form https://name:port", t.URL)
		}
		c.targets[n].URL = strings.TrimRight(t.URL, "/")
	}
	slices.SortStableFunc(c.targets, func(a, b Target) int { return a.Priority - b.Priority })
	if o.Timeout <= 0 {
		o.Timeout = 2 * time.Minute
	}
	if o.Transport == nil {
		transport, err := network(o.CAFile)
		if err != nil {
			return nil, err
		}
		o.Transport = transport
	}
	c.http = &http.Client{Timeout: o.Timeout, Transport: o.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return errors.New("receivers do not redirect") }}
	return c, nil
}

// network is TCP with TLS, where certificates are verified against the system's and those of a file.
func network(caFile string) (*http.Transport, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	transport.MaxResponseHeaderBytes = 64 << 10
	if caFile != "" {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		b, err := os.ReadFile(caFile)
		if err != nil || !pool.AppendCertsFromPEM(b) {
			return nil, fault.Wrap(err, fault.Invalid, "the certificate file %s holds no certificate that can be read", caFile)
		}
		transport.TLSClientConfig.RootCAs = pool
	}
	return transport, nil
}

// errAway wraps every failure that says nothing about what was sent: nobody answered, or not a receiver.
var errAway = errors.New("no answer from a receiver")

// Enroll asks the receivers, one after the other, to make an agent known; a receiver's refusal is final.
func (c *Client) Enroll(ctx context.Context, e Enrollment) (Enrolled, error) {
	body, err := json.Marshal(e)
	if err != nil {
		return Enrolled{}, fmt.Errorf("enroll: %w", err)
	}
	var out Enrolled
	_, err = c.each(ctx, func(t Target) error {
		return c.post(ctx, t, PathEnroll, "application/json", body, &out)
	})
	if err != nil {
		return Enrolled{}, fmt.Errorf("enroll: %w", err)
	}
	return out, nil
}

// Upload sends items and returns what became of each, and which target answered. An error means that nothing is known
// of any of them.
func (c *Client) Upload(ctx context.Context, items []Item) ([]Outcome, string, error) {
	var body []byte
	for _, i := range items {
		var err error
		if body, err = appendFrame(body, i); err != nil {
			return nil, "", fault.Wrap(err, fault.Invalid, "an item cannot be sent")
		}
	}
	var out answer
	target, err := c.each(ctx, func(t Target) error {
		out = answer{}
		if err := c.post(ctx, t, PathDocuments, batchType, body, &out); err != nil {
			return err
		}
		return matches(items, out.Results)
	})
	return out.Results, target, err
}

// matches refuses an answer that does not speak of exactly what was sent: nothing is forgotten on a mistaken answer.
func matches(items []Item, results []Outcome) error {
	if len(results) != len(items) {
		return fmt.Errorf("%w: it spoke of %d items, not of %d", errAway, len(results), len(items))
	}
	for n, o := range results {
		if o.ID != items[n].ID || o.Status != Accepted && o.Status != Rejected && o.Status != Retry {
			return fmt.Errorf("%w: it said %q of item %.90q instead of %s", errAway, o.Status, o.ID, items[n].ID)
		}
	}
	return nil
}

// each tries the targets in their order, those that failed lately last, until one answers.
func (c *Client) each(ctx context.Context, try func(Target) error) (string, error) {
	var failures []error
	for _, t := range c.order() {
		err := try(t)
		if err == nil || !errors.Is(err, errAway) {
			c.note(t, true)
			return t.URL, err
		}
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		c.note(t, false)
		failures = append(failures, fmt.Errorf("%s: %w", t.URL, err))
	}
	return "", fault.Wrap(oneLine(failures), fault.Unavailable, "no server could be reached")
}

// oneLine is several errors that print on one line.
type oneLine []error

func (o oneLine) Error() string {
	var words []string
	for _, err := range o {
		words = append(words, err.Error())
	}
	return strings.Join(words, "; ")
}

func (o oneLine) Unwrap() []error { return o }

func (c *Client) order() []Target {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	late := func(t Target) bool {
		d := now.Sub(c.failed[t.URL])
		return d >= 0 && d < shun
	}
	var first, last []Target
	for _, t := range c.targets {
		if late(t) {
			last = append(last, t)
		} else {
			first = append(first, t)
		}
	}
	return append(first, last...)
}

func (c *Client) note(t Target, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ok {
		delete(c.failed, t.URL)
	} else {
		c.failed[t.URL] = c.now()
	}
}

// Offset returns how far our clock is ahead of the target's, as the last exchange measured it.
func (c *Client) Offset(target string) (time.Duration, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d, ok := c.offset[target]
	return d, ok
}

// away says that nobody answered, without the address that the caller names anyway.
func away(err error) error {
	if named := new(url.Error); errors.As(err, &named) {
		err = named.Err
	}
	return fmt.Errorf("%w: %w", errAway, err)
}

// retryLater is a refusal that says when to come again.
type retryLater struct{ after time.Duration }

func (r retryLater) Error() string { return fmt.Sprintf("it asks to come again in %s", r.after) }

// post sends one request and reads its answer into out.
func (c *Client) post(ctx context.Context, t Target, path, kind string, body []byte, out any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, t.URL+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%w: %w", errAway, err)
	}
	sent := c.now()
	r.Header.Set("Content-Type", kind)
	r.Header.Set("User-Agent", c.agent)
	r.Header.Set(headerProtocol, protocol)
	r.Header.Set(headerSentAt, strconv.FormatInt(micros(sent), 10))
	if d, ok := c.Offset(t.URL); ok {
		r.Header.Set(headerOffset, strconv.FormatInt(d.Microseconds(), 10))
	}
	a, err := c.http.Do(r)
	if err != nil {
		return away(err)
	}
	defer func() { _ = a.Body.Close() }() // only read from
	b, err := io.ReadAll(io.LimitReader(a.Body, 4<<20))
	if err != nil {
		return fmt.Errorf("%w: %w", errAway, err)
	}
	if a.Header.Get(headerProtocol) != protocol {
		return fmt.Errorf("%w: what answered (%s) does not speak our protocol; is there a proxy in between?", errAway, a.Status)
	}
	c.measure(t, sent, c.now(), a.Header.Get(headerTime))
	if a.StatusCode == http.StatusOK {
		if err := json.Unmarshal(b, out); err != nil {
			return fmt.Errorf("%w: %w", errAway, err)
		}
		return nil
	}
	return refusal(a, b)
}

// refusal turns an answer that is not 200 into an error: a fault where the receiver judged the request, errAway where
// another receiver, or the same one later, may say something else.
func refusal(a *http.Response, b []byte) error {
	var said answer
	_ = json.Unmarshal(b, &said) // an answer without words still has its status
	switch kind := kindNamed(said.Kind); kind {
	case fault.Invalid, fault.Unauthorized, fault.Forbidden, fault.TooLarge, fault.Conflict:
		return fault.New(kind, "%s", said.Message)
	}
	if s, err := strconv.Atoi(a.Header.Get("Retry-After")); err == nil && s > 0 && s <= 3600 {
		return fmt.Errorf("%w: %s: %w", errAway, a.Status, retryLater{time.Duration(s) * time.Second})
	}
	return fmt.Errorf("%w: %s: %s", errAway, a.Status, said.Message)
}

// measure notes how far our clock is ahead of the target's: its time was read at some moment between sending and
// receiving, taken as the middle. A long exchange tells little and leaves what is known.
func (c *Client) measure(t Target, sent, received time.Time, said string) {
	us, err := strconv.ParseInt(said, 10, 64)
	took := received.Sub(sent)
	if err != nil || took < 0 || took > 10*time.Second {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset[t.URL] = sent.Add(took / 2).Sub(time.UnixMicro(us)).Truncate(time.Microsecond)
}

package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/highwater-sam/highwater/inventory"
)

// imds asks Amazon's instance metadata service, version 2 only: a token is fetched first and carried with each
// question, so that a machine that merely relays requests cannot be tricked into answering.
type imds struct {
	address string // host:port
	client  *http.Client
}

// The service's link-local addresses, and how long it may take: it is on the same host.
const (
	imdsAddress = "169.254.169.254:80"
	imdsTimeout = time.Second
	maxIMDS     = inventory.MaxStatement / 2
)

// newIMDS returns a client that speaks to the link-local address alone: no proxy, no redirect, no other host.
func newIMDS(address string) imds {
	dialer := &net.Dialer{Timeout: imdsTimeout / 2}
	return imds{address: address, client: &http.Client{
		Timeout: imdsTimeout,
		Transport: &http.Transport{
			Proxy: nil,
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return dialer.DialContext(ctx, network, address)
			},
			DisableKeepAlives: true, ResponseHeaderTimeout: imdsTimeout / 2, MaxResponseHeaderBytes: 16 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return errors.New("the metadata service never redirects") },
	}}
}

// instance returns the instance's identity with the document that states it.
func (m imds) instance(ctx context.Context) (*inventory.Cloud, map[string]string, error) {
	ctx, cancel := context.WithTimeout(ctx, imdsTimeout)
	defer cancel()
	token, err := m.ask(ctx, http.MethodPut, "/latest/api/token", "X-aws-ec2-metadata-token-ttl-seconds", "60")
	if err != nil {
		return nil, nil, fmt.Errorf("get a token of the instance metadata service: %w", err)
	}
	get := func(path string) (string, error) {
		return m.ask(ctx, http.MethodGet, path, "X-aws-ec2-metadata-token", strings.TrimSpace(token))
	}
	statement, err := get("/latest/dynamic/instance-identity/document")
	if err != nil {
		return nil, nil, fmt.Errorf("get the instance identity document: %w", err)
	}
	c, err := parseInstanceIdentity([]byte(statement))
	if err != nil {
		return nil, nil, err
	}
	more := map[string]string{}
	if signature, err := get("/latest/dynamic/instance-identity/rsa2048"); err == nil && len(signature) <= inventory.MaxText {
		more["aws.identity_rsa2048"] = inventory.Text(signature)
	}
	return c, more, nil
}

func (m imds) ask(ctx context.Context, method, path, header, value string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, method, "http://"+m.address+path, nil)
	if err != nil {
		return "", err
	}
	r.Header.Set(header, value)
	answer, err := m.client.Do(r)
	if err != nil {
		return "", err
	}
	defer func() { _ = answer.Body.Close() }() // only read from
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s %s answered %s", method, path, answer.Status)
	}
	b, err := io.ReadAll(io.LimitReader(answer.Body, maxIMDS+1))
	if err != nil {
		return "", err
	}
	if len(b) > maxIMDS {
		return "", fmt.Errorf("%s answered more than %d bytes", path, maxIMDS)
	}
	return string(b), nil
}

// parseInstanceIdentity reads the instance identity document and keeps it whole as the provider's statement.
func parseInstanceIdentity(b []byte) (*inventory.Cloud, error) {
	var d struct {
		AccountID        string `json:"accountId"`
		Region           string `json:"region"`
		AvailabilityZone string `json:"availabilityZone"`
		InstanceID       string `json:"instanceId"`
		InstanceType     string `json:"instanceType"`
		ImageID          string `json:"imageId"`
	}
	if err := json.Unmarshal(b, &d); err != nil {
		return nil, fmt.Errorf("read the instance identity document: %w", err)
	}
	if !strings.HasPrefix(d.InstanceID, "i-") {
		return nil, fmt.Errorf("read the instance identity document: its instance id is %.40q", d.InstanceID)
	}
	c := &inventory.Cloud{Provider: "aws", Account: inventory.Text(d.AccountID), Region: inventory.Text(d.Region),
		Zone: inventory.Text(d.AvailabilityZone), InstanceID: inventory.Text(d.InstanceID), Type: inventory.Text(d.InstanceType),
		Image: inventory.Text(d.ImageID)}
	if clean := strings.ToValidUTF8(string(b), "\uFFFD"); len(clean) <= inventory.MaxStatement && strings.IndexByte(clean, 0) < 0 {
		c.Identity = clean
	}
	return c, nil
}

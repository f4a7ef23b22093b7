package local

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/highwater-sam/highwater/inventory"
)

var testTime = time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)

const identityDocument = `{"accountId":"123456789012","architecture":"x86_64","availabilityZone":"eu-west-1b","imageId":"ami-0abc",` +
	`"instanceId":"i-0123456789abcdef0","instanceType":"m6i.xlarge","pendingTime":"2026-01-01T00:00:00Z","privateIp":"10.0.0.12","region":"eu-west-1","version":"2017-09-30"}`

// metadataService answers as Amazon documents version 2 of the service: a token is fetched with PUT and a lifetime, and
// a question without it is refused.
func metadataService(t *testing.T) string {
	t.Helper()
	const token = "AQAEAtoken=="
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/latest/api/token" && r.Method == http.MethodPut && r.Header.Get("X-aws-ec2-metadata-token-ttl-seconds") != "":
			fmt.Fprint(w, token)
		case r.Header.Get("X-aws-ec2-metadata-token") != token:
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/latest/dynamic/instance-identity/document":
			fmt.Fprint(w, identityDocument)
		case r.URL.Path == "/latest/dynamic/instance-identity/rsa2048":
			fmt.Fprint(w, "MIICiTCCAfIC")
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

func ec2(t *testing.T, address string) *inventory.Document {
	t.Helper()
	s, err := New(Options{Root: recorded(t, "kvm-guest-on-ec2"), imdsAddress: address})
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.Look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestTheInstanceSaysWhoItIs(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://192.0.2.1:1") // must not be used
	d := ec2(t, metadataService(t))
	want := inventory.Cloud{Provider: "aws", Account: "123456789012", Region: "eu-west-1", Zone: "eu-west-1b", InstanceID: "i-0123456789abcdef0",
		Type: "m6i.xlarge", Image: "ami-0abc", Identity: identityDocument}
	if d.Cloud == nil || *d.Cloud != want {
		t.Errorf("got %+v, %+v", d.Cloud, d.Remarks)
	}
	if d.Attributes["aws.identity_rsa2048"] == "" {
		t.Error("the signature of the identity document is missing")
	}
}

// A service that does not answer, redirects, or answers rubbish costs about a second at most and leaves a remark.
func TestAMetadataServiceThatFailsSlowsNothingDown(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"silent": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"redirects": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://192.0.2.1/", http.StatusFound)
		},
		"rubbish":   func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") },
		"endless":   func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat("x", 1<<20)) },
		"version 1": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(handler)
			defer s.Close()
			d := ec2(t, strings.TrimPrefix(s.URL, "http://"))
			if d.Cloud == nil || d.Cloud.InstanceID != "i-0123456789abcdef0" || d.Cloud.Account != "" {
				t.Errorf("what the firmware says is lost or mixed: %+v", d.Cloud)
			}
			told := false
			for _, r := range d.Remarks {
				told = told || r.Part == "cloud"
			}
			if !told {
				t.Errorf("no remark says so: %+v", d.Remarks)
			}
		})
	}
}

func TestNobodyIsAskedOutsideACloud(t *testing.T) {
	asked := false
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer s.Close()
	for _, o := range []Options{{Root: recorded(t, "vmware-guest")}, {Root: recorded(t, "kvm-guest-on-ec2"), Cloud: "off"}} {
		o.imdsAddress = strings.TrimPrefix(s.URL, "http://")
		source, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		d, err := source.Look(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if d.Cloud != nil || asked {
			t.Errorf("asked: %v, %+v", asked, d.Cloud)
		}
	}
}

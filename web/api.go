package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/highwater-sam/highwater/auth"
	"github.com/highwater-sam/highwater/estate"
	"github.com/highwater-sam/highwater/fault"
	"github.com/highwater-sam/highwater/measure"
	"github.com/highwater-sam/highwater/report"
	"github.com/highwater-sam/highwater/store"
)

// viewerKey is the key of the viewer in the context of an API request.
type viewerKey struct{}

// registerAPI adds the REST API under /api/v1: what the pages show, with the same rights, filters and order. Its
// description is /api/v1/openapi.json.
func (s *server) registerAPI(mux *http.ServeMux) {
	own := http.NewServeMux()
	config := huma.DefaultConfig("Highwater", "1")
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "/api/v1/openapi", "", ""
	config.CreateHooks = nil // no link to schemas in answers
	config.Info.Description = "What the pages show, with the rights of whoever is signed in. Figures are exact decimals in text."
	api := humago.New(own, config)

	register := func(path, summary string) huma.Operation {
		id := strings.Trim(strings.NewReplacer("/api/v1/", "", "/", "-", "{", "", "}", "").Replace(path), "-")
		return huma.Operation{OperationID: "get-" + id, Method: http.MethodGet, Path: path, Summary: summary,
			Errors: []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusUnprocessableEntity}}
	}
	lists := register("/api/v1/lists/{list}", "Rows of a list")
	lists.Description = "Lists: " + strings.Join(listNames(), ", ") + ". Besides q, sort, cols, limit, after and before, a parameter f.<column> narrows the list, " +
		"written as under a column's head on the pages: f.cores=> 16, f.status=over, f.last_document=after 2026-06."
	huma.Register(api, lists, s.apiList)
	huma.Register(api, register("/api/v1/measurement", "The latest measurement, whole"), s.apiMeasurement)
	huma.Register(api, register("/api/v1/licenses/{id}", "A license and its position"), s.apiLicense)
	huma.Register(api, register("/api/v1/licenses/{id}/series", "The consumption of a license by region, every change"), s.apiSeries)
	huma.Register(api, register("/api/v1/licenses/{id}/explanation", "Why the figures of a license are what they are"), s.apiExplanation)
	huma.Register(api, register("/api/v1/devices/{id}", "A device and its history"), s.apiDevice)
	mux.Handle("/api/v1/", s.apiSignedIn(own))
}

func listNames() []string {
	var names []string
	for _, g := range report.Lists() {
		names = append(names, strings.TrimSuffix(g.Name, "_list")+"s")
	}
	return names
}

// listOf finds a list by its name in the API: devices is device_list.
func listOf(name string) *report.Grid {
	return report.ListByName(strings.TrimSuffix(name, "s") + "_list")
}

// apiSignedIn lets only users through, and answers others as a program expects.
func (s *server) apiSignedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, err := s.who(r.Context())
		if err == nil && v == nil {
			err = fault.New(fault.Unauthorized, "nobody is signed in: send the cookie of a session")
		}
		if err != nil {
			problem := s.apiError(err)
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(problem.GetStatus())
			_, _ = fmt.Fprintf(w, `{"title":%q,"status":%d,"detail":%q}`+"\n", http.StatusText(problem.GetStatus()), problem.GetStatus(), problem.Error())
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), viewerKey{}, v)))
	})
}

// apiError is an error as the API answers it: the kind as a status, the safe message as detail.
func (s *server) apiError(err error) huma.StatusError {
	status := statusOf(err)
	if status >= http.StatusInternalServerError && !errors.Is(err, context.Canceled) {
		s.log.Error("an API request failed", "error", err)
	}
	return huma.NewError(status, sentence(fault.Message(err)))
}

// allowed returns the viewer when they may take the action.
func allowed(ctx context.Context, a auth.Action) (*viewer, error) {
	v, ok := ctx.Value(viewerKey{}).(*viewer)
	if !ok || !v.may(a) {
		return nil, fault.New(fault.Forbidden, "your role does not include this: %s", a)
	}
	return v, nil
}

// apiListInput is a list's query. The filters have the columns' names, so they are read from the address as it is.
type apiListInput struct {
	List   string `path:"list" doc:"Name of the list, e.g. licenses or devices"`
	Search string `query:"q" doc:"Text to find in any text column"`
	Sort   string `query:"sort" doc:"Columns, each with - before it for descending" example:"-used,name"`
	Cols   string `query:"cols" doc:"Columns to answer with, in order" example:"name,consumed"`
	After  string `query:"after" doc:"The page after this place (next of an answer)"`
	Before string `query:"before" doc:"The page before this place (prev of an answer)"`
	Limit  int    `query:"limit" minimum:"0" maximum:"500" doc:"Rows a page; 0 is 50"`
	values url.Values
}

// Resolve keeps the whole query.
func (in *apiListInput) Resolve(ctx huma.Context) []error {
	address := ctx.URL()
	in.values = address.Query()
	return nil
}

type apiRows struct {
	Body struct {
		Total int64            `json:"total" doc:"Rows that the filters leave, all pages together"`
		Next  string           `json:"next,omitempty" doc:"For after"`
		Prev  string           `json:"prev,omitempty" doc:"For before"`
		Rows  []map[string]any `json:"rows"`
	}
}

func (s *server) apiList(ctx context.Context, in *apiListInput) (*apiRows, error) {
	g := listOf(in.List)
	if g == nil {
		return nil, s.apiError(fault.New(fault.NotFound, "there is no list %q; there are %s", clipText(in.List), strings.Join(listNames(), ", ")))
	}
	v, err := allowed(ctx, needsOf(g))
	if err != nil {
		return nil, s.apiError(err)
	}
	q, problems := report.ParseQuery(g, tidy(in.values))
	if err := problems.Fault(); err != nil {
		return nil, s.apiError(err)
	}
	page, err := s.rows(ctx, v, g, q)
	if err != nil {
		return nil, s.apiError(err)
	}
	out := &apiRows{}
	out.Body.Total, out.Body.Next, out.Body.Prev, out.Body.Rows = page.Total, page.Next, page.Prev, []map[string]any{}
	for _, row := range page.Rows {
		out.Body.Rows = append(out.Body.Rows, apiRow(page.Columns, row))
	}
	return out, nil
}

// apiRow is a row by the columns' keys: whole numbers as numbers, exact decimals in text, times as RFC 3339, unknown as null.
func apiRow(columns []report.Column, row report.Row) map[string]any {
	out := map[string]any{"id": row.ID}
	for i, c := range columns {
		if c.Key == "id" {
			continue
		}
		value := row.Cells[i]
		if _, isInt := value.(int64); isInt && (c.Kind == report.Instant || c.Kind == report.Day) {
			value = report.PlainCell(c, value)
		}
		out[c.Key] = value
	}
	return out
}

// apiAny is an answer. Where T is any, docs/design/engine.md has its shape: its types write their JSON themselves.
type apiAny[T any] struct{ Body T }

func (s *server) apiMeasurement(ctx context.Context, _ *struct{}) (*apiAny[any], error) {
	m, err := s.apiLatest(ctx)
	if err != nil {
		return nil, s.apiError(err)
	}
	return &apiAny[any]{m.Measurement}, nil
}

// apiLatest is the latest measurement for a viewer who sees the whole organization.
func (s *server) apiLatest(ctx context.Context) (*measured, error) {
	v, err := allowed(ctx, auth.ReadLicenses)
	if err != nil {
		return nil, err
	}
	if !v.Scope.Unbounded() {
		return nil, errBounded
	}
	m, err := s.latest(ctx)
	if err != nil {
		return nil, err
	}
	if m == nil {
		return nil, fault.New(fault.NotFound, "nothing is measured yet")
	}
	return m, nil
}

type apiLicenseInput struct {
	ID     string `path:"id"`
	Period string `query:"period" doc:"Name of a period; all when absent"`
	Region int    `query:"region" minimum:"-1" maximum:"3" default:"-1" doc:"1 to 3, 0 unassigned, -1 all"`
	At     string `query:"at" doc:"An instant instead of the peaks, RFC 3339 in UTC"`
}

type apiLicenseBody struct {
	ID          string     `json:"id"`
	Name        string     `json:"name"`
	Publisher   string     `json:"publisher"`
	Metric      string     `json:"metric"`
	MeasuredTo  *time.Time `json:"measured_to"`
	Measurement any        `json:"measurement" doc:"As docs/design/engine.md has it; null when it is not measured"`
}

func (s *server) apiLicense(ctx context.Context, in *apiLicenseInput) (*apiAny[apiLicenseBody], error) {
	v, err := allowed(ctx, auth.ReadLicenses)
	if err == nil && !v.Scope.Unbounded() {
		err = errBounded
	}
	if err != nil {
		return nil, s.apiError(err)
	}
	l, err := s.licenseOf(ctx, in.ID)
	if err != nil {
		return nil, s.apiError(err)
	}
	body := apiLicenseBody{ID: in.ID, Name: l.Name, Publisher: l.Publisher, Metric: l.Metric}
	m, err := s.latest(ctx)
	if err != nil {
		return nil, s.apiError(err)
	}
	if m != nil {
		if found := m.Measurement.License(in.ID); found != nil {
			body.Measurement = found
		}
		body.MeasuredTo = &m.Run.AsOf
	}
	return &apiAny[apiLicenseBody]{body}, nil
}

type apiSeriesBody struct {
	Region int       `json:"region" doc:"1 to 3; 0 unassigned, or all together"`
	Steps  []apiStep `json:"steps"`
}

type apiStep struct {
	From  time.Time `json:"from"`
	Value string    `json:"value" doc:"Exact; holds until the next step"`
}

func (s *server) apiSeries(ctx context.Context, in *apiLicenseInput) (*apiAny[[]apiSeriesBody], error) {
	m, err := s.apiLatest(ctx)
	if err != nil {
		return nil, s.apiError(err)
	}
	kept, err := s.Store.Series(ctx, m.Run.ID, in.ID)
	if err != nil {
		return nil, s.apiError(err)
	}
	out := &apiAny[[]apiSeriesBody]{[]apiSeriesBody{}}
	for _, one := range kept {
		body := apiSeriesBody{Region: int(one.Region), Steps: []apiStep{}}
		for _, step := range one.Steps {
			body.Steps = append(body.Steps, apiStep{step.From.UTC(), step.Value})
		}
		out.Body = append(out.Body, body)
	}
	return out, nil
}

func (s *server) apiExplanation(ctx context.Context, in *apiLicenseInput) (*apiAny[any], error) {
	if _, err := s.apiLatest(ctx); err != nil {
		return nil, s.apiError(err)
	}
	q := measure.Query{Period: in.Period}
	if in.Region >= 0 {
		region := measure.Region(in.Region)
		q.Region = &region
	}
	if in.At != "" {
		at, err := estate.ParseInstant(in.At)
		if err != nil {
			return nil, s.apiError(fault.New(fault.Invalid, "at: %q is no instant", clipText(in.At)))
		}
		q.At = at
	}
	x, err := s.explain(ctx, in.ID, q)
	if err == nil && x == nil {
		err = fault.New(fault.Unavailable, "this process measures nothing itself")
	}
	if err != nil {
		return nil, s.apiError(err)
	}
	return &apiAny[any]{x}, nil
}

type apiDeviceInput struct {
	ID int64 `path:"id" minimum:"1"`
}

type apiDeviceBody struct {
	Device        map[string]any       `json:"device"`
	History       []apiPoint           `json:"history" doc:"By aspect and time; superseded points are left out"`
	Installations []store.Installation `json:"installations"`
	Assignments   []store.Assignment   `json:"assignments"`
}

type apiPoint struct {
	Aspect   string    `json:"aspect"`
	From     time.Time `json:"from"`
	Recorded time.Time `json:"recorded"`
	Source   string    `json:"source"`
	Document string    `json:"document,omitempty"`
	Value    any       `json:"value" doc:"null: unknown from then on"`
}

func (s *server) apiDevice(ctx context.Context, in *apiDeviceInput) (*apiAny[apiDeviceBody], error) {
	v, err := allowed(ctx, auth.ReadInventory)
	if err != nil {
		return nil, s.apiError(err)
	}
	body, err := s.apiDeviceBody(ctx, v, in.ID)
	if err != nil {
		return nil, s.apiError(err)
	}
	return &apiAny[apiDeviceBody]{body}, nil
}

func (s *server) apiDeviceBody(ctx context.Context, v *viewer, id int64) (body apiDeviceBody, err error) {
	q := report.Query{Filters: []report.Filter{equal("id", strconv.FormatInt(id, 10))}, Limit: 1}
	for _, c := range report.Devices.Columns {
		if !c.Inner {
			q.Columns = append(q.Columns, c.Key)
		}
	}
	page, err := s.rows(ctx, v, &report.Devices, q)
	if err != nil {
		return body, err
	}
	if len(page.Rows) == 0 {
		return body, fault.New(fault.NotFound, "there is no device %d, or it lies outside what you see", id)
	}
	body.Device = apiRow(page.Columns, page.Rows[0])
	history, err := s.Store.FullHistory(ctx, deviceID(id), nil)
	if err != nil {
		return body, err
	}
	body.History = []apiPoint{}
	for _, p := range effectivePoints(history) {
		one := apiPoint{Aspect: string(p.Aspect), From: p.From.UTC(), Recorded: p.Recorded.UTC(), Source: p.Source, Document: p.Document}
		if p.Value != nil {
			one.Value = p.Value
		}
		body.History = append(body.History, one)
	}
	if body.Installations, err = s.Store.Installations(ctx, deviceID(id)); err != nil {
		return body, err
	}
	body.Assignments, err = s.Store.Assignments(ctx, deviceID(id))
	return body, err
}

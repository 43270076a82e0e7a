package httpcallee_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/component"
	"github.com/junctorio/junctor/internal/builtin/hosttest"
	"github.com/junctorio/junctor/internal/builtin/httpcallee"
	"github.com/junctorio/junctor/wamp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const procedure = "com.example.http"

// host hosts the component for a server, with a base URL of /base and more
// configuration, and returns a caller.
func host(t *testing.T, h http.Handler, more map[string]any) *client.Session {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return hostFor(t, server.URL+"/base", more)
}

func hostFor(t *testing.T, baseURL string, more map[string]any) *client.Session {
	t.Helper()
	extra := map[string]any{"procedure": procedure, "baseurl": baseURL}
	for k, v := range more {
		extra[k] = v
	}
	text, err := json.Marshal(extra)
	if err != nil {
		t.Fatal(err)
	}
	r := hosttest.New(t)
	r.Host(httpcallee.New, string(text))
	return r.Join()
}

// response is what the procedure returns.
type response struct {
	Code    int                 `json:"code"`
	Content any                 `json:"content"`
	Headers map[string][]string `json:"headers"`
}

func call(ctx context.Context, s *client.Session, kwargs client.Dict) (response, error) {
	res, err := s.Call(ctx, procedure, nil, &client.CallOptions{Kwargs: kwargs})
	if err != nil {
		return response{}, err
	}
	var got []response
	if err := res.Decode(&got, nil); err != nil {
		return response{}, err
	}
	if len(got) != 1 {
		return response{}, fmt.Errorf("%d results", len(got))
	}
	return got[0], nil
}

// mirror answers with the request's essence.
var mirror http.HandlerFunc = func(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	fmt.Fprintf(w, "%s %s\n%s|%s|%s\n%s", r.Method, r.RequestURI,
		r.Header.Get("Content-Type"), strings.Join(r.Header["X-Test"], ","), r.Header.Get("Authorization"), body)
}

func TestRequests(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		kwargs client.Dict
		extra  map[string]any
		want   string // method, target, content type, X-Test, authorization, body
	}{
		{"nothing said", nil, nil, "GET /base/\n||\n"},
		{"a path", client.Dict{"url": "a/b"}, nil, "GET /base/a/b\n||\n"},
		{"a path with a slash before it", client.Dict{"url": "/a"}, nil, "GET /base/a\n||\n"},
		{"what looks like another host", client.Dict{"url": "//other.example/a"}, nil, "GET /base/other.example/a\n||\n"},
		{"an encoded path", client.Dict{"url": "a%2Fb/c%20d"}, nil, "GET /base/a%2Fb/c%20d\n||\n"},
		{"a path with dots in names", client.Dict{"url": "..a/b..c/..."}, nil, "GET /base/..a/b..c/...\n||\n"},
		{"a query", client.Dict{"url": "a?x=1"}, nil, "GET /base/a?x=1\n||\n"},
		{"parameters", client.Dict{"url": "a?x=1", "params": client.Dict{"y": []any{"ä", 2}, "z": true}}, nil, "GET /base/a?x=1&y=%C3%A4&y=2&z=true\n||\n"},
		{"a method in small letters", client.Dict{"method": "delete"}, nil, "DELETE /base/\n||\n"},
		{"text", client.Dict{"method": "POST", "body": "hi"}, nil, "POST /base/\ntext/plain; charset=utf-8||\nhi"},
		{"binary", client.Dict{"method": "POST", "body": []byte{1}}, nil, "POST /base/\napplication/octet-stream||\n\x01"},
		{"an object", client.Dict{"method": "POST", "body": client.Dict{"a": []any{1, nil}}}, nil, "POST /base/\napplication/json||\n{\"a\":[1,null]}"},
		{"a list of a type of its own", client.Dict{"method": "PUT", "body": []any{1}, "headers": client.Dict{"content-type": "x/y"}}, nil, "PUT /base/\nx/y||\n[1]"},
		{"headers", client.Dict{"headers": client.Dict{"x-test": []any{"a", "b"}}}, nil, "GET /base/\n|a,b|\n"},
		{"configured headers", nil, map[string]any{"headers": map[string]string{"authorization": "Bearer x", "X-Test": "c"}}, "GET /base/\n|c|Bearer x\n"},
		{"a method of its own", client.Dict{"method": "QUERY"}, map[string]any{"methods": []string{"query"}}, "QUERY /base/\n||\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := call(t.Context(), host(t, mirror, tt.extra), tt.kwargs)
			if err != nil {
				t.Fatal(err)
			}
			if got.Code != http.StatusOK {
				t.Errorf("got code %d", got.Code)
			}
			if diff := cmp.Diff(tt.want, got.Content); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestCredentialsAndQueryOfTheBaseURL(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(mirror)
	t.Cleanup(server.Close)
	s := hostFor(t, strings.Replace(server.URL, "://", "://user:word@", 1)+"?key=k", nil)
	got, err := call(t.Context(), s, client.Dict{"url": "a?x=1"})
	if want := "GET /a?key=k&x=1\n||Basic dXNlcjp3b3Jk\n"; err != nil || got.Content != want {
		t.Errorf("got %q and error %v, want %q", got.Content, err, want)
	}
	_, err = call(t.Context(), s, client.Dict{"headers": client.Dict{"Authorization": "Bearer x"}})
	if !errors.Is(err, wamp.ErrInvalidArgument) {
		t.Errorf("got error %v for other credentials, want %v", err, wamp.ErrInvalidArgument)
	}
}

func TestRefusedCalls(t *testing.T) {
	t.Parallel()
	s := host(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("request %s %s got through", r.Method, r.RequestURI)
	}), map[string]any{"headers": map[string]string{"X-Key": "k"}, "methods": []string{"GET", "POST"}})
	tests := []struct {
		name   string
		kwargs client.Dict
		want   string
	}{
		{"a parent", client.Dict{"url": "../x"}, "has a path with . or .."},
		{"a parent after an element", client.Dict{"url": "a/../../x"}, "has a path with . or .."},
		{"an encoded parent", client.Dict{"url": "%2e%2E/x"}, "has a path with . or .."},
		{"an encoded slash after a parent", client.Dict{"url": "..%2fx"}, "has a path with . or .."},
		{"a parent with a parameter", client.Dict{"url": "..;a=1/x"}, "has a path with . or .."},
		{"a backslash", client.Dict{"url": `..\x`}, "has a path with . or .."},
		{"another host", client.Dict{"url": "http://other.example/"}, "want a path below"},
		{"another scheme", client.Dict{"url": "file:///etc/passwd"}, "want a path below"},
		{"a bad escape", client.Dict{"url": "%zz"}, "invalid URL escape"},
		{"a url that is no string", client.Dict{"url": 1}, "url: want a string, got int64"},
		{"a method that is not allowed", client.Dict{"method": "DELETE"}, `method: "DELETE" is not among those allowed, GET, POST`},
		{"a method that is no string", client.Dict{"method": 1}, "method: want a string"},
		{"a configured header", client.Dict{"headers": client.Dict{"x-key": "mine"}}, "X-Key is set by the component's configuration"},
		{"the host header", client.Dict{"headers": client.Dict{"host": "other.example"}}, "Host cannot be set"},
		{"a header with a line break", client.Dict{"headers": client.Dict{"X-A": "a\r\nX-B: b"}}, "has a control character"},
		{"a header without a name", client.Dict{"headers": client.Dict{"a b": "c"}}, `"a b" is no name of a header`},
		{"headers that are no object", client.Dict{"headers": []any{}}, "headers: want an object"},
		{"a parameter that is an object", client.Dict{"params": client.Dict{"a": client.Dict{}}}, "params: a: want a string, number or boolean"},
		{"a body that is a number", client.Dict{"body": 1}, "body: want a string, binary, a list or an object"},
		{"an unknown argument", client.Dict{"uri": "a"}, `unknown keyword argument "uri"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := call(t.Context(), s, tt.kwargs)
			if !errors.Is(err, wamp.ErrInvalidArgument) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got error %v, want %s with %q", err, wamp.ErrInvalidArgument, tt.want)
			}
		})
	}
	if _, err := s.Call(t.Context(), procedure, []any{"GET"}, nil); !errors.Is(err, wamp.ErrInvalidArgument) {
		t.Errorf("got error %v for a positional argument, want %v", err, wamp.ErrInvalidArgument)
	}
}

func TestResponses(t *testing.T) {
	t.Parallel()
	s := host(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("X-List", "a")
		w.Header().Add("X-List", "b")
		w.Header().Set("X-Latin", "caf\xe9")
		switch r.URL.Path {
		case "/base/missing":
			w.WriteHeader(http.StatusNotFound)
		case "/base/binary":
			_, _ = w.Write([]byte{0xff})
		case "/base/large":
			_, _ = io.WriteString(w, strings.Repeat("x", 101))
		case "/base/full":
			_, _ = io.WriteString(w, strings.Repeat("x", 100))
		case "/base/inside":
			http.Redirect(w, r, "/base/full", http.StatusFound)
		case "/base/outside":
			http.Redirect(w, r, "/secret", http.StatusFound)
		case "/base/sideways":
			http.Redirect(w, r, "/base/x/%2e%2e/%2e%2e/secret", http.StatusFound)
		case "/base/round":
			http.Redirect(w, r, "/base/round", http.StatusFound)
		case "/base/broken":
			panic(http.ErrAbortHandler)
		case "/secret":
			t.Error("a redirect led outside the base URL")
		}
	}), map[string]any{"max_response": 100})
	tests := []struct {
		url     string
		code    int
		content any
		err     wamp.ErrorURI
	}{
		{url: "missing", code: 404, content: ""},
		{url: "binary", code: 200, content: []byte{0xff}},
		{url: "full", code: 200, content: strings.Repeat("x", 100)},
		{url: "large", err: wamp.ErrPayloadSizeExceeded},
		{url: "inside", code: 200, content: strings.Repeat("x", 100)},
		{url: "outside", code: 302, content: "<a href=\"/secret\">Found</a>.\n\n"},
		{url: "sideways", code: 302, content: "<a href=\"/base/x/%2e%2e/%2e%2e/secret\">Found</a>.\n\n"},
		{url: "round", code: 302, content: "<a href=\"/base/round\">Found</a>.\n\n"},
		{url: "broken", err: wamp.ErrNetworkFailure},
	}
	for _, tt := range tests {
		t.Run(tt.url, func(t *testing.T) {
			got, err := call(t.Context(), s, client.Dict{"url": tt.url})
			if tt.err != "" {
				if !errors.Is(err, tt.err) {
					t.Errorf("got error %v, want %v", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.content, got.Content); got.Code != tt.code || diff != "" {
				t.Errorf("got code %d, want %d (-want +got)\n%s", got.Code, tt.code, diff)
			}
		})
	}
	got, err := call(t.Context(), s, nil)
	if err != nil || !cmp.Equal(got.Headers["X-List"], []string{"a", "b"}) || !cmp.Equal(got.Headers["X-Latin"], []string{"café"}) {
		t.Errorf("got headers %v and error %v", got.Headers, err)
	}
}

func TestUnreachableServer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(mirror)
	server.Close()
	_, err := call(t.Context(), hostFor(t, server.URL+"/base?secret=s", nil), nil)
	if !errors.Is(err, wamp.ErrNetworkFailure) || strings.Contains(err.Error(), "secret") {
		t.Errorf("got error %v, want %v without the URL", err, wamp.ErrNetworkFailure)
	}
}

func TestCancelledCallEndsItsRequest(t *testing.T) {
	t.Parallel()
	begun, ended := make(chan struct{}), make(chan struct{})
	s := host(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
		close(ended)
	}), nil)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := call(ctx, s, nil)
		done <- err
	}()
	<-begun
	cancel()
	<-ended
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want %v", err, context.Canceled)
	}
}

func TestServerThatIsSlow(t *testing.T) {
	t.Parallel()
	s := host(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done() // else the server never closes
	}), map[string]any{"timeout": "20ms"})
	if _, err := call(t.Context(), s, nil); !errors.Is(err, wamp.ErrTimeout) {
		t.Errorf("got error %v, want %v", err, wamp.ErrTimeout)
	}
}

func TestFindingsInTheConfiguration(t *testing.T) {
	t.Parallel()
	const good = `"procedure":"a.b","baseurl":"http://h/x"`
	tests := []struct{ name, extra, want string }{
		{"nothing", ``, "extra.procedure: is required"},
		{"unknown key", `{"url":"a"}`, "extra.url: unknown key; known are baseurl, concurrency, headers, max_response, methods, procedure, timeout"},
		{"no base URL", `{"procedure":"a.b"}`, "extra.baseurl: is required"},
		{"a relative base URL", `{"procedure":"a.b","baseurl":"/x"}`, "extra.baseurl: want an absolute URL such as https://example.com/path"},
		{"a base URL of another scheme", `{"procedure":"a.b","baseurl":"ftp://h/"}`, "extra.baseurl: want an absolute URL such as https://example.com/path"},
		{"a base URL with a parent", `{"procedure":"a.b","baseurl":"http://h/a/../b"}`, "extra.baseurl: has . or .. in its path"},
		{"a base URL with a fragment", `{"procedure":"a.b","baseurl":"http://h/#a"}`, "extra.baseurl: has a fragment, which is never sent"},
		{"a bad base URL, its password unsaid", `{"procedure":"a.b","baseurl":"http://u:p@h:x/"}`, `extra.baseurl: no valid URL: invalid port ":x" after host`},
		{"a header of the connection", `{` + good + `,"headers":{"host":"a"}}`, "extra.headers: Host cannot be set"},
		{"a header twice", `{` + good + `,"headers":{"X-A":"a","x-a":"b"}}`, "extra.headers: X-A is given twice"},
		{"a bad method", `{` + good + `,"methods":["GET","CONNECT"]}`, `extra.methods[1]: "CONNECT" is no method for a resource; such are GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS`},
		{"a negative size", `{` + good + `,"max_response":-1}`, "extra.max_response: want 1 to 1073741824 octets, got -1"},
		{"too much concurrency", `{` + good + `,"concurrency":5000}`, "extra.concurrency: want 1 to 1024, got 5000"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := httpcallee.New(component.Config{Extra: json.RawMessage(tt.extra)})
			if err == nil || err.Error() != tt.want {
				t.Errorf("got error %v, want %s", err, tt.want)
			}
		})
	}
}

// FuzzResolve: whatever a caller asks for, the request stays below the base URL.
func FuzzResolve(f *testing.F) {
	for _, seed := range []string{"", "a/b?c=d", "../x", "%2e%2e/x", "//h/x", "http://h/", `\..\x`, "a%2f..%2f..", "?a#b", ";..;"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, ref string) {
		target, err := httpcallee.Resolve("http://example.com/a%2fb/c", ref)
		if err != nil {
			return
		}
		again, err := target.Parse(target.String())
		if err != nil {
			t.Fatalf("%q became %q, which is no URL: %v", ref, target, err)
		}
		if again.Host != "example.com" || !strings.HasPrefix(again.EscapedPath(), "/a%2fb/c/") {
			t.Errorf("%q became %q", ref, target)
		}
		for element := range strings.SplitSeq(again.Path, "/") {
			if element == ".." || element == "." {
				t.Errorf("%q became %q", ref, target)
			}
		}
	})
}

package builtin_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	osexec "os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/component"
	"github.com/junctorio/junctor/internal/builtin"
	"github.com/junctorio/junctor/internal/builtin/hosttest"
	"github.com/junctorio/junctor/wamp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const document = "../../docs/components.md"

var (
	jsonBlocks   = regexp.MustCompile("(?s)\n```json\n(.*?)```")
	pythonBlocks = regexp.MustCompile("(?s)\n`(\\w+\\.py)` [^`]*?:\n\n```python\n(.*?)```")
)

// example is a component as the documentation configures it.
type example struct {
	Type      string
	ClassName string
	Extra     json.RawMessage
	Callbacks *component.Callbacks
}

func readDocument(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// examples returns the documented components by class name.
func examples(t *testing.T) map[string]example {
	t.Helper()
	byName := make(map[string]example)
	for _, block := range jsonBlocks.FindAllStringSubmatch(readDocument(t), -1) {
		var e example
		if err := json.Unmarshal([]byte(block[1]), &e); err != nil {
			t.Fatalf("%v in\n%s", err, block[1])
		}
		if e.Type != "" {
			byName[e.ClassName] = e
		}
	}
	return byName
}

// hostExample hosts a documented component; replace changes its configuration.
func hostExample(t *testing.T, name, dir string, replace ...string) (*hosttest.Hosted, *client.Session) {
	t.Helper()
	factory, err := builtin.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	r := hosttest.New(t)
	inDir := func(cfg component.Config) (component.Component, error) {
		cfg.Dir = dir
		return factory(cfg)
	}
	h := r.Host(inDir, strings.NewReplacer(replace...).Replace(string(examples(t)[name].Extra)))
	return h, r.Join()
}

func TestEachComponentHasAnExample(t *testing.T) {
	t.Parallel()
	documented := examples(t)
	for name, factory := range builtin.Components() {
		e, ok := documented[name]
		if !ok || e.Type != "class" {
			t.Errorf("%s has no example of a class %s", document, name)
			continue
		}
		if _, err := factory(component.Config{Extra: e.Extra}); err != nil {
			t.Errorf("the example of %s: %v", name, err)
		}
	}
	if cb := documented[""].Callbacks; cb == nil || cb.Join == "" {
		t.Errorf("%s has no example of a function", document)
	}
}

func TestExampleOfExec(t *testing.T) {
	t.Parallel()
	if _, err := osexec.LookPath("python3"); err != nil {
		t.Skipf("the example is in Python: %v", err)
	}
	dir := t.TempDir()
	scripts := pythonBlocks.FindAllStringSubmatch(readDocument(t), -1)
	if len(scripts) != 3 {
		t.Fatalf("found %d scripts in %s, want 3", len(scripts), document)
	}
	for _, script := range scripts {
		if err := os.WriteFile(filepath.Join(dir, script[1]), []byte(script[2]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h, s := hostExample(t, "junctor.Exec", dir)
	if sum, err := client.Call[int](t.Context(), s, "com.example.add", client.Args{1, 2, 3}, nil); sum != 6 || err != nil {
		t.Errorf("got %d and error %v, want 6", sum, err)
	}
	for want := 1; want <= 2; want++ {
		if n, err := client.Call[int](t.Context(), s, "com.example.count", nil, nil); n != want || err != nil {
			t.Errorf("got %d and error %v, want %d", n, err, want)
		}
	}
	if _, err := s.Publish(t.Context(), "com.example.log.door", client.Args{"open"}, nil); err != nil {
		t.Fatal(err)
	}
	if got := h.Logs.Await("command wrote to standard error")["text"]; got != "com.example.log.door ['open']" {
		t.Errorf("got log %q", got)
	}
}

func TestExampleOfHTTPCallee(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Method+" "+r.RequestURI+" "+r.Header.Get("Authorization"))
	}))
	t.Cleanup(server.Close)
	_, s := hostExample(t, "junctor.HTTPCallee", "", "https://api.example.com", server.URL)
	got, err := client.Call[wamp.Dict](t.Context(), s, "com.example.api", nil, &client.CallOptions{
		Kwargs: client.Dict{"method": "GET", "url": "users/7", "params": client.Dict{"full": true}},
	})
	if want := "GET /v1/users/7?full=true Bearer s3cr3t"; err != nil || got["content"] != want {
		t.Errorf("got %v and error %v, want %q", got, err, want)
	}
}

func TestExampleOfHTTPForwarder(t *testing.T) {
	t.Parallel()
	posts := make(chan map[string]any, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var body map[string]any
		_ = json.NewDecoder(r.Body).Decode(&body) // what is wrong, the test sees
		posts <- body
	}))
	t.Cleanup(server.Close)
	_, s := hostExample(t, "junctor.HTTPForwarder", "", "https://shop.example.com", server.URL)
	id, err := s.Publish(t.Context(), "com.example.order.new", client.Args{"book", 2}, &client.PublishOptions{Acknowledge: true})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"args": []any{"book", 2.0}, "kwargs": map[string]any{}, "publication": float64(id), "topic": "com.example.order.new"}
	if diff := cmp.Diff(want, <-posts); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// registered makes names fresh when tests are run repeatedly.
var registered atomic.Int64

func TestFind(t *testing.T) {
	t.Parallel()
	own := fmt.Sprintf("com.example.Own%d", registered.Add(1))
	component.Register(own, func(component.Config) (component.Component, error) { return nil, errors.New("own") })
	for _, name := range []string{"junctor.Exec", own} {
		if f, err := builtin.Find(name); f == nil || err != nil {
			t.Errorf("%s: got error %v", name, err)
		}
	}
	_, err := builtin.Find("crossbar.bridge.rest.RESTCallee")
	for _, want := range []string{"crossbar.bridge.rest.RESTCallee", "junctor.Exec", own, "guest"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not name %s", err, want)
		}
	}
}

func TestFactoriesHaveNoEffects(t *testing.T) {
	t.Parallel()
	for name, e := range examples(t) {
		if e.Type != "class" {
			continue
		}
		factory, err := builtin.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		c, err := factory(component.Config{Extra: e.Extra, Dir: "/nowhere"})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := component.Close(context.Background(), c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEveryKeyIsDocumented(t *testing.T) {
	t.Parallel()
	sections := make(map[string]string)
	for section := range strings.SplitSeq(readDocument(t), "\n## ") {
		title, text, _ := strings.Cut(section, "\n")
		sections[title] = text
	}
	for _, tt := range []struct{ name, extra string }{
		{"junctor.Exec", `{"?":1}`},
		{"junctor.Exec", `{"procedures":[{"?":1}]}`},
		{"junctor.Exec", `{"topics":[{"?":1}]}`},
		{"junctor.HTTPCallee", `{"?":1}`},
		{"junctor.HTTPForwarder", `{"?":1}`},
		{"junctor.HTTPForwarder", `{"subscriptions":[{"?":1}]}`},
		{"junctor.HTTPForwarder", `{"retry":{"?":1}}`},
		{"junctor.Link", `{"?":1}`},
		{"junctor.Link", `{"upstream":{"?":1}}`},
		{"junctor.Link", `{"upstream":{"tls":{"?":1}}}`},
		{"junctor.Link", `{"topics":[{"?":1}]}`},
		{"junctor.Link", `{"procedures":[{"?":1}]}`},
	} {
		_, err := builtin.Components()[tt.name](component.Config{Extra: json.RawMessage(tt.extra)})
		if err == nil {
			t.Errorf("%s accepts %s", tt.name, tt.extra)
			continue
		}
		_, known, ok := strings.Cut(err.Error(), "known are ")
		if !ok {
			t.Errorf("%s: error %v names no keys", tt.name, err)
		}
		for key := range strings.SplitSeq(known, ", ") {
			if !strings.Contains(sections[tt.name], "`"+key+"`") && !strings.Contains(sections[tt.name], `"`+key+`"`) {
				t.Errorf("%s does not describe %s of %s", document, key, tt.name)
			}
		}
	}
}

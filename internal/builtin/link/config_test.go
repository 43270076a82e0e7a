package link_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/component"
	"github.com/junctorio/junctor/internal/builtin/hosttest"
	"github.com/junctorio/junctor/internal/builtin/link"
	"github.com/junctorio/junctor/junctortest"
	"github.com/junctorio/junctor/wamp"
)

func TestFindingsInTheConfiguration(t *testing.T) {
	t.Parallel()
	const (
		upstream = `"upstream": {"url": "rs://localhost:8080"}`
		topics   = `"topics": [{"uri": "com.a", "direction": "up"}]`
	)
	for _, tt := range []struct{ name, extra, want string }{
		{"nothing", ``, "extra.upstream.url: is required"},
		{"nothing to link", `{` + upstream + `}`, "extra: neither topics nor procedures to link"},
		{"unknown key", `{` + upstream + `, "topic": []}`, "extra.topic: unknown key; known are keep, max_hops, procedures, queue, queue_bytes, topics, upstream"},
		{"no URL", `{"upstream": {"url": "localhost:8080"}, ` + topics + `}`, "extra.upstream.url: "},
		{"WebSocket", `{"upstream": {"url": "ws://localhost:8080/ws"}, ` + topics + `}`, "extra.upstream.url: websocket is not supported yet; use rs://, rss:// or unix://"},
		{"TLS that is not used", `{"upstream": {"url": "rs://localhost:8080", "tls": {}}, ` + topics + `}`, "extra.upstream.url: does not ask for TLS, but tls is given; write rss://host:port"},
		{"certificate without key", `{"upstream": {"url": "rss://localhost:8080", "tls": {"certificate": "a"}}, ` + topics + `}`, "extra.upstream.tls.certificate: want a certificate with its key, got one of them"},
		{"login of nobody", `{"upstream": {"url": "rs://localhost:8080", "auth": {"ticket": {"ticket": "t"}}}, ` + topics + `}`, "extra.upstream.auth.ticket.authid: is required"},
		{"login without a key", `{"upstream": {"url": "rs://localhost:8080", "auth": {"cryptosign": {}}}, ` + topics + `}`, "extra.upstream.auth.cryptosign.key: is required"},
		{"login without a certificate", `{"upstream": {"url": "rss://localhost:8080", "auth": {"tls": {}}}, ` + topics + `}`, "extra.upstream.auth.tls: there is no tls.certificate to log in with"},
		{"login by an unknown method", `{"upstream": {"url": "rs://localhost:8080", "auth": {"cookie": {}}}, ` + topics + `}`, "extra.upstream.auth.cookie: unknown key"},
		{"a secret that is none", `{"upstream": {"url": "rs://localhost:8080", "auth": {"wampcra": {"authid": "a", "secret": {"path": "x"}}}}, ` + topics + `}`, "extra.upstream.auth.wampcra.secret: want a string"},
		{"bad realm", `{"upstream": {"url": "rs://localhost:8080", "realm": "a..b"}, ` + topics + `}`, `extra.upstream.realm: "a..b" is no valid URI`},
		{"bad serializer", `{"upstream": {"url": "rs://localhost:8080", "serializer": "ubjson"}, ` + topics + `}`, `extra.upstream.serializer: want json, msgpack or cbor, got "ubjson"`},
		{"reconnect upside down", `{"upstream": {"url": "rs://localhost:8080", "reconnect": {"initial": 2, "max": 1}}, ` + topics + `}`, "extra.upstream.reconnect: max 1s is shorter than initial 2s"},
		{"topic without URI", `{` + upstream + `, "topics": [{"direction": "up"}]}`, "extra.topics[0].uri: is required"},
		{"topic without direction", `{` + upstream + `, "topics": [{"uri": "com.a"}]}`, "extra.topics[0].direction: is required: up, down or both"},
		{"bad direction", `{` + upstream + `, "topics": [{"uri": "com.a", "direction": "left"}]}`, `extra.topics[0].direction: want up, down or both, got "left"`},
		{"bad match", `{` + upstream + `, "topics": [{"uri": "com.a", "match": "regex"}]}`, `extra.topics[0].match: want exact, prefix or wildcard, got "regex"`},
		{"meta topics", `{` + upstream + `, "topics": [{"uri": "wamp.session.", "match": "prefix", "direction": "up"}]}`, `extra.topics[0].uri: "wamp.session." is below wamp, which each router keeps for itself (URI-3)`},
		{"topic twice", `{` + upstream + `, "topics": [{"uri": "com.a", "direction": "up"}, {"uri": "com.a", "direction": "both"}]}`, `extra.topics[1].uri: "com.a" has that direction in topics[0] already`},
		{"procedure twice", `{` + upstream + `, "procedures": [{"uri": "com.a", "direction": "down"}, {"uri": "com.a", "direction": "both"}]}`, `extra.procedures[1].uri: "com.a" has that direction in procedures[0] already`},
		{"procedure without direction", `{` + upstream + `, "procedures": [{"uri": "com.a"}]}`, "extra.procedures[0].direction: is required: up, down or both"},
		{"too much concurrency", `{` + upstream + `, "procedures": [{"uri": "com.a", "direction": "up", "concurrency": 70000}]}`, "extra.procedures[0].concurrency: want 1 to 65536, got 70000"},
		{"negative queue", `{` + upstream + `, "queue": -1, ` + topics + `}`, "extra.queue: want 1 to 1000000, got -1"},
		{"too many octets", `{` + upstream + `, "queue_bytes": 2000000000, ` + topics + `}`, "extra.queue_bytes: want 1 to 1073741824, got 2000000000"},
		{"too many hops", `{` + upstream + `, "max_hops": 17, ` + topics + `}`, "extra.max_hops: want 1 to 16, got 17"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := link.New(component.Config{Realm: junctortest.Realm, Extra: json.RawMessage(tt.extra)})
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got error %v, want %s", err, tt.want)
			}
		})
	}
}

func TestSameURIMayGoBothWaysInTwoEntries(t *testing.T) {
	t.Parallel()
	_, err := link.New(component.Config{Realm: junctortest.Realm, Extra: json.RawMessage(`{
		"upstream": {"url": "rs://localhost:8080"},
		"topics": [{"uri": "com.a", "direction": "up"}, {"uri": "com.a", "direction": "down"}, {"uri": "com.a", "match": "prefix", "direction": "up"}],
		"procedures": [{"uri": "com.a", "direction": "up"}, {"uri": "com.a", "direction": "down"}]}`)})
	if err != nil {
		t.Error(err)
	}
}

func TestSocketsAreRelativeToTheNodesDirectory(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"unix://./a%20b.sock":      "unix:///srv/node/a%20b.sock",
		"unix://../a.sock":         "unix:///srv/a.sock",
		"unix:///run/a.sock":       "unix:///run/a.sock",
		"unix://@a":                "unix://@a",
		"rs://localhost:8080":      "rs://localhost:8080",
		"rss://router.example:443": "rss://router.example:443",
	} {
		got, err := link.URL(component.Config{Realm: junctortest.Realm, Dir: "/srv/node", Extra: json.RawMessage(
			`{"upstream": {"url": "` + url + `"}, "topics": [{"uri": "com.a", "direction": "up"}]}`)})
		if got != want || err != nil {
			t.Errorf("%s: got %q (%v), want %q", url, got, err, want)
		}
	}
}

func TestFilesOfTLSAreReadWhenTheLinkJoins(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "empty.pem"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, tls, want string }{
		{"missing authority", `{"ca_certificates": ["empty.pem", "nowhere.pem"]}`, "tls.ca_certificates[0]: empty.pem has no certificate in PEM"},
		{"authority without certificate", `{"ca_certificates": ["nowhere.pem"]}`, "tls.ca_certificates[0]: open " + filepath.Join(dir, "nowhere.pem")},
		{"missing certificate", `{"certificate": "nowhere.pem", "key": "nowhere.key"}`, "tls.certificate: open " + filepath.Join(dir, "nowhere.pem")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := link.New(component.Config{Realm: junctortest.Realm, Dir: dir, Extra: json.RawMessage(
				`{"upstream": {"url": "rss://localhost:1", "tls": ` + tt.tls + `}, "topics": [{"uri": "com.a", "direction": "up"}]}`)})
			if err != nil {
				t.Fatal(err)
			}
			err = c.Join(t.Context(), junctortest.NewRouter(t).Connect(t))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got error %v, want %s", err, tt.want)
			}
		})
	}
}

// example returns the documented extra configuration, with the URL and realm of
// a router of this test.
func example(t *testing.T, url string) string {
	t.Helper()
	text, err := os.ReadFile("../../../docs/components.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## junctor.Link\n")
	_, block, _ := strings.Cut(section, "\n```json\n")
	block, _, _ = strings.Cut(block, "```")
	var config struct {
		Extra map[string]any `json:"extra"`
	}
	if err := json.Unmarshal([]byte(block), &config); err != nil {
		t.Fatal(err)
	}
	config.Extra["upstream"] = map[string]any{"url": url, "realm": junctortest.Realm, "serializer": "cbor"} // not the one here
	extra, err := json.Marshal(config.Extra)
	if err != nil {
		t.Fatal(err)
	}
	return string(extra)
}

func TestExampleOverASocket(t *testing.T) {
	t.Parallel()
	cloud, plant := junctortest.NewRouter(t), hosttest.New(t)
	there := cloud.Connect(t)
	h := plant.Host(link.New, example(t, cloud.URL(t)))
	here := plant.Join()
	h.Logs.Await("client is up")

	register(t, here, "com.example.plant7.open", answer("opened"))
	register(t, there, "com.example.cloud.price", answer("12.50"))
	if got, err := client.Call[string](t.Context(), here, "com.example.cloud.price", nil, nil); got != "12.50" {
		t.Errorf("up: got %q (%v), want 12.50", got, err)
	}
	if got, err := client.Call[string](t.Context(), there, "com.example.plant7.open", nil, nil); got != "opened" {
		t.Errorf("down: got %q (%v), want opened", got, err)
	}
	for _, tt := range []struct {
		name     string
		from, to *client.Session
		topic    wamp.URI
	}{
		{"up", here, there, "com.example.sensor.door"},
		{"down", there, here, "com.example.notice"},
	} {
		events := make(chan string, 1)
		_, err := tt.to.Subscribe(t.Context(), tt.topic, func(_ context.Context, ev *client.Event) {
			var args []string
			_ = ev.Decode(&args, nil) // the test looks at what comes of it
			events <- strings.Join(args, " ")
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		publish(t, tt.from, tt.topic, "text")
		if got := <-events; got != "text" {
			t.Errorf("%s: got event %q, want text", tt.name, got)
		}
	}
}

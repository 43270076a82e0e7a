package transport_test

import (
	"strings"
	"testing"

	"github.com/junctorio/junctor/transport"
)

func TestParseURL(t *testing.T) {
	t.Parallel()
	rs := transport.Address{Transport: "rawsocket", Network: "tcp", Host: "localhost", Port: 8081}
	rss := rs
	rss.TLS = true
	unix := transport.Address{Transport: "rawsocket", Network: "unix", Path: "/run/junctor.sock"}
	for _, test := range []struct {
		name, url string
		want      transport.Address
		text      string // of String; "" means the URL itself
	}{
		{"RawSocket", "rs://localhost:8081", rs, ""},
		{"tcp is an alias of rs", "tcp://localhost:8081", rs, "rs://localhost:8081"},
		{"the scheme may be in capitals", "RS://localhost:8081", rs, "rs://localhost:8081"},
		{"rss means TLS", "rss://localhost:8081", rss, ""},
		{"tcps is an alias of rss", "tcps://localhost:8081", rss, "rss://localhost:8081"},
		{"an IPv6 address in brackets", "rs://[::1]:8081", transport.Address{Transport: "rawsocket", Network: "tcp", Host: "::1", Port: 8081}, ""},
		{"an IPv6 address with a zone", "rs://[fe80::1%25eth0]:8081", transport.Address{Transport: "rawsocket", Network: "tcp", Host: "fe80::1%eth0", Port: 8081}, ""},
		{"a host called unix", "rs://unix:8081", transport.Address{Transport: "rawsocket", Network: "tcp", Host: "unix", Port: 8081}, ""},
		{"a Unix socket", "unix:///run/junctor.sock", unix, ""},
		{"xconn's spelling of it", "unix+rs:///run/junctor.sock", unix, "unix:///run/junctor.sock"},
		{"without an empty host", "unix:/run/junctor.sock", unix, "unix:///run/junctor.sock"},
		{"Autobahn's spelling of it", "rs://unix:/run/junctor.sock", unix, "unix:///run/junctor.sock"},
		{"TLS over a Unix socket", "rss://unix:/run/j.sock", transport.Address{Transport: "rawsocket", Network: "unix", TLS: true, Path: "/run/j.sock"}, ""},
		{"a relative path", "unix://./j.sock", transport.Address{Transport: "rawsocket", Network: "unix", Path: "./j.sock"}, ""},
		{"an abstract socket", "unix://@junctor", transport.Address{Transport: "rawsocket", Network: "unix", Path: "@junctor"}, ""},
		{"a path with octets that a URL escapes", "unix:///tmp/a%20b%3F%25", transport.Address{Transport: "rawsocket", Network: "unix", Path: "/tmp/a b?%"}, ""},
		{"WebSocket with a path and a query", "ws://localhost:8080/ws?a=b", transport.Address{Transport: "websocket", Network: "tcp", Host: "localhost", Port: 8080, Resource: "/ws?a=b"}, ""},
		{"WebSocket's default port", "ws://localhost", transport.Address{Transport: "websocket", Network: "tcp", Host: "localhost", Port: 80, Resource: "/"}, "ws://localhost:80/"},
		{"WebSocket's default port for TLS", "wss://localhost/ws", transport.Address{Transport: "websocket", Network: "tcp", TLS: true, Host: "localhost", Port: 443, Resource: "/ws"}, "wss://localhost:443/ws"},
		{"WebSocket over a Unix socket", "unix+ws:///run/j.sock", transport.Address{Transport: "websocket", Network: "unix", Path: "/run/j.sock"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := transport.ParseURL(test.url)
			if err != nil || got != test.want {
				t.Fatalf("ParseURL(%q) = %+v, %v, want %+v", test.url, got, err, test.want)
			}
			text := test.text
			if text == "" {
				text = test.url
			}
			if got.String() != text {
				t.Errorf("String() = %q, want %q", got, text)
			}
		})
	}
}

func TestParseURLSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, url, hint string }{
		{"no scheme", "localhost:8081", `"rs://localhost:8080"`},
		{"a path after the scheme of a host", "rs:/run/j.sock", `"unix:///path/to.sock"`},
		{"an unknown scheme", "http://localhost:8081", "known are rs, rss"},
		{"no port", "rs://localhost", `"rs://localhost:8080"`},
		{"an empty port", "rs://localhost:", `"rs://localhost:8080"`},
		{"no port after an IPv6 address", "rss://[::1]", `"rss://[::1]:8080"`},
		{"port zero", "rs://localhost:0", "1 to 65535"},
		{"a port out of range", "rs://localhost:65536", "1 to 65535"},
		{"a port that is no number", "rs://localhost:http", "1 to 65535"},
		{"no host", "rs://:8081", "localhost:8080"},
		{"an IPv6 address without brackets", "rs://::1:8081", "brackets"},
		{"a bracket that is not closed", "rs://[::1:8081", "brackets"},
		{"an IPv4 address in brackets", "rs://[127.0.0.1]:8081", "IPv6"},
		{"a host with a space", "rs://local host:8081", "host name"},
		{"a path", "rs://localhost:8081/ws", `remove "/ws"`},
		{"a query", "rss://localhost:8081?a=b", `remove "?a=b"`},
		{"a fragment", "tcp://localhost:8081#a", `remove "#a"`},
		{"a user", "rs://me@localhost:8081", "remove what stands before @"},
		{"a Unix socket without a path", "unix://", "unix:///path/to.sock"},
		{"a Unix socket with two slashes only", "unix://run/j.sock", `"unix:///run/j.sock"`},
		{"a Unix socket with a query", "unix:///run/j.sock?a", "%3F"},
		{"a Unix socket with a lone percent sign", "unix:///run/100%", "%25"},
		{"a Unix socket with a NUL", "unix:///run/%00", "NUL"},
		{"a WebSocket URL with a fragment", "ws://localhost/ws#a", "fragment"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a, err := transport.ParseURL(test.url)
			if err == nil {
				t.Fatalf("ParseURL(%q) = %+v, want an error", test.url, a)
			}
			if !strings.Contains(err.Error(), test.hint) {
				t.Errorf("ParseURL(%q): %v; want a hint with %q", test.url, err, test.hint)
			}
		})
	}
}

func TestAddressForDialing(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"rs://[::1]:8081":     "[::1]:8081",
		"unix:///run/a%20b":   "/run/a b",
		"rss://unix:@junctor": "@junctor",
	} {
		a, err := transport.ParseURL(url)
		if err != nil || a.DialAddress() != want {
			t.Errorf("DialAddress of %s: %q, %v, want %q", url, a.DialAddress(), err, want)
		}
	}
}

func FuzzParseURL(f *testing.F) {
	for _, seed := range []string{
		"rs://localhost:8081", "rss://[::1%25a]:1", "unix:///a%20b", "rs://unix:/a", "unix:/a", "wss://h/ws?q", "unix://@a", "unix+ws://./a",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := transport.ParseURL(s)
		if err != nil {
			return
		}
		again, err := transport.ParseURL(a.String())
		if err != nil || again != a {
			t.Errorf("%q reads as %+v, which writes as %q, which reads as %+v, %v", s, a, a.String(), again, err)
		}
	})
}

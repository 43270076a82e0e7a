package transport

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Address says where a router listens and how to speak to it. ParseURL makes
// one from a URL; it is plain data.
type Address struct {
	Transport string // "rawsocket" or "websocket"
	Network   string // "tcp" or "unix"
	TLS       bool
	Host      string // tcp: a name or an IP address without brackets
	Port      int    // tcp: 1 to 65535
	Path      string // unix: the socket's path; "@name" is an abstract socket
	Resource  string // websocket over tcp: path and query of the request, such as "/ws"
}

// scheme is what a URL's scheme stands for.
type scheme struct {
	transport string
	network   string
	tls       bool
}

// schemes are the URL schemes junctor knows (section 1.7 of the rules). The
// name that String writes for a kind comes first among its aliases.
var schemes = map[string]scheme{
	"rs":      {transport: "rawsocket", network: "tcp"},
	"tcp":     {transport: "rawsocket", network: "tcp"},
	"rss":     {transport: "rawsocket", network: "tcp", tls: true},
	"tcps":    {transport: "rawsocket", network: "tcp", tls: true},
	"unix":    {transport: "rawsocket", network: "unix"},
	"unix+rs": {transport: "rawsocket", network: "unix"},
	"ws":      {transport: "websocket", network: "tcp"},
	"wss":     {transport: "websocket", network: "tcp", tls: true},
	"unix+ws": {transport: "websocket", network: "unix"},
}

// ParseURL parses the URL of a router:
//
//	rs://host:port      RawSocket over TCP; also tcp://
//	rss://host:port     RawSocket over TLS; also tcps://
//	unix:///path        RawSocket over a Unix socket; also unix:/path, unix+rs:///path and rs://unix:/path
//	unix://@name        the same over an abstract socket (Linux)
//	ws://host:port/path WebSocket over TCP; wss:// over TLS; unix+ws:///path over a Unix socket
//
// RawSocket has no default port, so one must be given. A RawSocket URL has no
// user, path, query or fragment. A Unix path is absolute, or begins with "./"
// or "../"; octets that mean something in a URL are written as %XX. The error
// names the URL and what it should look like.
func ParseURL(s string) (Address, error) {
	name, rest, found := strings.Cut(s, "://")
	if !found {
		name, rest, found = strings.Cut(s, ":")
		found = found && strings.HasPrefix(rest, "/") && schemes[strings.ToLower(name)].network == "unix"
	}
	if !found {
		return Address{}, urlError(s, `no scheme; write for example "rs://localhost:8080" or "unix:///path/to.sock"`)
	}
	kind, known := schemes[strings.ToLower(name)]
	if !known {
		return Address{}, urlError(s, "unknown scheme %q; known are rs, rss, unix, tcp, tcps, unix+rs, ws, wss and unix+ws", name)
	}
	a := Address{Transport: kind.transport, Network: kind.network, TLS: kind.tls}
	path, onUnix := strings.CutPrefix(rest, "unix:")
	switch {
	case kind.network == "unix":
		return a.withPath(s, rest)
	case onUnix && path != "" && strings.Contains("/.@", path[:1]): // not a host called unix
		a.Network = "unix"
		return a.withPath(s, path)
	}
	return a.withHost(s, rest)
}

// withPath completes the address of a Unix socket from what follows "://".
func (a Address) withPath(s, rest string) (Address, error) {
	if i := strings.IndexAny(rest, "?#"); i >= 0 {
		return Address{}, urlError(s, "a Unix socket's URL has no %q part; write %%%02X if it belongs to the path", rest[i], rest[i])
	}
	path, err := url.PathUnescape(rest)
	switch {
	case err != nil:
		return Address{}, urlError(s, `a "%%" in a path is written as %%25`)
	case strings.ContainsRune(path, 0):
		return Address{}, urlError(s, "the path contains a NUL")
	case path == "" || path == "@" || path == "/":
		return Address{}, urlError(s, `no path; write for example "unix:///path/to.sock"`)
	case path[0] != '/' && path[0] != '@' && !strings.HasPrefix(path, "./") && !strings.HasPrefix(path, "../"):
		return Address{}, urlError(s, `the path must begin with "/", as in "unix:///%s"`, rest)
	}
	a.Path = path
	return a, nil
}

// withHost completes an address over TCP from what follows "://".
func (a Address) withHost(s, rest string) (Address, error) {
	authority, resource := rest, ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority, resource = rest[:i], rest[i:]
	}
	if strings.Contains(authority, "@") {
		return Address{}, urlError(s, "user and password do not belong into the URL; remove what stands before @")
	}
	if err := a.setResource(resource); err != nil {
		return Address{}, urlError(s, "%w", err)
	}
	if err := a.setHostPort(authority); err != nil {
		return Address{}, urlError(s, "%w", err)
	}
	return a, nil
}

func (a *Address) setResource(resource string) error {
	if a.Transport != "websocket" {
		if resource != "" {
			return fmt.Errorf("RawSocket has no paths; remove %q", resource)
		}
		return nil
	}
	if strings.Contains(resource, "#") {
		return errors.New("a WebSocket URL has no fragment; remove it")
	}
	if _, err := url.ParseRequestURI("/" + resource); err != nil {
		return fmt.Errorf("%q is no valid path", resource)
	}
	a.Resource = resource
	if !strings.HasPrefix(resource, "/") {
		a.Resource = "/" + resource
	}
	return nil
}

func (a *Address) setHostPort(authority string) error {
	host, port, found := authority, "", false
	if i := strings.LastIndexByte(authority, ':'); i >= 0 && !strings.HasSuffix(authority, "]") {
		host, port, found = authority[:i], authority[i+1:], true
	}
	if err := a.setHost(host); err != nil {
		return err
	}
	if !found || port == "" {
		return a.setDefaultPort()
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return fmt.Errorf("port %q is not a number from 1 to 65535", port)
	}
	a.Port = int(n)
	return nil
}

func (a *Address) setHost(host string) error {
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		ip, err := netip.ParseAddr(strings.Replace(inner, "%25", "%", 1))
		if !ok || err != nil || !ip.Is6() || !plainHost(ip.Zone()) {
			return fmt.Errorf("%q is no IPv6 address in brackets", host)
		}
		a.Host = ip.String()
		return nil
	}
	switch {
	case host == "":
		return errors.New("no host; write for example localhost:8080 after ://")
	case strings.Contains(host, ":"):
		return fmt.Errorf(`an IPv6 address stands in brackets, as in "[::1]:8080"; got %q`, host)
	case !plainHost(host):
		return fmt.Errorf("%q is no host name", host)
	}
	a.Host = host
	return nil
}

// setDefaultPort gives WebSocket its registered port. RawSocket has none:
// guessing 80 or 443, as others do, meets a web server and a puzzled user.
func (a *Address) setDefaultPort() error {
	switch {
	case a.Transport != "websocket":
		return fmt.Errorf(`no port, and RawSocket has no default; write "%s://%s:8080" with the router's port`, a.scheme(), bracketed(a.Host))
	case a.TLS:
		a.Port = 443
	default:
		a.Port = 80
	}
	return nil
}

// plainHost reports whether every octet of s may stand in a host name or zone.
func plainHost(s string) bool {
	for _, c := range []byte(s) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (c < '0' || c > '9') && c != '-' && c != '.' && c != '_' && c < 0x80 {
			return false
		}
	}
	return true
}

// HostPort is the address to connect to over TCP, such as "[::1]:8080".
func (a Address) HostPort() string { return net.JoinHostPort(a.Host, strconv.Itoa(a.Port)) }

// DialAddress is the address in the form that package net takes together with
// a.Network: host and port, or the socket's path.
func (a Address) DialAddress() string {
	if a.Network == "unix" {
		return a.Path
	}
	return a.HostPort()
}

// String returns the URL that ParseURL reads as a, in its preferred spelling.
func (a Address) String() string {
	if a.Network != "unix" {
		return a.scheme() + "://" + net.JoinHostPort(strings.Replace(a.Host, "%", "%25", 1), strconv.Itoa(a.Port)) + a.Resource
	}
	path := (&url.URL{Path: a.Path}).EscapedPath()
	if a.TLS {
		return a.scheme() + "://unix:" + path
	}
	return a.scheme() + "://" + path
}

func (a Address) scheme() string {
	switch {
	case a.Transport == "websocket" && a.TLS:
		return "wss"
	case a.Transport == "websocket" && a.Network == "unix":
		return "unix+ws"
	case a.Transport == "websocket":
		return "ws"
	case a.TLS:
		return "rss"
	case a.Network == "unix":
		return "unix"
	}
	return "rs"
}

func bracketed(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

func urlError(s, format string, args ...any) error {
	return fmt.Errorf("address %q: %w", s, fmt.Errorf(format, args...))
}

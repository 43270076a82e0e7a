package config

import (
	"strings"
	"time"

	"github.com/junctorio/junctor/transport"
)

// connectURLField is read by resolveURL, which knows the endpoint.
var connectURLField = field[ConnectTransport]{
	key: "url", absent: "none",
	is: binding[ConnectTransport]{
		words: "a URL", link: "a URL such as `rs://host:port`, `rss://host:port` or `rs://unix:/path`",
		schema: schema{"type": "string"}, read: func(*checker, *value, *ConnectTransport) {},
	},
	doc:  "Where the router listens, in place of an endpoint.",
	note: "ignores it.",
}

// resolveURL gives a transport without an endpoint the one of its URL.
func (c *checker) resolveURL(v *value, t *ConnectTransport) {
	url, endpoint := v.get("url"), v.get("endpoint")
	switch {
	case url == nil && endpoint == nil:
		c.fail(MissingKey, v.position(), "it must be an object, or \"url\" a URL", `the key "endpoint" is missing`)
	case url == nil:
	case url.kind != isText:
		c.wrongType(url, "a URL", "")
	case endpoint != nil:
		if there, problem := c.endpointOf(url.text); problem != "" || !sameEndpoint(there, t.Endpoint) {
			c.warn(Ignored, url.keyPosition(), "", "ignored: the endpoint says where to connect (in Crossbar.io too)")
		}
	default:
		there, problem := c.endpointOf(url.text)
		if problem != "" {
			c.fail(BadValue, url.position(), "", "%s", problem)
			return
		}
		c.warn(Portability, url.keyPosition(), "", "Crossbar.io wants an endpoint and ignores the URL")
		there.Place = Place{v: url}
		t.Endpoint = there
	}
}

// endpointOf returns what a URL names, or what is wrong with it.
func (c *checker) endpointOf(url string) (e ConnectEndpoint, problem string) {
	const timeout = 10 * time.Second
	a, err := transport.ParseURL(url)
	switch {
	case err != nil:
		return e, strings.TrimPrefix(err.Error(), "transport: ")
	case a.Transport != "rawsocket":
		return e, quote(url) + " is not the URL of a RawSocket transport, which begins with rs://, rss:// or unix://"
	case a.Network == "unix":
		e.Unix = &UnixConnect{Path: c.joinSocket(a.Path), Timeout: timeout}
		return e, ""
	}
	e.TCP = &TCPConnect{Host: a.Host, Port: a.Port, Timeout: timeout}
	if a.TLS {
		e.TCP.TLS = &TLSConnect{Hostname: a.Host}
	}
	return e, ""
}

// sameEndpoint reports whether both lead to the same place.
func sameEndpoint(a, b ConnectEndpoint) bool {
	switch {
	case a.Unix != nil && b.Unix != nil:
		return a.Unix.Path == b.Unix.Path
	case a.TCP != nil && b.TCP != nil:
		return a.TCP.Host == b.TCP.Host && a.TCP.Port == b.TCP.Port && (a.TCP.TLS == nil) == (b.TCP.TLS == nil)
	}
	return false
}

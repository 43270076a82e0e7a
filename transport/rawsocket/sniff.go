package rawsocket

import (
	"fmt"
	"io"
	"net"
	"time"
)

const (
	tlsHandshake = 0x16 // the first octet of a TLS ClientHello
	tlsAlert     = 0x15
)

// describeOctets names the protocol that begins with b, as far as it can be
// told from a few octets.
func describeOctets(b []byte) string {
	switch {
	case len(b) == 0:
		return "nothing"
	case b[0] == magic:
		return "RawSocket"
	case b[0] == tlsHandshake || b[0] == tlsAlert:
		return "TLS"
	case looksLikeHTTP(b):
		return "HTTP or WebSocket"
	case b[0] == 0x10:
		return "MQTT"
	}
	return fmt.Sprintf("octets %x", b)
}

// looksLikeHTTP reports whether b begins a request ("GET ", "POST", "PRI ") or
// a response ("HTTP").
func looksLikeHTTP(b []byte) bool {
	for i, c := range b {
		if c < 'A' || c > 'Z' {
			return i >= 3 && (c == ' ' || c == '/')
		}
	}
	return len(b) > 0
}

// refuseProtocol answers a peer that speaks something else than what the port
// does, in the peer's own words where that is possible.
func refuseProtocol(nc net.Conn, head []byte, url string) {
	_ = nc.SetDeadline(time.Now().Add(lingerTime))
	switch {
	case looksLikeHTTP(head):
		_, _ = io.WriteString(nc, httpRefusal(url))
	case head[0] == tlsHandshake:
		// A fatal handshake_failure, which clients report as what it is.
		_, _ = nc.Write([]byte{tlsAlert, 3, 3, 0, 2, 2, 40})
	}
	linger(nc)
}

func httpRefusal(url string) string {
	body := "This port speaks WAMP over RawSocket, not HTTP or WebSocket.\n" +
		"Connect to it with a WAMP client and the URL " + url + "\n"
	return "HTTP/1.1 400 Bad Request\r\n" +
		"Content-Type: text/plain; charset=utf-8\r\n" +
		fmt.Sprintf("Content-Length: %d\r\n", len(body)) +
		"Connection: close\r\n\r\n" + body
}

const (
	lingerTime   = 500 * time.Millisecond
	lingerOctets = 64 << 10
)

// linger lets the peer read what was written: closing a socket with unread
// octets in it resets the connection, and the peer might drop the answer.
func linger(nc net.Conn) {
	half, ok := nc.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, nc, lingerOctets)
}

// urlOf is the URL at which a listener at addr is reached.
func urlOf(addr net.Addr, secure bool) string {
	scheme := "rs"
	if secure {
		scheme = "rss"
	}
	switch {
	case addr.Network() != "unix":
		return scheme + "://" + addr.String()
	case secure:
		return "rss://unix:" + addr.String()
	}
	return "unix://" + addr.String()
}

// peerName names a peer in logs. A client of a Unix socket has no address.
func peerName(addr net.Addr) string {
	if addr == nil {
		return "unknown"
	}
	if s := addr.String(); s != "" && s != "@" {
		return s
	}
	return addr.Network()
}

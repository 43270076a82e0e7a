// Package rawsocket carries WAMP messages over RawSocket: a handshake of four
// octets in each direction, then frames of a four-octet header and a message
// (section 1 of the rules, RS-1 to RS-25). It runs over TCP, TLS and Unix
// sockets.
//
// Listen makes a transport.Listener, Dial a transport.Conn. Both hand out
// *Conn values, which are safe as transport.Conn says: one goroutine reads, one
// at a time writes, anybody closes.
//
// The handshake and the frame headers are parsed by functions that take and
// return octets (handshake.go, frame.go). A Conn reads with one system call
// whatever has arrived, into a buffer that it holds only while there is
// something to read (read.go), and writes without blocking where the system
// allows it (write.go); over TLS and on systems without such calls it falls
// back to package net (stream.go).
//
// # Limits
//
// A limit on messages is enforced exactly as configured; the handshake can
// only announce powers of two and announces the largest one that is not above
// (AnnouncedLimit). Between two junctor peers that are both configured for
// 32 MiB or more, messages may be larger than 16 MiB: see upgrade.go.
//
// # What a peer can cost
//
// A connection in the handshake is closed after a time limit. Afterwards a
// peer may take its time: a frame that arrives slowly holds no more memory
// than about four times what has arrived (over TLS a read buffer), and dead
// peers are found by TCP keepalive and TCP_USER_TIMEOUT, which are on by
// default. Answers to PINGs are never larger than the PINGs of one read.
//
// An idle connection holds no buffer. It costs about 6 KB over TCP and 20 KB
// over TLS, its goroutine included (4000 connections, Linux on amd64).
package rawsocket

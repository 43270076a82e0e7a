package config

import "time"

// ListenEndpoint is where a transport listens. Exactly one of the pointers is
// set.
type ListenEndpoint struct {
	Place
	TCP  *TCPListen
	Unix *UnixListen
}

// TCPListen is a listening TCP endpoint. Either Port counts or, if
// PortRange.High is not 0, the first port of PortRange that is free.
type TCPListen struct {
	Port        int // 0 lets the system choose; environment variables are resolved
	PortRange   PortRange
	Version     int    // 4 or 6
	Interface   string // address to bind, "" means all of Version
	Backlog     int    // connections that wait to be accepted
	Shared      bool   // SO_REUSEPORT
	UserTimeout time.Duration
	TLS         *TLSListen // nil means without TLS
}

// PortRange is a range of TCP ports, both ends included.
type PortRange struct {
	Low, High int
}

// UnixListen is a listening Unix domain socket endpoint.
type UnixListen struct {
	Path    string // absolute if the node directory is; environment variables are expanded
	Backlog int    // connections that wait to be accepted
	Mode    uint32 // permission bits of the socket file
	Owner   string // user name or number, "" means the process's
	Group   string // group name or number, "" means the process's
}

// ConnectEndpoint is where a transport connects to. Exactly one of the
// pointers is set.
type ConnectEndpoint struct {
	Place
	TCP  *TCPConnect
	Unix *UnixConnect
}

// TCPConnect is a connecting TCP endpoint.
type TCPConnect struct {
	Host    string
	Port    int
	Version int           // 4 or 6
	Timeout time.Duration // for TCP and TLS together; 0 means none
	TLS     *TLSConnect   // nil means without TLS
}

// UnixConnect is a connecting Unix domain socket endpoint.
type UnixConnect struct {
	Path    string        // absolute if the node directory is
	Timeout time.Duration // 0 means none
}

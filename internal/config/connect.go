package config

import "time"

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

var connectEndpointVariants = variants[ConnectEndpoint]{
	name:    "connectEndpoint",
	title:   "Connecting endpoint",
	noun:    "endpoint",
	objects: []variant[ConnectEndpoint]{{"tcp", &tcpConnectObject}, {"unix", &unixConnectObject}},
	later:   []string{"twisted", "tor"},
	hints:   endpointHints,
}

var tcpConnectObject = object[ConnectEndpoint]{
	name:      "tcpConnect",
	title:     "Connecting TCP endpoint",
	begin:     func(e *ConnectEndpoint) { e.TCP = new(TCPConnect) },
	strangers: map[string]string{"interface": `the address to connect to is "host"`, "path": `a path belongs to the endpoint type "unix"`},
	fields: append(
		[]field[ConnectEndpoint]{typeOnly[ConnectEndpoint]("tcp")},
		nested(func(e *ConnectEndpoint) *TCPConnect { return e.TCP }, tcpConnectFields...)...,
	),
}

var tcpConnectFields = []field[TCPConnect]{
	{
		key: "host", required: true,
		is:  into(anyText, func(e *TCPConnect) *string { return &e.Host }),
		doc: "Name or address of the router's machine.",
	},
	{
		key: "port", required: true,
		is: into(integer(1, 65535, ""), func(e *TCPConnect) *int { return &e.Port }),
	},
	{
		key: "version", is: into(ipVersion, func(e *TCPConnect) *int { return &e.Version }),
		def: "4", doc: "IP version.",
	},
	{
		key: "timeout", is: into(connectTimeout, func(e *TCPConnect) *time.Duration { return &e.Timeout }),
		def: "10", doc: "How long connecting may take, TLS included; 0 means as long as it likes.",
	},
	{
		key: "tls", is: into(pointer(tlsConnectObject.form()), func(e *TCPConnect) **TLSConnect { return &e.TLS }),
		absent: "no TLS", doc: "Speak TLS.",
	},
}

var connectTimeout = duration(0, 600, time.Second, "seconds")

var unixConnectObject = object[ConnectEndpoint]{
	name:      "unixConnect",
	title:     "Connecting Unix domain socket endpoint",
	begin:     func(e *ConnectEndpoint) { e.Unix = new(UnixConnect) },
	strangers: map[string]string{"port": `a port belongs to the endpoint type "tcp"`, "tls": `TLS belongs to the endpoint type "tcp"`},
	fields: append(
		[]field[ConnectEndpoint]{typeOnly[ConnectEndpoint]("unix")},
		nested(func(e *ConnectEndpoint) *UnixConnect { return e.Unix }, unixConnectFields...)...,
	),
}

var unixConnectFields = []field[UnixConnect]{
	{
		key: "path", required: true,
		is:  into(connectPath, func(e *UnixConnect) *string { return &e.Path }),
		doc: "The socket file, relative to the node directory. Environment variables are not expanded.",
	},
	{
		key: "timeout", is: into(connectTimeout, func(e *UnixConnect) *time.Duration { return &e.Timeout }),
		def: "10", doc: "How long connecting may take; 0 means as long as it likes.",
	},
}

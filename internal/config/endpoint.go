package config

import (
	"net/netip"
	"regexp"
	"strconv"
	"time"
)

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
	Path    string // absolute if the node directory is; environment variables are expanded; "@name" is an abstract socket
	Backlog int    // connections that wait to be accepted
	Mode    uint32 // permission bits of the socket file; 0 for an abstract socket, which has none
	Owner   string // user name or number, "" means the process's
	Group   string // group name or number, "" means the process's
}

var listenEndpointVariants = variants[ListenEndpoint]{
	name:    "listenEndpoint",
	title:   "Listening endpoint",
	noun:    "endpoint",
	objects: []variant[ListenEndpoint]{{name: "tcp", object: &tcpListenObject}, {name: "unix", object: &unixListenObject}},
	later:   []string{"twisted", "onion"},
	hints:   endpointHints,
}

var endpointHints = map[string]string{
	"tls": `TLS is the key "tls" of a "tcp" endpoint`,
	"ssl": `TLS is the key "tls" of a "tcp" endpoint`,
}

var tcpListenObject = object[ListenEndpoint]{
	name:      "tcpListen",
	title:     "Listening TCP endpoint",
	begin:     func(e *ListenEndpoint) { e.TCP = new(TCPListen) },
	strangers: map[string]string{"host": `the address to listen at is "interface"`, "path": `a path belongs to the endpoint type "unix"`},
	fields: append(
		[]field[ListenEndpoint]{typeOnly[ListenEndpoint]("tcp")},
		nested(func(e *ListenEndpoint) *TCPListen { return e.TCP }, tcpListenFields...)...,
	),
	finish: func(c *checker, v *value, e *ListenEndpoint) {
		c.checkPort(v)
		c.checkInterface(v, e.TCP)
	},
}

var tcpListenFields = []field[TCPListen]{
	{
		key: "port", is: into(listenPort, func(e *TCPListen) *int { return &e.Port }),
		absent: "required unless `portrange`",
		doc:    "The port. `\"$NAME\"` takes it from an environment variable; 0 lets the system choose one, which is logged.",
		note:   "refuses 0.",
	},
	{
		key: "portrange", is: into(portRange, func(e *TCPListen) *PortRange { return &e.PortRange }),
		absent: "none", doc: "Listen at the first free port between these two, instead of `port`.",
	},
	{
		key: "version", is: into(ipVersion, func(e *TCPListen) *int { return &e.Version }),
		def: "4", doc: "IP version. Without it, the version of `interface` counts.", note: "ignores 6 together with `shared` or `user_timeout`, and cannot have it with `tls`.",
	},
	{
		key: "interface", is: into(maybeEmpty, func(e *TCPListen) *string { return &e.Interface }),
		def: `""`, doc: "The address to listen at, empty for all of this machine's.",
	},
	{
		key: "backlog", is: into(backlog, func(e *TCPListen) *int { return &e.Backlog }),
		absent: "the system's maximum", doc: "How many connections may wait to be accepted.", note: "has 50 by default, at which a burst of clients waits for seconds.",
	},
	{
		key: "shared", is: into(boolean, func(e *TCPListen) *bool { return &e.Shared }),
		def: "false", doc: "Let other listeners have the same port (`SO_REUSEPORT`).",
	},
	{
		key: "user_timeout", is: into(duration(0, 65535, time.Millisecond, "milliseconds"), func(e *TCPListen) *time.Duration { return &e.UserTimeout }),
		absent: "`60000`, on Linux", doc: "How long sent octets may stay unacknowledged before the connection counts as lost (`TCP_USER_TIMEOUT`, Linux only). 0 stands for the default.",
		note: "leaves it to the system by default.",
	},
	{
		key: "tls", is: into(pointer(tlsListenObject.form()), func(e *TCPListen) **TLSListen { return &e.TLS }),
		absent: "no TLS", doc: "Speak TLS.",
	},
}

var backlog = integer(1, 65535, "")

// maybeEmpty is any string.
var maybeEmpty = form[string]{
	words: "a string", schema: schema{"type": "string"},
	read: func(c *checker, v *value) (string, bool) {
		if v.kind != isText {
			c.wrongType(v, "a string", "")
		}
		return v.text, v.kind == isText
	},
}

var portVariable = regexp.MustCompile(`^\$([a-zA-Z_][a-zA-Z0-9_]*)$`)

var portNumber = integer(0, 65535, "")

// listenPort is a port, or an environment variable that holds one.
var listenPort = form[int]{
	words:  `a port number, or "$NAME" for an environment variable`,
	schema: schema{"anyOf": []schema{portNumber.schema, {"type": "string", "pattern": portVariable.String()}}},
	read: func(c *checker, v *value) (int, bool) {
		if v.kind != isText {
			return portNumber.read(c, v)
		}
		name := portVariable.FindStringSubmatch(v.text)
		if name == nil {
			c.wrongType(v, `a port number, or "$NAME" for an environment variable`, "")
			return 0, false
		}
		return c.portFromEnv(v, name[1])
	},
}

func (c *checker) portFromEnv(v *value, name string) (int, bool) {
	setting, ok := c.lookupEnv(name)
	if !ok {
		c.fail(Unresolved, v.position(), "set it, or write the number", "the environment variable %s is not set", name)
		return 0, false
	}
	port, err := strconv.ParseUint(setting, 10, 16)
	if err != nil {
		c.fail(BadValue, v.position(), "", "the environment variable %s is %s, not a port from 0 to 65535", name, quote(setting))
	}
	return int(port), err == nil
}

// portRange is a pair of ports in ascending order.
var portRange = form[PortRange]{
	words:  "a list of two ports, the lower one first",
	schema: schema{"type": "array", "items": schema{"type": "integer", "minimum": 1, "maximum": 65535}, "minItems": 2, "maxItems": 2},
	read: func(c *checker, v *value) (PortRange, bool) {
		ports, ok := listOf(integer(1, 65535, "")).read(c, v)
		if !ok {
			return PortRange{}, false
		}
		if len(ports) != 2 || ports[0] > ports[1] {
			c.fail(BadValue, v.position(), "such as [8080, 8090]", "must be a list of two ports, the lower one first")
			return PortRange{}, false
		}
		return PortRange{ports[0], ports[1]}, true
	},
}

// ipVersion is 4 or 6.
var ipVersion = form[int]{
	words: "4 or 6", schema: schema{"enum": []int{4, 6}},
	read: func(c *checker, v *value) (int, bool) {
		switch {
		case v.kind != isInteger:
			c.wrongType(v, "the number 4 or 6", "")
		case v.integer != 4 && v.integer != 6:
			c.fail(BadValue, v.position(), "", "must be 4 or 6, is %d", v.integer)
		default:
			return int(v.integer), true
		}
		return 0, false
	},
}

// checkPort checks that the endpoint has a port or a range of ports.
func (c *checker) checkPort(v *value) {
	port, ports := v.get("port"), v.get("portrange")
	switch {
	case port == nil && ports == nil:
		c.fail(MissingKey, v.position(), `add "port", or "portrange" to choose from several`, `the key "port" is missing`)
	case port != nil && ports != nil:
		c.warn(Ignored, port.keyPosition(), "remove one of the two", "ignored: portrange counts (in Crossbar.io too)")
	}
}

// checkInterface brings the IP version and the address to listen at together.
func (c *checker) checkInterface(v *value, e *TCPListen) {
	e.Version = c.versionOf(v, "interface", e.Interface, e.Version)
}

// versionOf returns the IP version of an endpoint whose address stands under
// the key: that of the address if it is one and no name.
func (c *checker) versionOf(v *value, key, text string, version int) int {
	address, err := netip.ParseAddr(text)
	if err != nil {
		return version // empty, or a name that is looked up later
	}
	its := 4
	if address.Is6() && !address.Is4In6() {
		its = 6
	}
	if configured := v.get("version"); configured != nil && version != its {
		c.fail(Conflict, configured.position(), "", "the %s %s is an address of IP version %d", key, text, its)
	}
	return its
}

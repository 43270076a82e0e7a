package config

import (
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// maxSocketPath is the longest path that fits into any system's sockaddr_un:
// Linux has room for 108 octets with the final NUL (others for 104, which shows
// when listening).
const maxSocketPath = 107

var unixListenObject = object[ListenEndpoint]{
	name:      "unixListen",
	title:     "Listening Unix domain socket endpoint",
	begin:     func(e *ListenEndpoint) { e.Unix = new(UnixListen) },
	strangers: map[string]string{"port": `a port belongs to the endpoint type "tcp"`, "tls": `TLS belongs to the endpoint type "tcp"`},
	fields: append(
		[]field[ListenEndpoint]{typeOnly[ListenEndpoint]("unix")},
		nested(func(e *ListenEndpoint) *UnixListen { return e.Unix }, unixListenFields...)...,
	),
	finish: func(c *checker, v *value, e *ListenEndpoint) {
		if !strings.HasPrefix(e.Unix.Path, "@") {
			return
		}
		e.Unix.Mode = 0
		for _, key := range []string{"mode", "owner", "group"} {
			if member := v.get(key); member != nil {
				c.fail(Conflict, member.keyPosition(), "remove it, or choose a path without @", "an abstract socket has no %s", key)
			}
		}
	},
}

var unixListenFields = []field[UnixListen]{
	{
		key: "path", required: true,
		is:   into(listenPath, func(e *UnixListen) *string { return &e.Path }),
		doc:  "The socket file, relative to the node directory; `$NAME` and `${NAME}` stand for environment variables. A stale socket file is replaced; anything else there is an error. `@name` is an abstract socket of Linux, to which every local user can connect.",
		note: "deletes whatever exists at the path, directories with their content too; makes a file `@name`.",
	},
	{
		key: "backlog", is: into(backlog, func(e *UnixListen) *int { return &e.Backlog }),
		absent: "the system's maximum", doc: "How many connections may wait to be accepted.", note: "has 50 by default, at which a burst of clients waits for seconds.",
	},
	{
		key: "mode", added: true, def: `"0660"`,
		is:   into(fileMode, func(e *UnixListen) *uint32 { return &e.Mode }),
		doc:  "Who may connect: the permissions of the socket file, as octal digits in quotes.",
		note: "always makes it 0666: every local user may connect.",
	},
	{
		key: "owner", added: true, absent: "the process's user",
		is:  into(account, func(e *UnixListen) *string { return &e.Owner }),
		doc: "The user that the socket file belongs to.",
	},
	{
		key: "group", added: true, absent: "the process's group",
		is:  into(account, func(e *UnixListen) *string { return &e.Group }),
		doc: "The group that the socket file belongs to.",
	},
}

// account is a user or a group.
var account = form[string]{
	words:  "a name or a number",
	schema: schema{"type": []string{"string", "integer"}, "minimum": 0, "minLength": 1},
	read: func(c *checker, v *value) (string, bool) {
		if v.kind == isInteger && v.integer >= 0 {
			return strconv.FormatInt(v.integer, 10), true
		}
		if v.kind != isText || v.text == "" {
			c.wrongType(v, "a name or a number", "")
			return "", false
		}
		return v.text, true
	},
}

var modePattern = regexp.MustCompile(`^0?[0-7]{3}$`)

// fileMode is permission bits as a string: as a number, JSON would take 660
// for a decimal and YAML 0660 for an octal one.
var fileMode = form[uint32]{
	words:  `octal permissions in quotes, such as "0660"`,
	schema: schema{"type": "string", "pattern": modePattern.String()},
	read: func(c *checker, v *value) (uint32, bool) {
		const words = `octal permissions in quotes, such as "0660"`
		if v.kind != isText {
			c.wrongType(v, words, "write the octal digits in quotes")
			return 0, false
		}
		if !modePattern.MatchString(v.text) {
			c.fail(BadValue, v.position(), "", "must be %s, is %s", words, v)
			return 0, false
		}
		mode, err := strconv.ParseUint(v.text, 8, 32)
		if mode == 0 {
			c.fail(BadValue, v.position(), "", "with the permissions %s nobody could connect", v)
		}
		return uint32(mode), err == nil && mode != 0
	},
}

// filePath is the name of a file, joined to the node directory.
var filePath = anyText.then(func(c *checker, _ *value, path string) (string, bool) {
	return c.joinPath(path), true
})

func (c *checker) joinPath(path string) string {
	if filepath.IsAbs(path) || c.options.Dir == "" {
		return path
	}
	return filepath.Join(c.options.Dir, path)
}

// joinSocket is joinPath for sockets, which may be abstract.
func (c *checker) joinSocket(path string) string {
	if strings.HasPrefix(path, "@") {
		return path
	}
	return c.joinPath(path)
}

// listenPath is the path of a listening socket, in which environment variables
// are expanded.
var listenPath = anyText.then(func(c *checker, v *value, path string) (string, bool) {
	path = c.joinSocket(c.expandEnv(v, path))
	return path, c.socketPathFits(v, path)
})

// connectPath is the path of a socket to connect to, taken as it is.
var connectPath = anyText.then(func(c *checker, v *value, path string) (string, bool) {
	path = c.joinSocket(path)
	return path, c.socketPathFits(v, path)
})

func (c *checker) socketPathFits(v *value, path string) bool {
	if len(path) > maxSocketPath {
		c.fail(BadValue, v.position(), "choose a shorter directory, such as below /run or /tmp",
			"the path is %d octets long, a socket's can have %d: %s", len(path), maxSocketPath, path)
	}
	return len(path) <= maxSocketPath
}

var pathVariable = regexp.MustCompile(`\$(?:[a-zA-Z_][a-zA-Z0-9_]*|\{[a-zA-Z_][a-zA-Z0-9_]*\})`)

// expandEnv replaces environment variables as a shell writes them. What is not
// set stays as it is, as in Crossbar.io.
func (c *checker) expandEnv(v *value, path string) string {
	return pathVariable.ReplaceAllStringFunc(path, func(reference string) string {
		name := reference[1:]
		if name[0] == '{' {
			name = name[1 : len(name)-1]
		}
		setting, ok := c.lookupEnv(name)
		if !ok {
			c.warn(Unresolved, v.position(), "set it, or write the path without it",
				"the environment variable %s is not set; %s stays in the path as it is", name, reference)
			return reference
		}
		return setting
	})
}

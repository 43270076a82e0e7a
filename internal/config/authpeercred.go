package config

import (
	"path/filepath"
	"runtime"
)

// PeerCred is authentication by the process at the other end of a Unix socket.
// Either the Rules of the file say who may log in, or Dynamic knows.
type PeerCred struct {
	Place
	Rules   []PeerRule
	Dynamic *Dynamic
}

// PeerRule admits processes for which all that is set holds.
type PeerRule struct {
	Place
	User    string // name or number; "" means any
	Group   string // name or number; "" means any
	Program string // absolute path; "" means any
	AuthID  string // "" means the name of the process's user
	Role    string
}

var peerCredVariants = variants[PeerCred]{
	name:    "peercred",
	title:   "Authentication by Unix process",
	noun:    "authentication",
	objects: []variant[PeerCred]{{name: "static", object: &peerCredStatic}, {name: "dynamic", object: &peerCredDynamic}},
}

var peerCredStatic = object[PeerCred]{
	name:  "peercredStatic",
	title: "Static authentication by Unix process",
	fields: []field[PeerCred]{
		typeOnly[PeerCred]("static"),
		{
			key: "rules", required: true, added: true,
			is:  into(listOf(peerRule.form()), func(a *PeerCred) *[]PeerRule { return &a.Rules }),
			doc: "Who may log in. The first rule that fits the process counts; for a client that asks for an authid, the first that also gives it that.",
		},
	},
	finish: func(c *checker, v *value, a *PeerCred) {
		if rules := v.get("rules"); rules != nil && rules.kind == isList && len(rules.items) == 0 {
			c.warn(BadValue, rules.position(), "add a rule", "without a rule, nobody can log in")
		}
		c.checkPeerRules(a.Rules)
	},
}

var peerCredDynamic = object[PeerCred]{
	name:   "peercredDynamic",
	title:  "Dynamic authentication by Unix process",
	begin:  beginDynamic(func(a *PeerCred) **Dynamic { return &a.Dynamic }),
	fields: dynamicFields(func(a *PeerCred) *Dynamic { return a.Dynamic }),
	finish: finishDynamic(func(a *PeerCred) *Dynamic { return a.Dynamic }),
}

var peerRule = object[PeerRule]{
	name:      "peerRule",
	title:     "Rule for Unix processes",
	strangers: map[string]string{"uid": `"user" takes numbers too`, "gid": `"group" takes numbers too`, "process": `it is called "program"`},
	fields: []field[PeerRule]{
		{
			key: "user", added: true, absent: "any",
			is: into(account, func(r *PeerRule) *string { return &r.User }), doc: "The process's effective user.",
		},
		{
			key: "group", added: true, absent: "any",
			is:  into(account, func(r *PeerRule) *string { return &r.Group }),
			doc: "The process's effective group, or one of its supplementary groups.",
		},
		{
			key: "program", added: true, absent: "any",
			is:  into(anyText, func(r *PeerRule) *string { return &r.Program }),
			doc: "The absolute path of the file that the process runs (Linux only; the router must run as the same user or as root to see it). It does not protect against other programs of the same user: see [security](security.md#unix-processes).",
		},
		{
			key: "authid", added: true, absent: "the user's name",
			is: into(anyText, func(r *PeerRule) *string { return &r.AuthID }), doc: "Who the process becomes.",
		},
		{
			key: "role", required: true, added: true,
			is: into(clientRole, func(r *PeerRule) *string { return &r.Role }), doc: "The role that it gets.",
		},
	},
	finish: func(c *checker, v *value, r *PeerRule) {
		switch program := v.get("program"); {
		case program == nil || r.Program == "":
		case runtime.GOOS != "linux":
			c.fail(NotSupported, program.keyPosition(), "remove it", "%s does not tell which program a process runs", runtime.GOOS)
		case !filepath.IsAbs(r.Program):
			c.fail(BadValue, program.position(), "such as /usr/bin/app", "must be an absolute path, is %s", program)
		case r.User == "":
			c.warn(MissingKey, program.keyPosition(), `add "user"`, "whoever can run the program can connect and then run it: it proves nothing without the user")
		}
	},
}

// checkPeerRules warns of rules that no process gets to.
func (c *checker) checkPeerRules(rules []PeerRule) {
	for i, r := range rules {
		if r.User == "" && r.Group == "" && r.Program == "" && r.AuthID == "" && i < len(rules)-1 {
			c.warn(Conflict, rules[i+1].At(), "put the rule without conditions last", "the rule before is for every process, so that this one and those after it never count")
			return
		}
	}
}

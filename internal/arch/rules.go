package arch

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Module is the path of the module that the rules are about.
const Module = "github.com/junctorio/junctor"

// layers says what each package may import of this module. A pattern ending in
// "/..." means the package and everything below it. A package that no row
// covers is a finding: it needs a place in the architecture first.
var layers = []struct {
	packages string
	may      []string
}{
	{"wamp", nil},
	{"internal/core/...", []string{"wamp", "internal/core/..."}},
	{"internal/serializer", []string{"wamp"}},
	{"transport/...", []string{"wamp", "transport"}},
	// Some methods look at the connection: its TLS state, its peer.
	{"auth", []string{"wamp", "transport"}},
	{"internal/keepalive", []string{"transport"}},
	{"internal/keepalive/pingtest", []string{"transport"}},
	{"internal/history/...", []string{"wamp", "router", "internal/core", "internal/core/uritree"}},
	{"router", shell},
	{"client", append([]string{"client/passthru"}, shell...)},
	{"client/passthru", []string{"wamp", "internal/core/uritree", "internal/serializer"}},
	{"junctortest", []string{"wamp", "client", "router", "auth", "transport/..."}},
	{"internal/config", []string{"wamp", "transport", "auth"}},
	{"component/...", []string{"wamp", "client"}},
	{"internal/procgroup", nil},
	{"internal/builtin/hosttest", []string{"wamp", "client", "component", "router", "auth", "transport/..."}},
	{"internal/builtin/...", []string{"wamp", "auth", "client", "component", "transport", "internal/serializer", "internal/procgroup", "internal/builtin/..."}},
	{"internal/dialogue", append([]string{"client", "router", "transport/..."}, shell...)},
	{"internal/bench", append([]string{"client", "transport/..."}, shell...)},
	{"internal/node", below},
	{"internal/cli", append([]string{"internal/node", "internal/bench"}, below...)},
	{".", []string{"internal/cli"}},
	{"cmd/junctor", []string{"."}},
	{"examples/...", []string{"wamp", "client", "router", "auth", "component", "transport/...", "."}},
	{"interop", nil},
	{"internal/arch", nil},
	{"internal/robust", nil},
	{"scripts/...", nil},
}

// shell is what the router's and the client's package stand on.
var shell = []string{"wamp", "auth", "transport", "internal/core/...", "internal/serializer", "internal/keepalive"}

// below is what the node and the command line may assemble.
var below = append([]string{
	"router", "client", "component/...", "transport/...", "internal/config", "internal/guest",
	"internal/builtin", "internal/procgroup",
	"internal/web", "internal/universal", "internal/bridge/...", "internal/dashboard",
	"internal/metrics", "internal/cluster/...", "internal/history/...",
}, shell...)

// exceptions are the single files that may import more than their package.
var exceptions = map[string][]string{
	// A URL picks the transport.
	"client/dial.go": {"transport/..."},
}

// homes says where a third-party module may be imported. One that is not
// listed is a finding: a dependency is a decision.
var homes = map[string][]string{
	"github.com/spf13/cobra":                  {"internal/cli"},
	"github.com/spf13/pflag":                  {"internal/cli"},
	"go.yaml.in/yaml/v3":                      {"internal/config"},
	"github.com/fxamacker/cbor/v2":            {"internal/serializer"},
	"github.com/vmihailenco/msgpack/v5":       {"internal/serializer"},
	"github.com/HdrHistogram/hdrhistogram-go": {"internal/bench"},
	"github.com/coder/websocket":              {"transport/websocket"},
	"github.com/prometheus/client_golang":     {"internal/metrics"},
	"github.com/nats-io/nats-server/v2":       {"internal/cluster/natsengine"},
	"github.com/nats-io/nats.go":              {"internal/cluster/natsengine"},
	"go.etcd.io/bbolt":                        {"internal/history/bolt"},
	"github.com/mochi-mqtt/server/v2/packets": {"internal/bridge/mqtt"},
	"github.com/xdg-go/stringprep":            {"auth"},
	"github.com/go-jose/go-jose/v4":           {"auth"},
	"golang.org/x/crypto":                     {"auth", "client", "client/passthru", "internal/cli"},
	"golang.org/x/sync":                       {"internal/...", "client", "router"},
	"golang.org/x/sys":                        {"transport/...", "internal/node", "internal/bench", "internal/guest"},
}

// pure lists what packages without side effects must not reach for: of the
// standard library by import path (with all below it), and functions by name.
var pure = []struct {
	packages string
	imports  []string
	calls    []string
}{
	{
		"wamp",
		[]string{"net", "sync", "math/rand", "os", "log"},
		[]string{"time.Now", "time.Since", "time.Until", "time.Sleep"},
	},
	{
		"internal/core/...",
		[]string{"net", "sync", "context", "log", "os", "math/rand", "crypto/rand"},
		[]string{"time.Now", "time.Since", "time.Until", "time.Sleep", "time.After", "time.AfterFunc", "time.NewTimer", "time.NewTicker", "time.Tick"},
	},
	{
		"internal/serializer",
		[]string{"net", "os", "log", "math/rand"},
		[]string{"time.Now"},
	},
}

// vague are names that say nothing of what a package provides.
var vague = []string{"util", "utils", "common", "helper", "helpers", "types", "misc"}

// Finding is a rule that a file or package breaks.
type Finding struct {
	Where string // a file, or a package's directory
	What  string
}

func (f Finding) String() string { return f.Where + ": " + f.What }

// Check returns everything in packages that breaks a rule.
func Check(packages []Package) []Finding {
	var c checker
	for _, p := range packages {
		c.checkPackage(p)
	}
	return c.findings
}

type checker struct{ findings []Finding }

func (c *checker) report(where, format string, args ...any) {
	c.findings = append(c.findings, Finding{where, fmt.Sprintf(format, args...)})
}

func (c *checker) checkPackage(p Package) {
	if slices.Contains(vague, p.Name) || slices.Contains(vague, path.Base(p.Dir)) {
		c.report(p.Dir, "package name %q does not say what the package provides", p.Name)
	}
	may, placed := allowed(p.Dir)
	if !placed {
		c.report(p.Dir, "package has no place in the layers of internal/arch")
		return
	}
	for _, f := range p.Files {
		if f.Inits > 0 {
			c.report(f.Path, "has a func init; start things where their owner is")
		}
		c.checkImports(p.Dir, f, append(slices.Clone(may), exceptions[f.Path]...))
		c.checkPurity(p.Dir, f)
	}
}

func (c *checker) checkImports(dir string, f File, may []string) {
	for _, imported := range f.Imports {
		inside, own := relative(imported)
		switch {
		case own:
			if !matchAny(may, inside) {
				c.report(f.Path, "package %s must not import %s", dir, inside)
			}
		case imported == "C":
			c.report(f.Path, "imports C; the binary is built without cgo")
		case thirdParty(imported):
			c.checkHome(dir, f, imported)
		}
	}
}

func (c *checker) checkHome(dir string, f File, imported string) {
	for module, packages := range homes {
		if imported == module || strings.HasPrefix(imported, module+"/") {
			if !matchAny(packages, dir) {
				c.report(f.Path, "imports %s, which belongs in %s only", imported, strings.Join(packages, ", "))
			}
			return
		}
	}
	c.report(f.Path, "imports %s, which has no home in internal/arch", imported)
}

func (c *checker) checkPurity(dir string, f File) {
	for _, rule := range pure {
		if !match(rule.packages, dir) {
			continue
		}
		for _, imported := range f.Imports {
			for _, banned := range rule.imports {
				if imported == banned || strings.HasPrefix(imported, banned+"/") {
					c.report(f.Path, "imports %s; %s is pure", imported, rule.packages)
				}
			}
		}
		for _, call := range f.Calls {
			if slices.Contains(rule.calls, call) {
				c.report(f.Path, "uses %s; %s is pure", call, rule.packages)
			}
		}
	}
}

// allowed returns what the package in dir may import of this module.
func allowed(dir string) (may []string, placed bool) {
	for _, layer := range layers {
		if match(layer.packages, dir) {
			return layer.may, true
		}
	}
	// What the node assembles and nobody else: below it, not beside it.
	if matchAny(below, dir) {
		return append([]string{"router", "client", "transport/...", "internal/config"}, shell...), true
	}
	return nil, false
}

// relative returns a package of this module as a directory.
func relative(imported string) (dir string, own bool) {
	if imported == Module {
		return ".", true
	}
	return strings.CutPrefix(imported, Module+"/")
}

// thirdParty tells a module's path from the standard library's: its first
// element has a dot.
func thirdParty(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return strings.Contains(first, ".")
}

func match(pattern, dir string) bool {
	if base, tree := strings.CutSuffix(pattern, "/..."); tree {
		return dir == base || strings.HasPrefix(dir, base+"/")
	}
	return dir == pattern
}

func matchAny(patterns []string, dir string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return match(p, dir) })
}

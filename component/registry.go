package component

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// reserved begins the names of the components that junctor brings along.
const reserved = "junctor."

// registry holds what the program compiled in, by name.
type registry[T any] struct {
	noun string // for panics

	mu     sync.RWMutex // guards the field below
	byName map[string]T
}

var (
	factories = registry[Factory]{noun: "component"}
	functions = registry[Func]{noun: "function"}
)

// Register makes a component available under a name, the classname of the
// node's configuration. It is meant to be called before junctor.Main, and
// panics if the name is empty, taken or begins with "junctor.", or if f is nil.
func Register(name string, f Factory) { factories.add(name, f, f == nil) }

// Lookup returns the Factory that was registered under a name.
func Lookup(name string) (Factory, bool) { return factories.get(name) }

// Names returns the names of all registered components, in order.
func Names() []string { return factories.names() }

// RegisterFunc makes a function available under a name, for the callbacks of
// components of type function; see Callbacks. It panics as Register does.
func RegisterFunc(name string, f Func) { functions.add(name, f, f == nil) }

// LookupFunc returns the Func that was registered under a name.
func LookupFunc(name string) (Func, bool) { return functions.get(name) }

// FuncNames returns the names of all registered functions, in order.
func FuncNames() []string { return functions.names() }

func (r *registry[T]) add(name string, v T, missing bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, taken := r.byName[name]
	switch {
	case name == "":
		panic("component: a " + r.noun + " needs a name")
	case strings.HasPrefix(name, reserved):
		panic(fmt.Sprintf("component: %s %q: names that begin with %q are junctor's own", r.noun, name, reserved))
	case missing:
		panic(fmt.Sprintf("component: %s %q is nil", r.noun, name))
	case taken:
		panic(fmt.Sprintf("component: %s %q is registered twice", r.noun, name))
	}
	if r.byName == nil {
		r.byName = make(map[string]T)
	}
	r.byName[name] = v
}

func (r *registry[T]) get(name string) (T, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	v, ok := r.byName[name]
	return v, ok
}

func (r *registry[T]) names() []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Sorted(maps.Keys(r.byName))
}

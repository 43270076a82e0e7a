// Package builtin lists the components that every junctor binary has, and
// finds components by their names.
package builtin

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/junctorio/junctor/component"
	"github.com/junctorio/junctor/internal/builtin/exec"
	"github.com/junctorio/junctor/internal/builtin/httpcallee"
	"github.com/junctorio/junctor/internal/builtin/httpforwarder"
	"github.com/junctorio/junctor/internal/builtin/link"
)

// Components returns the factories of the built-in components by name.
func Components() map[string]component.Factory {
	return map[string]component.Factory{
		"junctor.Exec":          exec.New,
		"junctor.HTTPCallee":    httpcallee.New,
		"junctor.HTTPForwarder": httpforwarder.New,
		"junctor.Link":          link.New,
	}
}

// Find returns the factory of a built-in component or one that was registered.
// The error lists those that there are.
func Find(name string) (component.Factory, error) {
	own := Components()
	if f, ok := own[name]; ok {
		return f, nil
	}
	if f, ok := component.Lookup(name); ok {
		return f, nil
	}
	names := append(slices.Sorted(maps.Keys(own)), component.Names()...)
	return nil, fmt.Errorf("no component %q is compiled into this program (it has %s); a Python class can run as a guest worker",
		name, strings.Join(names, ", "))
}

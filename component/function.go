package component

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/junctorio/junctor/client"
)

// Func is one callback of a component of type function. For join and connect
// the context is that of Component.Join, for leave and disconnect that of
// Leaver.Leave. An error, or a panic, is a crash of the component.
type Func func(ctx context.Context, s *client.Session, cfg Config) error

// Callbacks name the functions of a component of type function, as given to
// RegisterFunc; empty ones are left out.
//
// A Go session is joined as soon as it is connected. So Connect is called
// first and Join next, both when the session has joined; Leave first and
// Disconnect next, both when it has ended. Each is called only if the one
// before it succeeded, and the latter two only if Join did.
type Callbacks struct {
	Connect    string `json:"connect"`
	Join       string `json:"join"`
	Leave      string `json:"leave"`
	Disconnect string `json:"disconnect"`
}

// New makes the component. The error names every function that is not compiled
// into the program.
func (cb Callbacks) New(cfg Config) (Component, error) {
	f := &functionComponent{cfg: cfg}
	var missing []error
	found := 0
	for _, slot := range []struct {
		event, name string
		calls       *[]Func
	}{
		{"connect", cb.Connect, &f.join},
		{"join", cb.Join, &f.join},
		{"leave", cb.Leave, &f.leave},
		{"disconnect", cb.Disconnect, &f.leave},
	} {
		if slot.name == "" {
			continue
		}
		found++
		call, ok := LookupFunc(slot.name)
		if !ok {
			missing = append(missing, fmt.Errorf("callbacks.%s: no function %q is compiled into this program (%s)", slot.event, slot.name, available()))
		}
		*slot.calls = append(*slot.calls, call)
	}
	if found == 0 {
		return nil, errors.New("callbacks: none is named; want connect, join, leave or disconnect")
	}
	if err := errors.Join(missing...); err != nil {
		return nil, err
	}
	return f, nil
}

func available() string {
	names := FuncNames()
	if len(names) == 0 {
		return "it has none"
	}
	return "it has " + strings.Join(names, ", ")
}

// functionComponent is a component made of callbacks.
type functionComponent struct {
	cfg         Config
	join, leave []Func

	joined bool // by the latest Join; Join and Leave never overlap
}

func (f *functionComponent) Join(ctx context.Context, s *client.Session) error {
	f.joined = false
	if err := f.call(ctx, s, f.join); err != nil {
		return err
	}
	f.joined = true
	return nil
}

func (f *functionComponent) Leave(ctx context.Context, s *client.Session) error {
	if !f.joined {
		return nil
	}
	return f.call(ctx, s, f.leave)
}

func (f *functionComponent) call(ctx context.Context, s *client.Session, calls []Func) error {
	for _, call := range calls {
		if err := call(ctx, s, f.cfg); err != nil {
			return err
		}
	}
	return nil
}

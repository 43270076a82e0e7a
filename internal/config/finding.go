package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Severity tells what a finding means for the node.
type Severity uint8

// The severities.
const (
	Warning Severity = iota // the node starts, but look at this
	Error                   // the node must not start
)

// String returns "warning" or "error".
func (s Severity) String() string {
	if s == Error {
		return "error"
	}
	return "warning"
}

// Kind groups findings by what is wrong, for those who count or filter them.
type Kind string

// The kinds of findings.
const (
	Syntax       Kind = "syntax"        // not JSON or not YAML
	UnknownKey   Kind = "unknown-key"   // a key that the format does not have
	MissingKey   Kind = "missing-key"   // a key that must be there is not
	WrongType    Kind = "wrong-type"    // a string where a number is wanted
	BadValue     Kind = "bad-value"     // right type, impossible value
	Duplicate    Kind = "duplicate"     // said twice, or claimed twice
	Conflict     Kind = "conflict"      // two settings that exclude each other
	Unresolved   Kind = "unresolved"    // names something that is not there
	NotSupported Kind = "not-supported" // part of the format, not yet of junctor
	Ignored      Kind = "ignored"       // without effect
	Portability  Kind = "portability"   // Crossbar.io would do something else
	Unusable     Kind = "unusable"      // found while building, such as an unreadable file
)

// Position is a place in a configuration file.
type Position struct {
	File   string // as given by the user; empty if the value is not from a file
	Line   int    // from 1; 0 if unknown
	Column int    // in characters, from 1; 0 if unknown
	Path   string // such as workers[0].transports[1].endpoint.port; empty for the whole file
}

// String returns "file:12:9: path", without the parts that are unknown.
func (p Position) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	for _, n := range []int{p.Line, p.Column} {
		if n > 0 {
			fmt.Fprintf(&b, ":%d", n)
		}
	}
	if p.Path != "" {
		if b.Len() > 0 {
			b.WriteString(": ")
		}
		b.WriteString(p.Path)
	}
	return b.String()
}

// Finding is one thing that is wrong or doubtful.
type Finding struct {
	Position
	Severity Severity
	Kind     Kind
	Message  string // what is wrong; no full stop
	Hint     string // what would be right; may be empty
}

// String returns the finding in one line, such as
//
//	config.json:12:9: workers[0].idd: error: unknown key; did you mean "id"?
func (f Finding) String() string {
	s := f.Severity.String() + ": " + f.Message
	if at := f.Position.String(); at != "" {
		s = at + ": " + s
	}
	if f.Hint != "" {
		s += "; " + f.Hint
	}
	return s
}

// Findings are findings, in the order of the file when they come from Load.
type Findings []Finding

// HasErrors reports whether the node must not start.
func (fs Findings) HasErrors() bool {
	return slices.ContainsFunc(fs, func(f Finding) bool { return f.Severity == Error })
}

// Sort sorts by file and position, errors before warnings at the same place.
func (fs Findings) Sort() {
	slices.SortStableFunc(fs, func(a, b Finding) int {
		return cmp.Or(
			strings.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column),
			cmp.Compare(b.Severity, a.Severity),
		)
	})
}

// Err returns nil if there are no errors among the findings, else an
// *InvalidError with all of them.
func (fs Findings) Err() error {
	if !fs.HasErrors() {
		return nil
	}
	return &InvalidError{Findings: fs}
}

// InvalidError says that a configuration has errors.
type InvalidError struct {
	Findings Findings // warnings too
}

// Error returns the errors, a line each.
func (e *InvalidError) Error() string {
	lines := []string{"invalid configuration"}
	for _, f := range e.Findings {
		if f.Severity == Error {
			lines = append(lines, f.String())
		}
	}
	return strings.Join(lines, "\n")
}

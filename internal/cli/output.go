package cli

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/junctorio/junctor/wamp"
)

// format is what --output names.
type format string

const (
	formatAuto format = "auto" // text on a terminal, JSON lines otherwise
	formatText format = "text"
	formatJSON format = "json"
)

// printer writes what a command has to say on its standard output. It is safe
// for concurrent use; each method writes one whole piece at once.
type printer struct {
	mu   sync.Mutex
	w    io.Writer
	json bool
	now  func() time.Time
}

// message is a result, error, event or invocation as a line of JSON. Absent
// fields have no meaning for the kind at hand.
type message struct {
	Time        string        `json:"time,omitempty"` // RFC 3339, UTC
	Topic       wamp.URI      `json:"topic,omitempty"`
	Publication wamp.ID       `json:"publication,omitempty"`
	Procedure   wamp.URI      `json:"procedure,omitempty"`
	Error       wamp.ErrorURI `json:"error,omitempty"`
	Progress    bool          `json:"progress,omitempty"`
	Retained    bool          `json:"retained,omitempty"`
	Caller      wamp.ID       `json:"caller,omitempty"`    // session, where disclosed
	Publisher   wamp.ID       `json:"publisher,omitempty"` // session, where disclosed
	AuthID      string        `json:"authid,omitempty"`    // of caller or publisher
	AuthRole    string        `json:"authrole,omitempty"`  // of caller or publisher
	Args        []any         `json:"args"`
	Kwargs      wamp.Dict     `json:"kwargs,omitempty"`
}

// answer prints the result or error of a call: as text, each argument on lines
// of its own, so that a single string is printed bare.
func (p *printer) answer(m message) {
	if p.json {
		p.line(m)
		return
	}
	var b strings.Builder
	for _, v := range m.Args {
		fmt.Fprintln(&b, bare(v))
	}
	for _, k := range slices.Sorted(maps.Keys(m.Kwargs)) {
		fmt.Fprintf(&b, "%s: %s\n", printable(k), bare(m.Kwargs[k]))
	}
	p.write(b.String())
}

// happened prints an event or an invocation, one line each. Arguments are
// written as they would be typed to send them again.
func (p *printer) happened(m message) {
	now := p.now().UTC()
	if p.json {
		m.Time = now.Format(time.RFC3339Nano)
		p.line(m)
		return
	}
	words := []string{now.Local().Format("15:04:05.000"), printable(string(m.Topic + m.Procedure))}
	for _, v := range m.Args {
		words = append(words, compact(v))
	}
	for _, k := range slices.Sorted(maps.Keys(m.Kwargs)) {
		words = append(words, fmt.Sprintf("-k %s=%s", printable(k), compact(m.Kwargs[k])))
	}
	p.write(strings.Join(words, " ") + "\n")
}

// line prints v as one line of JSON.
func (p *printer) line(v any) {
	if m, ok := v.(message); ok {
		if m.Args == nil {
			m.Args = []any{}
		}
		m.Args, _ = toJSON(m.Args).([]any)
		m.Kwargs, _ = toJSON(m.Kwargs).(wamp.Dict)
		v = m
	}
	p.write(encode(v, "") + "\n")
}

// text prints a line for people; it is left out of JSON output.
func (p *printer) text(format string, args ...any) {
	if !p.json {
		p.write(fmt.Sprintf(format, args...) + "\n")
	}
}

func (p *printer) write(s string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	io.WriteString(p.w, s) // a failure is reported at the end, see stdout
}

// bare is a value for people: a string as it is, containers indented.
func bare(v any) string {
	if s, ok := v.(string); ok {
		return printable(s)
	}
	return encode(toJSON(v), "  ")
}

func compact(v any) string { return encode(toJSON(v), "") }

// printable keeps a peer's text from steering the terminal: text with control
// characters other than tab and newline, or that is no UTF-8, is quoted.
func printable(s string) string {
	for _, r := range s {
		if r != '\n' && r != '\t' && unicode.IsControl(r) || r == unicode.ReplacementChar {
			return strconv.Quote(s)
		}
	}
	return s
}

func encode(v any, indent string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	if err := e.Encode(v); err != nil {
		return strconv.Quote(fmt.Sprint(v)) // not reached by values that came from toJSON
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// toJSON returns a copy of a WAMP value that encoding/json writes the way
// WAMP's JSON does: binary by the convention (JS-1), floats as floats (JS-5).
// The floats that JSON has no numbers for become strings.
func toJSON(v any) any {
	switch v := v.(type) {
	case []byte:
		return "\x00" + base64.StdEncoding.EncodeToString(v)
	case float64:
		return floatJSON(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = toJSON(v[i])
		}
		return out
	case wamp.Dict:
		if v == nil {
			return v
		}
		out := make(wamp.Dict, len(v))
		for k := range v {
			out[k] = toJSON(v[k])
		}
		return out
	}
	return v
}

func floatJSON(f float64) any {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return fmt.Sprint(f)
	}
	b, _ := json.Marshal(f) // finite
	if !bytes.ContainsAny(b, ".e") {
		b = append(b, ".0"...)
	}
	return json.RawMessage(b)
}

// isTerminal reports whether w is a terminal (or another character device,
// where it does not matter).
func isTerminal(w any) bool {
	if out, ok := w.(*stdout); ok {
		w = out.Writer
	}
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

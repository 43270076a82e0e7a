package exec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/wamp"
)

// requestLine is what a process gets for a call or event: one line of JSON.
// An id of 0 is left out.
func requestLine(id uint64, p wamp.Payload, details wamp.Dict) ([]byte, error) {
	args, kwargs, err := p.Values()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", wamp.ErrInvalidArgument, err)
	}
	if args == nil {
		args = []any{}
	}
	request := wamp.Dict{"args": args, "kwargs": kwargs, "details": details}
	if id != 0 {
		request["id"] = id
	}
	return jsonLine(request)
}

// cancelLine tells a long-lived process that nobody waits for an answer any more.
func cancelLine(id uint64) []byte { return fmt.Appendf(nil, "{\"cancel\":%d}\n", id) }

// jsonLine writes a dictionary by the rules of WAMP's JSON serializer, so that
// binary has its form there (JS-1).
func jsonLine(d wamp.Dict) ([]byte, error) {
	p, err := serializer.JSON.EncodePayload([]any{d}, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", wamp.ErrInvalidArgument, err)
	}
	line := p.Bytes[1:] // without the list around it
	line[len(line)-1] = '\n'
	return line, nil
}

func callDetails(inv *client.Invocation) wamp.Dict {
	d := wamp.Dict{"procedure": inv.Procedure, "receive_progress": inv.ReceiveProgress}
	addPeer(d, "caller", inv.Caller, inv.CallerAuthID, inv.CallerAuthRole)
	return d
}

func eventDetails(ev *client.Event) wamp.Dict {
	d := wamp.Dict{"topic": ev.Topic, "publication": ev.Publication, "retained": ev.Retained, "lost": ev.Lost}
	addPeer(d, "publisher", ev.Publisher, ev.PublisherAuthID, ev.PublisherAuthRole)
	return d
}

// addPeer adds what was disclosed of a caller or publisher.
func addPeer(d wamp.Dict, key string, id wamp.ID, authID, authRole string) {
	if id != 0 {
		d[key] = id
	}
	if authID != "" {
		d[key+"_authid"] = authID
	}
	if authRole != "" {
		d[key+"_authrole"] = authRole
	}
}

// answer is a line that a process wrote.
type answer struct {
	id       uint64 // 0: none
	progress bool
	uri      wamp.ErrorURI // "": a result
	args     []any
	kwargs   wamp.Dict
	err      error // the line names its call, but is wrong otherwise
}

// reply is what the caller gets for a final answer.
func (a *answer) reply() (client.Reply, error) {
	switch {
	case a.err != nil:
		return client.Reply{}, failure(a.err.Error(), nil)
	case a.uri != "":
		return client.Reply{}, client.NewError(a.uri, a.args, a.kwargs)
	}
	return client.Reply{Args: a.args, Kwargs: a.kwargs}, nil
}

// failure is the error that a caller gets when a command fails.
func failure(text string, kwargs wamp.Dict) error {
	return client.NewError(wamp.ErrRuntimeError, []any{strings.ToValidUTF8(text, "\uFFFD")}, kwargs)
}

var answerKeys = map[string]bool{"args": true, "kwargs": true, "error": true, "progress": true, "id": true}

// parseAnswer reads a line of a process that serves one call. An object with
// any key of an answer is one, and may have no other keys; every other value
// is itself the result.
func parseAnswer(line []byte) (answer, error) {
	v, err := parseValue(line)
	if err != nil {
		return answer{}, err
	}
	d, ok := v.(wamp.Dict)
	if !ok || !hasAnswerKey(d) {
		return answer{args: []any{v}}, nil
	}
	return readAnswer(d)
}

// parseTagged reads a line of a long-lived process: an object with the id of
// its call. The error is that nobody can tell whose answer it is.
func parseTagged(line []byte) (answer, error) {
	v, err := parseValue(line)
	if err != nil {
		return answer{}, err
	}
	d, _ := v.(wamp.Dict)
	id, ok := d["id"].(int64)
	if !ok || id < 1 {
		return answer{}, errors.New("answer: want an object with the id of a request")
	}
	a, err := readAnswer(d)
	a.id, a.err = uint64(id), err
	return a, nil
}

// parseValue decodes exactly one JSON value.
func parseValue(line []byte) (any, error) {
	if !json.Valid(line) { // also bounds the nesting
		return nil, fmt.Errorf("output is no line of JSON: %s", abbreviate(line))
	}
	list := append(append([]byte{'['}, bytes.TrimSpace(line)...), ']')
	var values []any
	p := wamp.Payload{Serializer: serializer.JSON, Bytes: list, Elements: 1}
	if err := p.Decode(&values, nil); err != nil {
		return nil, fmt.Errorf("output: %w", err)
	}
	return values[0], nil
}

func abbreviate(line []byte) string {
	const most = 80
	if len(line) > most {
		return strings.ToValidUTF8(string(line[:most]), "\uFFFD") + "…"
	}
	return strings.ToValidUTF8(string(line), "\uFFFD")
}

func hasAnswerKey(d wamp.Dict) bool {
	for key := range d {
		if answerKeys[key] {
			return true
		}
	}
	return false
}

func readAnswer(d wamp.Dict) (a answer, err error) {
	for key, v := range d {
		ok := answerKeys[key]
		if !ok {
			return a, fmt.Errorf("answer: unknown key %q besides args, kwargs, error, progress and id; to return an object, put it into args", key)
		}
		switch key {
		case "args":
			a.args, ok = v.([]any)
		case "kwargs":
			a.kwargs, ok = v.(wamp.Dict)
		case "progress":
			a.progress, ok = v.(bool)
		case "error":
			var uri string
			uri, ok = v.(string)
			ok = ok && wamp.URI(uri).Valid(wamp.URILoose)
			a.uri = wamp.ErrorURI(uri)
		}
		if !ok {
			return a, fmt.Errorf("answer: %s is %T, want %s", key, v, answerWants[key])
		}
	}
	if a.progress && a.uri != "" {
		return a, errors.New("answer: an error is final and cannot be progress")
	}
	return a, nil
}

var answerWants = map[string]string{"args": "a list", "kwargs": "an object", "progress": "true or false", "error": "a URI"}

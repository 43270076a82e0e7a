package core

import (
	"fmt"
	"strconv"

	"github.com/junctorio/junctor/wamp"
)

// Refuse appends an ERROR for a request of the peer whose only argument says
// why, for humans: what was asked for, and what would be right. The text is the
// peer's to read, so it tells only what the peer may know; it is kept so short
// that an ERROR with it fits every client.
func (d *Deliveries) Refuse(to *Peer, request wamp.Code, id wamp.ID, uri wamp.ErrorURI, why string) {
	d.Send(to, &wamp.Error{RequestType: request, Request: id, URI: uri, Payload: explanation(to, why)})
}

// explanation is a text as the payload of a message to the peer. A peer whose
// serializer is not known gets none.
func explanation(to *Peer, why string) wamp.Payload {
	if to.Serializer == nil || why == "" {
		return wamp.Payload{}
	}
	p, err := to.Serializer.EncodePayload([]any{why}, nil)
	if err != nil {
		return wamp.Payload{} // the URI says enough
	}
	return p
}

// maxQuoted bounds what an explanation repeats of a request, as quoted. The
// smallest client takes 512 octets, and JSON escapes what is quoted once more.
const maxQuoted = 128

// Quote returns a URI, or other words of a request, as explanations quote
// them: unambiguous, and shortened where they are long.
func Quote[S ~string](s S) string {
	head := string(s[:min(len(s), maxQuoted)])
	for len(strconv.Quote(head)) > maxQuoted {
		head = head[:len(head)/2]
	}
	if len(head) == len(s) {
		return strconv.Quote(head)
	}
	return strconv.Quote(head) + "…"
}

// InvalidURI explains wamp.ErrInvalidURI for a URI, or a pattern of URIs, that
// breaks the rule (URI-1).
func InvalidURI(what string, u wamp.URI, rule wamp.URIRule) string {
	want := "parts without white space and #, separated by dots"
	if rule == wamp.URIStrict {
		want = "parts of a-z, 0-9 and _, separated by dots"
	}
	return fmt.Sprintf("%s %s is not a valid URI: %s", what, Quote(u), want)
}

// ReservedURI explains wamp.ErrInvalidURI for a URI that is not for clients
// (URI-3).
func ReservedURI(what string, u wamp.URI) string {
	return fmt.Sprintf("%s %s is below \"wamp\", which is reserved for the router", what, Quote(u))
}

package client

import (
	"context"
	"fmt"

	"github.com/junctorio/junctor/client/passthru"
	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/wamp"
)

// AddTestament has the router publish an event when this session has ended, for
// whatever reason (section 3.22). Several are published in the order in which
// they were added. All options count but Acknowledge. If there is a key for the
// topic in Options.Keyring, the router gets the values encrypted. Errors are
// those of Call; wamp.ErrNotAuthorized if the session may not publish that, or
// not call wamp.session.add_testament.
//
// A Client adds them anew for each session, in Supervision.OnUp.
func (s *Session) AddTestament(ctx context.Context, topic wamp.URI, args []any, opts *PublishOptions) error {
	if opts == nil {
		opts = &PublishOptions{}
	}
	testament, err := s.testament(topic, args, opts)
	if err != nil {
		return fmt.Errorf("client: testament for %s: %w", topic, err)
	}
	_, err = s.Call(ctx, "wamp.session.add_testament", testament.args, &CallOptions{Kwargs: Dict{"publish_options": testament.options}})
	return err
}

// FlushTestaments takes back all testaments of this session.
func (s *Session) FlushTestaments(ctx context.Context) error {
	_, err := s.Call(ctx, "wamp.session.flush_testaments", nil, nil)
	return err
}

// testament is a publication as values.
type testament struct {
	args    []any // topic, arguments, keyword arguments
	options any
}

// testament writes the PUBLISH that the router is to act on, and reads it as
// values: so each option is given as it is on the wire.
func (s *Session) testament(topic wamp.URI, args []any, opts *PublishOptions) (t testament, err error) {
	payload, attributes, err := s.content(wamp.RoleBroker, passthru.Context{Kind: passthru.KindEvent, URI: topic},
		values{args, opts.Kwargs, opts.Payload, opts.Attributes})
	if err != nil {
		return t, err
	}
	list, kwargs, err := payload.Values()
	if err != nil {
		return t, err
	}
	if list == nil {
		list = []any{}
	}
	if kwargs == nil {
		kwargs = Dict{}
	}
	t.args = []any{topic, list, kwargs}
	m := &wamp.Publish{
		Request: 1, Topic: topic, IncludeMe: opts.IncludeMe, DiscloseMe: opts.DiscloseMe,
		Retain: opts.Retain, Filter: opts.Filter, RKey: opts.RKey, Attributes: attributes,
	}
	frame, err := serializer.Append(nil, serializer.CBOR, m)
	if err != nil {
		return t, err
	}
	elements, _, err := wamp.Payload{Serializer: serializer.CBOR, Bytes: frame, Elements: 1}.Values()
	if err != nil {
		return t, err
	}
	t.options = elements[2]
	return t, nil
}

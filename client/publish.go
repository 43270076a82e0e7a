package client

import (
	"context"
	"fmt"

	"github.com/junctorio/junctor/client/passthru"
	"github.com/junctorio/junctor/wamp"
)

// PublishOptions refine a Publish. A nil *PublishOptions means the zero value.
type PublishOptions struct {
	// Kwargs are the keyword arguments: nil, a map with string keys or a struct.
	Kwargs any

	// Payload and Attributes are as in CallOptions.
	Payload    wamp.Payload
	Attributes *wamp.Attributes

	// Acknowledge makes Publish wait until the router has the publication or
	// refuses it. Client.Publish always does.
	Acknowledge bool

	// IncludeMe delivers the event to this session too, if it is subscribed (PEX-1).
	IncludeMe bool

	// DiscloseMe asks the router to tell the subscribers who published (PID-1).
	DiscloseMe bool

	// Retain asks the router to keep the event for later subscribers, if it
	// offers event_retention.
	Retain bool

	// Filter excludes subscribers; nil excludes nobody (BWL-1).
	Filter *wamp.Filter

	// RKey is the resource key for sharded subscriptions, for routers that have
	// such (SHD-2). Junctor's ignores it.
	RKey string
}

// Publish publishes an event. Args may be nil.
//
// Unless PublishOptions.Acknowledge is set it returns zero once the message is
// queued for sending; the router tells nothing, not even that it refused. With
// Acknowledge it returns the publication's ID. Errors are those of Call.
func (s *Session) Publish(ctx context.Context, topic wamp.URI, args []any, opts *PublishOptions) (wamp.ID, error) {
	if opts == nil {
		opts = &PublishOptions{}
	}
	id, err := s.publish(ctx, topic, args, opts)
	if err != nil {
		return 0, fmt.Errorf("client: publish to %s: %w", topic, err)
	}
	return id, nil
}

func (s *Session) publish(ctx context.Context, topic wamp.URI, args []any, opts *PublishOptions) (wamp.ID, error) {
	payload, attributes, err := s.content(wamp.RoleBroker, passthru.Context{Kind: passthru.KindEvent, URI: topic},
		values{args, opts.Kwargs, opts.Payload, opts.Attributes})
	if err != nil {
		return 0, err
	}
	var r *request
	if opts.Acknowledge {
		r = newRequest(wamp.CodePublish)
	}
	_, err = s.send(ctx, &wamp.Publish{
		Topic:       topic,
		Acknowledge: opts.Acknowledge,
		IncludeMe:   opts.IncludeMe,
		DiscloseMe:  opts.DiscloseMe,
		Retain:      opts.Retain,
		Filter:      opts.Filter,
		RKey:        opts.RKey,
		Attributes:  attributes,
		Payload:     payload,
	}, r)
	if err != nil || r == nil {
		return 0, err
	}
	rep, err := s.await(ctx, r)
	return rep.publication, err
}

// publishedLocked is the router's acknowledgement.
func (s *Session) publishedLocked(m *wamp.Published) *wamp.ProtocolError {
	r := s.takeLocked(m.Request, wamp.CodePublish)
	if r == nil {
		return unasked(m, m.Request)
	}
	r.reply <- reply{publication: m.Publication}
	return nil
}

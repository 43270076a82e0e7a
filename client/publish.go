package client

import (
	"context"

	"github.com/junctorio/junctor/wamp"
)

// PublishOptions refine a Publish. A nil *PublishOptions means the zero value.
type PublishOptions struct {
	// Kwargs are the keyword arguments: nil, a map with string keys or a struct.
	Kwargs any

	// Acknowledge makes Publish wait until the router has the publication or
	// refuses it.
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
}

// Publish publishes an event. Args may be nil.
//
// Unless PublishOptions.Acknowledge is set it returns zero once the message is
// queued for sending; the router tells nothing, not even that it refused. With
// Acknowledge it returns the publication's ID. Errors are those of Call.
func (s *Session) Publish(ctx context.Context, topic wamp.URI, args []any, opts *PublishOptions) (wamp.ID, error) {
	return 0, errSkeleton
}

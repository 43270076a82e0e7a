package client

import (
	"context"
	"errors"
	"io"

	"github.com/junctorio/junctor/internal/core/session"
	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// keptFrames is how many frames an idle reader keeps room for.
const keptFrames = 64

// read takes in messages until the session ends, and returns why it did.
func (s *Session) read(ctx, joining context.Context) error {
	decoder := serializer.NewDecoder(s.serializer)
	var batch [][]byte
	for {
		frames, control, err := s.conn.Read(batch)
		if len(control) > 0 {
			s.out.appendControl(control)
			s.copes = true
			s.keepAlive()
		}
		for _, frame := range frames {
			if err := s.receive(ctx, joining, decoder, frame); err != nil {
				return err
			}
		}
		s.out.flush()
		if err != nil {
			return s.broken(err)
		}
		clear(frames)
		batch = kept(frames, keptFrames)
		s.out.throttle()
	}
}

// broken returns why reading failed. A router that broke the framing rules is
// told so.
func (s *Session) broken(err error) error {
	if pe := wamp.AsProtocolError(err); pe != nil {
		return s.abort(pe)
	}
	if errors.Is(err, io.EOF) {
		return errHungUp
	}
	return err
}

// receive deals with one message. Its error says why the session ends with it.
func (s *Session) receive(ctx, joining context.Context, d *serializer.Decoder, frame []byte) error {
	m, err := d.Decode(frame)
	if err != nil {
		return s.broken(err)
	}
	s.mu.Lock()
	verdict, violation := s.joiner.Receive(m)
	if violation == nil && verdict == session.Route {
		violation = s.routeLocked(ctx, m, len(frame) >= transport.OwnedFrame)
	}
	s.mu.Unlock()
	if violation != nil {
		return s.abort(violation)
	}
	switch verdict {
	case session.Joined:
		return s.welcomed(m.(*wamp.Welcome))
	case session.Answer:
		return s.challenged(joining, m.(*wamp.Challenge))
	case session.EchoGoodbye:
		return s.goodbye(m.(*wamp.Goodbye))
	case session.End:
		return ended(m)
	}
	return nil
}

// routeLocked hands a message of the established session on. The payload is
// kept as it is if the frame is owned, else copied.
func (s *Session) routeLocked(ctx context.Context, m wamp.Message, owned bool) *wamp.ProtocolError {
	switch m := m.(type) {
	case *wamp.Result:
		return s.resultLocked(m, owned)
	case *wamp.Invocation:
		return s.invocationLocked(m, owned)
	case *wamp.Event:
		s.eventLocked(m, owned)
	case *wamp.Published:
		return s.publishedLocked(m)
	case *wamp.Error:
		return s.refusedLocked(m, owned)
	case *wamp.Interrupt:
		s.interruptLocked(m)
	case *wamp.Subscribed:
		return s.subscribedLocked(ctx, m)
	case *wamp.Unsubscribed:
		return s.unsubscribedLocked(m)
	case *wamp.Registered:
		return s.registeredLocked(ctx, m)
	case *wamp.Unregistered:
		return s.unregisteredLocked(m)
	}
	return nil
}

// welcomed completes Join.
func (s *Session) welcomed(m *wamp.Welcome) error {
	if err := s.login.check(m); err != nil {
		return s.refuseLogin("the client does not trust the router", err)
	}
	s.login = nil
	s.welcome = *m
	if s.welcome.Realm == "" { // optional
		s.welcome.Realm = s.opts.Realm
	}
	s.copes = s.copes || transport.CopesWithPing(m.Agent)
	close(s.joined)
	s.keepAlive()
	return nil
}

// goodbye answers the router's GOODBYE (SES-10).
func (s *Session) goodbye(m *wamp.Goodbye) error {
	cause := &GoodbyeError{Reason: m.Reason, Message: m.Message}
	s.lastWords(&wamp.Goodbye{Reason: wamp.CloseGoodbyeAndOut}, &endError{cause})
	return cause
}

// abort tells the router that it broke the protocol.
func (s *Session) abort(violation *wamp.ProtocolError) error {
	s.lastWords(violation.Abort(), &endError{violation})
	return violation
}

// lastWords sends the last message of the session and waits until it is
// written, but not longer than Options.CloseTimeout.
func (s *Session) lastWords(m wamp.Message, over error) {
	s.mu.Lock()
	_ = s.out.append(m, 0) // fails only if the connection has, which ends the session anyway
	s.stopLocked(over)
	s.mu.Unlock()
	s.out.flush()
	s.out.drain(s.opts.CloseTimeout)
}

// ended returns what the router's last message means.
func ended(m wamp.Message) error {
	a, ok := m.(*wamp.Abort)
	if !ok {
		return ErrClosed // the echo of our GOODBYE
	}
	abort := *a
	abort.Payload = a.Payload.Clone()
	return &abort
}

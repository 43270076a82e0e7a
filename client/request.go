package client

import (
	"context"

	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/wamp"
)

// headRoom is what reserving room for a message assumes for its head.
const headRoom = 128

// request is one that the router has to answer.
type request struct {
	code      wamp.Code
	reply     chan reply // capacity 1; whoever removes the request from Session.requests sends
	abandoned bool       // nobody waits for the reply any more

	sub    *Subscription // of a SUBSCRIBE
	reg    *Registration // of a REGISTER or UNREGISTER
	chunks *chunks       // of a CALL that takes progressive results, else nil

	procedure  wamp.URI         // of a CALL
	attributes *wamp.Attributes // of a CALL, as sent
}

// held returns what the router has granted.
func (r *request) held() held {
	if r.reg != nil {
		return r.reg
	}
	return r.sub
}

// reply is the router's answer, or why there is none.
type reply struct {
	publication wamp.ID
	result      Result
	err         error
}

func newRequest(code wamp.Code) *request {
	return &request{code: code, reply: make(chan reply, 1)}
}

// send sends a new request, whose ID it assigns (ID-2). It waits for room in
// the outbox until the context ends. The request r may be nil if no answer is
// expected (ID-5).
func (s *Session) send(ctx context.Context, m wamp.Message, r *request) (wamp.ID, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	room := headRoom
	if p := serializer.PayloadOf(m); p != nil {
		room += len(p.Bytes)
	}
	if err := s.out.reserve(ctx, room); err != nil {
		return 0, err
	}
	s.mu.Lock()
	id, err := s.postLocked(m, r, room)
	s.mu.Unlock()
	s.out.flush()
	return id, err
}

// postLocked assigns the ID and queues the message in one step, since IDs must
// be in order on the wire. The reserved room is used up in any case.
func (s *Session) postLocked(m wamp.Message, r *request, room int) (wamp.ID, error) {
	err := s.over
	if err == nil && r != nil {
		err = s.admitLocked(r)
	}
	if err != nil {
		s.out.release(room)
		return 0, err
	}
	id := s.lastID.Next()
	setRequest(m, id)
	if err := s.out.append(m, room); err != nil {
		return 0, err
	}
	s.lastID = id
	if r != nil {
		s.requests[id] = r
		s.claimLocked(r)
	}
	return id, nil
}

// admitLocked refuses a request that cannot succeed.
func (s *Session) admitLocked(r *request) error {
	if r.code == wamp.CodeRegister && s.procedures[r.reg.pattern] != nil {
		return &wamp.Error{URI: wamp.ErrProcedureAlreadyExists}
	}
	return nil
}

// claimLocked notes what a request that was sent is about.
func (s *Session) claimLocked(r *request) {
	switch r.code {
	case wamp.CodeRegister:
		s.procedures[r.reg.pattern] = r.reg
	case wamp.CodeSubscribe:
		s.topicLocked(r.sub.pattern).joining++
	}
}

func setRequest(m wamp.Message, id wamp.ID) {
	switch m := m.(type) {
	case *wamp.Call:
		m.Request = id
	case *wamp.Publish:
		m.Request = id
	case *wamp.Subscribe:
		m.Request = id
	case *wamp.Unsubscribe:
		m.Request = id
	case *wamp.Register:
		m.Request = id
	case *wamp.Unregister:
		m.Request = id
	}
}

// await waits for the answer to a request other than a CALL. If the context
// ends first, the answer is dealt with when it comes: a subscription or
// registration that nobody wants is withdrawn then.
func (s *Session) await(ctx context.Context, r *request) (reply, error) {
	select {
	case rep := <-r.reply:
		return rep, rep.err
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case rep := <-r.reply: // the answer was faster
		return rep, rep.err
	default:
		r.abandoned = true
		return reply{}, ctx.Err()
	}
}

// takeLocked removes and returns the request that a message of the router
// answers, or nil if there is none.
func (s *Session) takeLocked(id wamp.ID, code wamp.Code) *request {
	r := s.requests[id]
	if r == nil || r.code != code {
		return nil
	}
	delete(s.requests, id)
	return r
}

// unasked says that the router answered what was never asked (PV-4).
func unasked(m wamp.Message, id wamp.ID) *wamp.ProtocolError {
	return wamp.Violation("%v for request %d, which was not made or is answered", m.Code(), id)
}

// refusedLocked is an ERROR of the router. One that answers nothing any more
// is late, and ignored (PV-4).
func (s *Session) refusedLocked(m *wamp.Error, owned bool) *wamp.ProtocolError {
	if m.RequestType == wamp.CodeInvocation { // of an answer that was sent (PPT-4)
		s.log.Warn("router refused the answer to an invocation", "request", m.Request, "err", m.URI)
		return nil
	}
	if m.Request > s.lastID {
		return unasked(m, m.Request)
	}
	r := s.takeLocked(m.Request, m.RequestType)
	if r == nil {
		return nil
	}
	refusal := *m
	refusal.Payload = keep(m.Payload, owned)
	s.settleRefusedLocked(r)
	r.reply <- reply{err: &refusal}
	return nil
}

// settleRefusedLocked takes back what claimLocked noted.
func (s *Session) settleRefusedLocked(r *request) {
	switch r.code {
	case wamp.CodeRegister:
		delete(s.procedures, r.reg.pattern)
	case wamp.CodeUnregister:
		s.dropLocked(r.reg, nil)
	case wamp.CodeSubscribe:
		t := s.topicLocked(r.sub.pattern)
		t.joining--
		s.leaveLocked(t)
	}
}

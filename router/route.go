package router

import (
	"slices"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/wamp"
)

// route has a message of an established session carried out, now or, where an
// Authorizer has to decide first, later.
func (s *session) route(m wamp.Message, w *worker) error {
	if s.perms.dynamic != nil {
		if held, err := s.held(m, w); held || err != nil {
			return err
		}
	}
	return s.carryOut(m, w)
}

// carryOut authorizes a message and asks the broker or the dealer what it leads
// to. What they decide is in the recipients' outboxes when the lock is released.
//
// The authorization of a refused message is answered here, before the core
// sees it; the core's own checks (URIs, reserved names) come after it.
func (s *session) carryOut(m wamp.Message, w *worker) error {
	defer w.settle()
	switch m := m.(type) {
	case *wamp.Publish:
		s.publish(m, w)
	case *wamp.Subscribe:
		s.subscribe(m, w)
	case *wamp.Unsubscribe:
		r := s.realm
		r.pubsub.Lock()
		defer r.pubsub.Unlock()
		if !s.absent.pubsub {
			r.broker.Unsubscribe(s.peer, m, &w.out)
			w.deliver()
		}
	case *wamp.Register:
		s.register(m, w)
	case *wamp.EventReceived:
		// Provisional; nothing is done with it (section 3.21).
	default:
		return s.routeRPC(m, w)
	}
	return nil
}

func (s *session) publish(m *wamp.Publish, w *worker) {
	v := s.judge(ActionPublish, m.Topic, wamp.MatchExact, w)
	if v.refusal != "" {
		if m.Acknowledge {
			s.refuse(m, m.Request, v.refusal, w)
		}
		return
	}
	m.DiscloseMe = m.DiscloseMe || v.disclose
	m.TrustLevel = s.perms.trustLevel(m.Topic)
	s.realm.publish(s.peer, m, w)
}

func (s *session) subscribe(m *wamp.Subscribe, w *worker) {
	if v := s.judge(ActionSubscribe, m.Topic, m.Match, w); v.refusal != "" {
		s.refuse(m, m.Request, v.refusal, w)
		return
	}
	r := s.realm
	r.pubsub.Lock()
	defer r.pubsub.Unlock()
	if !s.absent.pubsub {
		r.broker.Subscribe(s.peer, m, w.now, &w.out)
		w.deliver()
	}
}

func (s *session) register(m *wamp.Register, w *worker) {
	if v := s.judge(ActionRegister, m.Procedure, m.Match, w); v.refusal != "" {
		s.refuse(m, m.Request, v.refusal, w)
		return
	}
	r := s.realm
	r.rpc.Lock()
	if !s.absent.rpc {
		r.dealer.Register(s.peer, m, w.now, &w.out)
		w.deliver()
	}
	r.rpc.Unlock()
	if told := s.router.opts.OnRegister; told != nil && registered(w.out.All()) {
		told(r.cfg.Name, m.Procedure)
	}
}

// registered reports whether the dealer answered REGISTER with REGISTERED.
func registered(answer []core.Delivery) bool {
	return slices.ContainsFunc(answer, func(d core.Delivery) bool { return d.Msg.Code() == wamp.CodeRegistered })
}

// routeRPC is route for the dealer's other messages.
func (s *session) routeRPC(m wamp.Message, w *worker) error {
	if m, ok := m.(*wamp.Call); ok {
		v := s.judge(ActionCall, m.Procedure, wamp.MatchExact, w)
		if v.refusal != "" {
			return s.refuseCall(m, v.refusal, w)
		}
		m.DiscloseMe = m.DiscloseMe || v.disclose
		m.TrustLevel = s.perms.trustLevel(m.Procedure)
	}
	r := s.realm
	r.rpc.Lock()
	defer r.rpc.Unlock()
	if s.absent.rpc {
		return nil
	}
	violation := s.askDealer(m, w)
	w.deliver()
	r.armLocked()
	if violation != nil {
		return violation
	}
	return nil
}

// askDealer calls the dealer's operation for m; the realm's rpc lock is held.
func (s *session) askDealer(m wamp.Message, w *worker) *wamp.ProtocolError {
	d := s.realm.dealer
	switch m := m.(type) {
	case *wamp.Call:
		return d.Call(s.peer, m, w.now, &w.out)
	case *wamp.Yield:
		return d.Yield(s.peer, m, w.now, &w.out)
	case *wamp.Error:
		return d.Error(s.peer, m, w.now, &w.out)
	case *wamp.Cancel:
		d.Cancel(s.peer, m, &w.out)
	case *wamp.Unregister:
		d.Unregister(s.peer, m, &w.out)
	default:
		return wamp.Violation("%s is not for a client to send", m.Code())
	}
	return nil
}

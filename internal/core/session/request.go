package session

import (
	"math"

	"github.com/junctorio/junctor/wamp"
)

// request checks a message of an established session: request IDs (ID-4),
// what ERROR refers to (PV-1), and the two features that must be announced
// before use (SES-2).
func (a *Acceptor) request(m wamp.Message) *wamp.ProtocolError {
	switch m := m.(type) {
	case *wamp.Publish:
		return first(a.next(m.Request, m), a.passthru(m.Attributes, passthruPublisher, m))
	case *wamp.Subscribe:
		return a.next(m.Request, m)
	case *wamp.Unsubscribe:
		return a.next(m.Request, m)
	case *wamp.Register:
		return a.next(m.Request, m)
	case *wamp.Unregister:
		return a.next(m.Request, m)
	case *wamp.Call:
		return a.call(m)
	case *wamp.Yield:
		return a.passthru(m.Attributes, passthruCallee, m)
	case *wamp.Error:
		if m.RequestType != wamp.CodeInvocation {
			return wamp.Violation("ERROR from a client refers to %v, must refer to INVOCATION (68)", m.RequestType)
		}
		return a.passthru(m.Attributes, passthruCallee, m)
	}
	return nil
}

func (a *Acceptor) call(m *wamp.Call) *wamp.ProtocolError {
	continues := a.agreed&progressiveCalls != 0
	// A CALL that may continue an earlier one repeats its ID (PCI-1); whether
	// there is such a call only the dealer knows.
	if !continues || m.Request+wamp.ID(a.since) > a.previous {
		if err := a.next(m.Request, m); err != nil {
			return err
		}
		a.since = 0
	}
	if m.Progress && !continues {
		return wamp.Violation("CALL with progress needs progressive_call_invocations announced by caller and dealer") // PCI-2
	}
	return a.passthru(m.Attributes, passthruCaller, m)
}

// next checks ID-4 where it is asked for.
func (a *Acceptor) next(id wamp.ID, m wamp.Message) *wamp.ProtocolError {
	if !a.strict {
		return nil
	}
	want := a.previous.Next()
	if id != want {
		return wamp.Violation("%v has request ID %d, the next one is %d", m.Code(), id, want)
	}
	a.previous = id
	if a.since < math.MaxUint32 {
		a.since++
	}
	return nil
}

// passthru checks PPT-3.
func (a *Acceptor) passthru(at *wamp.Attributes, need usable, m wamp.Message) *wamp.ProtocolError {
	if at == nil || at.PPTScheme == "" || a.agreed&need != 0 {
		return nil
	}
	return wamp.Violation("%v with ppt_scheme needs payload_passthru_mode announced by both sides", m.Code())
}

func first(errs ...*wamp.ProtocolError) *wamp.ProtocolError {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// usable is a set of the features that must be announced before use.
type usable uint8

const (
	progressiveCalls usable = 1 << iota
	passthruPublisher
	passthruCaller
	passthruCallee
)

// announcedBy returns what a client's roles allow.
func announcedBy(rs *wamp.Roles) usable {
	return when(rs.HasFeature(wamp.RoleCaller, wamp.FeatureProgressiveCallInvocations), progressiveCalls) |
		when(rs.HasFeature(wamp.RolePublisher, wamp.FeaturePayloadPassthruMode), passthruPublisher) |
		when(rs.HasFeature(wamp.RoleCaller, wamp.FeaturePayloadPassthruMode), passthruCaller) |
		when(rs.HasFeature(wamp.RoleCallee, wamp.FeaturePayloadPassthruMode), passthruCallee)
}

// offeredBy returns what a router's roles allow.
func offeredBy(rs *wamp.Roles) usable {
	return when(rs.HasFeature(wamp.RoleDealer, wamp.FeatureProgressiveCallInvocations), progressiveCalls) |
		when(rs.HasFeature(wamp.RoleBroker, wamp.FeaturePayloadPassthruMode), passthruPublisher) |
		when(rs.HasFeature(wamp.RoleDealer, wamp.FeaturePayloadPassthruMode), passthruCaller|passthruCallee)
}

func when(cond bool, u usable) usable {
	if cond {
		return u
	}
	return 0
}

// origin is which kind of peer sends a message (section 2.2).
type origin uint8

const (
	fromClient origin = 1 << iota
	fromRouter
)

// origins has no entry for the codes that both kinds of peers send.
var origins = map[wamp.Code]origin{
	wamp.CodeHello: fromClient, wamp.CodeAuthenticate: fromClient,
	wamp.CodePublish: fromClient, wamp.CodeSubscribe: fromClient, wamp.CodeUnsubscribe: fromClient,
	wamp.CodeCall: fromClient, wamp.CodeCancel: fromClient, wamp.CodeRegister: fromClient,
	wamp.CodeUnregister: fromClient, wamp.CodeYield: fromClient, wamp.CodeEventReceived: fromClient,
	wamp.CodeWelcome: fromRouter, wamp.CodeChallenge: fromRouter,
	wamp.CodePublished: fromRouter, wamp.CodeSubscribed: fromRouter, wamp.CodeUnsubscribed: fromRouter,
	wamp.CodeEvent: fromRouter, wamp.CodeResult: fromRouter, wamp.CodeRegistered: fromRouter,
	wamp.CodeUnregistered: fromRouter, wamp.CodeInvocation: fromRouter, wamp.CodeInterrupt: fromRouter,
}

// outOfPlace describes a message that the table does not allow. PV-6 has its
// own words, since the remedy differs: the peer is no such peer at all.
func outOfPlace(s State, c wamp.Code, wrong origin) *wamp.ProtocolError {
	if origins[c] == wrong && wrong == fromRouter {
		return wamp.Violation("%v received, which only routers send", c)
	}
	if origins[c] == wrong {
		return wamp.Violation("%v received, which only clients send", c)
	}
	return wamp.Violation("%v received while the session is %v", c, s)
}

package router

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/wamp"
)

// metaProcedures are the procedures of the meta API (sections 3.20 and 3.22 to
// 3.25). What else can be called below "wamp." is what somebody trusted
// registered there.
var metaProcedures = []metaProcedure{
	{"wamp.session.count", (*metaCall).countSessions, false},
	{"wamp.session.list", (*metaCall).listSessions, false},
	{"wamp.session.get", (*metaCall).getSession, false},
	{"wamp.session.add_testament", (*metaCall).addTestament, false},
	{"wamp.session.flush_testaments", (*metaCall).flushTestaments, false},
	{"wamp.session.kill", (*metaCall).killSession, true},
	{"wamp.session.kill_by_authid", (*metaCall).killByAuthID, true},
	{"wamp.session.kill_by_authrole", (*metaCall).killByAuthRole, true},
	{"wamp.session.kill_all", (*metaCall).killEverybody, true},

	{"wamp.registration.list", (*metaCall).listRegistrations, false},
	{"wamp.registration.lookup", (*metaCall).lookupRegistration, false},
	{"wamp.registration.match", (*metaCall).matchRegistration, false},
	{"wamp.registration.get", (*metaCall).getRegistration, false},
	{"wamp.registration.list_callees", (*metaCall).listCallees, false},
	{"wamp.registration.count_callees", (*metaCall).countCallees, false},
	{"wamp.registration.remove_callee", (*metaCall).removeCallee, true},

	{"wamp.subscription.list", (*metaCall).listSubscriptions, false},
	{"wamp.subscription.lookup", (*metaCall).lookupSubscription, false},
	{"wamp.subscription.match", (*metaCall).matchSubscriptions, false},
	{"wamp.subscription.get", (*metaCall).getSubscription, false},
	{"wamp.subscription.list_subscribers", (*metaCall).listSubscribers, false},
	{"wamp.subscription.count_subscribers", (*metaCall).countSubscribers, false},
	{"wamp.subscription.remove_subscriber", (*metaCall).removeSubscriber, true},
}

// historyProcedure is there only in realms that have an event store.
var historyProcedure = metaProcedure{"wamp.subscription.get_events", (*metaCall).getEvents, false}

type metaProcedure struct {
	uri    wamp.URI
	answer metaHandler
	acts   bool // on others: a permission must name it, see denyUnlessNamed
}

// metaHandler answers a call with the positional arguments of a RESULT, or
// with an error: a *metaError, or a wamp.ErrorURI where the URI says it all.
//
// It runs on the goroutine that routed the call, the caller's reader, after all
// locks were released; so it takes what locks it needs, each for a moment. It
// returns values, which are encoded once it holds none. It must not use that
// goroutine's worker.
type metaHandler func(*metaCall) (results []any, err error)

// metaCall is a call of a meta procedure.
type metaCall struct {
	realm  *Realm
	caller *core.Peer
	args   []any
	kwargs wamp.Dict
}

// metaError is an ERROR that explains itself.
type metaError struct {
	uri  wamp.ErrorURI
	text string
}

func (e *metaError) Error() string { return string(e.uri) + ": " + e.text }

// badArgument is what a meta procedure answers to arguments that it cannot
// take (META-3).
func badArgument(format string, args ...any) error {
	return &metaError{wamp.ErrInvalidArgument, fmt.Sprintf(format, args...)}
}

// service is the one peer of a realm that gets messages instead of octets: to
// the dealer a callee like any other, so that calls of meta procedures keep the
// rules of calls, and to the broker the publisher of meta events (META-4).
type service struct {
	peer       *core.Peer
	procedures map[wamp.ID]metaHandler // by registration; constant
	news       news
}

// newService registers the meta procedures of a realm that is being made.
func newService(r *Realm) *service {
	s := &service{
		peer:       &core.Peer{Owner: r, Trusted: true},
		procedures: make(map[wamp.ID]metaHandler, len(metaProcedures)),
	}
	var out core.Deliveries
	procedures := metaProcedures
	if r.history != nil {
		procedures = append(slices.Clip(procedures), historyProcedure)
	}
	for _, p := range procedures {
		// Handlers want to know who calls; that is not disclosed to anybody.
		m := &wamp.Register{Procedure: p.uri, DiscloseCaller: true}
		r.dealer.Register(s.peer, m, time.Time{}, &out)
		s.procedures[out.All()[0].Msg.(*wamp.Registered).Registration] = p.answer
		out.Reset()
	}
	return s
}

// asked is an INVOCATION of a realm's service, on its way to answer.
type asked struct {
	realm      *Realm
	invocation *wamp.Invocation
}

// answer has the realm's service answer an invocation; no lock is held.
func (r *Realm) answer(inv *wamp.Invocation, w *worker) {
	caller := r.member(inv.Caller)
	if caller == nil {
		return // it has left, and its call ended with it
	}
	reply := r.reply(caller, inv)
	r.rpc.Lock()
	defer r.rpc.Unlock()
	// The service breaks no rules, so that there are no violations.
	switch m := reply.(type) {
	case *wamp.Yield:
		r.dealer.Yield(r.service.peer, m, w.now, &w.out)
	case *wamp.Error:
		r.dealer.Error(r.service.peer, m, w.now, &w.out)
	}
	w.deliver()
	r.armLocked()
}

// reply is what the service says to an invocation: a YIELD or an ERROR, in the
// caller's serializer.
func (r *Realm) reply(caller *core.Peer, inv *wamp.Invocation) wamp.Message {
	results, err := r.service.handle(r, caller, inv)
	serializer := caller.Owner.(*session).serializer
	if err == nil {
		p, err := serializer.EncodePayload(results, nil)
		if err == nil {
			return &wamp.Yield{Request: inv.Request, Payload: p}
		}
	}
	m := &wamp.Error{RequestType: wamp.CodeInvocation, Request: inv.Request, URI: wamp.ErrRuntimeError}
	var explained *metaError
	if errors.As(err, &explained) {
		m.URI = explained.uri
		m.Payload, _ = serializer.EncodePayload([]any{explained.text}, nil) // without it, the URI says enough
	} else {
		errors.As(err, &m.URI)
	}
	return m
}

func (s *service) handle(r *Realm, caller *core.Peer, inv *wamp.Invocation) ([]any, error) {
	c := &metaCall{realm: r, caller: caller}
	var err error
	if c.args, c.kwargs, err = inv.Payload.Values(); err != nil {
		return nil, badArgument("%v", err)
	}
	return s.procedures[inv.Registration](c)
}

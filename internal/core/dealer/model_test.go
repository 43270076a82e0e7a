package dealer_test

import (
	"slices"
	"strings"
	"time"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/wamp"
)

// model is a slow, obvious dealer: lists that are searched from end to end. It
// says what must be sent, except for the choice of a callee, of which it says
// who may be chosen, and is told who was.
type model struct {
	now        time.Time
	maxPending int

	registrations []*modelRegistration
	created       wamp.ID // how many registrations there ever were
	calls         []*modelCall
	issued        map[*core.Peer]wamp.ID // invocations, by callee
}

type modelRegistration struct {
	id      wamp.ID
	uri     wamp.URI
	match   wamp.Match
	invoke  wamp.Invoke
	callees []*modelCallee // in order of registration
	last    *modelCallee   // whom roundrobin chose, perhaps gone
	joined  int            // how many callees there ever were
}

type modelCallee struct {
	peer    *core.Peer
	serial  int // 1 for a registration's first callee
	options wamp.Register
	pending uint64
}

type modelCall struct {
	caller, callee      *core.Peer
	request, invocation wamp.ID
	part                *modelCallee
	progress            bool
	interrupted         wamp.CancelMode
	timeout             time.Duration
	deadline            time.Time
}

func understands(p *core.Peer, f wamp.Feature) bool {
	return p.Roles.HasFeature(wamp.RoleCallee, f)
}

func (m *model) register(p *core.Peer, r *wamp.Register) (want []sent) {
	if !r.Procedure.ValidPattern(r.Match, wamp.URILoose) || r.Procedure.Reserved() && !p.Trusted {
		return []sent{refused(p, wamp.CodeRegister, r.Request, wamp.ErrInvalidURI)}
	}
	old := m.registration(func(o *modelRegistration) bool { return o.uri == r.Procedure && o.match == r.Match })
	if old != nil && r.ForceReregister {
		for _, c := range old.callees {
			if understands(c.peer, wamp.FeatureRegistrationRevocation) {
				want = append(want, to(c.peer, &wamp.Unregistered{Registration: old.id, Reason: "wamp.error.unregistered"}))
			}
		}
		old.callees = nil
		m.sweep()
		old = nil
	}
	if old == nil {
		m.created++
		old = &modelRegistration{id: m.created, uri: r.Procedure, match: r.Match, invoke: r.Invoke}
		m.registrations = append(m.registrations, old)
	} else if old.invoke == wamp.InvokeSingle || old.invoke != r.Invoke {
		return []sent{refused(p, wamp.CodeRegister, r.Request, wamp.ErrProcedureAlreadyExists)}
	}
	if !slices.ContainsFunc(old.callees, func(c *modelCallee) bool { return c.peer == p }) {
		old.joined++
		old.callees = append(old.callees, &modelCallee{peer: p, serial: old.joined, options: *r})
	}
	return append(want, to(p, &wamp.Registered{Request: r.Request, Registration: old.id}))
}

func (m *model) registration(is func(*modelRegistration) bool) *modelRegistration {
	if i := slices.IndexFunc(m.registrations, is); i >= 0 {
		return m.registrations[i]
	}
	return nil
}

// sweep forgets registrations without callees.
func (m *model) sweep() {
	m.registrations = slices.DeleteFunc(m.registrations, func(r *modelRegistration) bool { return len(r.callees) == 0 })
}

func (m *model) withdraw(p *core.Peer, r *modelRegistration) (was bool) {
	before := len(r.callees)
	r.callees = slices.DeleteFunc(r.callees, func(c *modelCallee) bool { return c.peer == p })
	return len(r.callees) < before
}

func (m *model) unregister(p *core.Peer, u *wamp.Unregister) []sent {
	r := m.registration(func(r *modelRegistration) bool { return r.id == u.Registration })
	if r == nil || !m.withdraw(p, r) {
		return []sent{refused(p, wamp.CodeUnregister, u.Request, wamp.ErrNoSuchRegistration)}
	}
	m.sweep()
	return []sent{to(p, &wamp.Unregistered{Request: u.Request})}
}

// best is PREG-3 and PREG-5, word by word.
func (m *model) best(uri wamp.URI) (best *modelRegistration) {
	for _, r := range m.registrations {
		if uri.Matches(r.uri, r.match) && (best == nil || beats(r, best)) {
			best = r
		}
	}
	return best
}

func beats(a, b *modelRegistration) bool {
	if a.match != b.match {
		return a.match < b.match // exact, prefix, wildcard
	}
	if a.match == wamp.MatchPrefix {
		return len(a.uri) > len(b.uri)
	}
	as, bs := strings.Split(string(a.uri), "."), strings.Split(string(b.uri), ".")
	for i := range as {
		if (as[i] == "") != (bs[i] == "") {
			return as[i] != ""
		}
	}
	return false
}

// candidates says who may be invoked, or why nobody may.
func (m *model) candidates(caller *core.Peer, c *wamp.Call) (*modelRegistration, []*modelCallee, wamp.ErrorURI) {
	pending := 0
	for _, o := range m.calls {
		if o.caller == caller {
			pending++
		}
	}
	r := m.best(c.Procedure)
	switch {
	case !c.Procedure.Valid(wamp.URILoose):
		return nil, nil, wamp.ErrInvalidURI
	case r == nil:
		return nil, nil, wamp.ErrNoSuchProcedure
	case pending >= m.maxPending:
		return nil, nil, wamp.ErrLimitExceeded
	}
	var ready []*modelCallee
	for _, e := range r.callees {
		if e.options.Concurrency == 0 || e.pending < e.options.Concurrency {
			ready = append(ready, e)
		}
	}
	if len(ready) == 0 {
		return nil, nil, wamp.ErrMaxConcurrencyReached
	}
	switch r.invoke {
	case wamp.InvokeSingle, wamp.InvokeFirst:
		ready = ready[:1]
	case wamp.InvokeLast:
		ready = ready[len(ready)-1:]
	case wamp.InvokeRoundRobin:
		after := func(e *modelCallee) bool { return r.last == nil || e.serial > r.last.serial }
		if i := slices.IndexFunc(ready, after); i >= 0 {
			ready = ready[i:]
		}
		ready = ready[:1]
	}
	return r, ready, ""
}

// call makes the call pending with the callee that was chosen.
func (m *model) call(caller *core.Peer, c *wamp.Call, r *modelRegistration, e *modelCallee) (want []sent) {
	r.last = e
	if c.Procedure.Reserved() && !e.peer.Trusted {
		return []sent{failed(caller, c.Request, wamp.ErrNoSuchProcedure)}
	}
	e.pending++
	m.issued[e.peer]++
	inv := &wamp.Invocation{Request: m.issued[e.peer], Registration: r.id}
	if r.match != wamp.MatchExact {
		inv.Procedure = c.Procedure
	}
	inv.ReceiveProgress = c.ReceiveProgress && understands(e.peer, wamp.FeatureProgressiveCallResults)
	if c.DiscloseMe || e.options.DiscloseCaller {
		inv.Caller, inv.CallerAuthID, inv.CallerAuthRole = caller.ID, caller.Principal.AuthID, caller.Principal.AuthRole
	}
	call := &modelCall{
		caller: caller, request: c.Request, callee: e.peer, invocation: inv.Request, part: e, progress: c.ReceiveProgress,
	}
	switch {
	case e.options.ForwardTimeout && understands(e.peer, wamp.FeatureCallTimeout):
		inv.TimeoutMillis = c.TimeoutMillis
	case c.TimeoutMillis > 0:
		call.timeout = time.Duration(c.TimeoutMillis) * time.Millisecond
		call.deadline = m.now.Add(call.timeout)
	}
	m.calls = append(m.calls, call)
	return []sent{to(e.peer, inv)}
}

func (m *model) byRequest(p *core.Peer, id wamp.ID) *modelCall {
	for _, c := range m.calls {
		if c.caller == p && c.request == id {
			return c
		}
	}
	return nil
}

func (m *model) byInvocation(p *core.Peer, id wamp.ID) *modelCall {
	for _, c := range m.calls {
		if c.callee == p && c.invocation == id {
			return c
		}
	}
	return nil
}

func (m *model) end(c *modelCall) {
	c.part.pending--
	m.calls = slices.DeleteFunc(m.calls, func(o *modelCall) bool { return o == c })
}

func (m *model) fail(c *modelCall, uri wamp.ErrorURI) []sent {
	m.end(c)
	return []sent{failed(c.caller, c.request, uri)}
}

func (m *model) interrupt(c *modelCall, mode wamp.CancelMode, reason wamp.ErrorURI) []sent {
	if !understands(c.callee, wamp.FeatureCallCanceling) || c.interrupted == mode {
		return nil
	}
	c.interrupted = mode
	return []sent{to(c.callee, &wamp.Interrupt{Request: c.invocation, Mode: mode, Reason: wamp.URI(reason)})}
}

func (m *model) cancel(p *core.Peer, cancel *wamp.Cancel) []sent {
	c := m.byRequest(p, cancel.Request)
	if c == nil {
		return nil
	}
	mode := cancel.Mode
	if mode == wamp.CancelDefault {
		mode = wamp.CancelKillNoWait
	}
	if !understands(c.callee, wamp.FeatureCallCanceling) {
		mode = wamp.CancelSkip
	}
	switch mode {
	case wamp.CancelSkip:
		return m.fail(c, wamp.ErrCanceled)
	case wamp.CancelKill:
		return m.interrupt(c, mode, wamp.ErrCanceled)
	default:
		return append(m.interrupt(c, mode, wamp.ErrCanceled), m.fail(c, wamp.ErrCanceled)...)
	}
}

func (m *model) yield(p *core.Peer, y *wamp.Yield) []sent {
	c := m.byInvocation(p, y.Request)
	if c == nil || y.Progress && !c.progress {
		return nil
	}
	if !y.Progress {
		m.end(c)
	} else if c.timeout > 0 {
		c.deadline = m.now.Add(c.timeout)
	}
	return []sent{to(c.caller, &wamp.Result{Request: c.request, Progress: y.Progress})}
}

func (m *model) error(p *core.Peer, e *wamp.Error) []sent {
	c := m.byInvocation(p, e.Request)
	if c == nil {
		return nil
	}
	return m.fail(c, e.URI)
}

func (m *model) undelivered(p *core.Peer, invocation wamp.ID, uri wamp.ErrorURI) []sent {
	c := m.byInvocation(p, invocation)
	if c == nil {
		return nil
	}
	return m.fail(c, uri)
}

func (m *model) resultUndelivered(p *core.Peer, r wamp.Result, uri wamp.ErrorURI) []sent {
	if !r.Progress {
		return []sent{failed(p, r.Request, uri)}
	}
	c := m.byRequest(p, r.Request)
	return append(m.interrupt(c, wamp.CancelKillNoWait, uri), m.fail(c, uri)...)
}

func (m *model) leave(p *core.Peer) (want []sent) {
	for _, r := range m.registrations {
		m.withdraw(p, r)
	}
	m.sweep()
	for _, c := range slices.Clone(m.calls) {
		switch {
		case c.caller == p && c.callee == p:
			m.end(c)
		case c.caller == p:
			want = append(want, m.interrupt(c, wamp.CancelKillNoWait, wamp.ErrCanceled)...)
			m.end(c)
		case c.callee == p:
			want = append(want, m.fail(c, wamp.ErrCanceled)...)
		}
	}
	return want
}

func (m *model) expire() (want []sent) {
	for _, c := range slices.Clone(m.calls) {
		if c.timeout > 0 && !c.deadline.After(m.now) {
			want = append(want, m.interrupt(c, wamp.CancelKillNoWait, wamp.ErrTimeout)...)
			want = append(want, m.fail(c, wamp.ErrTimeout)...)
		}
	}
	return want
}

func (m *model) nextDeadline() (next time.Time, ok bool) {
	for _, c := range m.calls {
		if c.timeout > 0 && (!ok || c.deadline.Before(next)) {
			next, ok = c.deadline, true
		}
	}
	return next, ok
}

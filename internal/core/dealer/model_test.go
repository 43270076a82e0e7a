package dealer_test

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/wamp"
)

// model is a slow, obvious dealer: lists that are searched from end to end. It
// says what must be sent, except for the choice of a callee at random, of which
// it says who may be chosen, and asks who was.
type model struct {
	now        time.Time
	maxPending int
	maxQueued  int
	invoked    func(callee *core.Peer, request wamp.ID) bool // what the dealer did

	registrations []*modelRegistration
	created       wamp.ID // how many registrations there ever were
	calls         []*modelCall
	issued        map[*core.Peer]wamp.ID // invocations, by callee
	highest       map[*core.Peer]wamp.ID // request IDs of CALLs, by caller
	unfinished    map[question]wamp.URI  // calls that are over, with chunks to come
}

type modelRegistration struct {
	id      wamp.ID
	uri     wamp.URI
	match   wamp.Match
	invoke  wamp.Invoke
	callees []*modelCallee // in order of registration
	last    *modelCallee   // who was chosen last, perhaps gone
	joined  int            // how many callees there ever were
	queue   []*modelCall
}

type modelCallee struct {
	peer    *core.Peer
	serial  int // 1 for a registration's first callee
	options wamp.Register
	pending uint64
}

func (e *modelCallee) busy() bool {
	return e.options.Concurrency > 0 && e.pending >= e.options.Concurrency
}

type modelCall struct {
	caller, callee      *core.Peer // no callee: the call is queued
	request, invocation wamp.ID
	registration        *modelRegistration
	part                *modelCallee
	first               wamp.Call // the options of all chunks
	chunks              []bool    // whether each one says progress; of a queued call
	open                bool      // there are chunks to come
	sent                int       // to this callee
	copied              bool      // the first chunk can be sent to another callee
	progressed          bool
	tried               []*core.Peer
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
		want = append(want, m.sweep()...)
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
	return append(append(want, to(p, &wamp.Registered{Request: r.Request, Registration: old.id})), m.serve(old)...)
}

func (m *model) registration(is func(*modelRegistration) bool) *modelRegistration {
	if i := slices.IndexFunc(m.registrations, is); i >= 0 {
		return m.registrations[i]
	}
	return nil
}

// sweep forgets registrations without callees, and cancels who waits for them.
func (m *model) sweep() (want []sent) {
	for _, r := range m.registrations {
		for len(r.callees) == 0 && len(r.queue) > 0 {
			want = append(want, m.fail(r.queue[0], wamp.ErrCanceled)...)
		}
	}
	m.registrations = slices.DeleteFunc(m.registrations, func(r *modelRegistration) bool { return len(r.callees) == 0 })
	return want
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
	return append(m.sweep(), to(p, &wamp.Unregistered{Request: u.Request}))
}

// revoke takes a registration away, unless it is below "wamp": those are the
// router's.
func (m *model) revoke(registration wamp.ID, p *core.Peer) []sent {
	r := m.registration(func(r *modelRegistration) bool { return r.id == registration })
	if r == nil || r.uri.Reserved() || !m.withdraw(p, r) {
		return nil
	}
	want := m.sweep()
	if understands(p, wamp.FeatureRegistrationRevocation) {
		want = append(want, to(p, &wamp.Unregistered{Registration: r.id, Reason: "wamp.error.unregistered"}))
	}
	return want
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

// late reports whether a CALL is a chunk of a call that is over (PCI-7).
func (m *model) late(caller *core.Peer, c *wamp.Call) bool {
	if c.Request > m.highest[caller] {
		m.highest[caller] = c.Request
		return false
	}
	q := question{caller, c.Request}
	if uri, ok := m.unfinished[q]; ok && uri == c.Procedure {
		if !c.Progress {
			delete(m.unfinished, q)
		}
		return true
	}
	return c.Progress
}

// call is a CALL with a request ID that no pending call has.
func (m *model) call(caller *core.Peer, c *wamp.Call, observed wamp.ErrorURI) []sent {
	r, refusal := m.route(caller, c)
	var e *modelCallee
	if refusal == "" {
		e, refusal = m.choose(r, c, observed)
	}
	if refusal != "" {
		if c.Progress {
			m.unfinished[question{caller, c.Request}] = c.Procedure
		}
		return []sent{failed(caller, c.Request, refusal)}
	}
	call := &modelCall{caller: caller, request: c.Request, registration: r, first: *c, chunks: []bool{c.Progress}, open: c.Progress}
	m.calls = append(m.calls, call)
	if e == nil {
		r.queue = append(r.queue, call)
		m.startTimeout(call)
		return nil
	}
	if !e.forwards() {
		m.startTimeout(call)
	}
	return m.invoke(call, e)
}

// route finds the registration, or says why there is none.
func (m *model) route(caller *core.Peer, c *wamp.Call) (*modelRegistration, wamp.ErrorURI) {
	pending := 0
	for _, o := range m.calls {
		if o.caller == caller {
			pending++
		}
	}
	r := m.best(c.Procedure)
	switch {
	case !c.Procedure.Valid(wamp.URILoose):
		return nil, wamp.ErrInvalidURI
	case r == nil:
		return nil, wamp.ErrNoSuchProcedure
	case pending >= m.maxPending:
		return nil, wamp.ErrLimitExceeded
	}
	return r, ""
}

// choose returns a callee, or none if the call is to be queued. At random, the
// dealer may have met one that cannot take the call.
func (m *model) choose(r *modelRegistration, c *wamp.Call, observed wamp.ErrorURI) (*modelCallee, wamp.ErrorURI) {
	candidates := m.candidates(r, nil)
	if len(candidates) == 0 {
		if c.Procedure.Reserved() || len(r.queue) >= m.maxQueued {
			return nil, wamp.ErrMaxConcurrencyReached
		}
		return nil, ""
	}
	for _, e := range candidates {
		if refusal := e.refuses(c); refusal != "" && (refusal == observed || len(candidates) == 1) {
			r.last = e
			return nil, refusal
		}
	}
	return m.pick(r, candidates), ""
}

// refuses says why a callee cannot take a call.
func (e *modelCallee) refuses(c *wamp.Call) wamp.ErrorURI {
	switch {
	case c.Procedure.Reserved() && !e.peer.Trusted:
		return wamp.ErrNoSuchProcedure
	case c.Progress && !(understands(e.peer, wamp.FeatureProgressiveCallInvocations) && understands(e.peer, wamp.FeatureCallCanceling)):
		return wamp.ErrFeatureNotSupported
	}
	return ""
}

// candidates says who may be chosen by the policy, of those that are ready and
// not barred.
func (m *model) candidates(r *modelRegistration, barred func(*modelCallee) bool) (ready []*modelCallee) {
	for _, e := range r.callees {
		if !e.busy() && (barred == nil || !barred(e)) {
			ready = append(ready, e)
		}
	}
	if len(ready) == 0 || r.invoke == wamp.InvokeRandom {
		return ready
	}
	switch r.invoke {
	case wamp.InvokeLast:
		slices.Reverse(ready)
	case wamp.InvokeLeastPending:
		least := slices.MinFunc(ready, func(a, b *modelCallee) int { return int(a.pending) - int(b.pending) }).pending
		ready = slices.DeleteFunc(ready, func(e *modelCallee) bool { return e.pending > least })
		fallthrough
	case wamp.InvokeRoundRobin:
		after := func(e *modelCallee) bool { return r.last == nil || e.serial > r.last.serial }
		if i := slices.IndexFunc(ready, after); i >= 0 {
			ready = ready[i:]
		}
	}
	return ready[:1]
}

// pick learns whom the dealer has chosen.
func (m *model) pick(r *modelRegistration, candidates []*modelCallee) *modelCallee {
	r.last = candidates[0]
	for _, e := range candidates[1:] {
		if m.invoked(e.peer, m.issued[e.peer]+1) {
			r.last = e
		}
	}
	return r.last
}

func (e *modelCallee) forwards() bool {
	return e.options.ForwardTimeout && understands(e.peer, wamp.FeatureCallTimeout)
}

func (m *model) startTimeout(c *modelCall) {
	if c.first.TimeoutMillis > 0 {
		c.timeout = time.Duration(c.first.TimeoutMillis) * time.Millisecond
		c.deadline = m.now.Add(c.timeout)
	}
}

// invoke hands a call, all chunks that there are of it, to a callee.
func (m *model) invoke(c *modelCall, e *modelCallee) (want []sent) {
	e.pending++
	m.issued[e.peer]++
	c.callee, c.part, c.invocation, c.sent = e.peer, e, m.issued[e.peer], 0
	c.copied = understands(e.peer, wamp.FeatureCallReroute) && len(c.registration.callees) > 1
	for _, progress := range c.chunks {
		want = append(want, m.chunk(c, progress))
	}
	return want
}

// chunk is the INVOCATION for one CALL of a call.
func (m *model) chunk(c *modelCall, progress bool) sent {
	c.sent++
	e := c.part
	inv := &wamp.Invocation{Request: c.invocation, Registration: c.registration.id, Progress: progress}
	if c.registration.match != wamp.MatchExact {
		inv.Procedure = c.first.Procedure
	}
	inv.ReceiveProgress = c.first.ReceiveProgress && understands(e.peer, wamp.FeatureProgressiveCallResults)
	if c.first.DiscloseMe || e.options.DiscloseCaller {
		inv.Caller, inv.CallerAuthID, inv.CallerAuthRole = c.caller.ID, c.caller.Principal.AuthID, c.caller.Principal.AuthRole
	}
	if e.forwards() && c.timeout == 0 {
		inv.TimeoutMillis = c.first.TimeoutMillis
	}
	return to(e.peer, inv)
}

// resume is a further chunk of a pending call.
func (m *model) resume(c *modelCall, progress bool) []sent {
	c.open = progress
	if c.timeout > 0 {
		c.deadline = m.now.Add(c.timeout)
	}
	if c.callee == nil {
		c.chunks = append(c.chunks, progress)
		return nil
	}
	return []sent{m.chunk(c, progress)}
}

// serve hands queued calls to callees that are ready.
func (m *model) serve(r *modelRegistration) (want []sent) {
	for len(r.queue) > 0 {
		candidates := m.candidates(r, nil)
		if len(candidates) == 0 {
			break
		}
		c := r.queue[0]
		e := m.pick(r, candidates)
		if refusal := e.refuses(&c.first); refusal != "" {
			want = append(want, m.fail(c, refusal)...)
			continue
		}
		r.queue = r.queue[1:]
		want = append(want, m.invoke(c, e)...)
	}
	return want
}

// reroute hands a call to somebody else than refused it.
func (m *model) reroute(c *modelCall) []sent {
	c.tried = append(c.tried, c.callee)
	candidates := m.candidates(c.registration, func(e *modelCallee) bool {
		return slices.Contains(c.tried, e.peer) || e.refuses(&c.first) != ""
	})
	if !c.copied || len(candidates) == 0 {
		return m.fail(c, wamp.ErrNoAvailableCallee)
	}
	from, e := c.part, m.pick(c.registration, candidates)
	from.pending--
	if !e.forwards() && c.timeout == 0 {
		m.startTimeout(c)
	}
	want := m.invoke(c, e)
	if from.options.Concurrency > 0 {
		want = append(want, m.serve(c.registration)...)
	}
	return want
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

// end forgets a call, and serves who waits for its place.
func (m *model) end(c *modelCall) []sent {
	m.calls = slices.DeleteFunc(m.calls, func(o *modelCall) bool { return o == c })
	if c.open {
		m.unfinished[question{c.caller, c.request}] = c.first.Procedure
	}
	if c.callee == nil {
		c.registration.queue = slices.DeleteFunc(c.registration.queue, func(o *modelCall) bool { return o == c })
		return nil
	}
	c.part.pending--
	if c.part.options.Concurrency > 0 {
		return m.serve(c.registration)
	}
	return nil
}

func (m *model) fail(c *modelCall, uri wamp.ErrorURI) []sent {
	return append([]sent{failed(c.caller, c.request, uri)}, m.end(c)...)
}

func (m *model) interrupt(c *modelCall, mode wamp.CancelMode, reason wamp.ErrorURI) []sent {
	if c.callee == nil || !understands(c.callee, wamp.FeatureCallCanceling) || c.interrupted == mode {
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
	if c.callee == nil || !understands(c.callee, wamp.FeatureCallCanceling) {
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
	if c == nil || y.Progress && !c.first.ReceiveProgress {
		return nil
	}
	want := []sent{to(c.caller, &wamp.Result{Request: c.request, Progress: y.Progress})}
	if !y.Progress {
		return append(want, m.end(c)...)
	}
	c.progressed = true
	if c.timeout > 0 {
		c.deadline = m.now.Add(c.timeout)
	}
	return want
}

func (m *model) error(p *core.Peer, e *wamp.Error) []sent {
	c := m.byInvocation(p, e.Request)
	switch {
	case c == nil:
		return nil
	case e.URI == wamp.ErrUnavailable && understands(p, wamp.FeatureCallReroute) &&
		!c.progressed && c.interrupted == wamp.CancelDefault && c.sent == 1:
		return m.reroute(c)
	}
	return m.fail(c, e.URI)
}

func (m *model) undelivered(p *core.Peer, invocation wamp.ID, uri wamp.ErrorURI) (want []sent) {
	c := m.byInvocation(p, invocation)
	if c == nil {
		return nil
	}
	if c.sent > 1 {
		want = m.interrupt(c, wamp.CancelKillNoWait, uri)
	}
	return append(want, m.fail(c, uri)...)
}

func (m *model) resultUndelivered(p *core.Peer, r wamp.Result, uri wamp.ErrorURI) []sent {
	if !r.Progress {
		return []sent{failed(p, r.Request, uri)}
	}
	c := m.byRequest(p, r.Request)
	return append(m.interrupt(c, wamp.CancelKillNoWait, uri), m.fail(c, uri)...)
}

func (m *model) leave(p *core.Peer) (want []sent) {
	for _, c := range slices.Clone(m.calls) {
		if c.caller == p && c.callee == nil {
			m.end(c)
		}
	}
	for _, r := range m.registrations {
		m.withdraw(p, r)
	}
	want = m.sweep()
	for _, c := range m.sorted(func(c *modelCall) (wamp.ID, bool) { return c.request, c.caller == p }) {
		if c.callee != p {
			want = append(want, m.interrupt(c, wamp.CancelKillNoWait, wamp.ErrCanceled)...)
		}
		want = append(want, m.end(c)...)
	}
	for _, c := range m.sorted(func(c *modelCall) (wamp.ID, bool) { return c.invocation, c.callee == p }) {
		want = append(want, m.fail(c, wamp.ErrCanceled)...)
	}
	maps.DeleteFunc(m.unfinished, func(q question, _ wamp.URI) bool { return q.caller == p })
	return want
}

// sorted returns the calls that it is about, by their IDs.
func (m *model) sorted(by func(*modelCall) (wamp.ID, bool)) (calls []*modelCall) {
	for _, c := range m.calls {
		if _, ok := by(c); ok {
			calls = append(calls, c)
		}
	}
	slices.SortFunc(calls, func(a, b *modelCall) int {
		x, _ := by(a)
		y, _ := by(b)
		return cmp.Compare(x, y)
	})
	return calls
}

// expire ends calls one by one, the earliest deadline first: the callee that
// becomes free may get one that is about to expire as well.
func (m *model) expire() (want []sent) {
	for {
		next, ok := m.nextDeadline()
		if !ok || next.After(m.now) {
			return want
		}
		c := m.calls[slices.IndexFunc(m.calls, func(c *modelCall) bool { return c.timeout > 0 && c.deadline.Equal(next) })]
		want = append(want, m.interrupt(c, wamp.CancelKillNoWait, wamp.ErrTimeout)...)
		want = append(want, m.fail(c, wamp.ErrTimeout)...)
	}
}

func (m *model) nextDeadline() (next time.Time, ok bool) {
	for _, c := range m.calls {
		if c.timeout > 0 && (!ok || c.deadline.Before(next)) {
			next, ok = c.deadline, true
		}
	}
	return next, ok
}

package dealer_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/internal/core/dealer"
	"github.com/junctorio/junctor/wamp"
	"pgregory.net/rapid"
)

// TestRandomPrograms runs random programs on a Dealer and on the model, and
// holds what every program must hold: RPC-1, silence towards those that left,
// ID-3, and a dealer that forgets everything.
func TestRandomPrograms(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"first part", "second part", "third part", "fourth part"} {
		t.Run(part, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, runProgram)
		})
	}
}

func runProgram(t *rapid.T) {
	p := newProgram(t)
	for range 10 { // about 300 steps
		t.Repeat(map[string]func(*rapid.T){
			"":            p.compare,
			"join":        p.join,
			"leave":       p.leave,
			"register":    p.register,
			"unregister":  p.unregister,
			"revoke":      p.revoke,
			"call":        p.call,
			"call again":  p.call,
			"cancel":      p.cancel,
			"yield":       p.yield,
			"error":       p.error,
			"time":        p.time,
			"undelivered": p.undelivered,
		})
	}
	for len(p.present) > 0 {
		p.leave(t)
	}
	p.compare(t)
	if held := dealer.Held(p.dealer); held != 0 {
		t.Fatalf("after everyone left, the dealer holds %d things", held)
	}
}

// program is a random program under way.
type program struct {
	dealer  *dealer.Dealer
	told    told
	model   *model
	out     core.Deliveries
	present []*core.Peer
	joined  int
	issued  map[*core.Peer]wamp.ID // the last INVOCATION of each callee
	open    map[question]bool      // accepted calls without a final answer
	parts   map[question]bool      // INVOCATIONs, by callee, that further chunks may follow
}

// question is a CALL in the eyes of its caller.
type question struct {
	caller  *core.Peer
	request wamp.ID
}

func newProgram(t *rapid.T) *program {
	const maxPending, maxQueued = 4, 2
	p := &program{
		dealer: dealer.New(dealer.Options{
			IDs:        &sequence{last: wamp.ID(rapid.IntRange(0, 1000).Draw(t, "seed"))},
			MaxPending: maxPending,
			MaxQueued:  maxQueued,
		}),
		told: told{},
		model: &model{
			now: time.Unix(1000, 0), maxPending: maxPending, maxQueued: maxQueued,
			issued: map[*core.Peer]wamp.ID{}, highest: map[*core.Peer]wamp.ID{}, unfinished: map[question]wamp.URI{},
		},
		issued: map[*core.Peer]wamp.ID{},
		open:   map[question]bool{},
		parts:  map[question]bool{},
	}
	p.model.invoked = p.invoked
	p.join(t)
	p.join(t)
	return p
}

// happened checks what the dealer decided against the model, and what every
// recipient sees against the rules.
func (p *program) happened(t *rapid.T, want []sent) {
	for _, d := range p.out.All() {
		p.receive(t, d)
	}
	p.expect(t, want)
}

// expect compares, and forgets, what the dealer decided.
func (p *program) expect(t *rapid.T, want []sent) {
	show := func(s sent) string { return fmt.Sprintf("%s gets %v %+v", s.To, s.Msg.Code(), s.Msg) }
	var wants, gots []string
	for _, s := range want {
		wants = append(wants, show(s))
	}
	for _, d := range p.out.All() {
		gots = append(gots, show(to(d.To, d.Msg)))
	}
	// Between calls there is no order (ORD-5); within one, receive watches it.
	slices.Sort(wants)
	slices.Sort(gots)
	if diff := cmp.Diff(wants, gots); diff != "" {
		t.Fatalf("deliveries (-model +dealer):\n%s", diff)
	}
	if !p.told.hear(p.out.Changes()) {
		t.Fatalf("%+v cannot follow on %v", p.out.Changes(), p.told)
	}
	p.out.Reset()
}

// receive is the recipient's view.
func (p *program) receive(t *rapid.T, d core.Delivery) {
	if !slices.Contains(p.present, d.To) {
		t.Fatalf("%v to %s, who left", d.Msg.Code(), d.To.Principal.AuthID)
	}
	switch m := d.Msg.(type) {
	case *wamp.Invocation:
		part := question{d.To, m.Request}
		if m.Request != p.issued[d.To]+1 && !p.parts[part] {
			t.Fatalf("INVOCATION %d follows %d", m.Request, p.issued[d.To])
		}
		p.issued[d.To] = max(p.issued[d.To], m.Request)
		p.parts[part] = m.Progress
	case *wamp.Result:
		p.answer(t, d.To, m.Request, !m.Progress)
	case *wamp.Error:
		if m.RequestType == wamp.CodeCall {
			p.answer(t, d.To, m.Request, true)
		}
	}
}

func (p *program) answer(t *rapid.T, caller *core.Peer, request wamp.ID, final bool) {
	q := question{caller, request}
	if !p.open[q] {
		t.Fatalf("%s gets an answer to call %d, which is not open", caller.Principal.AuthID, request)
	}
	if final {
		delete(p.open, q)
	}
}

// compare runs after each step.
func (p *program) compare(t *rapid.T) {
	pending := map[question]bool{}
	for _, c := range p.model.calls {
		pending[question{c.caller, c.request}] = true
	}
	if !maps.Equal(pending, p.open) {
		t.Fatalf("%d calls are open to their callers, %d pending in the model", len(p.open), len(pending))
	}
	stats := p.dealer.Stats()
	if queued := p.queued(); stats.Queued != queued {
		t.Fatalf("stats %+v: want %d queued", stats, queued)
	}
	if stats.Pending != len(pending) || stats.Registrations != len(p.model.registrations) {
		t.Fatalf("stats %+v: want %d pending, %d registrations", stats, len(pending), len(p.model.registrations))
	}
	p.told.check(t, p.dealer)
	next, ok := p.dealer.NextDeadline()
	wantNext, wantOK := p.model.nextDeadline()
	if ok != wantOK || !next.Equal(wantNext) {
		t.Fatalf("next deadline: got %v (%v), want %v (%v)", next, ok, wantNext, wantOK)
	}
}

func (p *program) queued() (n int) {
	for _, r := range p.model.registrations {
		n += len(r.queue)
	}
	return n
}

// invoked reports whether the dealer has just made an invocation.
func (p *program) invoked(callee *core.Peer, request wamp.ID) bool {
	return slices.ContainsFunc(p.out.All(), func(d core.Delivery) bool {
		inv, ok := d.Msg.(*wamp.Invocation)
		return ok && d.To == callee && inv.Request == request
	})
}

func (p *program) peer(t *rapid.T) *core.Peer {
	if len(p.present) == 0 {
		t.Skip("nobody is there")
	}
	return rapid.SampledFrom(p.present).Draw(t, "peer")
}

func (p *program) join(t *rapid.T) {
	if len(p.present) == 5 {
		t.Skip("enough peers")
	}
	features := rapid.SliceOfDistinct(rapid.SampledFrom(all), rapid.ID).Draw(t, "features")
	p.joined++
	p.present = append(p.present, &core.Peer{
		ID:        wamp.ID(100 + p.joined),
		Principal: wamp.Principal{AuthID: fmt.Sprintf("peer%d", p.joined), AuthRole: "role"},
		Roles:     wamp.Roles{}.With(wamp.RoleCaller).With(wamp.RoleCallee, features...),
		Trusted:   rapid.IntRange(0, 3).Draw(t, "trusted") == 0,
	})
}

func (p *program) leave(t *rapid.T) {
	peer := p.peer(t)
	p.present = slices.DeleteFunc(p.present, func(o *core.Peer) bool { return o == peer })
	maps.DeleteFunc(p.open, func(q question, _ bool) bool { return q.caller == peer })
	p.dealer.Leave(peer, &p.out)
	p.happened(t, p.model.leave(peer))
}

var (
	procedures = rapid.SampledFrom([]wamp.URI{"a", "a.b", "a.b.c", "a.x.c", "ab", "wamp.b", "no such", "other"})
	patterns   = rapid.SampledFrom([]wamp.URI{"", "a", "a.", "a.b", "a.b.c", "a..c", ".b", "..", "wam", "wamp.b", "not valid"})
	requests   = rapid.Custom(func(t *rapid.T) wamp.ID { return wamp.ID(rapid.IntRange(1, 6).Draw(t, "id")) })
)

func (p *program) register(t *rapid.T) {
	peer := p.peer(t)
	m := &wamp.Register{
		Request:         requests.Draw(t, "request"),
		Procedure:       patterns.Draw(t, "procedure"),
		Match:           rapid.SampledFrom([]wamp.Match{wamp.MatchExact, wamp.MatchExact, wamp.MatchPrefix, wamp.MatchWildcard}).Draw(t, "match"),
		Invoke:          rapid.SampledFrom([]wamp.Invoke{wamp.InvokeSingle, wamp.InvokeRoundRobin, wamp.InvokeRoundRobin, wamp.InvokeRandom, wamp.InvokeFirst, wamp.InvokeLast, wamp.InvokeLeastPending}).Draw(t, "invoke"),
		DiscloseCaller:  rapid.Bool().Draw(t, "disclose"),
		ForwardTimeout:  rapid.Bool().Draw(t, "forward timeout"),
		ForceReregister: rapid.IntRange(0, 7).Draw(t, "force") == 0,
		Concurrency:     uint64(rapid.IntRange(0, 2).Draw(t, "concurrency")),
	}
	if len(p.model.registrations) > 0 && rapid.Bool().Draw(t, "share") {
		r := rapid.SampledFrom(p.model.registrations).Draw(t, "registration")
		m.Procedure, m.Match, m.Invoke = r.uri, r.match, r.invoke
	}
	p.dealer.Register(peer, m, p.model.now, &p.out)
	p.happened(t, p.model.register(peer, m))
}

func (p *program) unregister(t *rapid.T) {
	peer := p.peer(t)
	m := &wamp.Unregister{Request: 1, Registration: wamp.ID(rapid.IntRange(1, int(p.model.created)+1).Draw(t, "registration"))}
	p.dealer.Unregister(peer, m, &p.out)
	p.happened(t, p.model.unregister(peer, m))
}

func (p *program) revoke(t *rapid.T) {
	registration, peer := wamp.ID(rapid.IntRange(1, int(p.model.created)+1).Draw(t, "registration")), p.peer(t)
	p.dealer.RemoveCallee(registration, peer.ID, "", &p.out)
	p.happened(t, p.model.revoke(registration, peer))
}

func (p *program) call(t *rapid.T) {
	p.model.now = p.model.now.Add(1) // no two deadlines are equal
	peer, m := p.draw(t)
	old := p.model.byRequest(peer, m.Request)
	violates := old != nil && (!old.open || old.first.Procedure != m.Procedure)
	if violation := p.dealer.Call(peer, m, p.model.now, &p.out); (violation != nil) != violates {
		t.Fatalf("call: got %v, want a violation: %v", violation, violates)
	}
	switch {
	case violates:
		p.happened(t, nil)
	case old != nil:
		p.happened(t, p.model.resume(old, m.Progress))
	case p.model.late(peer, m):
		p.happened(t, nil)
	default:
		p.open[question{peer, m.Request}] = true
		p.happened(t, p.model.call(peer, m, p.observed()))
	}
}

// draw draws a CALL: a new one, a further chunk, or one that is out of place.
func (p *program) draw(t *rapid.T) (*core.Peer, *wamp.Call) {
	peer := p.peer(t)
	m := &wamp.Call{
		Request:         p.model.highest[peer] + 1,
		Procedure:       procedures.Draw(t, "procedure"),
		ReceiveProgress: rapid.Bool().Draw(t, "receive progress"),
		Progress:        rapid.IntRange(0, 2).Draw(t, "progress") == 0,
		DiscloseMe:      rapid.Bool().Draw(t, "disclose me"),
		TimeoutMillis:   uint64(rapid.SampledFrom([]int{0, 1000, 2000, 3000}).Draw(t, "timeout")),
	}
	if rapid.IntRange(0, 3).Draw(t, "another ID") == 0 {
		m.Request = requests.Draw(t, "request")
	}
	open := slices.DeleteFunc(slices.Clone(p.model.calls), func(c *modelCall) bool { return !c.open })
	if len(open) > 0 && rapid.Bool().Draw(t, "further chunk") {
		c := rapid.SampledFrom(open).Draw(t, "call")
		peer, m.Request, m.Procedure = c.caller, c.request, c.first.Procedure
		m.Progress = rapid.Bool().Draw(t, "more to come")
	}
	return peer, m
}

// observed returns the URI of the ERROR that the dealer has just decided on.
func (p *program) observed() wamp.ErrorURI {
	if len(p.out.All()) == 1 {
		if e, ok := p.out.All()[0].Msg.(*wamp.Error); ok {
			return e.URI
		}
	}
	return ""
}

func (p *program) cancel(t *rapid.T) {
	peer := p.peer(t)
	m := &wamp.Cancel{
		Request: requests.Draw(t, "request"),
		Mode:    wamp.CancelMode(rapid.IntRange(0, 3).Draw(t, "mode")),
	}
	if len(p.model.calls) > 0 && rapid.Bool().Draw(t, "pending") {
		c := rapid.SampledFrom(p.model.calls).Draw(t, "call")
		peer, m.Request = c.caller, c.request
	}
	p.dealer.Cancel(peer, m, &p.out)
	p.happened(t, p.model.cancel(peer, m))
}

// invocation draws the ID of an invocation, pending or over or not yet made.
func (p *program) invocation(t *rapid.T) (callee *core.Peer, id wamp.ID, violates bool) {
	invoked := slices.DeleteFunc(slices.Clone(p.model.calls), func(c *modelCall) bool { return c.callee == nil })
	if len(invoked) > 0 && rapid.IntRange(0, 3).Draw(t, "pending") > 0 {
		c := rapid.SampledFrom(invoked).Draw(t, "call")
		return c.callee, c.invocation, false
	}
	callee = p.peer(t)
	id = wamp.ID(rapid.IntRange(1, int(p.issued[callee])+1).Draw(t, "invocation"))
	return callee, id, id > p.issued[callee]
}

func (p *program) yield(t *rapid.T) {
	p.model.now = p.model.now.Add(1)
	callee, id, violates := p.invocation(t)
	m := &wamp.Yield{Request: id, Progress: rapid.Bool().Draw(t, "progress")}
	if violation := p.dealer.Yield(callee, m, p.model.now, &p.out); (violation != nil) != violates {
		t.Fatalf("yield: got %v, want a violation: %v", violation, violates)
	}
	want := p.model.yield(callee, m)
	if len(want) == 0 || rapid.IntRange(0, 4).Draw(t, "lost") > 0 {
		p.happened(t, want)
		return
	}
	// The caller does not see the RESULT, but what comes in place of it.
	caller, result := p.out.All()[0].To, *p.out.All()[0].Msg.(*wamp.Result)
	for _, d := range p.out.All()[1:] {
		p.receive(t, d)
	}
	p.expect(t, want)
	p.dealer.ResultUndelivered(caller, &result, wamp.ErrPayloadSizeExceeded, &p.out)
	p.happened(t, p.model.resultUndelivered(caller, result, wamp.ErrPayloadSizeExceeded))
}

func (p *program) error(t *rapid.T) {
	callee, id, violates := p.invocation(t)
	m := &wamp.Error{RequestType: wamp.CodeInvocation, Request: id, URI: "com.error"}
	if rapid.Bool().Draw(t, "unavailable") {
		m.URI = wamp.ErrUnavailable
	}
	if violation := p.dealer.Error(callee, m, p.model.now, &p.out); (violation != nil) != violates {
		t.Fatalf("error: got %v, want a violation: %v", violation, violates)
	}
	p.happened(t, p.model.error(callee, m))
}

func (p *program) undelivered(t *rapid.T) {
	callee, id, _ := p.invocation(t)
	p.dealer.Undelivered(callee, id, wamp.ErrNetworkFailure, &p.out)
	p.happened(t, p.model.undelivered(callee, id, wamp.ErrNetworkFailure))
}

func (p *program) time(t *rapid.T) {
	p.model.now = p.model.now.Add(time.Duration(rapid.IntRange(1, 4).Draw(t, "half seconds")) * time.Second / 2)
	p.dealer.Expire(p.model.now, &p.out)
	p.happened(t, p.model.expire())
}

package dealer_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/internal/core/dealer"
	"github.com/junctorio/junctor/wamp"
)

// sequence is an IDSource that counts.
type sequence struct{ last wamp.ID }

func (s *sequence) RandomID() wamp.ID {
	s.last++
	return s.last
}

// realm plays a dialogue with a Dealer. Each step states all of its deliveries.
type realm struct {
	t       *testing.T
	dealer  *dealer.Dealer
	now     time.Time
	out     core.Deliveries
	present []*core.Peer
	request wamp.ID // of the last call made by invoked
}

func newRealm(t *testing.T, o dealer.Options) *realm {
	if o.IDs == nil {
		o.IDs = &sequence{}
	}
	return &realm{t: t, dealer: dealer.New(o), now: time.Unix(1000, 0)}
}

// all are the features that a client may announce to have everything on.
var all = []wamp.Feature{
	wamp.FeatureProgressiveCallResults,
	wamp.FeatureProgressiveCallInvocations,
	wamp.FeatureCallTimeout,
	wamp.FeatureCallCanceling,
	wamp.FeatureRegistrationRevocation,
	wamp.FeatureCallReroute,
	wamp.FeatureCallTrustLevels,
	wamp.FeaturePayloadPassthruMode,
}

// join adds a caller and callee with the given features.
func (r *realm) join(name string, features ...wamp.Feature) *core.Peer {
	p := &core.Peer{
		ID:        wamp.ID(100 + len(r.present)),
		Principal: wamp.Principal{AuthID: name, AuthRole: "role of " + name},
		Roles:     wamp.Roles{}.With(wamp.RoleCaller, features...).With(wamp.RoleCallee, features...),
	}
	r.present = append(r.present, p)
	return p
}

// sent is a delivery by the recipient's name.
type sent struct {
	To  string
	Msg wamp.Message
}

func to(p *core.Peer, m wamp.Message) sent { return sent{p.Principal.AuthID, m} }

// refused is the ERROR for a request.
func refused(p *core.Peer, request wamp.Code, id wamp.ID, uri wamp.ErrorURI) sent {
	return to(p, &wamp.Error{RequestType: request, Request: id, URI: uri})
}

// failed is the ERROR that ends a call.
func failed(p *core.Peer, id wamp.ID, uri wamp.ErrorURI) sent {
	return refused(p, wamp.CodeCall, id, uri)
}

// check compares what the last operation decided with what it should.
func (r *realm) check(what string, want []sent) {
	r.t.Helper()
	got := []sent{}
	for _, d := range r.out.All() {
		got = append(got, to(d.To, d.Msg))
	}
	if diff := cmp.Diff(append([]sent{}, want...), got); diff != "" {
		r.t.Errorf("%s: deliveries (-want +got):\n%s", what, diff)
	}
	r.out.Reset()
}

// apply gives the message to the dealer.
func (r *realm) apply(from *core.Peer, m wamp.Message) *wamp.ProtocolError {
	switch m := m.(type) {
	case *wamp.Register:
		r.dealer.Register(from, m, r.now, &r.out)
	case *wamp.Unregister:
		r.dealer.Unregister(from, m, &r.out)
	case *wamp.Call:
		return r.dealer.Call(from, m, r.now, &r.out)
	case *wamp.Cancel:
		r.dealer.Cancel(from, m, &r.out)
	case *wamp.Yield:
		return r.dealer.Yield(from, m, r.now, &r.out)
	case *wamp.Error:
		return r.dealer.Error(from, m, r.now, &r.out)
	default:
		r.t.Fatalf("the dealer takes no %v", m.Code())
	}
	return nil
}

// send gives the message to the dealer and checks what comes of it.
func (r *realm) send(from *core.Peer, m wamp.Message, want ...sent) {
	r.t.Helper()
	what := from.Principal.AuthID + " sends " + m.Code().String()
	if violation := r.apply(from, m); violation != nil {
		r.t.Errorf("%s: %v", what, violation)
	}
	r.check(what, want)
}

// violate gives the message to the dealer and checks that it is a violation.
func (r *realm) violate(from *core.Peer, m wamp.Message) {
	r.t.Helper()
	what := from.Principal.AuthID + " sends " + m.Code().String()
	violation := r.apply(from, m)
	if violation == nil || violation.Reason != wamp.ErrProtocolViolation {
		r.t.Errorf("%s: got %v, want %s", what, violation, wamp.ErrProtocolViolation)
	}
	r.check(what, nil)
}

func (r *realm) leave(p *core.Peer, want ...sent) {
	r.t.Helper()
	r.dealer.Leave(p, &r.out)
	r.check(p.Principal.AuthID+" leaves", want)
}

// pass lets time go by.
func (r *realm) pass(by time.Duration, want ...sent) {
	r.t.Helper()
	r.now = r.now.Add(by)
	r.dealer.Expire(r.now, &r.out)
	r.check("after "+by.String(), want)
}

// deadline checks when the next call times out, counted from now; 0: never.
func (r *realm) deadline(in time.Duration) {
	r.t.Helper()
	next, ok := r.dealer.NextDeadline()
	if ok != (in != 0) || ok && !next.Equal(r.now.Add(in)) {
		r.t.Errorf("next deadline: got %v (%v), want %v", next.Sub(r.now), ok, in)
	}
}

// serve registers procedures of a callee, and returns the registration ID of
// the last one.
func (r *realm) serve(callee *core.Peer, ms ...*wamp.Register) wamp.ID {
	r.t.Helper()
	var id wamp.ID
	for _, m := range ms {
		r.dealer.Register(callee, m, r.now, &r.out)
		all := r.out.All()
		registered, ok := all[len(all)-1].Msg.(*wamp.Registered)
		if !ok {
			r.t.Fatalf("REGISTER %q: got %v", m.Procedure, all[len(all)-1].Msg)
		}
		id = registered.Registration
		r.out.Reset()
	}
	return id
}

// everyoneLeaves checks that the dealer forgets all that it held.
func (r *realm) everyoneLeaves() {
	r.t.Helper()
	for _, p := range r.present {
		r.dealer.Leave(p, &r.out)
	}
	if held := dealer.Held(r.dealer); held != 0 {
		r.t.Errorf("after everyone left, the dealer holds %d things", held)
	}
}

// dialogue is a test of one rule, told as a sequence of messages.
type dialogue struct {
	name    string
	options dealer.Options
	play    func(r *realm)
}

func play(t *testing.T, dialogues []dialogue) {
	t.Helper()
	t.Parallel()
	for _, d := range dialogues {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			r := newRealm(t, d.options)
			d.play(r)
			r.everyoneLeaves()
		})
	}
}

func TestFeatures(t *testing.T) {
	t.Parallel()
	// FEA-1: what other tests of this package show, and nothing else.
	want := []wamp.Feature{
		wamp.FeatureProgressiveCallResults, wamp.FeatureProgressiveCallInvocations,
		wamp.FeatureCallTimeout, wamp.FeatureCallCanceling,
		wamp.FeatureCallerIdentification, wamp.FeaturePatternBasedRegistration,
		wamp.FeatureSharedRegistration, wamp.FeatureRegistrationRevocation,
		wamp.FeatureCallReroute, wamp.FeatureCallTrustLevels, wamp.FeaturePayloadPassthruMode,
	}
	got := dealer.New(dealer.Options{IDs: &sequence{}}).Features()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("features (-want +got):\n%s", diff)
	}
}

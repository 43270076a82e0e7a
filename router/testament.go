package router

import (
	"errors"
	"slices"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/wamp"
)

// The defaults of RealmConfig.
const (
	DefaultMaxTestaments     = 128
	DefaultMaxTestamentBytes = 128 << 10
)

// testaments are the publications that a session leaves behind (section 3.22),
// in the order in which they were added. Guarded by the realm's membership.
type testaments struct {
	scopes [2][]*wamp.Publish // by scope
	bytes  int                // of all of them, as encoded messages
	sizes  [2]int             // bytes by scope
}

// The scopes, in the order in which they are published (TES-3). Without the
// resumption of sessions, both end with the connection.
const (
	scopeDetached = iota
	scopeDestroyed
)

var scopeNames = map[string]int{"detached": scopeDetached, "destroyed": scopeDestroyed}

// addTestament is wamp.session.add_testament (TES-1).
func (c *metaCall) addTestament() ([]any, error) {
	scope, err := c.scope()
	if err != nil {
		return nil, err
	}
	m, size, err := c.testament()
	if err != nil {
		return nil, err
	}
	switch r := c.realm; {
	case !m.Topic.Valid(r.cfg.URIRule) || m.Topic.Reserved():
		return nil, &metaError{wamp.ErrInvalidURI, "argument 1 (topic): want the URI of a topic that you may publish to"}
	case m.DiscloseMe && r.cfg.RefuseDisclosure:
		return nil, wamp.ErrDiscloseMeNotAllowed
	}
	if refusal := c.caller.Owner.(*session).may(ActionPublish, m.Topic, wamp.MatchExact); refusal != "" { // TES-5
		return nil, refusal
	}
	return nil, c.realm.bequeath(c.caller, scope, m, size)
}

// flushTestaments is wamp.session.flush_testaments (TES-2).
func (c *metaCall) flushTestaments() ([]any, error) {
	scope, err := c.scope()
	if err != nil {
		return nil, err
	}
	c.realm.membership.Lock()
	defer c.realm.membership.Unlock()
	if t := c.caller.Owner.(*session).testaments; t != nil {
		t.scopes[scope] = nil
		t.bytes -= t.sizes[scope]
		t.sizes[scope] = 0
	}
	return nil, nil
}

func (c *metaCall) scope() (int, error) {
	word, given, err := c.optionalText(kwarg, "scope")
	if err != nil || !given {
		return scopeDestroyed, err
	}
	scope, ok := scopeNames[word]
	if !ok {
		return 0, badArgument("scope: want destroyed or detached")
	}
	return scope, nil
}

// testament reads the publication that the arguments describe, as if it had
// come as a message: what is wrong with it is found in the same way. Its size
// is that of the message.
func (c *metaCall) testament() (m *wamp.Publish, size int, err error) {
	topic, err := c.text(0, "topic")
	if err != nil {
		return nil, 0, err
	}
	options := orElse(c.arg(kwarg, "publish_options"), wamp.Dict{})
	args, kwargs := orElse(c.arg(1, "args"), []any{}), orElse(c.arg(2, "kwargs"), wamp.Dict{})
	message := []any{uint64(wamp.CodePublish), 1, options, topic, args, kwargs}
	if d, ok := kwargs.(wamp.Dict); ok && len(d) == 0 { // MSG-5
		message = message[:5]
		if l, ok := args.([]any); ok && len(l) == 0 {
			message = message[:4]
		}
	}
	p, err := serializer.CBOR.EncodePayload(message, nil)
	if err != nil {
		return nil, 0, badArgument("%v", err)
	}
	decoded, err := serializer.NewDecoder(serializer.CBOR).Decode(p.Bytes)
	var violation *wamp.ProtocolError
	if errors.As(err, &violation) {
		return nil, 0, badArgument("%s", violation.Message)
	}
	m, ok := decoded.(*wamp.Publish)
	if !ok {
		return nil, 0, badArgument("want a topic, a list and a dictionary")
	}
	m.Acknowledge = false // there will be nobody to tell (TES-4)
	return m, len(p.Bytes), nil
}

func orElse(v, otherwise any) any {
	if v == nil {
		return otherwise
	}
	return v
}

// bequeath adds a testament of a member, within the realm's limits (TES-6).
func (r *Realm) bequeath(p *core.Peer, scope int, m *wamp.Publish, size int) error {
	r.membership.Lock()
	defer r.membership.Unlock()
	if r.present[p.ID] != p {
		return wamp.ErrNoSuchSession // killed meanwhile
	}
	s := p.Owner.(*session)
	if s.testaments == nil {
		s.testaments = &testaments{}
	}
	t := s.testaments
	if len(t.scopes[scopeDetached])+len(t.scopes[scopeDestroyed]) >= r.cfg.MaxTestaments || t.bytes+size > r.cfg.MaxTestamentBytes {
		return &metaError{wamp.ErrLimitExceeded, "a session cannot leave more testaments behind"}
	}
	t.scopes[scope] = append(t.scopes[scope], m)
	t.sizes[scope] += size
	t.bytes += size
	return nil
}

// publishTestamentsLocked publishes what a session leaves behind that is about
// to be absent; the pubsub lock is held for writing. Whether it may publish to
// the topic is asked again (TES-5), but for an Authorizer, who has decided.
func (r *Realm) publishTestamentsLocked(p *core.Peer, t *testaments, w *worker) {
	if t == nil {
		return
	}
	perms := p.Owner.(*session).perms
	for _, m := range slices.Concat(t.scopes[scopeDetached], t.scopes[scopeDestroyed]) {
		if perms.dynamic == nil {
			permission := perms.find(m.Topic)
			if permission.Allow&ActionPublish == 0 {
				continue
			}
			m.DiscloseMe = m.DiscloseMe || permission.DisclosePublisher
		}
		r.publishLocked(p, m, r.history.wants(m), w)
	}
}

package router

import (
	"cmp"
	"slices"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/wamp"
)

// countSessions is wamp.session.count.
func (c *metaCall) countSessions() ([]any, error) {
	peers, err := c.filteredByRole()
	if err != nil {
		return nil, err
	}
	return []any{len(peers)}, nil
}

// listSessions is wamp.session.list.
func (c *metaCall) listSessions() ([]any, error) {
	peers, err := c.filteredByRole()
	if err != nil {
		return nil, err
	}
	return []any{sessionIDs(peers)}, nil
}

// filteredByRole returns the sessions whose role is in the list that is the
// first argument: all without a list, none with an empty one (SM-6).
func (c *metaCall) filteredByRole() ([]*core.Peer, error) {
	roles, given, err := c.optionalTexts(0, "filter_authroles")
	if err != nil {
		return nil, err
	}
	return c.realm.members(func(p *core.Peer) bool {
		return !given || slices.Contains(roles, p.Principal.AuthRole)
	}), nil
}

// sessionIDs returns the sessions' IDs as a value of a result, in the order in
// which they joined.
func sessionIDs(peers []*core.Peer) []any {
	slices.SortFunc(peers, func(a, b *core.Peer) int {
		return cmp.Compare(a.Owner.(*session).place, b.Owner.(*session).place)
	})
	values := make([]any, len(peers))
	for i, p := range peers {
		values[i] = p.ID
	}
	return values
}

// idValues returns the IDs as a value of a result.
func idValues(ids []wamp.ID) []any {
	values := make([]any, len(ids))
	for i, id := range ids {
		values[i] = id
	}
	return values
}

// getSession is wamp.session.get.
func (c *metaCall) getSession() ([]any, error) {
	id, err := c.id(0, "session")
	if err != nil {
		return nil, err
	}
	p := c.realm.member(id)
	if p == nil {
		return nil, wamp.ErrNoSuchSession
	}
	return []any{sessionDetails(p)}, nil
}

// sessionDetails is what the meta API tells of a session.
func sessionDetails(p *core.Peer) wamp.Dict {
	return wamp.Dict{
		"session":      p.ID,
		"authid":       p.Principal.AuthID,
		"authrole":     p.Principal.AuthRole,
		"authmethod":   p.Principal.AuthMethod,
		"authprovider": p.Principal.AuthProvider,
	}
}

// killSession is wamp.session.kill.
func (c *metaCall) killSession() ([]any, error) {
	id, err := c.id(0, "session")
	if err != nil {
		return nil, err
	}
	goodbye, err := c.goodbye()
	if err != nil {
		return nil, err
	}
	p := c.realm.member(id)
	if p == nil || p == c.caller || !c.realm.kill(p, c.caller, goodbye, withNews) { // SM-2
		return nil, wamp.ErrNoSuchSession
	}
	return nil, nil
}

// killByAuthID is wamp.session.kill_by_authid, which answers with the IDs (SM-4).
func (c *metaCall) killByAuthID() ([]any, error) {
	authid, err := c.text(0, "authid")
	if err != nil {
		return nil, err
	}
	killed, err := c.killAll(withNews, func(p *core.Peer) bool { return p.Principal.AuthID == authid })
	if err != nil {
		return nil, err
	}
	return []any{sessionIDs(killed)}, nil
}

// killByAuthRole is wamp.session.kill_by_authrole, which answers with a count (SM-4).
func (c *metaCall) killByAuthRole() ([]any, error) {
	role, err := c.text(0, "authrole")
	if err != nil {
		return nil, err
	}
	killed, err := c.killAll(withNews, func(p *core.Peer) bool { return p.Principal.AuthRole == role })
	if err != nil {
		return nil, err
	}
	return []any{len(killed)}, nil
}

// killEverybody is wamp.session.kill_all, of which nobody else hears (SM-7).
func (c *metaCall) killEverybody() ([]any, error) {
	killed, err := c.killAll(silently, func(*core.Peer) bool { return true })
	if err != nil {
		return nil, err
	}
	return []any{len(killed)}, nil
}

// killAll kills the sessions that match, but for the caller's (SM-2).
func (c *metaCall) killAll(how silence, match func(*core.Peer) bool) (killed []*core.Peer, err error) {
	goodbye, err := c.goodbye()
	if err != nil {
		return nil, err
	}
	for _, p := range c.realm.members(func(p *core.Peer) bool { return p != c.caller && match(p) }) {
		if c.realm.kill(p, c.caller, goodbye, how) {
			killed = append(killed, p)
		}
	}
	return killed, nil
}

// goodbye is what killed sessions are told (SM-3).
func (c *metaCall) goodbye() (*wamp.Goodbye, error) {
	reason, given, err := c.optionalText(kwarg, "reason")
	if err != nil {
		return nil, err
	}
	m := &wamp.Goodbye{Reason: wamp.CloseKilled}
	if given {
		m.Reason = wamp.URI(reason)
	}
	if !m.Reason.Valid(wamp.URILoose) {
		return nil, &metaError{wamp.ErrInvalidURI, "reason: want a URI"}
	}
	m.Message, _, err = c.optionalText(kwarg, "message")
	return m, err
}

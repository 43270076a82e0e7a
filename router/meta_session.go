package router

import (
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

// sessionIDs returns the sessions' IDs in ascending order.
func sessionIDs(peers []*core.Peer) []any {
	ids := make([]wamp.ID, 0, len(peers))
	for _, p := range peers {
		ids = append(ids, p.ID)
	}
	return sortedIDs(ids)
}

// sortedIDs returns the IDs in ascending order, as a value of a result.
func sortedIDs(ids []wamp.ID) []any {
	slices.Sort(ids)
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

package config

import "slices"

// checkComponents looks at what a worker hosts.
func (c *checker) checkComponents(components []Component) {
	ids := &unique{c: c, what: "component id"}
	for i := range components {
		ids.add(components[i].ID, components[i].At("id"))
	}
}

// checkEmbedded looks at whether the components within a router can join.
func (c *checker) checkEmbedded(r *Router) {
	c.checkComponents(r.Components)
	for i := range r.Components {
		o := &r.Components[i]
		at := slices.IndexFunc(r.Realms, func(realm Realm) bool { return realm.Name == o.Realm })
		role := o.Embedded.Role
		switch {
		case o.Realm == "" || role == "": // reported already
		case at < 0:
			c.fail(Unresolved, o.At("realm"), "", "this router has no realm %q", o.Realm)
		case role == TrustedRole || r.Realms[at].hasRole(role):
		case role == defaultRole:
			c.warn(Unresolved, o.At("role"), "add the role to the realm, or give the component another one",
				"the realm %s has no role %q: the component may do nothing", o.Realm, role)
		default:
			c.fail(Unresolved, o.At("role"), "add the role to the realm", "the realm %s has no role %q", o.Realm, role)
		}
	}
}

func (realm *Realm) hasRole(name string) bool {
	return slices.ContainsFunc(realm.Roles, func(role Role) bool { return role.Name == name })
}

// checkGuests looks at whom guests wait for, and tells them their router.
func (c *checker) checkGuests(n *Node) {
	waits := &waitings{c: c, guests: map[string]*Worker{}}
	for i := range n.Workers {
		if w := &n.Workers[i]; w.Guest != nil && waits.guests[w.ID] == nil {
			waits.guests[w.ID] = w
		}
	}
	for i := range n.Workers {
		w := &n.Workers[i]
		if w.Guest == nil {
			continue
		}
		waits.check(w)
		if !w.Options.Disabled {
			c.resolveRouter(n, w)
		}
	}
}

// waitings finds guests that wait for nobody, or for one another.
type waitings struct {
	c      *checker
	guests map[string]*Worker
	done   map[string]bool
	path   []string // of ids, from where the walk began
}

func (s *waitings) check(w *Worker) {
	for i, id := range w.Options.Guest.After {
		switch other := s.guests[id]; {
		case other == nil:
			s.c.fail(Unresolved, w.Options.At("after", i), suggest(id, s.names()), "there is no guest %s", quote(id))
		case other.Options.Disabled:
			s.c.warn(Unresolved, w.Options.At("after", i), "", "the guest %s is disabled: this one does not wait for it", quote(id))
		}
	}
	s.walk(w)
}

func (s *waitings) names() []string {
	var names []string
	for id := range s.guests {
		names = append(names, id)
	}
	slices.Sort(names)
	return names
}

// walk follows the waiting and reports a circle once, where it closes.
func (s *waitings) walk(w *Worker) {
	if s.done[w.ID] {
		return
	}
	s.path = append(s.path, w.ID)
	for i, id := range w.Options.Guest.After {
		other := s.guests[id]
		if other == nil {
			continue
		}
		if begin := slices.Index(s.path, id); begin >= 0 {
			s.c.fail(Conflict, w.Options.At("after", i), "", "guests wait for one another: %s", circle(s.path[begin:]))
			continue
		}
		s.walk(other)
	}
	s.path = s.path[:len(s.path)-1]
	if s.done == nil {
		s.done = map[string]bool{}
	}
	s.done[w.ID] = true
}

func circle(ids []string) string {
	text := ""
	for _, id := range ids {
		text += id + " after "
	}
	return text + ids[0]
}

// resolveRouter fills in which router, transport and realm a guest is told.
func (c *checker) resolveRouter(n *Node, w *Worker) {
	to := &w.Options.Guest.Connect
	r := c.routerOf(n, to)
	if r == nil {
		if ready := w.Options.Guest.Ready; ready != nil {
			c.fail(Unresolved, ready.At(), "", "there is no router in this node to see that the guest is ready")
		}
		if to.Role != "" {
			c.fail(Unresolved, to.At("role"), "", "there is no router in this node to give the guest a ticket for")
		}
		*to = GuestRouter{Place: to.Place}
		return
	}
	to.Router = r.ID
	if to.Transport == "" && len(r.Router.Transports) > 0 {
		to.Transport = r.Router.Transports[0].ID
	} else if to.Transport != "" && !slices.ContainsFunc(r.Router.Transports, func(t Transport) bool { return t.ID == to.Transport }) {
		c.fail(Unresolved, to.At("transport"), "", "the router %s has no transport %s", quote(r.ID), quote(to.Transport))
	}
	if to.Realm == "" && len(r.Router.Realms) > 0 {
		to.Realm = r.Router.Realms[0].Name
	} else if to.Realm != "" && !slices.ContainsFunc(r.Router.Realms, func(realm Realm) bool { return realm.Name == to.Realm }) {
		c.fail(Unresolved, to.At("realm"), "", "the router %s has no realm %q", quote(r.ID), to.Realm)
	}
	c.resolveTicket(r.Router, w)
	if ready := w.Options.Guest.Ready; ready != nil && to.Realm == "" {
		c.fail(Unresolved, ready.At(), "", "the router %s has no realm in which to see that the guest is ready", quote(r.ID))
	}
}

// resolveTicket fills in as whom a guest with a ticket logs in.
func (c *checker) resolveTicket(r *Router, w *Worker) {
	to := &w.Options.Guest.Connect
	switch {
	case to.Role == "" && to.AuthID != "":
		c.fail(MissingKey, to.At("authid"), `add "role"`, "only a guest that gets a ticket has an authid here")
		return
	case to.Role == "":
		return
	case to.Transport == "":
		c.fail(Unresolved, to.At("role"), "", "the router %s has no transport that a ticket could be for", quote(to.Router))
	}
	if to.AuthID == "" {
		to.AuthID = w.ID
	}
	for i := range r.Realms {
		realm := &r.Realms[i]
		if realm.Name == to.Realm && !slices.ContainsFunc(realm.Roles, func(role Role) bool { return role.Name == to.Role }) {
			c.fail(Unresolved, to.At("role"), "", "the realm %q has no role %s", to.Realm, quote(to.Role))
		}
	}
}

// routerOf returns the router that a guest names, else the first one that
// listens, else nil.
func (c *checker) routerOf(n *Node, to *GuestRouter) *Worker {
	for i := range n.Workers {
		w := &n.Workers[i]
		switch {
		case w.Router == nil || to.Router != "" && to.Router != w.ID:
		case to.Router != "" && w.Options.Disabled:
			c.warn(Unresolved, to.At("router"), "", "the router %s is disabled: the guest is not told of it", quote(w.ID))
			return nil
		case to.Router != "", !w.Options.Disabled && len(w.Router.Transports) > 0:
			return w
		}
	}
	if to.Router != "" {
		c.fail(Unresolved, to.At("router"), "", "there is no router %s", quote(to.Router))
	}
	return nil
}

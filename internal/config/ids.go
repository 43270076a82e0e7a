package config

import "fmt"

// completeIDs gives ids to the items without one, as Crossbar.io does: each
// kind is numbered through the whole node. Numbers that the file itself uses
// are passed over.
func completeIDs(n *Node) {
	ids := &idSource{last: map[string]int{}, taken: map[string]bool{}}
	eachID(n, func(id *string, _ string) { ids.taken[*id] = true })
	eachID(n, ids.complete)
}

// eachID calls f with the id of each item that has one by default, and the
// kind of the item.
func eachID(n *Node, f func(id *string, kind string)) {
	for i := range n.Workers {
		w := &n.Workers[i]
		f(&w.ID, "worker")
		if w.Container != nil {
			eachComponent(w.Container.Components, f)
		}
		if w.Router != nil {
			w.Router.eachID(f)
		}
	}
}

func eachComponent(components []Component, f func(id *string, kind string)) {
	for i := range components {
		f(&components[i].ID, "component")
	}
}

func (r *Router) eachID(f func(id *string, kind string)) {
	for i := range r.Realms {
		realm := &r.Realms[i]
		f(&realm.ID, "realm")
		for j := range realm.Roles {
			f(&realm.Roles[j].ID, "role")
		}
	}
	eachComponent(r.Components, f)
	for i := range r.Transports {
		f(&r.Transports[i].ID, "transport")
	}
}

// idSource numbers items by kind.
type idSource struct {
	last  map[string]int
	taken map[string]bool
}

func (ids *idSource) complete(id *string, kind string) {
	for *id == "" {
		ids.last[kind]++
		if next := fmt.Sprintf("%s%03d", kind, ids.last[kind]); !ids.taken[next] {
			*id = next
		}
	}
}

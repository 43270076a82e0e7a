package config

import "fmt"

// completeIDs gives ids to the items without one, as Crossbar.io does: each
// kind is numbered through the whole node. Numbers that the file itself uses
// are passed over.
func completeIDs(n *Node) {
	ids := newIDSource(n)
	for i := range n.Workers {
		w := &n.Workers[i]
		ids.complete(&w.ID, "worker")
		if w.Router == nil {
			continue
		}
		for j := range w.Router.Realms {
			realm := &w.Router.Realms[j]
			ids.complete(&realm.ID, "realm")
			for k := range realm.Roles {
				ids.complete(&realm.Roles[k].ID, "role")
			}
		}
		for j := range w.Router.Transports {
			ids.complete(&w.Router.Transports[j].ID, "transport")
		}
	}
}

// idSource numbers items by kind.
type idSource struct {
	last  map[string]int
	taken map[string]bool
}

func newIDSource(n *Node) *idSource {
	ids := &idSource{last: map[string]int{}, taken: map[string]bool{}}
	for _, w := range n.Workers {
		ids.taken[w.ID] = true
		if w.Router == nil {
			continue
		}
		for _, realm := range w.Router.Realms {
			ids.taken[realm.ID] = true
			for _, role := range realm.Roles {
				ids.taken[role.ID] = true
			}
		}
		for _, t := range w.Router.Transports {
			ids.taken[t.ID] = true
		}
	}
	return ids
}

func (ids *idSource) complete(id *string, kind string) {
	for *id == "" {
		ids.last[kind]++
		if next := fmt.Sprintf("%s%03d", kind, ids.last[kind]); !ids.taken[next] {
			*id = next
		}
	}
}

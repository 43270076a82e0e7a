package broker

import (
	"slices"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/wamp"
)

// filter is a publication's black- and whitelisting, ready to be asked once
// for each subscriber.
type filter struct {
	none bool // no list at all

	exclude, eligible                 list[wamp.ID]
	excludeAuthID, eligibleAuthID     list[string]
	excludeAuthRole, eligibleAuthRole list[string]
}

func compile(f *wamp.Filter) filter {
	if f == nil {
		return filter{none: true}
	}
	return filter{
		exclude:          listOf(f.Exclude),
		eligible:         listOf(f.Eligible),
		excludeAuthID:    listOf(f.ExcludeAuthID),
		eligibleAuthID:   listOf(f.EligibleAuthID),
		excludeAuthRole:  listOf(f.ExcludeAuthRole),
		eligibleAuthRole: listOf(f.EligibleAuthRole),
	}
}

// Admits reports whether lists, which may be nil, let an event pass to the peer,
// for whoever keeps events (BWL-1).
func Admits(lists *wamp.Filter, p *core.Peer) bool {
	f := compile(lists)
	return f.none || f.admits(p)
}

// admits reports whether all six conditions hold (BWL-1).
func (f *filter) admits(p *core.Peer) bool {
	return f.eligible.admits(p.ID) && !f.exclude.has(p.ID) &&
		f.eligibleAuthID.admits(p.Principal.AuthID) && !f.excludeAuthID.has(p.Principal.AuthID) &&
		f.eligibleAuthRole.admits(p.Principal.AuthRole) && !f.excludeAuthRole.has(p.Principal.AuthRole)
}

// fewItems is how many items a list may have to be searched one by one. Above,
// a map keeps a long list over many subscribers from costing their product.
const fewItems = 16

// list is one of the six lists. An absent list differs from an empty one
// (BWL-3, MSG-8).
type list[T comparable] struct {
	present bool
	few     []T
	many    map[T]struct{}
}

func listOf[T comparable](items []T) list[T] {
	l := list[T]{present: items != nil}
	if len(items) <= fewItems {
		l.few = items
		return l
	}
	l.many = make(map[T]struct{}, len(items))
	for _, item := range items {
		l.many[item] = struct{}{}
	}
	return l
}

func (l *list[T]) has(item T) bool {
	if l.many != nil {
		_, ok := l.many[item]
		return ok
	}
	return slices.Contains(l.few, item)
}

// admits reports whether a whitelist lets the item pass.
func (l *list[T]) admits(item T) bool { return !l.present || l.has(item) }

package dealer

import "github.com/junctorio/junctor/wamp"

// tree stands in for uritree.Tree.
type tree struct {
	all map[key]*registration
}

type key struct {
	uri   wamp.URI
	match wamp.Match
}

func (t *tree) Get(uri wamp.URI, m wamp.Match) (*registration, bool) {
	r, ok := t.all[key{uri, m}]
	return r, ok
}

func (t *tree) Set(uri wamp.URI, m wamp.Match, r *registration) {
	if t.all == nil {
		t.all = map[key]*registration{}
	}
	t.all[key{uri, m}] = r
}

func (t *tree) Len() int { return len(t.all) }

func (t *tree) Delete(uri wamp.URI, m wamp.Match) { delete(t.all, key{uri, m}) }

func (t *tree) Best(uri wamp.URI) (*registration, bool) { return t.Get(uri, wamp.MatchExact) }

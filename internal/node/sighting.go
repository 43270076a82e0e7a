package node

import (
	"slices"
	"sync"

	"github.com/junctorio/junctor/wamp"
)

// sighting is something that a router of the node saw happen.
type sighting struct {
	router string // the worker's id
	realm  wamp.URI
	what   sightingKind
	name   string // an authid or a procedure
}

type sightingKind uint8

const (
	joined     sightingKind = iota // a session with this authid
	registered                     // this procedure
)

// sightings tells those who wait for one. It is safe for concurrent use; the
// zero value is ready.
type sightings struct {
	mu       sync.Mutex // guards the field below
	expected map[sighting][]chan struct{}
}

// expect returns a channel that is closed once s is seen, and what ends the
// waiting.
func (all *sightings) expect(s sighting) (seen <-chan struct{}, forget func()) {
	waiting := make(chan struct{})
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.expected == nil {
		all.expected = make(map[sighting][]chan struct{})
	}
	all.expected[s] = append(all.expected[s], waiting)
	return waiting, func() { all.forget(s, waiting) }
}

func (all *sightings) forget(s sighting, waiting chan struct{}) {
	all.mu.Lock()
	defer all.mu.Unlock()
	left := slices.DeleteFunc(all.expected[s], func(c chan struct{}) bool { return c == waiting })
	if all.expected[s] = left; len(left) == 0 {
		delete(all.expected, s)
	}
}

// note tells who expects s. It does not block.
func (all *sightings) note(s sighting) {
	all.mu.Lock()
	defer all.mu.Unlock()
	for _, waiting := range all.expected[s] {
		close(waiting)
	}
	delete(all.expected, s)
}

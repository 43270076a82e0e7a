package router

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/junctorio/junctor/wamp"
)

// How many decisions are kept for a session, and for a role; and how long the
// URI and the options of one may be together, in octets.
const (
	maxOwnDecisions    = 256
	maxSharedDecisions = 16384
	maxDecisionKey     = 1024
)

// decisions are what an Authorizer has decided and wants kept. Its methods may
// be called from anywhere.
type decisions struct {
	limit int // constant

	mu   sync.Mutex // guards the field below
	kept map[decisionKey]kept
}

// decisionKey is all of a request that a decision may depend on, beside who asks.
type decisionKey struct {
	action  Action
	match   wamp.Match
	uri     wamp.URI
	options string // canonical
}

type kept struct {
	Decision
	until      time.Time
	generation uint64
}

// keyOf returns the key of a request; ok is false for one that is too long to keep.
func keyOf(a Action, u wamp.URI, m wamp.Match, options wamp.Dict) (key decisionKey, ok bool) {
	key = decisionKey{action: a, match: m, uri: u}
	if len(options) > 0 {
		text, err := json.Marshal(options) // sorts keys
		if err != nil {
			return key, false
		}
		key.options = string(text)
	}
	return key, len(key.uri)+len(key.options) <= maxDecisionKey
}

// find returns the decision kept for a key, if it still counts.
func (ds *decisions) find(key decisionKey, now time.Time, generation uint64) (Decision, bool) {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	k, ok := ds.kept[key]
	if !ok || k.generation != generation || !now.Before(k.until) {
		return Decision{}, false
	}
	return k.Decision, true
}

// keep keeps a decision; others make room for it where there is none.
func (ds *decisions) keep(key decisionKey, k kept, now time.Time) {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	if ds.kept == nil {
		ds.kept = make(map[decisionKey]kept)
	}
	if _, there := ds.kept[key]; !there && len(ds.kept) >= ds.limit {
		ds.makeRoomLocked(k.generation, now)
	}
	ds.kept[key] = k
}

// makeRoomLocked drops what counts no more, or else some: not only one, since
// all of them were looked at.
func (ds *decisions) makeRoomLocked(generation uint64, now time.Time) {
	for key, k := range ds.kept {
		if k.generation != generation || !now.Before(k.until) {
			delete(ds.kept, key)
		}
	}
	room := max(1, ds.limit/16)
	for key := range ds.kept {
		if len(ds.kept) <= ds.limit-room {
			return
		}
		delete(ds.kept, key)
	}
}

package link

import (
	"context"
	"sync"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/wamp"
)

// end is one of the two realms that a bridge joins, with its session while
// there is one. All methods are safe for concurrent use.
type end struct {
	name string // "local" or "upstream", for logs and callers

	mu      sync.Mutex // guards the fields below
	session *client.Session
	last    wamp.ID       // of the latest session, also if that has ended
	news    chan struct{} // closed and replaced when session changes
}

func newEnd(name string) *end { return &end{name: name, news: make(chan struct{})} }

// errAway says that there is no session at an end.
func errAway(e *end) error {
	return refusal(wamp.ErrUnavailable, "the %s realm is away", e.name)
}

// set puts a session in place, or takes it away if s is nil.
func (e *end) set(s *client.Session) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.session = s
	if s != nil {
		e.last = s.ID()
	}
	close(e.news)
	e.news = make(chan struct{})
}

// present returns the session, or nil while there is none.
func (e *end) present() *client.Session {
	s, _ := e.look()
	return s
}

// await waits for a session until the context ends.
func (e *end) await(ctx context.Context) (*client.Session, error) {
	for {
		s, news := e.look()
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case s != nil:
			return s, nil
		}
		select {
		case <-news:
		case <-ctx.Done():
		}
	}
}

func (e *end) look() (s *client.Session, news <-chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	s = e.session
	if s != nil && s.Err() != nil {
		s = nil // it has ended, set is about to be called
	}
	return s, e.news
}

// is reports whether the link's latest session at this end has the ID.
func (e *end) is(id wamp.ID) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return id != 0 && e.last == id
}

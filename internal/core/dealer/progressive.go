package dealer

import (
	"hash/fnv"
	"io"
	"slices"
	"time"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/wamp"
)

// place finds out where a CALL belongs, by its request ID (PCI-7): it continues
// the call c, it is a chunk of a call that is over and nothing comes of it, it
// is a breach of the protocol, or else it is a new call.
func (d *Dealer) place(caller *session, m *wamp.Call) (c *call, over bool, _ *wamp.ProtocolError) {
	if m.Request > caller.highest {
		caller.highest = m.Request
		return nil, false, nil
	}
	if c = caller.calls.get(m.Request); c != nil {
		return continued(c, m)
	}
	if caller.unfinished.has(m.Request, m.Procedure) {
		if !m.Progress {
			caller.unfinished.remove(m.Request)
		}
		return nil, true, nil
	}
	if d.o.StrictRequestIDs {
		return nil, false, wamp.Violation("CALL %d: the request ID was used before, and not by a progressive call that is or just was pending", m.Request)
	}
	return nil, m.Progress, nil
}

// continued returns the call if m may continue it.
func continued(c *call, m *wamp.Call) (*call, bool, *wamp.ProtocolError) {
	switch {
	case c.kept == nil || !c.kept.open:
		return nil, false, wamp.Violation("CALL %d: the request ID is that of a call which is still pending", m.Request)
	case c.kept.first.Procedure != m.Procedure:
		return nil, false, wamp.Violation("CALL %d continues a call of another procedure, which is still pending", m.Request)
	}
	return c, false, nil
}

// resume hands a further chunk of a progressive call to its callee (PCI-1,
// PCI-4). What the caller says in its options is ignored, but for progress
// (PCI-5).
func (d *Dealer) resume(c *call, m *wamp.Call, now time.Time, out *core.Deliveries) {
	k := c.kept
	k.open = m.Progress
	d.restartTimeout(c, now) // PCI-8
	if c.endpoint == nil {
		if !d.keepChunk(k, m) {
			d.fail(c, wamp.ErrMaxConcurrencyReached, queueFull, out)
		}
		return
	}
	d.dropChunks(k) // RER-4: from now on the call is for this callee only
	d.send(c, k.with(m.Payload, m.Progress), out)
}

// maxUnfinished bounds the ended calls of a session of which further chunks
// are expected. Older ones are forgotten first.
const maxUnfinished = 64

// unfinished are the progressive calls of a session that are over although the
// caller has not sent the last chunk. Chunks of them are late, not wrong (PCI-6).
type unfinished []lateCall

// lateCall is a request ID with a hash of the procedure: URIs can be large.
type lateCall struct {
	request   wamp.ID
	procedure uint64
}

func (u *unfinished) add(request wamp.ID, procedure wamp.URI) {
	u.remove(request)
	if len(*u) == maxUnfinished {
		*u = slices.Delete(*u, 0, 1)
	}
	*u = append(*u, lateCall{request, hash(procedure)})
}

func (u unfinished) has(request wamp.ID, procedure wamp.URI) bool {
	return len(u) > 0 && slices.Contains(u, lateCall{request, hash(procedure)})
}

func (u *unfinished) remove(request wamp.ID) {
	*u = slices.DeleteFunc(*u, func(c lateCall) bool { return c.request == request })
}

func hash(u wamp.URI) uint64 {
	h := fnv.New64a()
	_, _ = io.WriteString(h, string(u)) // a hash takes everything
	return h.Sum64()
}

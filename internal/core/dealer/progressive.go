package dealer

import (
	"hash/fnv"
	"io"
	"slices"
	"time"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/wamp"
)

// repeated deals with a CALL whose request ID is not above all earlier ones:
// a chunk of a progressive call, which is pending or over, or a breach of the
// protocol. All other ones are new calls (PCI-7).
func (d *Dealer) repeated(caller *session, m *wamp.Call, now time.Time, out *core.Deliveries) (done bool, _ *wamp.ProtocolError) {
	if c := caller.calls.get(m.Request); c != nil {
		return true, d.resume(c, m, now, out)
	}
	if caller.unfinished.has(m.Request, m.Procedure) {
		if !m.Progress {
			caller.unfinished.remove(m.Request)
		}
		return true, nil
	}
	if d.o.StrictRequestIDs {
		return true, wamp.Violation("CALL %d: the request ID was used before, and not by a progressive call that is or just was pending", m.Request)
	}
	return m.Progress, nil
}

// resume hands a further chunk of a progressive call to its callee (PCI-1,
// PCI-4). What the caller says in its options is ignored, but for progress
// (PCI-5).
func (d *Dealer) resume(c *call, m *wamp.Call, now time.Time, out *core.Deliveries) *wamp.ProtocolError {
	k := c.kept
	if k == nil || !k.open {
		return wamp.Violation("CALL %d: the request ID is that of a call which is still pending", m.Request)
	}
	if k.first.Procedure != m.Procedure {
		return wamp.Violation("CALL %d continues a call of another procedure, which is still pending", m.Request)
	}
	k.open = m.Progress
	d.restartTimeout(c, now) // PCI-8
	if c.endpoint == nil {
		if !d.keepChunk(k, m) {
			d.fail(c, wamp.ErrMaxConcurrencyReached, queueFull, out)
		}
		return nil
	}
	d.dropChunks(k) // RER-4: from now on the call is for this callee only
	d.send(c, k.with(m.Payload, m.Progress), out)
	return nil
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

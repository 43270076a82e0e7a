package dealer

import (
	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/wamp"
)

// kept is what the dealer keeps of a CALL beyond its first INVOCATION: for
// further chunks (PCI-5), for another callee (RER-1), or as long as the call
// waits in a queue. Ordinary calls need none of it.
type kept struct {
	registration *registration
	first        wamp.Call // the options of the first CALL, which hold for all (PCI-5); its Payload is in chunks
	open         bool      // the caller has more chunks to send
	sent         int       // INVOCATIONs sent to the callee
	size         int       // octets that this counts for in Dealer.kept

	// chunks are copies of payloads: of a queued call all so far, of another one
	// the first, as long as the call may be handed to another callee.
	chunks []chunk
	tried  []*session // who refused the call (RER-4)

	previous, next *call // in the queue
}

// chunk is the payload of one CALL.
type chunk struct {
	payload  wamp.Payload
	progress bool
}

// overhead is what keeping a call or a payload takes beside its octets, roughly.
const overhead = 512

// keepFor keeps what a call to the endpoint may need later, which is nothing
// for most calls.
func (d *Dealer) keepFor(e *endpoint, m *wamp.Call) (*kept, *refusal) {
	reroutes := e.reroutes()
	if !m.Progress && !reroutes {
		return nil, nil
	}
	k := d.keep(e.registration, m)
	if k == nil && m.Progress {
		return nil, &refusal{wamp.ErrLimitExceeded, "too much is kept for calls of this realm: try again later"}
	}
	if k != nil && reroutes {
		d.keepChunk(k, m) // without room for it, the call is for this callee only
	}
	return k, nil
}

// keep keeps a CALL without its payload. It returns nil if there is no room
// (Options.MaxKeptBytes).
func (d *Dealer) keep(r *registration, m *wamp.Call) *kept {
	k := &kept{registration: r, first: *m, open: m.Progress}
	k.first.Payload = wamp.Payload{}
	if !d.reserve(k, len(m.Procedure)+core.AttributesSize(m.Attributes)) {
		return nil
	}
	return k
}

// keepChunk copies a payload, and reports whether there was room for it.
func (d *Dealer) keepChunk(k *kept, m *wamp.Call) bool {
	if !d.reserve(k, len(m.Payload.Bytes)) {
		return false
	}
	k.chunks = append(k.chunks, chunk{payload: m.Payload.Clone(), progress: m.Progress})
	return true
}

func (d *Dealer) reserve(k *kept, octets int) bool {
	if octets += overhead; octets > d.o.MaxKeptBytes-d.kept {
		return false
	}
	k.size += octets
	d.kept += octets
	return true
}

// dropChunks forgets the payloads.
func (d *Dealer) dropChunks(k *kept) {
	for _, c := range k.chunks {
		k.size -= overhead + len(c.payload.Bytes)
		d.kept -= overhead + len(c.payload.Bytes)
	}
	k.chunks = nil
}

// release forgets what is kept of a call that ends. If there are chunks to
// come, they are known to be late (PCI-6).
func (d *Dealer) release(c *call) {
	k := c.kept
	d.kept -= k.size
	if k.open {
		c.caller.unfinished.add(c.request.id, k.first.Procedure)
	}
	if c.endpoint == nil {
		d.dequeue(c)
	}
}

// with returns the CALL that a chunk would be, had the caller repeated its
// options.
func (k *kept) with(p wamp.Payload, progress bool) *wamp.Call {
	m := k.first
	m.Payload, m.Progress = p, progress
	return &m
}

// passthru reports whether the sender used payload passthru mode (section 3.28).
func passthru(a *wamp.Attributes) bool { return a != nil && a.PPTScheme != "" }

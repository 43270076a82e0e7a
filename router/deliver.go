package router

import (
	"errors"
	"sync"
	"time"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/wamp"
)

// worker is what a goroutine needs while it routes: the deliveries of the
// operation at hand, encodings of the message at hand, and the outboxes that
// it has to flush before it blocks. Workers are pooled; an idle session has none.
type worker struct {
	out       core.Deliveries
	delivered int // deliveries of out that deliver has dealt with

	noted int    // changes in out that deliver has noted
	told  *Realm // where settle has meta events to publish

	touched  []*outbox  // to flush
	asked    []asked    // to answer in settle
	deferred []deferred // to transcode in settle
	losses   []loss     // to log in settle

	msg    wamp.Message           // what heads and encoded are of
	heads  [numSerializers][]byte // msg's head by serializer number
	coded  [numSerializers]bool   // which of heads are valid
	header [16]byte               // scratch for transport headers

	payload    wamp.Payload // what transcoded is of
	transcoded [numSerializers]transcoding

	decoders [numSerializers]*serializer.Decoder
	now      time.Time // when the batch at hand was read
	frame    []byte    // the message at hand, as it was read
	verdict  verdict   // an Authorizer's, on the message at hand
}

// numSerializers is one more than the highest number of a supported serializer.
const numSerializers = int(wamp.SerializerCBOR) + 1

// deferred is a delivery that waits for its payload to be transcoded.
type deferred struct {
	peer *core.Peer
	to   *session // peer's owner
	msg  wamp.Message
	slot *slot
}

// loss is a message that a session does not get, and that is not answered for.
type loss struct {
	to   *session
	id   wamp.ID // of the session; what it knows itself is its reader's
	err  error   // why
	ends bool    // the session is ended for it
}

type transcoding struct {
	done  bool
	bytes []byte
	err   error
}

var workers = sync.Pool{New: func() any { return new(worker) }}

func takeWorker() *worker { return workers.Get().(*worker) }

// release gives the worker back; everything is settled and flushed.
func (w *worker) release() {
	w.msg, w.frame = nil, nil
	workers.Put(w)
}

// decoder returns the worker's decoder for a serializer.
func (w *worker) decoder(s serializer.Serializer) *serializer.Decoder {
	d := &w.decoders[s.Number()]
	if *d == nil {
		*d = serializer.NewDecoder(s)
	}
	return *d
}

// deliver pushes what the core decided into the recipients' outboxes. It is
// called with the lock held under which the core decided, so that the order of
// decisions is the order on the wire (ORD-1 to ORD-6). It does not transcode:
// a message for another serializer gets a reserved place and is made by settle.
//
// What the meta API has to tell of is queued before anybody can hear of it in
// another way.
func (w *worker) deliver() {
	for ; w.noted < len(w.out.Changes()); w.noted++ {
		w.note(w.out.Changes()[w.noted])
	}
	for ; w.delivered < len(w.out.All()); w.delivered++ {
		d := w.out.All()[w.delivered]
		if err := w.deliverOne(d); err != nil {
			w.undelivered(d.To, d.Msg, err)
		}
	}
}

// note queues a meta event where one is wanted.
func (w *worker) note(c core.Change) {
	s, ok := c.Peer.Owner.(*session)
	if ok && s.realm.service != nil && s.realm.service.news.change(c) {
		w.told = s.realm
	}
}

func (w *worker) deliverOne(d core.Delivery) error {
	s, ok := d.To.Owner.(*session)
	if !ok { // the realm's service, of which nothing but answers is wanted
		w.asked = append(w.asked, asked{d.To.Owner.(*Realm), d.Msg.(*wamp.Invocation)})
		return nil
	}
	if m, ok := d.Msg.(*wamp.Result); ok && m.Progress && s.outbox.crowded() {
		return errFull
	}
	p := serializer.PayloadOf(d.Msg)
	if p == nil || p.Elements == 0 {
		return w.send(s, d.Msg, nil)
	}
	if p.Serializer == s.wampSerializer {
		return w.send(s, d.Msg, p.Bytes)
	}
	slot, err := s.outbox.reserve(w)
	if err == nil {
		w.deferred = append(w.deferred, deferred{peer: d.To, to: s, msg: d.Msg, slot: slot})
	}
	return err
}

// send pushes one message, with its payload in the session's serializer.
func (w *worker) send(s *session, m wamp.Message, payload []byte) error {
	head, err := w.head(s.serializer, m)
	if err != nil {
		return err
	}
	return s.outbox.push(head, payload, s.end, w)
}

// head encodes m's head, once for consecutive recipients of one serializer.
func (w *worker) head(s serializer.Serializer, m wamp.Message) ([]byte, error) {
	if w.msg != m {
		w.msg = m
		w.coded = [numSerializers]bool{}
	}
	n := s.Number()
	if !w.coded[n] {
		b, err := s.AppendHead(w.heads[n][:0], m)
		if err != nil {
			return nil, err
		}
		w.heads[n], w.coded[n] = b, true
	}
	return w.heads[n], nil
}

// settle does what must not be done under a lock: it answers calls of the
// realm's own procedures, transcodes what deliver put off, ends sessions that cannot follow, and recycles the deliveries. It
// is called after the lock was released.
func (w *worker) settle() {
	for _, a := range w.asked {
		a.realm.answer(a.invocation, w)
	}
	clear(w.asked)
	w.asked = w.asked[:0]
	for i := 0; i < len(w.deferred); i++ { // answering for one may defer more
		if err := w.transcode(w.deferred[i]); err != nil {
			w.undeliveredLater(w.deferred[i], err)
		}
	}
	clear(w.deferred)
	w.deferred = w.deferred[:0]
	w.payload = wamp.Payload{}
	w.transcoded = [numSerializers]transcoding{}
	for _, l := range w.losses {
		l.settle()
	}
	clear(w.losses)
	w.losses = w.losses[:0]
	w.out.Reset()
	w.delivered, w.noted = 0, 0
	w.msg = nil // its struct is recycled, so the same pointer may be another message
	if r := w.told; r != nil {
		w.told = nil
		r.tell(w)
	}
}

// transcode makes a put-off message and fills its place. Several messages with
// one payload (a publication that matches several subscriptions) share the
// transcoded octets, once per serializer.
func (w *worker) transcode(d deferred) error {
	p := serializer.PayloadOf(d.msg)
	if len(p.Bytes) != len(w.payload.Bytes) || &p.Bytes[0] != &w.payload.Bytes[0] {
		w.payload = *p
		w.transcoded = [numSerializers]transcoding{}
	}
	t := &w.transcoded[d.to.serializer.Number()]
	if !t.done {
		t.done = true
		t.bytes, t.err = d.to.serializer.AppendPayload(nil, *p)
	}
	if t.err != nil {
		return t.err
	}
	head, err := w.head(d.to.serializer, d.msg)
	if err != nil {
		return err
	}
	return d.to.outbox.fill(d.slot, head, t.bytes, d.to.end, w)
}

// undeliveredLater is undelivered for a delivery whose lock was released.
func (w *worker) undeliveredLater(d deferred, err error) {
	d.to.outbox.empty(d.slot, w)
	d.to.realm.rpc.Lock()
	defer d.to.realm.rpc.Unlock()
	w.undelivered(d.peer, d.msg, err)
	w.deliver()
}

// undelivered decides what becomes of a message that its receiver cannot take
// (RS-20). The realm's rpc lock is held for messages of the dealer.
func (w *worker) undelivered(p *core.Peer, m wamp.Message, err error) {
	if errors.Is(err, errGone) {
		return // who left is answered for by leave
	}
	dealer := p.Owner.(*session).realm.dealer
	switch m := m.(type) {
	case *wamp.Event:
		w.eventLost(p, err)
	case *wamp.Invocation:
		dealer.Undelivered(p, m.Request, undeliveredURI(err), &w.out)
	case *wamp.Result:
		if errors.Is(err, errFull) && !m.Progress { // else its call ends, not the session (PCR-10)
			w.doom(p, err)
			return
		}
		dealer.ResultUndelivered(p, m, undeliveredURI(err), &w.out)
	case *wamp.Error:
		// A URI alone may be too large; the one that says so is not.
		if errors.Is(err, errFull) || m.URI == undeliveredURI(err) && m.Payload.Elements == 0 {
			w.doom(p, err)
			return
		}
		w.out.SendError(p, m.RequestType, m.Request, undeliveredURI(err))
	default:
		w.doom(p, err)
	}
}

// eventLost counts an event that is left out (RS-20), and has the first one
// of a session logged.
func (w *worker) eventLost(p *core.Peer, err error) {
	s := p.Owner.(*session)
	switch r := s.realm; {
	case !errors.Is(err, errFull):
		r.stats.eventsTooLarge.Add(1)
	case r.cfg.DisconnectSlow:
		w.doom(p, err)
		return
	default:
		r.stats.eventsDropped.Add(1)
	}
	if !s.lossy.Swap(true) {
		w.losses = append(w.losses, loss{to: s, id: p.ID, err: err})
	}
}

// undeliveredURI names the reason for which a message could not be delivered.
func undeliveredURI(err error) wamp.ErrorURI {
	switch {
	case errors.Is(err, errTooLarge):
		return wamp.ErrPayloadSizeExceeded
	case errors.Is(err, errFull):
		return wamp.ErrNetworkFailure
	default:
		return wamp.ErrInvalidArgument // not to be expressed in the receiver's serializer (SER-6)
	}
}

// doom ends a session that a message it must not miss cannot reach.
func (w *worker) doom(p *core.Peer, err error) {
	s := p.Owner.(*session)
	if s.slow.Swap(true) {
		return
	}
	s.realm.stats.slowConsumers.Add(1)
	w.losses = append(w.losses, loss{to: s, id: p.ID, err: err, ends: true})
}

// settle does for a loss what must not be done under a lock.
func (l *loss) settle() {
	log := l.to.connLog().With("realm", string(l.to.realm.cfg.Name), "session", uint64(l.id))
	if !l.ends {
		log.Warn("an event does not reach a session; further ones are only counted", "err", l.err)
		return
	}
	log.Warn("session ended: its outbox cannot take more", "err", l.err)
	l.to.disconnect()
}

// flush flushes every outbox that this worker pushed to. It must be called
// before the worker's goroutine blocks.
func (w *worker) flush() {
	for _, o := range w.touched {
		o.flush()
	}
	clear(w.touched)
	w.touched = w.touched[:0]
}

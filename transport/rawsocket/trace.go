package rawsocket

import (
	"log/slog"

	"github.com/junctorio/junctor/wamp"
)

// tracer logs the frames of one connection: direction, type, length and what
// kind of message it is, never what is in it. All methods work on nil, which
// logs nothing.
type tracer struct {
	log        *slog.Logger
	conn       *Conn
	serializer wamp.SerializerNumber

	// What has been written is a stream, cut anywhere. It belongs to the
	// writing goroutine.
	head []byte // the frame at which the stream stands: its header and a few octets
	skip int    // octets of it that follow and do not matter
}

// tracedHead is how many octets of a payload are looked at: enough for the
// message code in every serializer.
const tracedHead = 12

func newTracer(log *slog.Logger, c *Conn) *tracer {
	return &tracer{conn: c, serializer: c.info.Serializer,
		log: log.With("transport", c.info.ID, "peer", peerName(c.info.RemoteAddr))}
}

func (t *tracer) received(h header, payload []byte) {
	if t != nil {
		t.frame("received", h, payload)
	}
}

func (t *tracer) frame(direction string, h header, payload []byte) {
	kind := ""
	if h.kind == frameMessage {
		kind = messageKind(t.serializer, payload)
	}
	t.log.Info("frame", "direction", direction, "type", h.kind.String(), "length", h.length, "message", kind)
}

// sentOf notes that the first n octets of bufs were written.
func (t *tracer) sentOf(bufs [][]byte, n int) {
	if t == nil {
		return
	}
	for _, b := range bufs {
		b = b[:min(len(b), n)]
		n -= len(b)
		t.sent(b)
	}
}

// sent notes that b was written.
func (t *tracer) sent(b []byte) {
	if t == nil {
		return
	}
	for len(b) > 0 {
		n := min(t.skip, len(b))
		b, t.skip = b[n:], t.skip-n
		for len(b) > 0 && t.skip == 0 && !t.complete() {
			t.head, b = append(t.head, b[0]), b[1:]
		}
		if t.complete() {
			t.logHead()
		}
	}
}

// complete reports whether head holds as much of a frame as is looked at.
func (t *tracer) complete() bool {
	size := t.conn.headerSize()
	if len(t.head) < size {
		return false
	}
	h, err := t.conn.parseHeader(t.head)
	return err != nil || len(t.head) >= size+min(h.length, tracedHead)
}

func (t *tracer) logHead() {
	size := t.conn.headerSize()
	if h, err := t.conn.parseHeader(t.head); err == nil {
		payload := t.head[size:]
		t.skip = h.length - len(payload)
		t.frame("sent", h, payload)
	}
	t.head = t.head[:0]
}

// messageKind names the message that payload begins, judging by its code.
func messageKind(s wamp.SerializerNumber, payload []byte) string {
	code, ok := 0, false
	switch s {
	case wamp.SerializerJSON:
		code, ok = jsonCode(payload)
	case wamp.SerializerMsgPack:
		code, ok = binaryCode(afterMsgPackList(payload), 0x7f, 0xcc, 0xcd)
	case wamp.SerializerCBOR:
		code, ok = binaryCode(afterCBORList(payload), 0x17, 0x18, 0x19)
	}
	if !ok {
		return "unreadable"
	}
	return wamp.Code(code).String()
}

func jsonCode(b []byte) (code int, ok bool) {
	begun := false
	for _, c := range b {
		switch {
		case !begun && c == '[':
			begun = true
		case begun && c >= '0' && c <= '9' && code < 1000:
			code, ok = 10*code+int(c-'0'), true
		case !ok && (c == ' ' || c == '\t' || c == '\r' || c == '\n'):
		default:
			return code, ok
		}
	}
	return code, ok
}

// binaryCode reads an integer: itself up to small, else marked by one8 or
// one16 as having 8 or 16 bits.
func binaryCode(b []byte, small, one8, one16 byte) (int, bool) {
	switch {
	case len(b) >= 1 && b[0] <= small:
		return int(b[0]), true
	case len(b) >= 2 && b[0] == one8:
		return int(b[1]), true
	case len(b) >= 3 && b[0] == one16:
		return int(b[1])<<8 | int(b[2]), true
	}
	return 0, false
}

// afterMsgPackList returns what follows the header of the list that b is.
func afterMsgPackList(b []byte) []byte {
	switch {
	case len(b) >= 1 && b[0]&0xf0 == 0x90:
		return b[1:]
	case len(b) >= 3 && b[0] == 0xdc:
		return b[3:]
	case len(b) >= 5 && b[0] == 0xdd:
		return b[5:]
	}
	return nil
}

// afterCBORList returns what follows the header of the list that b is.
func afterCBORList(b []byte) []byte {
	if len(b) == 0 || b[0]&0xe0 != 0x80 {
		return nil
	}
	size := 1
	switch info := b[0] & 0x1f; {
	case info >= 24 && info <= 27:
		size += 1 << (info - 24)
	case info > 27 && info != 31: // 31: a list of indefinite length
		return nil
	}
	return b[min(size, len(b)):]
}

package rawsocket

import (
	"fmt"

	"github.com/junctorio/junctor/wamp"
)

const (
	magic         = 0x7f // the first octet of either handshake message
	handshakeSize = 4
)

// request is what a client asks for (section 1.1).
type request struct {
	limit      int // the largest message that the client accepts: 2^9 to 2^24
	serializer wamp.SerializerNumber
}

// appendTo appends the request's octets to dst.
func (r request) appendTo(dst []byte) []byte {
	return append(dst, magic, byte(exponent(r.limit)-9)<<4|byte(r.serializer), 0, 0)
}

// parseRequest reads a request. The first octet must be magic: the caller has
// told other protocols apart before. A request that must be refused gives the
// code of the refusal (RS-2, RS-4).
func parseRequest(b [handshakeSize]byte) (request, RefusalCode) {
	switch {
	case b[2] != 0 || b[3] != 0:
		return request{}, ErrReservedBits
	case b[1]&0x0f == 0:
		return request{}, ErrSerializerUnsupported
	}
	return request{limit: 1 << (9 + b[1]>>4), serializer: wamp.SerializerNumber(b[1] & 0x0f)}, 0
}

// reply is a router's answer (section 1.2): either a success with what the
// router accepts, or a refusal.
type reply struct {
	limit      int
	serializer wamp.SerializerNumber
	refusal    RefusalCode
}

// appendTo appends the reply's octets to dst.
func (r reply) appendTo(dst []byte) []byte {
	if r.refusal != 0 {
		return append(dst, magic, byte(r.refusal)<<4, 0, 0)
	}
	return request{limit: r.limit, serializer: r.serializer}.appendTo(dst)
}

// parseReply reads the reply to a request for serializer want. The error is a
// *HandshakeError (RS-7 to RS-10).
func parseReply(b [handshakeSize]byte, want wamp.SerializerNumber) (reply, error) {
	limit, serializer := b[1]>>4, wamp.SerializerNumber(b[1]&0x0f)
	switch {
	case b[0] != magic:
		return reply{}, &HandshakeError{Message: "the peer does not answer as a RawSocket router but with " + describeOctets(b[:])}
	case b[2] != 0 || b[3] != 0:
		return reply{}, &HandshakeError{Message: fmt.Sprintf("the reserved octets of the router's reply %x are not zero", b)}
	case serializer == 0:
		return reply{refusal: RefusalCode(limit)}, &HandshakeError{Code: RefusalCode(limit), Message: refusalMessage(RefusalCode(limit), want)}
	case serializer != want:
		return reply{}, &HandshakeError{Message: fmt.Sprintf("the router answered with serializer %s instead of %s", serializer, want)}
	}
	return reply{limit: 1 << (9 + limit), serializer: serializer}, nil
}

func refusalMessage(code RefusalCode, want wamp.SerializerNumber) string {
	if code == ErrSerializerUnsupported {
		return fmt.Sprintf("the router refused: it does not speak %s", want)
	}
	return "the router refused: " + code.text()
}

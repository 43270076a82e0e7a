package core_test

import (
	"strings"
	"testing"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/wamp"
)

func TestQuotedWordsAreShort(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"an ordinary URI":       {"com.example.a", `"com.example.a"`},
		"none":                  {"", `""`},
		"one that needs quotes": {"a\"b\x01", `"a\"b\x01"`},
		"a long one":            {strings.Repeat("x", 1000), `"` + strings.Repeat("x", 64) + `"…`},
		"a rune that is cut":    {strings.Repeat("ä", 1000), `"` + strings.Repeat("ä", 32) + `"…`},
	} {
		if got := core.Quote(c.in); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

// Whatever a client asks for, the explanation fits the smallest client there
// can be, in every serializer.
func TestExplanationsFitEveryClient(t *testing.T) {
	t.Parallel()
	for _, s := range []serializer.Serializer{serializer.JSON, serializer.MsgPack, serializer.CBOR} {
		for _, u := range []wamp.URI{wamp.URI(strings.Repeat("\x01", 1000)), wamp.URI(strings.Repeat("\\\"", 500)), "a"} {
			var out core.Deliveries
			peer := &core.Peer{Serializer: s}
			out.Refuse(peer, wamp.CodeRegister, wamp.MaxID, wamp.ErrInvalidURI, core.InvalidURI("wildcard registration", u, wamp.URILoose))
			m := out.All()[0].Msg.(*wamp.Error)
			frame, err := serializer.Append(nil, s, m)
			if err != nil || len(frame) > 512 || m.Payload.Elements != 1 {
				t.Errorf("%v: %d octets for %.10q (%v), want an argument in at most 512", s, len(frame), u, err)
			}
		}
	}
}

func TestPeersOfUnknownSerializerGetNoExplanation(t *testing.T) {
	t.Parallel()
	var out core.Deliveries
	out.Refuse(&core.Peer{}, wamp.CodeCall, 1, wamp.ErrNoSuchProcedure, "why")
	if m := out.All()[0].Msg.(*wamp.Error); m.Payload.Elements != 0 || m.URI != wamp.ErrNoSuchProcedure {
		t.Errorf("got %+v, want the URI alone", m)
	}
}

package dealer_test

import (
	"strings"
	"testing"

	"github.com/junctorio/junctor/internal/core/dealer"
	"github.com/junctorio/junctor/wamp"
)

// Refusals say why, to those whose serializer is known.
func TestRefusalsAreExplained(t *testing.T) {
	t.Parallel()
	r := newRealm(t, dealer.Options{URIRule: wamp.URIStrict})
	alice, bob := r.join("alice"), r.join("bob")
	alice.Serializer = plain{}
	r.serve(bob, &wamp.Register{Request: 1, Procedure: "taken", Concurrency: 1})
	r.dealer.Call(bob, &wamp.Call{Request: 1, Procedure: "taken"}, r.now, &r.out)
	r.out.Reset()
	for name, c := range map[string]struct {
		m    wamp.Message
		want string
	}{
		"nobody is there": {&wamp.Call{Request: 1, Procedure: "none"}, `"none"`},
		"a long name":     {&wamp.Call{Request: 2, Procedure: wamp.URI(strings.Repeat("x", 1000))}, "x\"…"},
		"no URI":          {&wamp.Call{Request: 3, Procedure: "Not.Strict"}, "a-z"},
		"busy":            {&wamp.Call{Request: 4, Procedure: "taken"}, "busy"},
		"taken":           {&wamp.Register{Request: 5, Procedure: "taken"}, "one callee only"},
		"other policy":    {&wamp.Register{Request: 6, Procedure: "taken", Invoke: wamp.InvokeFirst}, "invoke single"},
		"reserved":        {&wamp.Register{Request: 7, Procedure: "wamp.a"}, "reserved"},
		"not registered":  {&wamp.Unregister{Request: 8, Registration: 77}, "77"},
	} {
		r.apply(alice, c.m)
		all := r.out.All()
		e, ok := all[len(all)-1].Msg.(*wamp.Error)
		if !ok || !strings.Contains(string(e.Payload.Bytes), c.want) || len(e.Payload.Bytes) > 400 {
			t.Errorf("%s: got %+v, want a short ERROR that says %s", name, all[len(all)-1].Msg, c.want)
		}
		r.out.Reset()
	}
}

// plain is a serializer for texts.
type plain struct{ wamp.Serializer }

func (plain) EncodePayload(args, _ any) (wamp.Payload, error) {
	return wamp.Payload{Serializer: plain{}, Bytes: []byte(args.([]any)[0].(string)), Elements: 1}, nil
}

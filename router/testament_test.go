package router_test

import (
	"strings"
	"testing"

	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

func TestTestamentsArePublishedInTheirOrder(t *testing.T) { // TES-1, TES-3
	t.Parallel()
	for _, s := range serializers {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, router.RealmConfig{})
			heir, testator := b.join(inproc.Config{}), b.join(inproc.Config{Serializer: s})
			heir.send(`[32,1,{},"will"]`)
			heir.expect(`^\[33,`)
			testator.send(`[48,1,{},"wamp.session.add_testament",["will",["first"],{"k":1}]]`)
			testator.expect(`^\[50,1,\{\}\]$`)
			testator.send(`[48,2,{},"wamp.session.add_testament",["will",["second"],{}],{"scope":"destroyed","publish_options":{"exclude_me":false,"acknowledge":true}}]`)
			testator.expect(`^\[50,2,\{\}\]$`)
			testator.send(`[48,3,{},"wamp.session.add_testament",["will",["before"],{}],{"scope":"detached"}]`)
			testator.expect(`^\[50,3,\{\}\]$`)
			testator.conn.Close()
			heir.expect(`^\[36,\d+,\d+,\{\},\["before"\]\]$`)
			heir.expect(`^\[36,\d+,\d+,\{\},\["first"\],\{"k":1\}\]$`)
			heir.expect(`^\[36,\d+,\d+,\{\},\["second"\]\]$`)
		})
	}
}

func TestTestamentsAreBounded(t *testing.T) { // TES-6
	t.Parallel()
	b := newBench(t, router.RealmConfig{MaxTestaments: 2, MaxTestamentBytes: 1000})
	p := b.join(inproc.Config{})
	long := quoted(strings.Repeat("x", 600))
	p.send(`[48,1,{},"wamp.session.add_testament",["will",[%s],{}]]`, long)
	p.expect(`^\[50,`)
	p.send(`[48,2,{},"wamp.session.add_testament",["will",[%s],{}],{"scope":"detached"}]`, long)
	p.expect(`^\[8,48,2,\{\},"junctor.error.limit_exceeded"`)
	p.send(`[48,3,{},"wamp.session.flush_testaments"]`)
	p.expect(`^\[50,3,\{\}\]$`)
	for i := range 2 {
		p.send(`[48,%d,{},"wamp.session.add_testament",["will",[],{}]]`, 4+i)
		p.expect(`^\[50,`)
	}
	p.send(`[48,6,{},"wamp.session.add_testament",["will",[],{}]]`)
	p.expect(`^\[8,48,6,\{\},"junctor.error.limit_exceeded"`)
}

func TestATestamentThatCouldNotBePublishedIsRefused(t *testing.T) { // TES-1, TES-5
	t.Parallel()
	b := newBench(t, router.RealmConfig{RefuseDisclosure: true, Roles: []router.Role{{Name: "anonymous", Permissions: []router.Permission{
		{URI: "wamp.session.", Match: wamp.MatchPrefix, Allow: router.ActionCall},
		{URI: "may", Allow: router.ActionPublish},
	}}}})
	p := b.join(inproc.Config{})
	for name, tt := range map[string]struct{ payload, want string }{
		"a topic that it may not publish to": {`["may.not",[],{}]`, "wamp.error.not_authorized"},
		"a topic that is no URI":             {`["a..b",[],{}]`, "wamp.error.invalid_uri"},
		"a topic of the router's":            {`["wamp.session.on_join",[],{}]`, "wamp.error.invalid_uri"},
		"a topic that is no string":          {`[1,[],{}]`, "wamp.error.invalid_argument"},
		"no topic":                           {`[]`, "wamp.error.invalid_argument"},
		"an unknown scope":                   {`["may",[],{}],{"scope":"session"}`, "wamp.error.invalid_argument"},
		"arguments that are no list":         {`["may",1,{}]`, "wamp.error.invalid_argument"},
		"keyword arguments that are no dict": {`["may",[],[]]`, "wamp.error.invalid_argument"},
		"options that are no dictionary":     {`["may",[],{}],{"publish_options":[]}`, "wamp.error.invalid_argument"},
		"an option of the wrong type":        {`["may",[],{}],{"publish_options":{"exclude":"me"}}`, "wamp.error.invalid_argument"},
		"disclosure where it is refused":     {`["may",[],{}],{"publish_options":{"disclose_me":true}}`, "wamp.error.option_disallowed.disclose_me"},
	} {
		p.send(`[48,1,{},"wamp.session.add_testament",%s]`, tt.payload)
		if got, err := p.receive(); err != nil || !strings.HasPrefix(got, `[8,48,1,{},"`+tt.want+`"`) {
			t.Errorf("%s: got %s (%v), want %s", name, got, err, tt.want)
		}
	}
	p.send(`[48,2,{},"wamp.session.add_testament",["may"]]`)
	p.expect(`^\[50,2,\{\}\]$`)
}

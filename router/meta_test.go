package router_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

func TestTheMetaAPIAnswersInTheCallersSerializer(t *testing.T) {
	t.Parallel()
	for _, s := range serializers {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, router.RealmConfig{})
			p := b.join(inproc.Config{Serializer: s})
			b.join(inproc.Config{})
			p.send(`[48,1,{},"wamp.session.count"]`)
			p.expect(`^\[50,1,\{\},\[2\]\]$`)
			p.send(`[48,2,{},"wamp.session.list"]`)
			id := p.expect(`^\[50,2,\{\},\[\[(\d+),\d+\]\]\]$`)[0]
			p.send(`[48,3,{},"wamp.session.get",[%s]]`, id)
			p.expect(fmt.Sprintf(`^\[50,3,\{\},\[\{"authid":"[^"]+","authmethod":"anonymous","authprovider":"[^"]+","authrole":"anonymous","session":%s\}\]\]$`, id))
		})
	}
}

func TestWithoutAMetaAPIThereIsNothingToCall(t *testing.T) {
	t.Parallel()
	b := newBench(t, router.RealmConfig{NoMetaAPI: true})
	p := b.connect(inproc.Config{})
	p.send(hello)
	if welcome, err := p.receive(); err != nil || strings.Contains(welcome, "meta_api") || strings.Contains(welcome, "subscription_revocation") {
		t.Errorf("got %s (%v), want no meta API announced", welcome, err)
	}
	p.send(`[48,1,{},"wamp.session.count"]`)
	p.expect(`^\[8,48,1,\{\},"wamp.error.no_such_procedure"`)
}

func TestCallsOfTheMetaAPIKeepTheRulesOfCalls(t *testing.T) {
	t.Parallel()
	b := newBench(t, router.RealmConfig{RefuseDisclosure: true})
	p := b.join(inproc.Config{})
	p.send(`[48,1,{"timeout":1000},"wamp.session.count"]`)
	p.expect(`^\[50,1,\{\},\[1\]\]$`)
	p.send(`[49,1,{}]`) // too late
	p.send(`[48,2,{"disclose_me":true},"wamp.session.count"]`)
	p.expect(`^\[8,48,2,\{\},"wamp.error.option_disallowed.disclose_me"`)
	p.send(`[48,3,{},"wamp.session.get",["one"]]`)
	p.expect(`^\[8,48,3,\{\},"wamp.error.invalid_argument",\["argument 1 \(session\): want an ID`)
	p.send(`[48,4,{},"wamp.session"]`)
	p.expect(`^\[8,48,4,\{\},"wamp.error.no_such_procedure"`)
	for i := range 3 { // pipelined, answered in order
		p.send(`[48,%d,{},"wamp.session.count"]`, 5+i)
	}
	for i := range 3 {
		p.expect(fmt.Sprintf(`^\[50,%d,\{\},\[1\]\]$`, 5+i))
	}
}

func TestMetaProceduresNeedPermission(t *testing.T) { // META-1
	t.Parallel()
	b := newBench(t, router.RealmConfig{Roles: []router.Role{{Name: "anonymous", Permissions: []router.Permission{
		{URI: "com.", Match: wamp.MatchPrefix, Allow: router.ActionCall},
		{URI: "wamp.session.count", Allow: router.ActionCall},
	}}}})
	p := b.join(inproc.Config{})
	p.send(`[48,1,{},"wamp.session.list"]`)
	p.expect(`^\[8,48,1,\{\},"wamp.error.not_authorized"`)
	p.send(`[48,2,{},"wamp.session.count"]`)
	p.expect(`^\[50,2,`)
}

func TestTheMetaAPIEndsAtTheRealm(t *testing.T) { // META-5, SM-1
	t.Parallel()
	b := newBench(t, router.RealmConfig{})
	if _, err := b.r.AddRealm(router.RealmConfig{Name: "realm2", Roles: []router.Role{everything}}); err != nil {
		t.Fatal(err)
	}
	alice := b.join(inproc.Config{})
	alice.send(`[32,1,{"match":"prefix"},"wamp."]`)
	alice.expect(`^\[33,1,`)
	bob := b.connect(inproc.Config{})
	bob.send("%s", strings.Replace(hello, "realm1", "realm2", 1))
	id := bob.expect(`^\[2,(\d+),`)[0]
	bob.send(`[64,1,{},"com.example.procedure"]`)
	bob.expect(`^\[65,1,`)
	alice.send(`[48,2,{},"wamp.session.count"]`)
	alice.expect(`^\[50,2,\{\},\[1\]\]$`) // and no event before
	alice.send(`[48,3,{},"wamp.session.kill",[%s]]`, id)
	alice.expect(`^\[8,48,3,\{\},"wamp.error.no_such_session"\]$`)
	alice.send(`[48,4,{},"wamp.registration.match",["com.example.procedure"]]`)
	alice.expect(`^\[50,4,\{\},\[null\]\]$`)
}

func TestTheMetaAPITakesNoCallsInChunksAndNoSecrets(t *testing.T) { // PCI-3, PPT-4
	t.Parallel()
	b := newBench(t, router.RealmConfig{})
	p := b.connect(inproc.Config{})
	p.send(`[1,"realm1",{"roles":{"caller":{"features":{"progressive_call_invocations":true,"call_canceling":true,"payload_passthru_mode":true}}}}]`)
	p.expect(`^\[2,`)
	p.send(`[48,1,{"progress":true},"wamp.session.count"]`)
	p.expect(`^\[8,48,1,\{\},"wamp.error.feature_not_supported"`)
	p.send(`[48,1,{},"wamp.session.count"]`) // the last chunk, too late
	p.send(`[48,2,{"ppt_scheme":"x_own"},"wamp.session.count",["x"]]`)
	p.expect(`^\[8,48,2,\{\},"wamp.error.feature_not_supported"`)
	p.send(`[48,3,{"receive_progress":true},"wamp.session.count"]`)
	p.expect(`^\[50,3,\{\},\[1\]\]$`)
}

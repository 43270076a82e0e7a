package router

import (
	"math"

	"github.com/junctorio/junctor/wamp"
)

// wanted returns what a message wants to do. The Action of messages that need no
// permission is zero.
func wanted(m wamp.Message) (a Action, u wamp.URI, match wamp.Match) {
	switch m := m.(type) {
	case *wamp.Publish:
		return ActionPublish, m.Topic, wamp.MatchExact
	case *wamp.Subscribe:
		return ActionSubscribe, m.Topic, m.Match
	case *wamp.Call:
		return ActionCall, m.Procedure, wamp.MatchExact
	case *wamp.Register:
		return ActionRegister, m.Procedure, m.Match
	}
	return 0, "", wamp.MatchExact
}

// intentOf returns what is particular to one request of a session.
func intentOf(m wamp.Message) *Intent {
	in := &Intent{Options: optionsOf(m)}
	in.Action, in.URI, in.Match = wanted(m)
	return in
}

// optionsOf returns the options of a message as an Authorizer sees them, nil if
// there are none.
func optionsOf(m wamp.Message) wamp.Dict {
	var o optionDict
	switch m := m.(type) {
	case *wamp.Publish:
		o.publish(m)
	case *wamp.Subscribe:
		o.flag("get_retained", m.GetRetained)
		o.match(m.Match)
		o.text("nkey", m.NKey)
	case *wamp.Call:
		o.call(m)
	case *wamp.Register:
		o.register(m)
	}
	return wamp.Dict(o)
}

// optionDict is made when the first option is set.
type optionDict wamp.Dict

func (o *optionDict) set(key string, v any) {
	if *o == nil {
		*o = make(optionDict)
	}
	(*o)[key] = v
}

func (o *optionDict) flag(key string, is bool) {
	if is {
		o.set(key, true)
	}
}

func (o *optionDict) text(key, v string) {
	if v != "" {
		o.set(key, v)
	}
}

func (o *optionDict) number(key string, n uint64) {
	if n > 0 {
		o.set(key, int64(min(n, math.MaxInt64)))
	}
}

func (o *optionDict) match(m wamp.Match) {
	if m != wamp.MatchExact {
		o.set("match", m.String())
	}
}

func (o *optionDict) publish(m *wamp.Publish) {
	o.flag("acknowledge", m.Acknowledge)
	if m.IncludeMe {
		o.set("exclude_me", false)
	}
	o.flag("disclose_me", m.DiscloseMe)
	o.flag("retain", m.Retain)
	if f := m.Filter; f != nil {
		o.ids("exclude", f.Exclude)
		o.ids("eligible", f.Eligible)
		o.names("exclude_authid", f.ExcludeAuthID)
		o.names("eligible_authid", f.EligibleAuthID)
		o.names("exclude_authrole", f.ExcludeAuthRole)
		o.names("eligible_authrole", f.EligibleAuthRole)
	}
	o.text("rkey", m.RKey)
	o.attributes(m.Attributes)
}

// ids sets a list of session IDs; an empty one is not absent (BWL-3).
func (o *optionDict) ids(key string, list []wamp.ID) {
	if list == nil {
		return
	}
	values := make([]any, len(list))
	for i, id := range list {
		values[i] = int64(id)
	}
	o.set(key, values)
}

// names sets a list of authids or authroles; an empty one is not absent.
func (o *optionDict) names(key string, list []string) {
	if list == nil {
		return
	}
	values := make([]any, len(list))
	for i, name := range list {
		values[i] = name
	}
	o.set(key, values)
}

func (o *optionDict) call(m *wamp.Call) {
	o.flag("receive_progress", m.ReceiveProgress)
	o.flag("progress", m.Progress)
	o.flag("disclose_me", m.DiscloseMe)
	o.number("timeout", m.TimeoutMillis)
	if s := m.Sharding; s != nil {
		o.text("rkey", s.RKey)
		o.text("runmode", s.RunMode)
		o.text("runon", s.RunOn)
	}
	o.attributes(m.Attributes)
}

func (o *optionDict) register(m *wamp.Register) {
	o.match(m.Match)
	if m.Invoke != wamp.InvokeSingle {
		o.set("invoke", m.Invoke.String())
	}
	o.flag("disclose_caller", m.DiscloseCaller)
	o.flag("forward_timeout", m.ForwardTimeout)
	o.flag("force_reregister", m.ForceReregister)
	o.number("concurrency", m.Concurrency)
}

func (o *optionDict) attributes(a *wamp.Attributes) {
	if a == nil {
		return
	}
	o.text("ppt_scheme", a.PPTScheme)
	o.text("ppt_serializer", a.PPTSerializer)
	o.text("ppt_cipher", a.PPTCipher)
	o.text("ppt_keyid", a.PPTKeyID)
	o.text("enc_algo", a.EncAlgo)
	o.text("enc_key", a.EncKey)
	o.text("enc_serializer", a.EncSerializer)
	o.text("transaction_hash", a.TransactionHash)
	if len(a.ForwardFor) == 0 {
		return
	}
	trace := make([]any, len(a.ForwardFor))
	for i, f := range a.ForwardFor {
		trace[i] = wamp.Dict{"session": int64(f.Session), "authid": f.AuthID, "authrole": f.AuthRole}
	}
	o.set("forward_for", trace)
}

package serializer

import "github.com/junctorio/junctor/wamp"

// message carries m's elements after the type code: the message table of
// section 2.2, for both directions and all serializers.
func (c *codec) message(m wamp.Message) {
	switch m := m.(type) {
	case *wamp.Hello:
		c.hello(m)
	case *wamp.Welcome:
		c.welcome(m)
	case *wamp.Abort:
		c.abort(m)
	case *wamp.Challenge:
		c.text("AuthMethod", &m.Method)
		c.extra("Extra", &m.Extra)
	case *wamp.Authenticate:
		c.text("Signature", &m.Signature)
		c.extra("Extra", &m.Extra)
	case *wamp.Goodbye:
		c.goodbye(m)
	case *wamp.Error:
		c.errorMessage(m)
	case *wamp.Publish:
		c.publish(m)
	case *wamp.Published:
		c.id("PUBLISH.Request", &m.Request)
		c.id("Publication", &m.Publication)
	case *wamp.Subscribe:
		c.subscribe(m)
	case *wamp.Subscribed:
		c.id("SUBSCRIBE.Request", &m.Request)
		c.id("Subscription", &m.Subscription)
	case *wamp.Unsubscribe:
		c.id("Request", &m.Request)
		c.id("SUBSCRIBED.Subscription", &m.Subscription)
		c.optionalOptions()
	case *wamp.Unsubscribed:
		c.idOrZero("UNSUBSCRIBE.Request", &m.Request)
		c.revocation(m.Request, "subscription", &m.Subscription, &m.Reason)
	case *wamp.Event:
		c.event(m)
	case *wamp.EventReceived:
		c.id("EVENT.Publication", &m.Publication)
	case *wamp.Call:
		c.call(m)
	case *wamp.Cancel:
		c.cancel(m)
	case *wamp.Result:
		c.result(m)
	case *wamp.Register:
		c.register(m)
	case *wamp.Registered:
		c.id("REGISTER.Request", &m.Request)
		c.id("Registration", &m.Registration)
	case *wamp.Unregister:
		c.id("Request", &m.Request)
		c.id("REGISTERED.Registration", &m.Registration)
		c.optionalOptions()
	case *wamp.Unregistered:
		c.idOrZero("UNREGISTER.Request", &m.Request)
		c.revocation(m.Request, "registration", &m.Registration, &m.Reason)
	case *wamp.Invocation:
		c.invocation(m)
	case *wamp.Interrupt:
		c.interrupt(m)
	case *wamp.Yield:
		c.yield(m)
	}
}

func (c *codec) hello(m *wamp.Hello) {
	uri(c, "Realm", &m.Realm)
	for c.options("Details") {
		c.roles("roles", &m.Roles)
		str(c, "agent", &m.Agent)
		c.texts("authmethods", &m.AuthMethods)
		str(c, "authid", &m.AuthID)
		str(c, "authrole", &m.AuthRole)
		c.dictKey("authextra", &m.AuthExtra)
		c.unused("transport", kindDict)
		c.unused("resumable", kindTrue)
		c.unused("resume-session", kindUint)
		c.unused("resume-token", kindString)
	}
}

func (c *codec) welcome(m *wamp.Welcome) {
	c.id("Session", &m.Session)
	for c.options("Details") {
		c.roles("roles", &m.Roles)
		str(c, "realm", &m.Realm)
		str(c, "agent", &m.Agent)
		str(c, "authid", &m.AuthID)
		str(c, "authrole", &m.AuthRole)
		str(c, "authmethod", &m.AuthMethod)
		str(c, "authprovider", &m.AuthProvider)
		c.dictKey("authextra", &m.AuthExtra)
		c.unused("resumed", kindTrue)
		c.unused("resumable", kindTrue)
		c.unused("resume-ticket", kindString)
	}
}

func (c *codec) abort(m *wamp.Abort) {
	for c.options("Details") {
		str(c, "message", &m.Message)
		str(c, "scram", &m.SCRAM)
	}
	uri(c, "Reason", &m.Reason)
	c.payload(&m.Payload, nil)
}

func (c *codec) goodbye(m *wamp.Goodbye) {
	for c.options("Details") {
		str(c, "message", &m.Message)
		c.unused("resumable", kindTrue)
	}
	uri(c, "Reason", &m.Reason)
}

func (c *codec) errorMessage(m *wamp.Error) {
	c.requestType("REQUEST.Type", &m.RequestType)
	c.id("REQUEST.Request", &m.Request)
	for c.options("Details") {
		c.attributes(&m.Attributes)
		c.calleeTrace()
	}
	uri(c, "Error", &m.URI)
	c.payload(&m.Payload, m.Attributes)
}

func (c *codec) publish(m *wamp.Publish) {
	c.id("Request", &m.Request)
	for c.options("Options") {
		c.flag("acknowledge", &m.Acknowledge)
		c.negatedFlag("exclude_me", &m.IncludeMe)
		c.flag("disclose_me", &m.DiscloseMe)
		c.flag("retain", &m.Retain)
		c.filter(&m.Filter)
		str(c, "rkey", &m.RKey)
		c.attributes(&m.Attributes)
	}
	uri(c, "Topic", &m.Topic)
	c.payload(&m.Payload, m.Attributes)
}

func (c *codec) subscribe(m *wamp.Subscribe) {
	c.id("Request", &m.Request)
	for c.options("Options") {
		word(c, "match", &m.Match, wamp.Match.String, wamp.ParseMatch)
		c.flag("get_retained", &m.GetRetained)
		str(c, "nkey", &m.NKey)
		c.forwarders("forward_for", nil)
	}
	uri(c, "Topic", &m.Topic)
}

func (c *codec) event(m *wamp.Event) {
	c.id("SUBSCRIBED.Subscription", &m.Subscription)
	c.id("PUBLISHED.Publication", &m.Publication)
	for c.options("Details") {
		c.idKey("publisher", &m.Publisher)
		str(c, "publisher_authid", &m.PublisherAuthID)
		str(c, "publisher_authrole", &m.PublisherAuthRole)
		str(c, "topic", &m.Topic)
		c.optionalNumber("trustlevel", &m.TrustLevel)
		c.flag("retained", &m.Retained)
		c.flag("payload_limit_exceeded", &m.PayloadLimitExceeded)
		c.attributes(&m.Attributes)
		c.unused("x_acknowledged_delivery", kindTrue)
	}
	c.payload(&m.Payload, m.Attributes)
}

func (c *codec) call(m *wamp.Call) {
	c.id("Request", &m.Request)
	for c.options("Options") {
		c.flag("receive_progress", &m.ReceiveProgress)
		c.flag("progress", &m.Progress)
		c.flag("disclose_me", &m.DiscloseMe)
		c.number("timeout", 0, &m.TimeoutMillis)
		c.sharding(&m.Sharding)
		c.attributes(&m.Attributes)
	}
	uri(c, "Procedure", &m.Procedure)
	c.payload(&m.Payload, m.Attributes)
}

func (c *codec) cancel(m *wamp.Cancel) {
	c.id("CALL.Request", &m.Request)
	for c.options("Options") {
		word(c, "mode", &m.Mode, wamp.CancelMode.String, wamp.ParseCancelMode)
		c.forwarders("forward_for", nil)
	}
}

func (c *codec) result(m *wamp.Result) {
	c.id("CALL.Request", &m.Request)
	for c.options("Details") {
		c.flag("progress", &m.Progress)
		c.attributes(&m.Attributes)
		c.calleeTrace()
	}
	c.payload(&m.Payload, m.Attributes)
}

func (c *codec) register(m *wamp.Register) {
	c.id("Request", &m.Request)
	for c.options("Options") {
		word(c, "match", &m.Match, wamp.Match.String, wamp.ParseMatch)
		word(c, "invoke", &m.Invoke, wamp.Invoke.String, wamp.ParseInvoke)
		c.flag("disclose_caller", &m.DiscloseCaller)
		c.flag("forward_timeout", &m.ForwardTimeout)
		c.flag("force_reregister", &m.ForceReregister)
		c.number("concurrency", 1, &m.Concurrency)
		c.forwarders("forward_for", nil)
	}
	uri(c, "Procedure", &m.Procedure)
}

func (c *codec) invocation(m *wamp.Invocation) {
	c.id("Request", &m.Request)
	c.id("REGISTERED.Registration", &m.Registration)
	for c.options("Details") {
		c.idKey("caller", &m.Caller)
		str(c, "caller_authid", &m.CallerAuthID)
		str(c, "caller_authrole", &m.CallerAuthRole)
		str(c, "procedure", &m.Procedure)
		c.flag("receive_progress", &m.ReceiveProgress)
		c.flag("progress", &m.Progress)
		c.number("timeout", 0, &m.TimeoutMillis)
		c.optionalNumber("trustlevel", &m.TrustLevel)
		c.attributes(&m.Attributes)
	}
	c.payload(&m.Payload, m.Attributes)
}

func (c *codec) interrupt(m *wamp.Interrupt) {
	c.id("INVOCATION.Request", &m.Request)
	for c.options("Options") {
		word(c, "mode", &m.Mode, wamp.CancelMode.String, wamp.ParseCancelMode)
		str(c, "reason", &m.Reason)
		c.forwarders("forward_for", nil)
	}
}

func (c *codec) yield(m *wamp.Yield) {
	c.id("INVOCATION.Request", &m.Request)
	for c.options("Options") {
		c.flag("progress", &m.Progress)
		c.attributes(&m.Attributes)
		c.calleeTrace()
	}
	c.payload(&m.Payload, m.Attributes)
}

// optionalOptions is a dictionary that UNSUBSCRIBE and UNREGISTER of Autobahn
// can end with; it is never written.
func (c *codec) optionalOptions() {
	if c.writing() || !c.moreElements("Options") {
		return
	}
	for c.optionsHere() {
		c.forwarders("forward_for", nil)
	}
}

// revocation is the dictionary that follows the request 0 (REV-1, REV-5).
func (c *codec) revocation(request wamp.ID, key string, id *wamp.ID, reason *string) {
	if request != 0 {
		return
	}
	for c.options("Details") {
		c.idKey(key, id)
		str(c, "reason", reason)
	}
}

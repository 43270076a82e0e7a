package wamp

// Message is one WAMP message. Its dynamic type is a pointer to one of the
// message structs of this package.
//
// Zero fields mean "absent": an encoder leaves such keys out of Options and
// Details, a decoder leaves the field zero when the key is missing. Keys that
// no field stands for are skipped when decoding (MSG-6), their types checked
// where the specification's test vectors ask for it.
type Message interface {
	// Code returns the message's type code.
	Code() Code
}

// Dict is a decoded dictionary with string keys. Values are nil, bool, int64,
// uint64 (only above the int64 range), float64, string, []byte, []any or Dict.
type Dict = map[string]any

// Hello opens a session: [HELLO, Realm|uri, Details|dict].
type Hello struct {
	Realm       URI
	Roles       Roles    // SES-1: at least one client role
	Agent       string   // free text naming the client's software
	AuthMethods []string // in the client's order of preference (AUTH-1)
	AuthID      string
	AuthRole    string // requested role, an addition of Crossbar.io
	AuthExtra   Dict
}

// Welcome admits a client: [WELCOME, Session|id, Details|dict].
type Welcome struct {
	Session      ID
	Roles        Roles // broker, dealer or both
	Realm        URI
	Agent        string
	AuthID       string
	AuthRole     string
	AuthMethod   string
	AuthProvider string
	AuthExtra    Dict
}

// Abort ends a session at once, on either side:
// [ABORT, Details|dict, Reason|uri, Arguments|list, ArgumentsKw|dict].
// It is never answered (PV-5).
type Abort struct {
	Reason  ErrorURI
	Message string // Details.message, for humans
	SCRAM   string // Details.scram, a server-error-value of RFC 5802 (SCR-7)
	Payload Payload
}

// Challenge asks a joining client for proof: [CHALLENGE, AuthMethod|string, Extra|dict].
type Challenge struct {
	Method string
	Extra  Dict
}

// Authenticate answers a Challenge: [AUTHENTICATE, Signature|string, Extra|dict].
type Authenticate struct {
	Signature string
	Extra     Dict
}

// Goodbye closes a session in order, on either side: [GOODBYE, Details|dict, Reason|uri].
type Goodbye struct {
	Reason  URI
	Message string // Details.message, for humans
}

// Error refuses a request or fails a call:
// [ERROR, REQUEST.Type|int, REQUEST.Request|id, Details|dict, Error|uri, Arguments|list, ArgumentsKw|dict].
//
// *Error is also the error value that client code meets: errors.Is(err,
// wamp.ErrNoSuchProcedure) compares its URI.
type Error struct {
	Request     ID
	RequestType Code
	URI         ErrorURI
	Attributes  *Attributes
	Payload     Payload
}

// Publish asks the broker to distribute an event:
// [PUBLISH, Request|id, Options|dict, Topic|uri, Arguments|list, ArgumentsKw|dict].
type Publish struct {
	Request     ID
	Topic       URI
	Acknowledge bool
	IncludeMe   bool // exclude_me: false (PEX-1); the default excludes the publisher
	DiscloseMe  bool
	Retain      bool
	Filter      *Filter // nil: no black- or whitelisting
	RKey        string  // resource key of sharded subscriptions (SHD-2)
	Attributes  *Attributes
	Payload     Payload

	// TrustLevel is what a router says of the publisher (TRL-2). It is not on
	// the wire: no client can set it.
	TrustLevel *int
}

// Filter is the black- and whitelisting of a publication (BWL-1 to BWL-5). A
// nil list is absent; an empty Eligible list admits nobody (BWL-3).
type Filter struct {
	Exclude, Eligible                 []ID
	ExcludeAuthID, EligibleAuthID     []string
	ExcludeAuthRole, EligibleAuthRole []string
}

// Published acknowledges a Publish: [PUBLISHED, PUBLISH.Request|id, Publication|id].
type Published struct {
	Request     ID
	Publication ID
}

// Subscribe asks for events: [SUBSCRIBE, Request|id, Options|dict, Topic|uri].
type Subscribe struct {
	Request     ID
	Topic       URI
	Match       Match
	GetRetained bool
	NKey        string // node key of sharded subscriptions (SHD-2)
}

// Subscribed acknowledges a Subscribe: [SUBSCRIBED, SUBSCRIBE.Request|id, Subscription|id].
type Subscribed struct {
	Request      ID
	Subscription ID
}

// Unsubscribe ends a subscription: [UNSUBSCRIBE, Request|id, SUBSCRIBED.Subscription|id].
type Unsubscribe struct {
	Request      ID
	Subscription ID
}

// Unsubscribed acknowledges an Unsubscribe: [UNSUBSCRIBED, UNSUBSCRIBE.Request|id];
// with request 0 it revokes: [UNSUBSCRIBED, 0, Details|dict] (REV-5).
type Unsubscribed struct {
	Request      ID
	Subscription ID     // revocation only
	Reason       string // revocation only
}

// Event delivers a publication:
// [EVENT, SUBSCRIBED.Subscription|id, PUBLISHED.Publication|id, Details|dict, Arguments|list, ArgumentsKw|dict].
type Event struct {
	Subscription         ID
	Publication          ID
	Publisher            ID // zero unless disclosed (PID-1)
	PublisherAuthID      string
	PublisherAuthRole    string
	Topic                URI  // set for pattern subscriptions only (PSUB-2)
	TrustLevel           *int // nil: absent (TRL-2)
	Retained             bool
	PayloadLimitExceeded bool
	Attributes           *Attributes
	Payload              Payload
}

// EventReceived confirms an event: [EVENT_RECEIVED, EVENT.Publication|id]. It
// is provisional: decoders accept it, nothing is done with it.
type EventReceived struct {
	Publication ID
}

// Call calls a procedure:
// [CALL, Request|id, Options|dict, Procedure|uri, Arguments|list, ArgumentsKw|dict].
type Call struct {
	Request         ID
	Procedure       URI
	ReceiveProgress bool
	Progress        bool
	DiscloseMe      bool
	TimeoutMillis   uint64    // 0: none (TMO-1)
	Sharding        *Sharding // nil: absent
	Attributes      *Attributes
	Payload         Payload

	// TrustLevel is what a router says of the caller (TRL-1). It is not on the
	// wire: no client can set it.
	TrustLevel *int
}

// Sharding says which of the callees of a sharded registration a Call is for
// (SHD-1). The specification gives it no meaning yet.
type Sharding struct {
	RKey, RunMode, RunOn string
}

// Cancel cancels a call: [CANCEL, CALL.Request|id, Options|dict].
type Cancel struct {
	Request ID
	Mode    CancelMode
}

// Result answers a Call: [RESULT, CALL.Request|id, Details|dict, YIELD.Arguments|list, YIELD.ArgumentsKw|dict].
type Result struct {
	Request    ID
	Progress   bool
	Attributes *Attributes
	Payload    Payload
}

// Register offers a procedure: [REGISTER, Request|id, Options|dict, Procedure|uri].
type Register struct {
	Request         ID
	Procedure       URI
	Match           Match
	Invoke          Invoke
	DiscloseCaller  bool
	ForwardTimeout  bool
	ForceReregister bool   // an addition of Crossbar.io
	Concurrency     uint64 // an addition of Crossbar.io; 0: unbounded
}

// Registered acknowledges a Register: [REGISTERED, REGISTER.Request|id, Registration|id].
type Registered struct {
	Request      ID
	Registration ID
}

// Unregister withdraws a procedure: [UNREGISTER, Request|id, REGISTERED.Registration|id].
type Unregister struct {
	Request      ID
	Registration ID
}

// Unregistered acknowledges an Unregister: [UNREGISTERED, UNREGISTER.Request|id];
// with request 0 it revokes: [UNREGISTERED, 0, Details|dict] (REV-1).
type Unregistered struct {
	Request      ID
	Registration ID     // revocation only
	Reason       string // revocation only
}

// Invocation hands a call to a callee:
// [INVOCATION, Request|id, REGISTERED.Registration|id, Details|dict, CALL.Arguments|list, CALL.ArgumentsKw|dict].
type Invocation struct {
	Request         ID
	Registration    ID
	Caller          ID // zero unless disclosed (CID-1)
	CallerAuthID    string
	CallerAuthRole  string
	Procedure       URI // set for pattern registrations only (PREG-6)
	ReceiveProgress bool
	Progress        bool
	TimeoutMillis   uint64
	TrustLevel      *int // nil: absent (TRL-1)
	Attributes      *Attributes
	Payload         Payload
}

// Interrupt tells a callee that its answer is no longer wanted:
// [INTERRUPT, INVOCATION.Request|id, Options|dict].
type Interrupt struct {
	Request ID
	Mode    CancelMode
	Reason  URI
}

// Yield answers an Invocation:
// [YIELD, INVOCATION.Request|id, Options|dict, Arguments|list, ArgumentsKw|dict].
type Yield struct {
	Request    ID
	Progress   bool
	Attributes *Attributes
	Payload    Payload
}

// Attributes are the rarely used keys that a router hands on unchanged with a
// payload (PPT-2, section 2.3): payload passthru mode, Autobahn's older payload
// encryption, and the trace of routers passed. Shared between messages, so
// immutable once set.
type Attributes struct {
	PPTScheme, PPTSerializer, PPTCipher, PPTKeyID string
	EncAlgo, EncKey, EncSerializer                string
	TransactionHash                               string
	ForwardFor                                    []Forwarder
}

// Forwarder is one entry of forward_for: a session that passed the message on.
type Forwarder struct {
	Session          ID
	AuthID, AuthRole string
}

func (*Hello) Code() Code         { return CodeHello }
func (*Welcome) Code() Code       { return CodeWelcome }
func (*Abort) Code() Code         { return CodeAbort }
func (*Challenge) Code() Code     { return CodeChallenge }
func (*Authenticate) Code() Code  { return CodeAuthenticate }
func (*Goodbye) Code() Code       { return CodeGoodbye }
func (*Error) Code() Code         { return CodeError }
func (*Publish) Code() Code       { return CodePublish }
func (*Published) Code() Code     { return CodePublished }
func (*Subscribe) Code() Code     { return CodeSubscribe }
func (*Subscribed) Code() Code    { return CodeSubscribed }
func (*Unsubscribe) Code() Code   { return CodeUnsubscribe }
func (*Unsubscribed) Code() Code  { return CodeUnsubscribed }
func (*Event) Code() Code         { return CodeEvent }
func (*EventReceived) Code() Code { return CodeEventReceived }
func (*Call) Code() Code          { return CodeCall }
func (*Cancel) Code() Code        { return CodeCancel }
func (*Result) Code() Code        { return CodeResult }
func (*Register) Code() Code      { return CodeRegister }
func (*Registered) Code() Code    { return CodeRegistered }
func (*Unregister) Code() Code    { return CodeUnregister }
func (*Unregistered) Code() Code  { return CodeUnregistered }
func (*Invocation) Code() Code    { return CodeInvocation }
func (*Interrupt) Code() Code     { return CodeInterrupt }
func (*Yield) Code() Code         { return CodeYield }

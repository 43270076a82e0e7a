package wamp

import "strconv"

// Code is the type code that opens every message (section 2.2 of the rules).
type Code uint16

// The message codes of the basic and advanced profiles.
const (
	CodeHello         Code = 1
	CodeWelcome       Code = 2
	CodeAbort         Code = 3
	CodeChallenge     Code = 4
	CodeAuthenticate  Code = 5
	CodeGoodbye       Code = 6
	CodeError         Code = 8
	CodePublish       Code = 16
	CodePublished     Code = 17
	CodeSubscribe     Code = 32
	CodeSubscribed    Code = 33
	CodeUnsubscribe   Code = 34
	CodeUnsubscribed  Code = 35
	CodeEvent         Code = 36
	CodeCall          Code = 48
	CodeCancel        Code = 49
	CodeResult        Code = 50
	CodeRegister      Code = 64
	CodeRegistered    Code = 65
	CodeUnregister    Code = 66
	CodeUnregistered  Code = 67
	CodeInvocation    Code = 68
	CodeInterrupt     Code = 69
	CodeYield         Code = 70
	CodeEventReceived Code = 337 // provisional, not in the RFC; 37 is planned
)

var codeNames = map[Code]string{
	CodeHello: "HELLO", CodeWelcome: "WELCOME", CodeAbort: "ABORT",
	CodeChallenge: "CHALLENGE", CodeAuthenticate: "AUTHENTICATE", CodeGoodbye: "GOODBYE",
	CodeError: "ERROR", CodePublish: "PUBLISH", CodePublished: "PUBLISHED",
	CodeSubscribe: "SUBSCRIBE", CodeSubscribed: "SUBSCRIBED",
	CodeUnsubscribe: "UNSUBSCRIBE", CodeUnsubscribed: "UNSUBSCRIBED", CodeEvent: "EVENT",
	CodeCall: "CALL", CodeCancel: "CANCEL", CodeResult: "RESULT",
	CodeRegister: "REGISTER", CodeRegistered: "REGISTERED",
	CodeUnregister: "UNREGISTER", CodeUnregistered: "UNREGISTERED",
	CodeInvocation: "INVOCATION", CodeInterrupt: "INTERRUPT", CodeYield: "YIELD",
	CodeEventReceived: "EVENT_RECEIVED",
}

// String returns the specification's name of the message, such as "PUBLISH",
// or "message 99" for a code that it does not define.
func (c Code) String() string {
	if s, ok := codeNames[c]; ok {
		return s
	}
	return "message " + strconv.Itoa(int(c))
}

package serializer_test

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/wamp"
)

func decode(s serializer.Serializer, frame []byte) (wamp.Message, error) {
	return serializer.NewDecoder(s).Decode(frame)
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// checkViolation checks that err is a protocol violation that names want.
func checkViolation(t *testing.T, err error, want string) {
	t.Helper()
	var violation *wamp.ProtocolError
	if !errors.As(err, &violation) || violation.Reason != wamp.ErrProtocolViolation {
		t.Fatalf("got error %v, want a protocol violation", err)
	}
	if !strings.Contains(violation.Message, want) {
		t.Errorf("got %q, want it to contain %q", violation.Message, want)
	}
}

func TestMessagesAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, frame, want string }{
		// Layout (MSG-1, PV-1).
		{"an empty list", `[]`, "message.Type: missing"},
		{"a dict", `{}`, "message: want a list, got dict"},
		{"a number", `48`, "message: want a list, got integer"},
		{"an unknown type", `[99,1,{}]`, "unknown message type 99"},
		{"a type beyond the extensions", `[1024]`, "type code from 1 to 1023, got 1024"},
		{"type 0", `[0]`, "got 0"},
		{"a type that is a string", `["48",1,{},"a.b"]`, "message.Type: want a type code, got string"},
		{"a type that is a float", `[48.0,1,{},"a.b"]`, "message.Type: want a type code, got float"},
		{"CALL without request", `[48]`, "CALL.Request: missing"},
		{"CALL without procedure", `[48,1,{}]`, "CALL.Procedure: missing"},
		{"CALL with a fifth element that is no list", `[48,1,{},"a",{}]`, "CALL.Arguments: want a list, got dict"},
		{"CALL with null arguments", `[48,1,{},"a",null]`, "CALL.Arguments: want a list, got null"},
		{"CALL with a sixth element that is no dict", `[48,1,{},"a",[],[]]`, "CALL.ArgumentsKw: want a dict, got list"},
		{"CALL with a seventh element", `[48,1,{},"a",[],{},1]`, "CALL: too many elements"},
		{"SUBSCRIBED with a fourth element", `[33,1,2,{}]`, "SUBSCRIBED: too many elements"},
		{"UNSUBSCRIBED with details but a request", `[35,1,{}]`, "UNSUBSCRIBED: too many elements"},
		{"UNREGISTERED revoking without details", `[67,0]`, "UNREGISTERED.Details: missing"},
		{"UNSUBSCRIBE with a fourth element that is no dict", `[34,1,2,[]]`, "UNSUBSCRIBE.Options: want a dict, got list"},

		// Elements (MSG-2, ID-1, SER-5).
		{"request 0", `[48,0,{},"a"]`, "CALL.Request: want an id from 1 to 2^53, got 0"},
		{"a request above 2^53", `[48,9007199254740993,{},"a"]`, "CALL.Request"},
		{"a negative request", `[48,-1,{},"a"]`, "CALL.Request: want an id, got negative integer"},
		{"a request that is a float", `[48,1.0,{},"a"]`, "CALL.Request: want an id, got float"},
		{"a request with an exponent", `[48,1e3,{},"a"]`, "CALL.Request: want an id, got float"},
		{"a request of 30 digits", `[48,100000000000000000000000000000,{},"a"]`, "CALL.Request: want an id, got big integer"},
		{"a request that is a string", `[48,"1",{},"a"]`, "CALL.Request: want an id, got string"},
		{"options that are a list", `[48,1,[],"a"]`, "CALL.Options: want a dict, got list"},
		{"options that are null", `[48,1,null,"a"]`, "CALL.Options: want a dict, got null"},
		{"a procedure that is a number", `[48,1,{},7]`, "CALL.Procedure: want a string, got integer"},
		{"a realm that is null", `[1,null,{}]`, "HELLO.Realm: want a string, got null"},
		{"an ERROR for a type that is a string", `[8,"x",1,{},"a"]`, "ERROR.REQUEST.Type: want a type code, got string"},

		// Options and Details (section 2.3).
		{"a negative timeout", `[48,1,{"timeout":-1},"a"]`, "CALL.Options.timeout: want an integer of at least 0, got -1"},
		{"a timeout that is a float", `[48,1,{"timeout":1.5},"a"]`, "CALL.Options.timeout"},
		{"concurrency 0", `[64,1,{"concurrency":0},"a"]`, "REGISTER.Options.concurrency: want an integer of at least 1, got 0"},
		{"an unknown match", `[64,1,{"match":"regex"},"a"]`, `REGISTER.Options.match: unknown word "regex"`},
		{"an unknown invoke", `[64,1,{"invoke":"all"},"a"]`, `REGISTER.Options.invoke: unknown word "all"`},
		{"an unknown cancel mode", `[49,1,{"mode":"abort"}]`, `CANCEL.Options.mode: unknown word "abort"`},
		{"an empty match", `[32,1,{"match":""},"a"]`, `SUBSCRIBE.Options.match: unknown word ""`},
		{"progress 1", `[70,1,{"progress":1}]`, "YIELD.Options.progress: want a bool, got integer"},
		{"ppt_scheme 1", `[70,1,{"ppt_scheme":1}]`, "YIELD.Options.ppt_scheme: want a string"},
		{"a caller of 0", `[68,1,1,{"caller":0}]`, "INVOCATION.Details.caller"},
		{"a callee that is a string", `[50,1,{"callee":"x"}]`, "RESULT.Details.callee: want an id, got string"},
		{"a forwarder that is no dict", `[48,1,{"forward_for":[1]},"a"]`, "CALL.Options.forward_for: want a dict, got integer"},
		{"a forwarder's session that is a string", `[34,1,1,{"forward_for":[{"session":"x"}]}]`, "UNSUBSCRIBE.Options.forward_for: want an id"},
		{"a forwarder that ends early", `[48,1,{"forward_for":[`, "CALL.Options.forward_for: json: octet 22: unexpected end"},
		{"an id 0 in a list", `[16,1,{"exclude":[0]},"a"]`, "PUBLISH.Options.exclude"},
		{"roles that are a list", `[1,"r",{"roles":["caller"]}]`, "HELLO.Details.roles: want a dict, got list"},
		{"a role that is true", `[1,"r",{"roles":{"caller":true}}]`, "HELLO.Details.roles.caller: want a dict, got bool"},
		{"a feature that is 1", `[1,"r",{"roles":{"caller":{"features":{"call_timeout":1}}}}]`, "HELLO.Details.roles.caller.features: want a bool, got integer"},
		{"features that are a list", `[1,"r",{"roles":{"caller":{"features":[]}}}]`, "HELLO.Details.roles.caller.features: want a dict, got list"},
		{"authmethods that are a string", `[1,"r",{"authmethods":"ticket"}]`, "HELLO.Details.authmethods: want a list, got string"},
		{"authextra that is a list", `[1,"r",{"authextra":[]}]`, "HELLO.Details.authextra: want a dict, got list"},
		{"a transport that is a string", `[1,"r",{"transport":"x"}]`, "HELLO.Details.transport: want a dict, got string"},
		{"a resumable that is a string", `[1,"r",{"resumable":"x"}]`, "HELLO.Details.resumable: want a bool, got string"},
		{"a string in place of arguments", `[16,1,{},"a","\u0000AAAA"]`, "PUBLISH.Arguments: want a list, got string"},
		{"something after an opaque payload", `[16,1,{"enc_algo":"mqtt"},"a","\u0000AAAA",{}]`, "PUBLISH: too many elements"},

		// Octets (SER-7, SER-9, JS-6).
		{"nothing", ``, "message: json: octet 0: unexpected end"},
		{"white space", " ", "unexpected end"},
		{"a byte order mark", "\ufeff[48,1,{},\"a\"]", "octet 0: unexpected"},
		{"octets after the end", `[48,1,{},"a"] x`, "octet 14: 1 octets follow the end"},
		{"a list without end", `[48,1,{},"a"`, "unexpected end"},
		{"a comma before the end of a list", `[48,1,{},"a",[1,]]`, `CALL.Arguments: json: octet 16: unexpected ']'`},
		{"a comma before the end of a dict", `[48,1,{"x":1,},"a"]`, `CALL.Options: json: octet 13: want a key, got '}'`},
		{"a list without comma", `[48 1]`, "want ','"},
		{"a key without colon", `[48,1,{"x" 1},"a"]`, "want ':' after a key"},
		{"a key that is a number", `[48,1,{1:1},"a"]`, "want a key"},
		{"an integer with a leading zero", `[48,01,{},"a"]`, "leading zero"},
		{"a lone minus", `[48,1,{},"a",[-]]`, "want a digit"},
		{"a fraction without digits", `[48,1,{},"a",[1.]]`, "want a digit after '.'"},
		{"an exponent without digits", `[48,1,{},"a",[1e+]]`, "want a digit in the exponent"},
		{"a plus sign", `[48,1,{},"a",[+1]]`, "unexpected '+'"},
		{"NaN", `[48,1,{},"a",[NaN]]`, "unexpected 'N'"},
		{"a misspelt word", `[48,1,{},"a",[nul]]`, "want null"},
		{"a word that ends early", `[48,1,{},"a",[tru`, "want true"},
		{"a line end in a string", "[48,1,{},\"a\nb\"]", "control character 0x0a"},
		{"an unknown escape", `[48,1,{},"a\x"]`, `unknown escape \x`},
		{"an unfinished escape", `[48,1,{},"a\u12"]`, "four hexadecimal digits"},
		{"half a surrogate pair", `[48,1,{},"\ud83d"]`, `unpaired surrogate \ud83d`},
		{"surrogates in the wrong order", `[48,1,{},"\ude00\ud83d"]`, "unpaired surrogate"},
		{"half a surrogate pair in a payload", `[48,1,{},"a",["\ud83dx"]]`, "CALL.Arguments: json: octet 15: unpaired surrogate"},
		{"invalid UTF-8", "[48,1,{},\"a\xff\"]", "CALL.Procedure: json: octet 11: invalid UTF-8"},
		{"a surrogate as UTF-8", "[48,1,{},\"a\",[\"\xed\xa0\x80\"]]", "invalid UTF-8"},
		{"an overlong rune", "[48,1,{},\"a\",[\"\xc0\xaf\"]]", "invalid UTF-8"},
		{"a string without end", `[48,1,{},"a`, "unexpected end"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m, err := decode(serializer.JSON, []byte(test.frame))
			if err == nil {
				t.Fatalf("%s decoded to %#v, want a violation", test.frame, m)
			}
			checkViolation(t, err, test.want)
		})
	}
}

func TestMessagesAreAccepted(t *testing.T) {
	t.Parallel()
	call := &wamp.Call{Request: 1, Procedure: "a"}
	tests := []struct {
		name, frame string
		want        wamp.Message
	}{
		{"white space everywhere", " [\t48 ,\r1\n, { } , \"a\" ] ", call},
		{"unknown keys", `[48,1,{"_own":[{"x":1}],"x_cb":null,"xx":"\u0000"},"a"]`, call},
		{"known keys that are null", `[48,1,{"timeout":null,"progress":null},"a"]`, call},
		{"keys of other routers that are null", `[48,1,{"enc_algo":null,"enc_key":null,"forward_for":null},"a"]`,
			&wamp.Call{Request: 1, Procedure: "a", Attributes: &wamp.Attributes{}}},
		{"a key written with escapes", `[48,1,{"time\u006fut":5},"a"]`,
			&wamp.Call{Request: 1, Procedure: "a", TimeoutMillis: 5}},
		{"the last of equal keys", `[48,1,{"timeout":5,"timeout":6},"a"]`,
			&wamp.Call{Request: 1, Procedure: "a", TimeoutMillis: 6}},
		{"escapes in a URI", `[48,1,{},"\u0061\ud83d\ude00\/\n"]`, &wamp.Call{Request: 1, Procedure: "a😀/\n"}},
		{"the largest id", `[48,9007199254740992,{},"a"]`, &wamp.Call{Request: wamp.MaxID, Procedure: "a"}},
		{"an empty URI", `[48,1,{},""]`, &wamp.Call{Request: 1}},
		{"sharding keys without meaning", `[48,1,{"rkey":"x","runmode":"partition","runon":"all"},"a"]`,
			&wamp.Call{Request: 1, Procedure: "a", Sharding: &wamp.Sharding{RKey: "x", RunMode: "partition", RunOn: "all"}}},
		{"exclude_me true", `[16,1,{"exclude_me":true},"a"]`, &wamp.Publish{Request: 1, Topic: "a"}},
		{"exclude_me false", `[16,1,{"exclude_me":false},"a"]`, &wamp.Publish{Request: 1, Topic: "a", IncludeMe: true}},
		{"an empty eligible list", `[16,1,{"eligible":[]},"a"]`,
			&wamp.Publish{Request: 1, Topic: "a", Filter: &wamp.Filter{Eligible: []wamp.ID{}}}},
		{"an algorithm of one's own", `[16,1,{"enc_algo":"x_own"},"a"]`,
			&wamp.Publish{Request: 1, Topic: "a", Attributes: &wamp.Attributes{EncAlgo: "x_own"}}},
		{"UNSUBSCRIBE with options", `[34,1,2,{"forward_for":[{"session":3,"authid":null,"more":[]}]}]`,
			&wamp.Unsubscribe{Request: 1, Subscription: 2}},
		{"UNREGISTER with options", `[66,1,2,{}]`, &wamp.Unregister{Request: 1, Registration: 2}},
		{"EVENT_RECEIVED with the planned code", `[37,2]`, &wamp.EventReceived{Publication: 2}},
		{"unknown roles and features",
			`[1,"r",{"roles":{"caller":{"features":{"call_timeout":true,"x":5,"call_canceling":false},"y":1},"z":0}}]`,
			&wamp.Hello{Realm: "r", Roles: wamp.Roles{}.With(wamp.RoleCaller, wamp.FeatureCallTimeout)}},
		{"keys of session resumption",
			`[1,"r",{"resumable":true,"resume-session":7,"resume-token":"t","transport":{"auth":{"x":1}}}]`,
			&wamp.Hello{Realm: "r"}},
		{"HELLO without roles", `[1,"r",{}]`, &wamp.Hello{Realm: "r"}},
		{"binary in extra", `[5,"s",{"data":"\u0000AQI=","text":"\u0000?"}]`,
			&wamp.Authenticate{Signature: "s", Extra: wamp.Dict{"data": []byte{1, 2}, "text": "\x00?"}}},
		{"a callee's trace", `[50,1,{"callee":5,"callee_authid":"a","callee_authrole":"b"}]`, &wamp.Result{Request: 1}},
		{"an acknowledged delivery", `[36,1,2,{"x_acknowledged_delivery":true}]`,
			&wamp.Event{Subscription: 1, Publication: 2}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := decode(serializer.JSON, []byte(test.frame))
			if err != nil {
				t.Fatalf("%s: %v", test.frame, err)
			}
			if diff := cmp.Diff(test.want, got, comparePayloads); diff != "" {
				t.Errorf("%s decodes to something else (-want +got):\n%s", test.frame, diff)
			}
		})
	}
}

// yield is the octets of [70, 1, {}, payload] in MessagePack or CBOR.
func yield(t *testing.T, s serializer.Serializer, payload string) []byte {
	t.Helper()
	if s == serializer.MsgPack {
		return unhex(t, "94 46 01 80"+payload)
	}
	return unhex(t, "84 18 46 01 a0"+payload)
}

func TestBinaryPayloadsAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		serializer serializer.Serializer
		payload    string
		want       string
	}{
		{"the unused octet", serializer.MsgPack, "91 c1", "octet 0xc1 is not used"},
		{"a string that is not UTF-8", serializer.MsgPack, "91 a1 ff", "invalid UTF-8"},
		{"a long string that is not UTF-8", serializer.MsgPack, "91 d9 01 ff", "invalid UTF-8"},
		{"a string longer than the frame", serializer.MsgPack, "91 db ff ff ff ff 61", "string of 4294967295 octets, but 1 are left"},
		{"a binary longer than the frame", serializer.MsgPack, "91 c4 02 00", "binary of 2 octets, but 1 are left"},
		{"an extension longer than the frame", serializer.MsgPack, "91 c7 02 00 00", "extension of 3 octets, but 2 are left"},
		{"a fixed extension longer than the frame", serializer.MsgPack, "91 d4 00", "extension of 2 octets"},
		{"a list longer than the frame", serializer.MsgPack, "dd ff ff ff ff", "list of 4294967295 items in 0 octets"},
		{"a dict longer than the frame", serializer.MsgPack, "91 df ff ff ff ff c0 c0", "dict of 4294967295 items in 2 octets"},
		{"a length that is cut off", serializer.MsgPack, "91 da 00", "unexpected end"},
		{"a number that is cut off", serializer.MsgPack, "91 cf 00 00", "unexpected end"},
		{"a list that is cut off", serializer.MsgPack, "92 91 00", "unexpected end"},
		{"octets after the end", serializer.MsgPack, "90 c0", "1 octets follow the end"},
		{"a binary as arguments", serializer.MsgPack, "c4 00", "YIELD.Arguments: want a list, got binary"},

		{"a reserved length", serializer.CBOR, "81 1c", "reserved additional information 28"},
		{"a break outside", serializer.CBOR, "81 ff", "unexpected break"},
		{"an integer of indefinite length", serializer.CBOR, "81 1f", "reserved additional information 31"},
		{"a tag of indefinite length", serializer.CBOR, "81 df 00", "reserved additional information 31"},
		{"a tag without content", serializer.CBOR, "81 c0", "unexpected end"},
		{"a simple value in two octets", serializer.CBOR, "81 f8 14", "simple value 20 in two octets"},
		{"a string that is not UTF-8", serializer.CBOR, "81 61 ff", "invalid UTF-8"},
		{"a chunk that is not UTF-8", serializer.CBOR, "81 7f 61 c3 61 a9 ff", "invalid UTF-8"},
		{"a binary chunk in a string", serializer.CBOR, "81 7f 41 61 ff", "chunk of another type in a string"},
		{"an indefinite chunk", serializer.CBOR, "81 5f 5f 41 61 ff ff", "chunk of another type in a binary"},
		{"chunks without end", serializer.CBOR, "81 7f 61 61", "unexpected end"},
		{"a key without value", serializer.CBOR, "81 bf 61 61 ff", "unexpected break"},
		{"a list without end", serializer.CBOR, "9f 01", "unexpected end"},
		{"a string longer than the frame", serializer.CBOR, "81 7b ff ff ff ff ff ff ff ff 61", "octets, but 1 are left"},
		{"a string one short of unknown", serializer.CBOR, "81 7b ff ff ff ff ff ff ff fe 61", "octets, but 1 are left"},
		{"a list as long as unknown", serializer.CBOR, "9b ff ff ff ff ff ff ff ff ff", "items in 1 octets"},
		{"a dict longer than the frame", serializer.CBOR, "81 bb 80 00 00 00 00 00 00 00", "items in 0 octets"},
		{"octets after the end", serializer.CBOR, "80 00", "1 octets follow the end"},
		{"a binary as arguments", serializer.CBOR, "40", "YIELD.Arguments: want a list, got binary"},
	}
	for _, test := range tests {
		t.Run(test.serializer.String()+" "+test.name, func(t *testing.T) {
			t.Parallel()
			frame := yield(t, test.serializer, test.payload)
			m, err := decode(test.serializer, frame)
			if err == nil {
				t.Fatalf("%x decoded to %#v, want a violation", frame, m)
			}
			checkViolation(t, err, test.want)
		})
	}
}

// SER-6.
func TestKeysOfArgumentsKwMustBeStrings(t *testing.T) {
	t.Parallel()
	for s, frame := range map[serializer.Serializer]string{
		serializer.MsgPack: "95 46 01 80 90 81 01 02",
		serializer.CBOR:    "85 18 46 01 a0 80 a1 01 02",
	} {
		_, err := decode(s, unhex(t, frame))
		checkViolation(t, err, "YIELD.ArgumentsKw: "+s.String()+": octet")
		checkViolation(t, err, "want a string as key, got integer")
	}
}

// SER-4, MP-3.
func TestIDsMayHaveAnyIntegerForm(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		serializer serializer.Serializer
		id         string
	}{
		{serializer.MsgPack, "05"}, {serializer.MsgPack, "cc 05"}, {serializer.MsgPack, "cd 00 05"},
		{serializer.MsgPack, "ce 00 00 00 05"}, {serializer.MsgPack, "cf 00 00 00 00 00 00 00 05"},
		{serializer.MsgPack, "d0 05"}, {serializer.MsgPack, "d1 00 05"}, {serializer.MsgPack, "d2 00 00 00 05"},
		{serializer.MsgPack, "d3 00 00 00 00 00 00 00 05"},
		{serializer.CBOR, "05"}, {serializer.CBOR, "18 05"}, {serializer.CBOR, "19 00 05"},
		{serializer.CBOR, "1a 00 00 00 05"}, {serializer.CBOR, "1b 00 00 00 00 00 00 00 05"},
		{serializer.CBOR, "d9 d9 f7 05"}, // self-described, a tag without meaning here
	} {
		frame := unhex(t, "93 11"+test.id+"06")
		if test.serializer == serializer.CBOR {
			frame = unhex(t, "83 11"+test.id+"06")
		}
		m, err := decode(test.serializer, frame)
		if err != nil {
			t.Errorf("%s id %s (MP-3): %v", test.serializer, test.id, err)
			continue
		}
		if diff := cmp.Diff(wamp.Message(&wamp.Published{Request: 5, Publication: 6}), m); diff != "" {
			t.Errorf("%s id %s (-want +got):\n%s", test.serializer, test.id, diff)
		}
	}
}

// CB-2.
func TestIndefiniteMessagesAreRead(t *testing.T) {
	t.Parallel()
	// [_ 48, 1, {_ "timeout": 7}, (_ "a.", "b"), [_ 1], {_ "k": (_ h'01', h'02')}]
	frame := unhex(t, "9f 1830 01 bf 67 74696d656f7574 07 ff 7f 62 612e 61 62 ff 9f 01 ff bf 61 6b 5f 41 01 41 02 ff ff ff")
	m, err := decode(serializer.CBOR, frame)
	if err != nil {
		t.Fatal(err)
	}
	call, ok := m.(*wamp.Call)
	if !ok || call.Procedure != "a.b" || call.TimeoutMillis != 7 {
		t.Fatalf("got %#v", m)
	}
	var args []any
	var kwargs wamp.Dict
	if err := call.Payload.Decode(&args, &kwargs); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]any{int64(1)}, args); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(wamp.Dict{"k": []byte{1, 2}}, kwargs); diff != "" {
		t.Error(diff)
	}
}

func TestNestingIsBounded(t *testing.T) {
	t.Parallel()
	// The message's list and Arguments are two of the 100 levels (SER-7).
	open := map[serializer.Serializer][2]string{
		serializer.JSON: {"[", "]"}, serializer.MsgPack: {"\x91", ""}, serializer.CBOR: {"\x81", ""},
	}
	dicts := map[serializer.Serializer][2]string{
		serializer.JSON: {`{"":`, "}"}, serializer.MsgPack: {"\x81\xa0", ""}, serializer.CBOR: {"\xbf\x60", "\xff"},
	}
	head := map[serializer.Serializer][2]string{
		serializer.JSON: {`[70,1,{},`, "]"}, serializer.MsgPack: {"\x94\x46\x01\x80", ""},
		serializer.CBOR: {"\x84\x18\x46\x01\xa0", ""},
	}
	leaf := map[serializer.Serializer]string{serializer.JSON: "[0]", serializer.MsgPack: "\x91\x00", serializer.CBOR: "\x81\x00"}
	for _, s := range serializer.All() {
		for _, nest := range []map[serializer.Serializer][2]string{open, dicts} {
			for levels, ok := range map[int]bool{98: true, 99: false, 100_000: false} {
				frame := head[s][0] + open[s][0] + strings.Repeat(nest[s][0], levels-1) + leaf[s] +
					strings.Repeat(nest[s][1], levels-1) + open[s][1] + head[s][1]
				_, err := decode(s, []byte(frame))
				if ok && err != nil {
					t.Errorf("%s, %d levels: %v", s, levels+2, err)
				}
				if !ok {
					checkViolation(t, err, "nested deeper than 100 levels")
				}
			}
		}
	}
}

func TestTagsAreBounded(t *testing.T) { // SER-7
	t.Parallel()
	tagged := func(n int) []byte {
		return append(append(yield(t, serializer.CBOR, "81"), strings.Repeat("\xc6", n)...), 0)
	}
	if _, err := decode(serializer.CBOR, tagged(16)); err != nil {
		t.Errorf("16 tags: %v", err)
	}
	_, err := decode(serializer.CBOR, tagged(17))
	checkViolation(t, err, "more than 16 tags")
	_, err = decode(serializer.CBOR, tagged(1<<20))
	checkViolation(t, err, "more than 16 tags")
}

func TestOpaquePayloadsAreReadAndTranscoded(t *testing.T) {
	t.Parallel()
	content := []byte{0xa1, 0xff}
	for _, from := range serializer.All() {
		p, err := from.EncodePayload([]any{content}, nil)
		if err != nil {
			t.Fatal(err)
		}
		p.Opaque = true
		p.Bytes = p.Bytes[1:] // without the list around it
		if from == serializer.JSON {
			p.Bytes = p.Bytes[:len(p.Bytes)-1]
		}
		m := &wamp.Event{Subscription: 1, Publication: 2, Attributes: &wamp.Attributes{EncAlgo: "xbr"}, Payload: p}
		for _, to := range serializer.All() {
			frame, err := serializer.Append(nil, to, m)
			if err != nil {
				t.Fatalf("%s to %s: %v", from, to, err)
			}
			got, err := decode(to, frame)
			if err != nil {
				t.Fatalf("%s to %s: %v", from, to, err)
			}
			payload := serializer.PayloadOf(got)
			var args [][]byte
			if err := payload.Decode(&args, nil); err != nil {
				t.Fatal(err)
			}
			if !payload.Opaque || payload.Elements != 1 || !cmp.Equal(args, [][]byte{content}) {
				t.Errorf("%s to %s: got %+v with %x", from, to, payload, args)
			}
		}
	}
}

func TestStringsOutliveTheFrame(t *testing.T) {
	t.Parallel()
	for _, s := range serializer.All() {
		frame, err := serializer.Append(nil, s, &wamp.Subscribe{Request: 1, Topic: "com.example.topic"})
		if err != nil {
			t.Fatal(err)
		}
		m, err := decode(s, frame)
		if err != nil {
			t.Fatal(err)
		}
		clear(frame)
		if topic := m.(*wamp.Subscribe).Topic; topic != "com.example.topic" {
			t.Errorf("%s: got topic %q after the frame was overwritten", s, topic)
		}
	}
}

func TestADecoderServesOnAfterAnError(t *testing.T) {
	t.Parallel()
	d := serializer.NewDecoder(serializer.JSON)
	if _, err := d.Decode([]byte(`[48,1,{"progress":true,"x":[`)); err == nil {
		t.Fatal("a truncated message decoded")
	}
	got, err := d.Decode([]byte(`[48,2,{},"a"]`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wamp.Message(&wamp.Call{Request: 2, Procedure: "a"}), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

package robust_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/wamp"
)

// maxLogLine is more than a log line needs, however much a stranger says.
const maxLogLine = 1500

// linesAreShort expects that a stranger cannot fill the log.
func (d *door) linesAreShort() {
	d.t.Helper()
	for line := range strings.Lines(d.log.String()) {
		if len(line) > maxLogLine {
			d.t.Errorf("a log line has %d octets: %.300s…", len(line), line)
		}
	}
}

// huge is a text that just fits into a message of a client that has not joined.
var huge = strings.Repeat("x", 120<<10)

// Signatures of every length and shape but the right one.
func TestAnswersOfAnyShape(t *testing.T) {
	t.Parallel()
	for _, signer := range signers {
		t.Run(signer.Method(), func(t *testing.T) {
			t.Parallel()
			d := openDoor(t)
			for name, spoil := range map[string]func(right string) string{
				"nothing":            func(string) string { return "" },
				"all but the end":    func(right string) string { return right[:len(right)-1] },
				"all but the start":  func(right string) string { return right[1:] },
				"half of it":         func(right string) string { return right[:len(right)/2] },
				"twice":              func(right string) string { return right + right },
				"with padding":       func(right string) string { return right + "=" },
				"with a space":       func(right string) string { return right + " " },
				"with NUL behind":    func(right string) string { return right + "\x00" },
				"with NUL in front":  func(right string) string { return "\x00" + right[1:] },
				"as many characters": func(right string) string { return strings.Repeat("A", len(right)) },
				"as many zeros":      func(right string) string { return strings.Repeat("0", len(right)) },
				"in capitals":        strings.ToUpper,
				"a lot":              func(string) string { return huge },
			} {
				if name == "in capitals" && signer.Method() == auth.MethodCryptosign {
					continue // hex has both (CS-8)
				}
				v := d.visit("")
				l := v.begin(signer)
				answer := l.sign(t, v.challenged(l.hello))
				answer.Signature = spoil(answer.Signature)
				v.send(answer)
				if abort := v.refused(); abort.Reason != wamp.ErrAuthenticationDenied {
					t.Errorf("%s: refused with %s", name, abort.Reason)
				}
			}
			d.nobodyGotIn(0)
			d.linesAreShort()
			d.getsIn(signer, "")
		})
	}
}

// HELLOs whose authentication is not what it should be: no panic, no session, a
// short log, and an answer that says what is wrong.
func TestHellosOfAnyShape(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	key := fmt.Sprintf("%x", keySigner.Key.Public())
	many := `"` + strings.Repeat(`x","`, 20_000) + `x"`
	for _, details := range []string{
		`"authmethods":["cryptosign"],"authid":"kim"`,
		`"authmethods":["cryptosign"],"authid":"kim","authextra":{}`,
		`"authmethods":["cryptosign"],"authid":"kim","authextra":{"pubkey":""}`,
		`"authmethods":["cryptosign"],"authid":"kim","authextra":{"pubkey":7}`,
		`"authmethods":["cryptosign"],"authid":"kim","authextra":{"pubkey":["` + key + `"]}`,
		`"authmethods":["cryptosign"],"authid":"kim","authextra":{"pubkey":"` + key[1:] + `"}`,
		`"authmethods":["cryptosign"],"authid":"kim","authextra":{"pubkey":"` + key + `00"}`,
		`"authmethods":["cryptosign"],"authid":"kim","authextra":{"pubkey":"` + huge + `"}`,
		`"authmethods":["cryptosign"],"authid":"kim","authextra":{"pubkey":"` + key + `","channel_binding":7}`,
		`"authmethods":["cryptosign"],"authid":"kim","authextra":{"pubkey":"` + key + `","channel_binding":"` + huge + `"}`,
		`"authmethods":["cryptosign"],"authid":"kim","authextra":{"pubkey":"` + key + `","channel_binding":"tls-exporter"}`,
		`"authmethods":["cryptosign"],"authid":"kim","authextra":{"pubkey":"` + key + `","challenge":"` + huge + `"}`,
		`"authmethods":["wamp-scram"],"authid":"sam"`,
		`"authmethods":["wamp-scram"],"authid":"sam","authextra":{"nonce":null}`,
		`"authmethods":["wamp-scram"],"authid":"sam","authextra":{"nonce":"` + huge + `"}`,
		`"authmethods":["wamp-scram"],"authid":"sam","authextra":{"nonce":"AAAA"}`,
		`"authmethods":["wamp-scram"],"authid":"sam","authextra":{"nonce":"n=,r=,,,====="}`,
		`"authmethods":["wamp-scram"],"authid":"","authextra":{"nonce":"MDEyMzQ1Njc4OWFiY2RlZg=="}`,
		`"authmethods":["wamp-scram"],"authid":"\u0000","authextra":{"nonce":"MDEyMzQ1Njc4OWFiY2RlZg=="}`,
		`"authmethods":["wamp-scram"],"authid":"sam","authextra":{"nonce":"MDEyMzQ1Njc4OWFiY2RlZg==","channel_binding":"` + huge + `"}`,
		`"authmethods":["scram"],"authid":"sam","authextra":{"nonce":"MDEyMzQ1Njc4OWFiY2RlZg==","channel_binding":"tls-unique"}`,
		`"authmethods":[` + many + `]`,
		`"authmethods":["` + huge + `"]`,
		`"authmethods":["anonymous"],"authid":"` + huge + `"`,
		`"authmethods":[]`,
		`"authrole":"trusted"`,
		`"authmethods":"ticket"`,
		`"authmethods":[7]`,
		`"authmethods":["ticket"],"authid":7`,
		`"authmethods":["ticket"],"authextra":[]`,
		`"agent":"` + huge + `"`,
	} {
		v := d.visit("")
		v.say(`[1,"realm1",{"roles":{"caller":{}},` + details + `}]`)
		if abort := v.refused(); abort.Message == "" {
			t.Errorf("%.100s: refused with %s, without a reason", details, abort.Reason)
		}
	}
	for _, realm := range []string{huge, "", "..", "realm 1", "nosuch"} {
		v := d.visit("")
		v.say(`[1,"` + realm + `",{"roles":{"caller":{}},"authmethods":["ticket"],"authid":"tim"}]`)
		v.refused()
	}
	d.nobodyGotIn(0)
	d.linesAreShort()
	for _, signer := range signers {
		d.getsIn(signer, "")
	}
}

// An authid of any length is challenged like all others, and denied.
func TestAuthIDsOfAnyShape(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	names := []string{"", huge, "tim\x00", " tim", "TIM", "tim ", "../tim", `tim","authrole":"admin`, "\u202etim", "'; --"}
	for _, method := range []string{"ticket", "wampcra", "scram"} {
		for _, name := range names {
			if method == "scram" && name != "TIM" && name != "tim " && name != huge && name != "../tim" {
				continue // not every authid can be used with SCRAM
			}
			v := d.visit("")
			quoted, _ := json.Marshal(name)
			v.say(`[1,"realm1",{"roles":{"caller":{}},"authmethods":["` + method + `"],"authextra":{"nonce":"MDEyMzQ1Njc4OWFiY2RlZg=="},"authid":` + string(quoted) + `}]`)
			if _, ok := v.receive().(*wamp.Challenge); !ok {
				t.Errorf("%s: %.40q is not challenged", method, name)
				continue
			}
			v.say(`[5,"` + ticketSigner.Ticket + `",{}]`)
			v.refusedFor(wamp.ErrAuthenticationDenied)
		}
	}
	d.nobodyGotIn(0)
	d.linesAreShort()
}

// What is not the next message of a login ends it (SES-2 and SES-6).
func TestLoginsOutOfOrder(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	const hello = `[1,"realm1",{"roles":{"caller":{}},"authmethods":["ticket"],"authid":"tim"}]`
	anonymous := `[1,"realm1",{"roles":{"caller":{}},"authmethods":["anonymous"]}]`
	right := `[5,"` + ticketSigner.Ticket + `",{}]`
	for _, talk := range [][]string{
		{right},
		{`[2,7,{"roles":{"broker":{}}}]`},
		{`[4,"ticket",{}]`},
		{`[48,1,{},"com.example.procedure"]`},
		{`[6,{},"wamp.close.close_realm"]`},
		{hello, hello},
		{hello, anonymous},
		{hello, `[4,"ticket",{}]`},
		{hello, `[2,7,{"roles":{"broker":{}},"authid":"tim","authrole":"user"}]`},
		{hello, `[48,1,{},"com.example.procedure"]`},
		{hello, `[16,1,{},"com.example.topic"]`},
		{hello, `[68,1,1,{}]`},
		{hello, `[5]`},
		{hello, `[5,7,{}]`},
		{hello, `[5,"x"]`},
		{hello, `[5,{"signature":"x"},{}]`},
		{hello, `[5,"` + ticketSigner.Ticket + `",[]]`},
		{hello, `[5,"x",{}]`, right},
		{hello, `[99]`, right},
	} {
		v := d.visit("")
		for i, text := range talk {
			v.say(text)
			if i == 0 && len(talk) > 1 {
				v.receive()
			}
		}
		v.refused()
	}
	d.nobodyGotIn(0)
	d.getsIn(ticketSigner, "")
}

// What strangers send is kept until they have joined, so that it must not be
// much: neither octets, nor values, which take a hundred times as much memory.
func TestStrangersCannotFillTheMemory(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	list := strings.Repeat(`{},`, 20_000) + `{}`
	for _, text := range []string{
		`[1,"realm1",{"roles":{"caller":{}},"authmethods":["ticket"],"authid":"` + strings.Repeat("x", 1<<20) + `"}]`,
		`[1,"realm1",{"roles":{"caller":{}},"authmethods":["ticket"],"authid":"tim","authextra":{"x":[` + list + `]}}]`,
		`[1,"realm1",{"roles":{"caller":{}},"authmethods":["ticket"],"authid":"tim","authextra":{"x":[[` + list + `]]}}]`,
	} {
		v := d.visit("")
		v.say(text)
		v.refusedFor(wamp.ErrProtocolViolation)
	}
	for _, text := range []string{`[5,"` + strings.Repeat("x", 1<<20) + `",{}]`, `[5,"` + ticketSigner.Ticket + `",{"x":[` + list + `]}]`} {
		v := d.visit("")
		v.challenged(v.begin(ticketSigner).hello)
		v.say(text)
		v.refusedFor(wamp.ErrProtocolViolation)
	}
	d.nobodyGotIn(0)
}

// A message that comes with the answer, before it is judged, is that of a
// session only if the answer was right.
func TestAMessageSentAheadIsNotServedToStrangers(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	v := d.visit("")
	v.challenged(v.begin(ticketSigner).hello)
	var both []byte
	for _, text := range []string{`[5,"guess",{}]`, `[48,1,{},"wamp.session.count"]`} {
		both = append(v.conn.AppendHeader(both, len(text)), text...)
	}
	if err := v.conn.Write([][]byte{both}); err != nil {
		t.Fatal(err)
	}
	v.refusedFor(wamp.ErrAuthenticationDenied)
}

// A client cannot have a weaker method than those that its principal has, nor
// choose what it becomes.
func TestMethodsCannotBeChosenDown(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	for _, methods := range []string{`[]`, `["anonymous"]`, `["cookie"]`, `["anonymous-proxy"]`, `["tls"]`, `["trusted"]`, `["Ticket"]`, `["ticket "]`, `["anonymous","anonymous"]`} {
		v := d.visit("")
		v.say(`[1,"realm1",{"roles":{"caller":{}},"authid":"kim","authrole":"trusted","authmethods":` + methods + `}]`)
		v.refused()
	}
	d.nobodyGotIn(0)

	v := d.visit("")
	l := v.begin(keySigner)
	l.hello.AuthRole = "trusted"
	v.send(l.sign(t, v.challenged(l.hello)))
	if w, ok := v.receive().(*wamp.Welcome); !ok || w.AuthRole != "user" || w.AuthMethod != auth.MethodCryptosign {
		t.Errorf("got %+v, want the role that the principal has", w)
	}
	v.conn.Close()
}

// A client that knows nothing learns nothing: the messages about principals that
// exist and about others have the same fields of the same lengths (AUTH-5).
func TestStrangersLookLikePrincipals(t *testing.T) {
	t.Parallel()
	for _, signer := range signers {
		t.Run(signer.Method(), func(t *testing.T) {
			t.Parallel()
			d := openDoor(t)
			shapes := map[string][]string{}
			known := d.visit("").begin(signer).hello.AuthID
			// Decoys look like any of the principals, which are at most two: one of these is like known.
			names := []string{known}
			for i := range 12 {
				names = append(names, fmt.Sprintf("%s%0*d", known[:1], len(known)-1, i))
			}
			for _, name := range names {
				v := d.visit("")
				l := v.begin(signer)
				l.hello.AuthID = name
				challenge := shapeOf(t, v.challenged(l.hello).Extra)
				v.say(`[5,"AAAA",{}]`)
				abort := v.refused()
				shape := fmt.Sprint(challenge, abort)
				shapes[shape] = append(shapes[shape], name)
			}
			for shape, names := range shapes {
				if names[0] == known && len(names) == 1 {
					t.Errorf("%s can be told from others: %s; all are %v", known, shape, shapes)
				}
			}
		})
	}
}

// shapeOf is the keys of a challenge, its numbers, and the lengths of its texts.
func shapeOf(t *testing.T, extra wamp.Dict) string {
	t.Helper()
	shape := map[string]any{}
	for key, value := range extra {
		if text, ok := value.(string); ok {
			inner := map[string]any{}
			if json.Unmarshal([]byte(text), &inner) == nil {
				delete(inner, "session")
				value = shapeOf(t, inner)
			} else {
				value = len(text)
			}
		}
		shape[key] = value
	}
	return fmt.Sprint(shape)
}

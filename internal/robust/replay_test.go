package robust_test

import (
	"testing"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/wamp"
)

// proving are the signers whose answer is for one challenge alone.
var proving = []auth.Signer{craSigner, saltedSigner, scramSigner, keySigner}

// Whoever has read a login on the wire cannot repeat it (CRA-4, CS-4, SCR-6).
func TestAnAnswerIsGoodOnce(t *testing.T) {
	t.Parallel()
	for _, signer := range proving {
		t.Run(signer.Method(), func(t *testing.T) {
			t.Parallel()
			d := openDoor(t)
			honest := d.visit("")
			l := honest.begin(signer)
			answer := l.sign(t, honest.challenged(l.hello))
			honest.send(answer)
			if _, ok := honest.receive().(*wamp.Welcome); !ok {
				t.Fatal("the principal itself does not get in")
			}

			replaying := d.visit("")
			replaying.challenged(l.hello) // with the same nonce of the client's
			replaying.send(answer)
			replaying.refusedFor(wamp.ErrAuthenticationDenied)

			honest.send(answer) // on the same connection: no session takes it
			honest.refusedFor(wamp.ErrProtocolViolation)
			d.nobodyGotIn(1)
		})
	}
}

// The answers to two challenges cannot be swapped, even if both are right.
func TestAnAnswerIsForItsConnection(t *testing.T) {
	t.Parallel()
	for _, signer := range proving {
		t.Run(signer.Method(), func(t *testing.T) {
			t.Parallel()
			d := openDoor(t)
			one, other := d.visit(""), d.visit("")
			l := one.begin(signer)
			first := *l.sign(t, one.challenged(l.hello))
			second := *l.sign(t, other.challenged(l.hello))
			one.send(&second)
			other.send(&first)
			one.refusedFor(wamp.ErrAuthenticationDenied)
			other.refusedFor(wamp.ErrAuthenticationDenied)
			d.nobodyGotIn(0)
		})
	}
}

// What one method's answer proves, no other believes.
func TestAnAnswerIsForItsMethod(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	for _, signer := range signers {
		for _, other := range signers {
			if signer.Method() == other.Method() {
				continue
			}
			v, w := d.visit(""), d.visit("")
			l := v.begin(signer)
			answer := l.sign(t, v.challenged(l.hello))
			theirs := w.begin(other)
			theirs.hello.AuthID = l.hello.AuthID // who exists, but not for this method
			w.challenged(theirs.hello)
			w.send(answer)
			w.refusedFor(wamp.ErrAuthenticationDenied)
			v.conn.Close()
		}
	}
	d.nobodyGotIn(0)
}

// A principal's proof is none of another one's.
func TestAnAnswerIsForItsPrincipal(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	for _, pair := range [][2]auth.Signer{{ticketSigner, hashedSigner}, {craSigner, saltedSigner}, {keySigner, otherKeySigner}} {
		mine, theirs := pair[0], pair[1]
		v := d.visit("")
		l := v.begin(mine)
		l.hello.AuthID = v.begin(theirs).hello.AuthID
		answer := l.sign(t, v.challenged(l.hello))
		v.send(answer)
		v.refusedFor(wamp.ErrAuthenticationDenied)
	}
	d.nobodyGotIn(0)
}

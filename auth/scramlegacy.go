package auth

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"strconv"

	"github.com/junctorio/junctor/wamp"
)

// MethodLegacySCRAM is the name of the dialect of WAMP-SCRAM that Autobahn and
// Crossbar.io speak, from before it was specified.
const MethodLegacySCRAM = "scram"

// KDFLegacyArgon2id is KDFArgon2id where the key is not what Argon2id gives but
// the base64 text of it, without padding. What was made in one way is of no use
// in the other.
const KDFLegacyArgon2id = "argon2id-13"

// LegacySCRAM is SCRAM as Autobahn and Crossbar.io speak it. It has no channel
// binding.
//
// Accounts need a SCRAMVerifier of KDFPBKDF2 or KDFLegacyArgon2id.
type LegacySCRAM struct {
	Directory Directory
}

// Method returns MethodLegacySCRAM.
func (LegacySCRAM) Method() string { return MethodLegacySCRAM }

// Begin does what SCRAM's does. Autobahn gives up on a CHALLENGE with keys that
// it does not know.
func (s LegacySCRAM) Begin(ctx context.Context, req *Request) (Step, error) {
	if kind, err := bindingKind(req.Hello.AuthExtra); err != nil || kind != "" {
		return Step{}, refuseSCRAM("channel-binding-not-supported", "the method %s has no channel binding; %s has",
			MethodLegacySCRAM, MethodSCRAM)
	}
	x, err := beginSCRAM(ctx, s.Directory, req.query(MethodLegacySCRAM))
	if err != nil {
		return Step{}, err
	}
	nonce, _ := base64.StdEncoding.DecodeString(x.message.clientNonce) // was checked
	random := make([]byte, scramNonce)
	rand.Read(random) // never fails
	x.message.nonce = base64.StdEncoding.EncodeToString(append(nonce, random...))
	extra := x.challenge(KDFLegacyArgon2id)
	if extra["memory"] == nil {
		delete(extra, "memory") // Autobahn wants a number
	}
	return Step{Challenge: &wamp.Challenge{Method: MethodLegacySCRAM, Extra: extra}, Exchange: &legacySCRAM{x}}, nil
}

// legacySCRAM is an exchange in the older dialect.
type legacySCRAM struct{ scramExchange }

// Authenticate checks the client's proof. The nonce is in what it proves.
func (x *legacySCRAM) Authenticate(_ context.Context, m *wamp.Authenticate) (Step, error) {
	if x.answered {
		return Step{}, errAnswered
	}
	x.answered = true
	return x.prove(m, x.message.legacy(), "scram_server_signature")
}

// legacy is what both sides sign: without escapes, and with nothing for the
// channel.
func (m *scramMessage) legacy() string {
	return "n=" + m.authID + ",r=" + m.clientNonce +
		",r=" + m.nonce + ",s=" + m.salt + ",i=" + strconv.Itoa(m.iterations) +
		",c=,r=" + m.nonce
}

package dialogue

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
)

// proof computes what a client proves its identity with. It is written down
// here once more, and does not ask package auth, which is what scripts try.
type proof struct {
	args    int
	compute func(a []any) (string, error)
}

// proofs are the functions that scripts may call.
var proofs = map[string]proof{
	"cra":            {2, craProof},
	"cra_salted":     {5, craSaltedProof},
	"cryptosign":     {2, cryptosignProof},
	"scram":          {6, scramProof},
	"scram_verifier": {6, scramVerifier},
}

// called is a call of a proof in a message.
type called struct {
	name string
	args []any
}

// evaluate computes the proof of arguments that are all bound. They have the
// wrong types only by a mistake in the script.
func (b bindings) evaluate(c called) (_ string, err error) {
	args := make([]any, len(c.args))
	for i, arg := range c.args {
		if args[i], err = b.fill(arg); err != nil {
			return "", err
		}
	}
	if text, err := proofs[c.name].compute(args); err == nil {
		return text, nil
	}
	return "", fmt.Errorf("%s cannot be computed of %v", c.name, args)
}

var errArguments = errors.New("arguments of the wrong types")

func texts(values ...any) ([]string, error) {
	list := make([]string, len(values))
	for i, v := range values {
		text, ok := v.(string)
		if !ok {
			return nil, errArguments
		}
		list[i] = text
	}
	return list, nil
}

func sign(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// craProof is cra(secret, challenge) (CRA-2).
func craProof(a []any) (string, error) {
	t, err := texts(a...)
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(sign([]byte(t[0]), t[1])), nil
}

// craSaltedProof is cra_salted(secret, challenge, salt, iterations, keylen):
// the text of the derived key is the key (CRA-3).
func craSaltedProof(a []any) (string, error) {
	t, err := texts(a[:3]...)
	rounds, ok1 := normal(a[3]).(int64)
	length, ok2 := normal(a[4]).(int64)
	if err != nil || !ok1 || !ok2 {
		return "", errArguments
	}
	key, err := pbkdf2.Key(sha256.New, t[0], []byte(t[2]), int(rounds), int(length))
	if err != nil {
		return "", err
	}
	return craProof([]any{base64.StdEncoding.EncodeToString(key), t[1]})
}

// cryptosignProof is cryptosign(seed, challenge), both in hexadecimal (CS-3).
func cryptosignProof(a []any) (string, error) {
	t, err := texts(a...)
	if err != nil {
		return "", err
	}
	seed, err := hex.DecodeString(t[0])
	if err != nil || len(seed) != ed25519.SeedSize {
		return "", errArguments
	}
	data, err := hex.DecodeString(t[1])
	return hex.EncodeToString(append(ed25519.Sign(ed25519.NewKeyFromSeed(seed), data), data...)), err
}

// scramProof is scram(authid, password, its nonce, nonce, salt, iterations),
// with pbkdf2 and without channel binding (section 4.4).
func scramProof(a []any) (string, error) {
	salted, message, err := scramOf(a)
	key := sign(salted, "Client Key")
	stored := sha256.Sum256(key)
	for i, c := range sign(stored[:], message) {
		key[i] ^= c
	}
	return base64.StdEncoding.EncodeToString(key), err
}

// scramVerifier is what the router answers to the same (SCR-6).
func scramVerifier(a []any) (string, error) {
	salted, message, err := scramOf(a)
	return base64.StdEncoding.EncodeToString(sign(sign(salted, "Server Key"), message)), err
}

func scramOf(a []any) (salted []byte, message string, err error) {
	t, err := texts(a[:5]...)
	rounds, ok := normal(a[5]).(int64)
	if err != nil || !ok {
		return nil, "", errArguments
	}
	authid, password, mine, nonce, salt := t[0], t[1], t[2], t[3], t[4]
	octets, err := base64.StdEncoding.DecodeString(salt)
	if err != nil {
		return nil, "", err
	}
	message = fmt.Sprintf("n=%s,r=%s,r=%s,s=%s,i=%d,c=biws,r=%s", authid, mine, nonce, salt, rounds, nonce)
	salted, err = pbkdf2.Key(sha256.New, password, octets, int(rounds), sha256.Size)
	return salted, message, err
}

package auth

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
)

// MethodCryptosign is the name of authentication by Ed25519 keys.
const MethodCryptosign = "cryptosign"

// cryptosignLen is the length of a challenge and of a channel ID, in octets.
const cryptosignLen = 32

// ParsePublicKey reads an Ed25519 public key: 64 hex digits of either case (CS-8).
func ParsePublicKey(text string) (ed25519.PublicKey, error) {
	if len(text) != 2*ed25519.PublicKeySize {
		return nil, fmt.Errorf("a public key of %d characters; want 64 hex digits", len(text))
	}
	key, err := hex.DecodeString(text)
	if err != nil {
		return nil, errors.New("a public key that is not hex; want 64 hex digits")
	}
	return key, nil
}

// newCryptosignChallenge returns a challenge as it is sent, in hex, and its octets.
func newCryptosignChallenge() (text string, challenge []byte) {
	challenge = make([]byte, cryptosignLen)
	_, _ = rand.Read(challenge) // never fails
	return hex.EncodeToString(challenge), challenge
}

// parseCryptosignChallenge reads a challenge: 32 octets in hex (CS-2).
func parseCryptosignChallenge(text string) ([]byte, error) {
	if len(text) != 2*cryptosignLen {
		return nil, fmt.Errorf("a challenge of %d characters; want 64 hex digits", len(text))
	}
	challenge, err := hex.DecodeString(text)
	if err != nil {
		return nil, errors.New("a challenge that is not hex; want 64 hex digits")
	}
	return challenge, nil
}

// cryptosignData returns what is signed: the challenge, bound to the channel
// if there is a channel ID (CS-3). Both have cryptosignLen octets.
func cryptosignData(challenge, channelID []byte) []byte {
	data := make([]byte, cryptosignLen)
	copy(data, challenge)
	if channelID != nil {
		subtle.XORBytes(data, data, channelID)
	}
	return data
}

// signCryptosign returns the signature of data, followed by data, in hex (CS-3).
func signCryptosign(key ed25519.PrivateKey, data []byte) string {
	return hex.EncodeToString(append(ed25519.Sign(key, data), data...))
}

// verifyCryptosign reports whether signature is key's of exactly data: of other
// data, which it also carries, it would be a replay (CS-4).
func verifyCryptosign(key ed25519.PublicKey, data []byte, signature string) bool {
	if len(key) != ed25519.PublicKeySize || len(signature) != 2*(ed25519.SignatureSize+cryptosignLen) {
		return false
	}
	octets, err := hex.DecodeString(signature)
	if err != nil {
		return false
	}
	signed := octets[ed25519.SignatureSize:]
	return subtle.ConstantTimeCompare(signed, data) == 1 &&
		ed25519.Verify(key, data, octets[:ed25519.SignatureSize])
}

package auth

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
)

// MethodWAMPCRA is the name of challenge-response authentication.
const MethodWAMPCRA = "wampcra"

// What a salted WAMP-CRA key may cost (CRA-5), and what it costs where nothing
// else is said (CRA-3).
const (
	DefaultCRAIterations = 1000
	MaxCRAIterations     = 10_000_000
	DefaultCRAKeyLen     = 32 // octets
	MinCRAKeyLen         = 16
	MaxCRAKeyLen         = 64
)

// NewCRASecret returns what checks the signatures of a client that knows
// secret, which must not be empty. With a salt the secret itself cannot be had
// from it; iterations and keyLen are then within the bounds of CRA-5, or 0 for
// their defaults. Without a salt they must be 0.
func NewCRASecret(secret, salt string, iterations, keyLen int) (*CRASecret, error) {
	if secret == "" {
		return nil, errors.New("the secret is empty")
	}
	if salt == "" {
		if iterations != 0 || keyLen != 0 {
			return nil, errors.New("iterations and key length need a salt")
		}
		return &CRASecret{Key: []byte(secret)}, nil
	}
	if iterations == 0 {
		iterations = DefaultCRAIterations
	}
	if keyLen == 0 {
		keyLen = DefaultCRAKeyLen
	}
	key, err := deriveCRAKey(secret, salt, iterations, keyLen)
	if err != nil {
		return nil, err
	}
	return &CRASecret{Key: key, Salt: salt, Iterations: iterations, KeyLen: keyLen}, nil
}

// ReadCRASecret is NewCRASecret for a text that authenticators and configurations
// made for Crossbar.io give: with a salt it may be the derived key instead of the
// password. Derived says which; without it a text that LooksDerived is the key.
func ReadCRASecret(text, salt string, iterations, keyLen int, derived *bool) (*CRASecret, error) {
	if salt == "" {
		return NewCRASecret(text, "", 0, 0)
	}
	looks := LooksDerived(text, keyLen)
	isKey := looks
	if derived != nil {
		isKey = *derived
	}
	switch {
	case !isKey:
		return NewCRASecret(text, salt, iterations, keyLen)
	case !looks:
		return nil, fmt.Errorf("the derived key must be the base64 text of %d octets (keylen)", keyLen)
	}
	s := &CRASecret{Key: []byte(text), Salt: salt, Iterations: iterations, KeyLen: keyLen}
	return s, checkCRACost(iterations, keyLen)
}

// Verify reports whether signature is that of challenge, in constant time.
func (s *CRASecret) Verify(challenge, signature string) bool {
	return subtle.ConstantTimeCompare([]byte(craSignature(s.Key, challenge)), []byte(signature)) == 1
}

// craSignature signs a challenge as it was received (CRA-1, CRA-2).
func craSignature(key []byte, challenge string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(challenge))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// deriveCRAKey returns the key of a salted secret. Everybody who speaks salted
// WAMP-CRA uses the base64 text as the key, not what it stands for (CRA-3).
func deriveCRAKey(secret, salt string, iterations, keyLen int) ([]byte, error) {
	if err := checkCRACost(iterations, keyLen); err != nil {
		return nil, err
	}
	derived, err := pbkdf2.Key(sha256.New, secret, []byte(salt), iterations, keyLen)
	if err != nil {
		return nil, fmt.Errorf("deriving the key: %w", err)
	}
	return base64.StdEncoding.AppendEncode(nil, derived), nil
}

func checkCRACost(iterations, keyLen int) error {
	if iterations < 1 || iterations > MaxCRAIterations {
		return fmt.Errorf("%d iterations are out of the range 1 to %d", iterations, MaxCRAIterations)
	}
	if keyLen < MinCRAKeyLen || keyLen > MaxCRAKeyLen {
		return fmt.Errorf("a key of %d octets is out of the range %d to %d", keyLen, MinCRAKeyLen, MaxCRAKeyLen)
	}
	return nil
}

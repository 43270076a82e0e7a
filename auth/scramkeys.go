package auth

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/xdg-go/stringprep"
	"golang.org/x/crypto/argon2"
)

// MethodSCRAM is the name of salted challenge-response authentication.
const MethodSCRAM = "wamp-scram"

// The ways in which WAMP-SCRAM makes a key of a password (SCR-2).
const (
	KDFPBKDF2   = "pbkdf2"
	KDFArgon2id = "argon2id13"
)

// What deriving a key may cost (SCR-3): below, a stolen verifier is too easily
// tried; above, whoever offers it wants to keep the other side busy.
const (
	MinPBKDF2Iterations = 4096
	MaxPBKDF2Iterations = 10_000_000
	MinArgon2Memory     = 8 << 10 // KiB
	MaxArgon2Memory     = 1 << 20 // KiB
	MaxArgon2Iterations = 64

	// maxArgon2Work bounds iterations times memory, in KiB.
	maxArgon2Work = 4 << 20

	maxSCRAMSalt = 1024 // octets
	scramKeyLen  = sha256.Size
)

// SCRAMCost says how a password becomes a key.
type SCRAMCost struct {
	KDF        string // KDFPBKDF2 or KDFArgon2id
	Salt       []byte
	Iterations int
	Memory     int // KiB; KDFArgon2id only
}

// Cost returns how v's password became a key.
func (v *SCRAMVerifier) Cost() SCRAMCost {
	return SCRAMCost{KDF: v.KDF, Salt: v.Salt, Iterations: v.Iterations, Memory: v.Memory}
}

// Check reports what is out of bounds (SCR-3).
func (c SCRAMCost) Check() error {
	if len(c.Salt) == 0 || len(c.Salt) > maxSCRAMSalt {
		return fmt.Errorf("a salt of %d octets is out of the range 1 to %d", len(c.Salt), maxSCRAMSalt)
	}
	switch c.KDF {
	case KDFPBKDF2:
		if c.Iterations < MinPBKDF2Iterations || c.Iterations > MaxPBKDF2Iterations {
			return fmt.Errorf("%d iterations of pbkdf2 are out of the range %d to %d", c.Iterations, MinPBKDF2Iterations, MaxPBKDF2Iterations)
		}
	case KDFArgon2id:
		return c.checkArgon2()
	default:
		return fmt.Errorf("key derivation %q is unknown; there are %s and %s", c.KDF, KDFPBKDF2, KDFArgon2id)
	}
	return nil
}

func (c SCRAMCost) checkArgon2() error {
	switch {
	case c.Iterations < 1 || c.Iterations > MaxArgon2Iterations:
		return fmt.Errorf("%d iterations of argon2id are out of the range 1 to %d", c.Iterations, MaxArgon2Iterations)
	case c.Memory < MinArgon2Memory || c.Memory > MaxArgon2Memory:
		return fmt.Errorf("%d KiB of memory for argon2id are out of the range %d to %d", c.Memory, MinArgon2Memory, MaxArgon2Memory)
	case c.Iterations*c.Memory > maxArgon2Work:
		return fmt.Errorf("%d iterations of argon2id over %d KiB are too much work", c.Iterations, c.Memory)
	}
	return nil
}

// NewSCRAMVerifier returns what checks the proofs of a client that knows
// password. Beside the cost's own derivations it knows KDFLegacyArgon2id, for
// clients that speak LegacySCRAM.
func NewSCRAMVerifier(password string, cost SCRAMCost) (*SCRAMVerifier, error) {
	specified := cost
	if cost.KDF == KDFLegacyArgon2id {
		specified.KDF = KDFArgon2id
	}
	salted, err := saltSCRAM(password, specified)
	if err != nil {
		return nil, err
	}
	if cost.KDF == KDFLegacyArgon2id {
		salted = base64.RawStdEncoding.AppendEncode(nil, salted)
	}
	keys := scramKeysOf(salted)
	return &SCRAMVerifier{
		KDF: cost.KDF, Salt: cost.Salt, Iterations: cost.Iterations, Memory: cost.Memory,
		StoredKey: keys.stored(), ServerKey: keys.server,
	}, nil
}

// Verify reports whether proof is that of authMessage, in constant time.
func (v *SCRAMVerifier) Verify(authMessage string, proof []byte) bool {
	if len(proof) != sha256.Size {
		return false
	}
	clientKey := make([]byte, sha256.Size)
	subtle.XORBytes(clientKey, proof, hmacSHA256(v.StoredKey, authMessage))
	stored := sha256.Sum256(clientKey)
	return subtle.ConstantTimeCompare(stored[:], v.StoredKey) == 1
}

// Signature proves to the client that the router knows its keys (SCR-6).
func (v *SCRAMVerifier) Signature(authMessage string) []byte {
	return hmacSHA256(v.ServerKey, authMessage)
}

// scramKeys are what a password proves and checks with.
type scramKeys struct {
	client, server []byte
}

func deriveSCRAMKeys(password string, cost SCRAMCost) (scramKeys, error) {
	salted, err := saltSCRAM(password, cost)
	if err != nil {
		return scramKeys{}, err
	}
	return scramKeysOf(salted), nil
}

func scramKeysOf(salted []byte) scramKeys {
	return scramKeys{client: hmacSHA256(salted, "Client Key"), server: hmacSHA256(salted, "Server Key")}
}

// saltSCRAM returns the SaltedPassword of section 4.4.
func saltSCRAM(password string, cost SCRAMCost) ([]byte, error) {
	if err := cost.Check(); err != nil {
		return nil, err
	}
	prepared, err := saslPrep("password", password)
	if err != nil {
		return nil, err
	}
	if cost.KDF == KDFArgon2id {
		return argon2.IDKey([]byte(prepared), cost.Salt, uint32(cost.Iterations), uint32(cost.Memory), 1, scramKeyLen), nil
	}
	salted, err := pbkdf2.Key(sha256.New, prepared, cost.Salt, cost.Iterations, scramKeyLen)
	if err != nil {
		return nil, fmt.Errorf("deriving the key: %w", err)
	}
	return salted, nil
}

func (k scramKeys) stored() []byte {
	stored := sha256.Sum256(k.client)
	return stored[:]
}

// proof proves knowledge of the password.
func (k scramKeys) proof(authMessage string) []byte {
	proof := hmacSHA256(k.stored(), authMessage)
	subtle.XORBytes(proof, proof, k.client)
	return proof
}

// signature is what a router that knows the keys answers.
func (k scramKeys) signature(authMessage string) []byte {
	return hmacSHA256(k.server, authMessage)
}

// scramMessage is what client and router sign: all that they told each other.
type scramMessage struct {
	authID      string // after saslPrep
	clientNonce string // base64, as sent
	nonce       string // clientNonce and the router's, as sent
	salt        string // base64, as sent
	iterations  int
	binding     string // type of the channel binding; empty: none
	bindingData []byte
}

// String returns the AuthMessage of section 4.4.
func (m *scramMessage) String() string {
	gs2 := "n,,"
	if m.binding != "" {
		gs2 = "p=" + m.binding + ",,"
	}
	escaped := strings.NewReplacer("=", "=3D", ",", "=2C").Replace(m.authID)
	c := base64.StdEncoding.EncodeToString(append([]byte(gs2), m.bindingData...))
	return "n=" + escaped + ",r=" + m.clientNonce +
		",r=" + m.nonce + ",s=" + m.salt + ",i=" + strconv.Itoa(m.iterations) +
		",c=" + c + ",r=" + m.nonce
}

// saslPrep brings a name or password into the form that is compared (SCR-9).
// what is for the error, which does not contain text.
func saslPrep(what, text string) (string, error) {
	prepared, err := stringprep.SASLprep.Prepare(text)
	if err != nil {
		return "", fmt.Errorf("the %s has characters that SASLprep (RFC 4013) forbids", what)
	}
	if prepared == "" {
		return "", fmt.Errorf("the %s is empty", what)
	}
	return prepared, nil
}

func hmacSHA256(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

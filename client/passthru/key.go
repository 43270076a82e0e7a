package passthru

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/nacl/secretbox"
)

// SecretSize is the number of octets of a key's secret.
const SecretSize = 32

// maxKeyID bounds a key's ID, which travels with each message.
const maxKeyID = 64

// Cipher encrypts and authenticates payloads. Its values are what ppt_cipher
// holds.
type Cipher string

// The ciphers. Both take keys of 32 octets and authenticate what they encrypt.
const (
	AES256GCM        Cipher = "aes256gcm"
	XSalsa20Poly1305 Cipher = "xsalsa20poly1305" // NaCl's secretbox
)

// nonceSize is the number of octets of secretbox's nonce.
const nonceSize = 24

// Key is a secret that sender and receivers share, with an ID that tells it
// from other ones. It never changes. Its text forms do not show the secret.
type Key struct {
	id     string
	cipher Cipher
	secret [SecretSize]byte
}

// NewKey returns the key with this ID, of 1 to 64 visible ASCII characters, and
// this secret of SecretSize octets, which must be random: it is no password.
// The ID is sent in the clear.
func NewKey(id string, c Cipher, secret []byte) (*Key, error) {
	switch {
	case !validKeyID(id):
		return nil, fmt.Errorf("passthru: key ID %.80q; want 1 to %d visible ASCII characters", id, maxKeyID)
	case c != AES256GCM && c != XSalsa20Poly1305:
		return nil, fmt.Errorf("passthru: key %s: cipher %.40q; want %s or %s", id, c, AES256GCM, XSalsa20Poly1305)
	case len(secret) != SecretSize:
		return nil, fmt.Errorf("passthru: key %s: secret of %d octets; want %d", id, len(secret), SecretSize)
	}
	k := &Key{id: id, cipher: c}
	copy(k.secret[:], secret)
	return k, nil
}

// GenerateKey returns a key with a new random secret.
func GenerateKey(id string, c Cipher) (*Key, error) {
	secret := make([]byte, SecretSize)
	rand.Read(secret) // never fails
	return NewKey(id, c, secret)
}

func validKeyID(id string) bool {
	for _, c := range []byte(id) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return id != "" && len(id) <= maxKeyID
}

// ID returns the key's ID, which is what ppt_keyid holds.
func (k *Key) ID() string { return k.id }

// Cipher returns the key's cipher.
func (k *Key) Cipher() Cipher { return k.cipher }

// Secret returns a copy of the secret, to be stored or handed to others.
func (k *Key) Secret() []byte { return append([]byte(nil), k.secret[:]...) }

// String names the key without its secret.
func (k Key) String() string { return "key " + k.id + " (" + string(k.cipher) + ")" }

// Format writes String, whatever the verb: no way of printing shows the secret.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// derive returns the key that encrypts messages of one kind and one URI. What
// was encrypted for another use cannot be decrypted with it: this binds a
// message to its context with ciphers that take no additional data, too, and no
// two ciphers ever have the same key. Random nonces of 12 octets may not be
// used too often with one key; here only messages of the same URI count.
func (k *Key) derive(c Context) ([]byte, error) {
	info := []byte(Scheme)
	for _, part := range []string{string(k.cipher), k.id, c.Kind.String(), string(c.URI)} {
		info = binary.BigEndian.AppendUint32(info, uint32(len(part)))
		info = append(info, part...)
	}
	return hkdf.Key(sha256.New, k.secret[:], nil, string(info), SecretSize)
}

// seal encrypts: the nonce, then what the cipher makes of plain.
func (k *Key) seal(c Context, plain []byte) ([]byte, error) {
	derived, err := k.derive(c)
	if err != nil {
		return nil, err
	}
	if k.cipher == XSalsa20Poly1305 {
		var nonce [nonceSize]byte
		rand.Read(nonce[:]) // never fails
		return secretbox.Seal(nonce[:], plain, &nonce, (*[SecretSize]byte)(derived)), nil
	}
	aead, err := newGCM(derived)
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nil, plain, nil), nil
}

var errNotAuthentic = errors.New("not authentic")

// open decrypts what seal made for the same context.
func (k *Key) open(c Context, sealed []byte) ([]byte, error) {
	derived, err := k.derive(c)
	if err != nil {
		return nil, err
	}
	if k.cipher == XSalsa20Poly1305 {
		if len(sealed) < nonceSize {
			return nil, errNotAuthentic
		}
		plain, ok := secretbox.Open(nil, sealed[nonceSize:], (*[nonceSize]byte)(sealed), (*[SecretSize]byte)(derived))
		if !ok {
			return nil, errNotAuthentic
		}
		return plain, nil
	}
	aead, err := newGCM(derived)
	if err != nil {
		return nil, err
	}
	return aead.Open(nil, nil, sealed, nil)
}

// newGCM returns AES-256-GCM that puts a random nonce of 12 octets in front.
func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

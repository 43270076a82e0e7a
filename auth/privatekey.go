package auth

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// errKeyForms says what ParsePrivateKey takes.
var errKeyForms = errors.New("want an Ed25519 private key: 64 hex digits, or PEM as openssl or ssh-keygen -t ed25519 write it")

// errEncryptedKey is what a key with a passphrase gives.
var errEncryptedKey = errors.New("the key is protected by a passphrase, with which nothing can start by itself; store it without")

// LooksPublic reports whether a file is, by its name, one with a public key,
// which nothing else tells from a private one.
func LooksPublic(path string) bool { return strings.HasSuffix(path, ".pub") }

// ParsePrivateKey reads the content of a file with an Ed25519 private key, in
// whichever form it has: 64 hex digits, as "junctor keygen" and Autobahn write
// them; the key.priv of a Crossbar.io node; PEM of PKCS #8 (openssl) or of
// OpenSSH; 32 raw octets. The error holds nothing of the key.
func ParsePrivateKey(file []byte) (ed25519.PrivateKey, error) {
	if len(file) == ed25519.SeedSize {
		return ed25519.NewKeyFromSeed(file), nil
	}
	if block, _ := pem.Decode(file); block != nil {
		return parsePEMKey(block)
	}
	text := bytes.TrimSpace(file)
	if tagged := tagValue(text, "private-key-ed25519"); tagged != nil {
		text = tagged
	}
	seed := make([]byte, ed25519.SeedSize)
	if hex.DecodedLen(len(text)) != len(seed) {
		return nil, errKeyForms
	}
	if _, err := hex.Decode(seed, text); err != nil || len(text)%2 != 0 {
		return nil, errKeyForms
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// tagValue returns the value of a line "tag: value"; nil if there is none.
func tagValue(text []byte, tag string) []byte {
	for line := range bytes.Lines(text) {
		if name, value, ok := bytes.Cut(line, []byte(":")); ok && string(bytes.TrimSpace(name)) == tag {
			return bytes.TrimSpace(value)
		}
	}
	return nil
}

func parsePEMKey(block *pem.Block) (ed25519.PrivateKey, error) {
	switch block.Type {
	case "PRIVATE KEY":
		any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("the key is no PKCS #8: %w", err)
		}
		if key, ok := any.(ed25519.PrivateKey); ok {
			return key, nil
		}
		return nil, fmt.Errorf("the key is of another kind (%T); %w", any, errKeyForms)
	case "ENCRYPTED PRIVATE KEY":
		return nil, errEncryptedKey
	case "OPENSSH PRIVATE KEY":
		return parseOpenSSHKey(block.Bytes)
	}
	return nil, fmt.Errorf("the file holds a %s; %w", block.Type, errKeyForms)
}

// parseOpenSSHKey reads OpenSSH's own form of private keys, as described in the
// file PROTOCOL.key of its sources: one key, without passphrase.
func parseOpenSSHKey(data []byte) (ed25519.PrivateKey, error) {
	data, ok := bytes.CutPrefix(data, []byte("openssh-key-v1\x00"))
	r := sshReader{rest: data, failed: !ok}
	cipher, _, _ := r.text(), r.text(), r.text() // cipher, key derivation and its options
	keys, _ := r.number(), r.text()              // public key
	private := sshReader{rest: r.text(), failed: r.failed}
	if !private.failed && string(cipher) != "none" {
		return nil, errEncryptedKey
	}
	check1, check2 := private.number(), private.number()
	kind, _, key := private.text(), private.text(), private.text()
	switch {
	case private.failed || keys != 1 || check1 != check2:
		return nil, errors.New("the OpenSSH key is damaged")
	case string(kind) != "ssh-ed25519":
		return nil, fmt.Errorf("the OpenSSH key is of another kind (%.30q); %w", kind, errKeyForms)
	case len(key) != ed25519.PrivateKeySize:
		return nil, errors.New("the OpenSSH key is damaged")
	}
	return ed25519.NewKeyFromSeed(key[:ed25519.SeedSize]), nil
}

// sshReader reads the fields of OpenSSH's binary forms. After one that is not
// there, all that follow are empty.
type sshReader struct {
	rest   []byte
	failed bool
}

func (r *sshReader) number() uint32 {
	if r.failed = r.failed || len(r.rest) < 4; r.failed {
		return 0
	}
	n := binary.BigEndian.Uint32(r.rest)
	r.rest = r.rest[4:]
	return n
}

func (r *sshReader) text() []byte {
	n := r.number()
	if r.failed = r.failed || uint64(n) > uint64(len(r.rest)); r.failed {
		return nil
	}
	text := r.rest[:n]
	r.rest = r.rest[n:]
	return text
}

package auth

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// scramAnswer reads what a proof of SCRAM is checked with: the keys of a static
// principal, in hex as there.
func scramAnswer(d answer, a *Account) error {
	v := new(SCRAMVerifier)
	if err := d.texts(map[string]*string{"kdf": &v.KDF}); err != nil {
		return err
	}
	if err := d.numbers(map[string]*int{"iterations": &v.Iterations, "memory": &v.Memory}); err != nil {
		return err
	}
	if v.KDF != KDFPBKDF2 && v.KDF != KDFArgon2id && v.KDF != KDFLegacyArgon2id {
		return fmt.Errorf("kdf: want %s, %s or %s, got %q", KDFPBKDF2, KDFArgon2id, KDFLegacyArgon2id, v.KDF)
	}
	if v.Iterations < 1 || v.KDF != KDFPBKDF2 && v.Memory < 1 {
		return fmt.Errorf("iterations and memory: want positive numbers, got %d and %d", v.Iterations, v.Memory)
	}
	if most := mostIterations(v.KDF); v.Iterations > most || v.Memory > MaxArgon2Memory {
		return fmt.Errorf("iterations and memory: want at most %d and %d, more is too much work for a client, got %d and %d",
			most, MaxArgon2Memory, v.Iterations, v.Memory)
	}
	for key, to := range map[string]*[]byte{"salt": &v.Salt, "stored-key": &v.StoredKey, "server-key": &v.ServerKey} {
		low, high := sha256.Size, sha256.Size
		if key == "salt" {
			low, high = 1, maxSCRAMSalt
		}
		var err error
		if *to, err = d.octets(key, low, high); err != nil {
			return err
		}
	}
	a.SCRAM = v
	return nil
}

func mostIterations(kdf string) int {
	if kdf == KDFPBKDF2 {
		return MaxPBKDF2Iterations
	}
	return MaxArgon2Iterations
}

// cryptosignAnswer reads the principal's key, or keys.
func cryptosignAnswer(d answer, a *Account) error {
	texts := []any{d["pubkey"]}
	if list, ok := d["authorized_keys"].([]any); ok && d["pubkey"] == nil {
		texts = list
	}
	for _, t := range texts {
		text, _ := t.(string)
		key, err := ParsePublicKey(text)
		if err != nil {
			return fmt.Errorf("pubkey: %w", err)
		}
		a.Keys = append(a.Keys, key)
	}
	return nil
}

// octets reads hex digits. The error does not quote them.
func (d answer) octets(key string, low, high int) ([]byte, error) {
	text, _ := d[key].(string)
	b, err := hex.DecodeString(text)
	if err != nil || len(b) < low || len(b) > high {
		return nil, fmt.Errorf("%s: want %d to %d octets in hex, got %T of %d characters", key, low, high, d[key], len(text))
	}
	return b, nil
}

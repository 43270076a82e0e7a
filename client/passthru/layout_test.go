package passthru_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/nacl/secretbox"

	"github.com/junctorio/junctor/client/passthru"
	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/wamp"
)

// The octets are made as docs/encryption.md says, so that others can read them:
// this follows the page, not the code. PPT-6.
func TestTheLayoutIsTheOneThatIsDocumented(t *testing.T) {
	t.Parallel()
	const plain = "\xa1\x64args\x81\x62hi" // CBOR of {"args": ["hi"]}
	secret := bytes.Repeat([]byte("k"), 32)
	derive := func(c string) []byte {
		info := "x_junctor_1" +
			"\x00\x00\x00" + string(rune(len(c))) + c +
			"\x00\x00\x00\x03key" +
			"\x00\x00\x00\x05event" +
			"\x00\x00\x00\x0bcom.example"
		key, err := hkdf.Key(sha256.New, secret, nil, info, 32)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	open := map[passthru.Cipher]func([]byte) []byte{
		passthru.AES256GCM: func(b []byte) []byte {
			block, err := aes.NewCipher(derive("aes256gcm"))
			if err != nil {
				t.Fatal(err)
			}
			gcm, err := cipher.NewGCM(block)
			if err != nil {
				t.Fatal(err)
			}
			out, err := gcm.Open(nil, b[:12], b[12:], nil)
			if err != nil {
				t.Error(err)
			}
			return out
		},
		passthru.XSalsa20Poly1305: func(b []byte) []byte {
			out, ok := secretbox.Open(nil, b[24:], (*[24]byte)(b), (*[32]byte)(derive("xsalsa20poly1305")))
			if !ok {
				t.Error("secretbox refuses it")
			}
			return out
		},
	}
	for c, open := range open {
		k, err := passthru.NewKey("key", c, secret)
		if err != nil {
			t.Fatal(err)
		}
		var r passthru.Keyring
		set(t, &r, "com.", wamp.MatchPrefix, k)
		p, a, err := r.Seal(passthru.Context{Kind: passthru.KindEvent, URI: "com.example"}, serializer.CBOR, payload(t, serializer.JSON, "hi"), nil)
		if err != nil {
			t.Fatal(err)
		}
		want := &wamp.Attributes{PPTScheme: "x_junctor_1", PPTSerializer: "cbor", PPTCipher: string(c), PPTKeyID: "key"}
		if diff := cmp.Diff(want, a); diff != "" {
			t.Errorf("attributes: %s", diff)
		}
		if got := open(binaryOf(t, p)); string(got) != plain {
			t.Errorf("%s: got %x, want %x", c, got, plain)
		}
	}
}

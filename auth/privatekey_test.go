package auth_test

import (
	"crypto/ed25519"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/junctorio/junctor/auth"
)

func TestParsePrivateKey(t *testing.T) {
	t.Parallel()
	const public = "f9ab8615557103ddbe4a099a2f245f8f230ca117f660f9f978c367b3b966ef1b"
	tests := []struct {
		file, want string // public key; or part of the error
	}{
		{"hex.key", public},
		{"raw.key", public},
		{"crossbar.key", public},
		{"pkcs8.pem", public},
		{"openssh.pem", "faa7605a47d2bebc11649fb43a992bc2a2468b8f33213926625bd7d8ac25b662"},
		{"pkcs8-passphrase.pem", "passphrase"},
		{"openssh-passphrase.pem", "passphrase"},
		{"pkcs8-ecdsa.pem", "another kind"},
		{"openssh-ecdsa.pem", "another kind"},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(filepath.Join("testdata", "keys", tt.file))
			if err != nil {
				t.Fatal(err)
			}
			key, err := auth.ParsePrivateKey(text)
			if err != nil {
				if len(tt.want) == 64 || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got error %v, want %s", err, tt.want)
				}
				return
			}
			if got := hex.EncodeToString(key.Public().(ed25519.PublicKey)); got != tt.want {
				t.Errorf("got public key %s, want %s", got, tt.want)
			}
			for n := range text { // cut anywhere, it is refused or the same key
				if cut, err := auth.ParsePrivateKey(text[:n]); err == nil && !cut.Equal(key) && n != ed25519.SeedSize {
					t.Fatalf("cut to %d octets, it is another key", n)
				}
			}
		})
	}
}

func TestParsePrivateKeyRefuses(t *testing.T) {
	t.Parallel()
	digits := strings.Repeat("5", 63)
	for name, file := range map[string]string{
		"nothing":             "",
		"a digit too few":     digits,
		"a digit too many":    digits + "55",
		"what is not hex":     digits + "x",
		"a public key of SSH": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPqnYGlH0r68EWSftDqZK8KiRouPMyE5JmJb19isJbZi test",
		"a certificate":       "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		"PEM of nothing":      "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
		"PKCS #8 of nothing":  "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
		"a public key alone":  "public-key-ed25519: " + digits + "5\n",
	} {
		if key, err := auth.ParsePrivateKey([]byte(file)); err == nil {
			t.Errorf("%s: got %x", name, key)
		} else if strings.Contains(err.Error(), "555") {
			t.Errorf("%s: the error gives it away: %v", name, err)
		}
	}
}

func FuzzParsePrivateKey(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "keys", "*"))
	if err != nil || len(files) == 0 {
		f.Fatalf("no keys: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if key, err := auth.ParsePrivateKey(file); (err == nil) != (len(key) == ed25519.PrivateKeySize) {
			t.Errorf("got a key of %d octets, %v", len(key), err)
		}
	})
}

package auth_test

import (
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/junctorio/junctor/auth"
)

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

type cryptosignVector struct {
	ChannelID  string `json:"channel_id"`
	PrivateKey string `json:"private_key"`
	Challenge  string `json:"challenge"`
	Signature  string `json:"signature"`
}

func cryptosignVectors(t *testing.T) []cryptosignVector {
	t.Helper()
	root := os.Getenv("JUNCTOR_VECTORS")
	if root == "" {
		root = filepath.Join("..", "shared", "vectors")
	}
	if !filepath.IsAbs(root) {
		root = filepath.Join("..", root) // relative to the repository
	}
	text, err := os.ReadFile(filepath.Join(root, "auth", "cryptosign.json"))
	if os.IsNotExist(err) {
		t.Skipf("no vectors in %s; JUNCTOR_VECTORS names another folder", root)
	}
	var file struct{ Vectors []cryptosignVector }
	if err == nil {
		err = json.Unmarshal(text, &file)
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(file.Vectors) != 6 {
		t.Fatalf("got %d vectors, want 6", len(file.Vectors))
	}
	return file.Vectors
}

func TestCryptosignVectors(t *testing.T) {
	t.Parallel()
	for _, v := range cryptosignVectors(t) {
		key := ed25519.NewKeyFromSeed(unhex(t, v.PrivateKey))
		challenge, err := auth.ParseCSExtra(v.Challenge)
		if err != nil {
			t.Fatal(err)
		}
		var channelID []byte
		if v.ChannelID != "" {
			channelID = unhex(t, v.ChannelID)
		}
		data := auth.CSData(challenge, channelID)
		if got := auth.SignCS(key, data); got != v.Signature {
			t.Errorf("got  %s\nwant %s", got, v.Signature)
		}
		public := key.Public().(ed25519.PublicKey)
		if !auth.VerifyCS(public, data, v.Signature) || !auth.VerifyCS(public, data, strings.ToUpper(v.Signature)) {
			t.Error("the vector's signature does not verify in both cases of hex")
		}
	}
}

func TestCryptosignSignaturesThatDoNotCount(t *testing.T) {
	t.Parallel()
	key := ed25519.NewKeyFromSeed(make([]byte, 32))
	public := key.Public().(ed25519.PublicKey)
	data, other := make([]byte, 32), []byte("an earlier challenge, replayed..")
	good := auth.SignCS(key, data)
	tests := []struct {
		name, signature string
		key             ed25519.PublicKey
	}{
		{"of other data, which it carries (CS-4)", auth.SignCS(key, other), public},
		{"with the right data appended to a wrong signature", auth.SignCS(key, other)[:128] + good[128:], public},
		{"without the data", good[:128], public},
		{"cut short", good[:190], public},
		{"too long", good + "00", public},
		{"not hex", "zz" + good[2:], public},
		{"empty", "", public},
		{"of another key", auth.SignCS(ed25519.NewKeyFromSeed(other), data), public},
		{"for a key of the wrong length", good, public[1:]},
	}
	if !auth.VerifyCS(public, data, good) {
		t.Fatal("the good signature does not verify")
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if auth.VerifyCS(tt.key, data, tt.signature) {
				t.Error("it verifies")
			}
		})
	}
}

func TestParsePublicKey(t *testing.T) {
	t.Parallel()
	digits := strings.Repeat("Af", 32)
	tests := []struct {
		name, text string
		ok         bool
	}{
		{"hex of either case", digits, true},
		{"too short", digits[2:], false},
		{"too long", digits + "00", false},
		{"not hex", "zz" + digits[2:], false},
		{"empty", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			key, err := auth.ParsePublicKey(tt.text)
			if (err == nil) != tt.ok || tt.ok && len(key) != ed25519.PublicKeySize {
				t.Errorf("got %x, %v", key, err)
			}
			if _, err := auth.ParseCSExtra(tt.text); (err == nil) != tt.ok {
				t.Errorf("as a challenge: got %v", err)
			}
		})
	}
}

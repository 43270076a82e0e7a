package auth_test

import (
	"testing"

	"github.com/junctorio/junctor/auth"
)

// craChallenge is the example of the specification, with an ID of its own.
const craChallenge = `{"authid":"peter","authrole":"user","authmethod":"wampcra","authprovider":"static","nonce":"LHRTC9zeOIrt_9U3","timestamp":"2014-06-22T16:36:25.448Z","session":3251278072152162}`

func TestCRASignatures(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name               string
		salt               string
		iterations, keyLen int
		key, signature     string
	}{
		{"of a plain secret", "", 0, 0, "secret", "SX0t7hxibiCOFkU+uKI3R6eYJ/vO4ElB/r1OqGLMQBI="},
		{"of a salted secret use the base64 text of the key (CRA-3)", "salt123", 1000, 32,
			"MDS8Yxpu4J/vkHJ8dNEgqECYsI0uRDh2oZ5eN0vYPvo=", "kKXDd/l4+/xzuhbOihJkMp5/rarrusMjaCsLyqQ4iGI="},
		{"of a salted secret have defaults", "salt123", 0, 0,
			"MDS8Yxpu4J/vkHJ8dNEgqECYsI0uRDh2oZ5eN0vYPvo=", "kKXDd/l4+/xzuhbOihJkMp5/rarrusMjaCsLyqQ4iGI="},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, err := auth.NewCRASecret("secret", tt.salt, tt.iterations, tt.keyLen)
			if err != nil {
				t.Fatal(err)
			}
			if string(s.Key) != tt.key {
				t.Errorf("got key %s, want %s", s.Key, tt.key)
			}
			if got := auth.CRASignature(s.Key, craChallenge); got != tt.signature {
				t.Errorf("got signature %s, want %s", got, tt.signature)
			}
			if !s.Verify(craChallenge, tt.signature) {
				t.Error("its own signature does not verify")
			}
			for _, wrong := range []string{"", tt.signature[1:], "kPEQvyNdPLiwYyfSaYZXQi7MlPKuVlthcFru0XAHJNs="} {
				if s.Verify(craChallenge, wrong) {
					t.Errorf("signature %q verifies", wrong)
				}
			}
		})
	}
}

// The documents of Crossbar.io show this stored key of the password "secret1".
func TestCRAKeyAsCrossbarStoresIt(t *testing.T) {
	t.Parallel()
	key, err := auth.DeriveCRAKey("secret1", "salt123", 100, 16)
	if err != nil || string(key) != "prq7+YkJ1/KlW1X0YczMHw==" {
		t.Errorf("got %s, %v", key, err)
	}
}

func TestCRACostIsBounded(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, salt         string
		iterations, keyLen int
	}{
		{"negative iterations", "s", -1, 32},
		{"too many iterations", "s", auth.MaxCRAIterations + 1, 32},
		{"a key too short", "s", 1000, auth.MinCRAKeyLen - 1},
		{"a key too long", "s", 1000, auth.MaxCRAKeyLen + 1},
		{"iterations without a salt", "", 1000, 0},
		{"a key length without a salt", "", 0, 32},
	}
	for _, salt := range []string{"", "salt"} {
		if s, err := auth.NewCRASecret("", salt, 0, 0); err == nil {
			t.Errorf("an empty secret, which everybody knows, is taken: %+v", s)
		}
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if s, err := auth.NewCRASecret("secret", tt.salt, tt.iterations, tt.keyLen); err == nil {
				t.Errorf("got %+v", s)
			}
		})
	}
}

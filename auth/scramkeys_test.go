package auth_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/junctorio/junctor/auth"
)

func unbase64(t *testing.T, text string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSCRAMKnownValues(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name                 string
		clientNonce, nonce   string
		salt                 string
		proof, verifier      string
		storedKey, serverKey string // hex; empty: not known
	}{
		{
			"RFC 7677", "rOprNGfwEbeRWgbNEkqO", "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
			"W22ZaJ0SNY7soEsUEjb6gQ==",
			"dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
			"", "",
		},
		{
			"the nonces and salt of WAMP's sample (SCR-10)", "egVDf3DMJh0=", "egVDf3DMJh0=SBmkFIh7sSo=",
			"aBc+fx0NAVA=",
			"L1uwjEEL7BdbtlWMKxNcQ1A/CmNjct+7xdAguB/rpnA=", "AyTAljdPHv74Zx+gn+6DqiFnl4XOZUXpC7k/pSkjBOg=",
			"d1f0abec4618f18c284b455032d112ed804607b0e510b7c2b0521e3af953ce47",
			"682b71788a06b87566b32779d102f34976563e0608f6b8d9a8667b95dc8d99ce",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cost := auth.SCRAMCost{KDF: auth.KDFPBKDF2, Salt: unbase64(t, tt.salt), Iterations: 4096}
			message := auth.SCRAMMessage("user", tt.clientNonce, tt.nonce, tt.salt, 4096, "", nil)
			keys, err := auth.DeriveSCRAM("pencil", cost)
			if err != nil {
				t.Fatal(err)
			}
			proof := auth.SCRAMProof(keys, message)
			if got := base64.StdEncoding.EncodeToString(proof); got != tt.proof {
				t.Errorf("got proof %s, want %s", got, tt.proof)
			}
			v, err := auth.NewSCRAMVerifier("pencil", cost)
			if err != nil {
				t.Fatal(err)
			}
			for _, signature := range [][]byte{v.Signature(message), auth.SCRAMServer(keys, message)} {
				if got := base64.StdEncoding.EncodeToString(signature); got != tt.verifier {
					t.Errorf("got server signature %s, want %s", got, tt.verifier)
				}
			}
			if got := hex.EncodeToString(v.StoredKey); tt.storedKey != "" && got != tt.storedKey {
				t.Errorf("got StoredKey %s, want %s", got, tt.storedKey)
			}
			if got := hex.EncodeToString(v.ServerKey); tt.serverKey != "" && got != tt.serverKey {
				t.Errorf("got ServerKey %s, want %s", got, tt.serverKey)
			}
			if !v.Verify(message, proof) {
				t.Error("the proof does not verify")
			}
			if v.Verify(message+"x", proof) || v.Verify(message, proof[1:]) || v.Verify(message, nil) || v.Verify(message, append(proof, 0)) {
				t.Error("a wrong proof verifies")
			}
		})
	}
}

func TestSCRAMAuthMessage(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, authID, binding string
		data                  string
		want                  string
	}{
		{"without channel binding", "user", "", "", "n=user,r=CN,r=CNSN,s=c2FsdA==,i=5000,c=biws,r=CNSN"},
		{"with = and , in the authid", "a=b,c", "", "", "n=a=3Db=2Cc,r=CN,r=CNSN,s=c2FsdA==,i=5000,c=biws,r=CNSN"},
		{"with channel binding", "user", "tls-unique", "12", "n=user,r=CN,r=CNSN,s=c2FsdA==,i=5000,c=" +
			base64.StdEncoding.EncodeToString([]byte("p=tls-unique,,12")) + ",r=CNSN"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := auth.SCRAMMessage(tt.authID, "CN", "CNSN", "c2FsdA==", 5000, tt.binding, []byte(tt.data))
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestSCRAMCostIsBounded(t *testing.T) {
	t.Parallel()
	salt := []byte("12345678")
	tests := []struct {
		name string
		cost auth.SCRAMCost
		ok   bool
	}{
		{"pbkdf2 at its least", auth.SCRAMCost{KDF: "pbkdf2", Salt: salt, Iterations: 4096}, true},
		{"pbkdf2 too weak", auth.SCRAMCost{KDF: "pbkdf2", Salt: salt, Iterations: 4095}, false},
		{"pbkdf2 without end", auth.SCRAMCost{KDF: "pbkdf2", Salt: salt, Iterations: 10_000_001}, false},
		{"argon2id at its least", auth.SCRAMCost{KDF: "argon2id13", Salt: salt, Iterations: 1, Memory: 8192}, true},
		{"argon2id at the most memory", auth.SCRAMCost{KDF: "argon2id13", Salt: salt, Iterations: 4, Memory: 1 << 20}, true},
		{"argon2id too weak", auth.SCRAMCost{KDF: "argon2id13", Salt: salt, Iterations: 1, Memory: 8191}, false},
		{"argon2id without iterations", auth.SCRAMCost{KDF: "argon2id13", Salt: salt, Memory: 8192}, false},
		{"argon2id with too much memory", auth.SCRAMCost{KDF: "argon2id13", Salt: salt, Iterations: 1, Memory: 1<<20 + 1}, false},
		{"argon2id with too much work", auth.SCRAMCost{KDF: "argon2id13", Salt: salt, Iterations: 5, Memory: 1 << 20}, false},
		{"no salt", auth.SCRAMCost{KDF: "pbkdf2", Iterations: 4096}, false},
		{"a huge salt", auth.SCRAMCost{KDF: "pbkdf2", Salt: make([]byte, 1025), Iterations: 4096}, false},
		{"an unknown derivation", auth.SCRAMCost{KDF: "argon2id-13", Salt: salt, Iterations: 4096, Memory: 8192}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if err := tt.cost.Check(); (err == nil) != tt.ok {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestSASLPrep(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text, want string // want "": refused
	}{
		{"plain text stays", "user", "user"},
		{"a soft hyphen is dropped", "I\u00adX", "IX"},
		{"compatibility characters are replaced", "\u2168", "IX"},
		{"a control character is refused", "a\u0007", ""},
		{"nothing is refused", "", ""},
		{"nothing left is refused", "\u00ad", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := auth.SASLPrep("password", tt.text)
			if got != tt.want || (err != nil) != (tt.want == "") {
				t.Errorf("got %q, %v", got, err)
			}
			if err != nil && tt.text != "" && strings.Contains(err.Error(), tt.text) {
				t.Errorf("the error gives the password away: %v", err)
			}
		})
	}
}

// The tests of the reference implementation of Argon2 have this value.
func TestSCRAMDerivesWithArgon2id(t *testing.T) {
	t.Parallel()
	salted := unhex(t, "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7")
	v, err := auth.NewSCRAMVerifier("password", auth.SCRAMCost{
		KDF: auth.KDFArgon2id, Salt: []byte("somesalt"), Iterations: 2, Memory: 1 << 16,
	})
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, salted)
	mac.Write([]byte("Server Key"))
	if want := mac.Sum(nil); !bytes.Equal(v.ServerKey, want) {
		t.Errorf("got ServerKey %x, want %x", v.ServerKey, want)
	}
}

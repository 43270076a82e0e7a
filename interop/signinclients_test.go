//go:build interop

package interop_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/junctorio/junctor/auth"
	junctor "github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/wamp"
)

// signIn lets a client make the attempts, one after the other.
func signIn(ctx context.Context, t *testing.T, k kind, tries []login) []ending {
	t.Helper()
	if k == goClient {
		var endings []ending
		for _, a := range tries {
			endings = append(endings, signInGo(ctx, t, a))
		}
		return endings
	}
	argv, env := program(t, k)
	for i, arg := range argv {
		argv[i] = strings.Replace(arg, "agent.", "signin.", 1)
	}
	return runSignIn(ctx, t, argv, env, tries)
}

// runSignIn has signin.py or signin.js make the attempts.
func runSignIn(ctx context.Context, t *testing.T, argv, env []string, tries []login) []ending {
	t.Helper()
	var in bytes.Buffer
	lines := json.NewEncoder(&in)
	for _, a := range tries {
		if err := lines.Encode(a); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(cmd.Environ(), env...)
	var complaints lockedBuffer
	cmd.Stdin, cmd.Stderr = &in, &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s\n%s", filepath.Base(argv[1]), err, out, complaints.tail())
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%v said on stderr:\n%s", argv, complaints.tail())
		}
	})
	var endings []ending
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var e ending
		if err := d.Decode(&e); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%s: %v\n%s", argv[1], err, out)
		}
		endings = append(endings, e)
	}
	if len(endings) != len(tries) {
		t.Fatalf("%s told of %d attempts, want %d\n%s", argv[1], len(endings), len(tries), complaints.tail())
	}
	return endings
}

func signInGo(ctx context.Context, t *testing.T, a login) ending {
	t.Helper()
	opts := junctor.Options{
		Realm: wamp.URI(a.Realm), Serializer: serializerNumbers[a.Serializer],
		Signers: []auth.Signer{signerOf(t, a)},
	}
	if a.CA != "" {
		opts.TLS = clientTLS(t, a)
	}
	session, err := junctor.Connect(ctx, a.URL, opts)
	var refused *wamp.Abort
	if errors.As(err, &refused) {
		return ending{Refused: &leaveReport{Reason: string(refused.Reason), Message: refused.Message}}
	}
	if err != nil {
		return ending{Failed: err.Error()}
	}
	defer session.Close()
	w := session.Details()
	return ending{Joined: &joinReport{
		Session: uint64(w.Session), Realm: string(w.Realm),
		AuthID: w.AuthID, AuthRole: w.AuthRole, AuthMethod: w.AuthMethod, AuthExtra: w.AuthExtra,
	}}
}

func clientTLS(t *testing.T, a login) *tls.Config {
	t.Helper()
	config := &tls.Config{RootCAs: authorities(t, a.CA)}
	if a.TLS12 {
		config.MaxVersion = tls.VersionTLS12
	}
	if a.Certificate != "" {
		own, err := tls.LoadX509KeyPair(a.Certificate, a.CertificateKey)
		if err != nil {
			t.Fatal(err)
		}
		config.Certificates = []tls.Certificate{own}
	}
	return config
}

func signerOf(t *testing.T, a login) auth.Signer {
	t.Helper()
	switch a.Method {
	case "ticket":
		return auth.TicketSigner{AuthID: a.AuthID, Ticket: a.Secret}
	case "wampcra":
		return auth.CRASigner{AuthID: a.AuthID, Secret: a.Secret}
	case "wamp-scram":
		return auth.SCRAMSigner{AuthID: a.AuthID, Password: a.Secret, ChannelBinding: a.ChannelBinding}
	case "cryptosign":
		seed, err := hex.DecodeString(a.PrivateKey)
		if err != nil {
			t.Fatal(err)
		}
		return auth.CryptosignSigner{
			AuthID: a.AuthID, Key: ed25519.NewKeyFromSeed(seed), ChannelBinding: a.ChannelBinding,
		}
	case "tls":
		return auth.CertificateSigner{AuthID: a.AuthID}
	case "peercred":
		return auth.ProcessSigner{AuthID: a.AuthID}
	}
	return auth.AnonymousSigner{AuthID: a.AuthID}
}

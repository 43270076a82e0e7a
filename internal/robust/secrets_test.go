package robust_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

// Neither log, at its most talkative, nor any error quotes a secret, what is
// derived from it, or a proof, of logins that succeed or fail.
func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	clients := new(journal)
	logger := slog.New(slog.NewTextHandler(clients, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var told strings.Builder
	in := 0
	for _, s := range append(wrongSigners(), signers...) {
		for _, realm := range []wamp.URI{"realm1", "nosuch"} {
			mine, theirs := inproc.Pair(wamp.SerializerMsgPack)
			d.attach(theirs)
			session, err := client.Join(t.Context(), mine, client.Options{Realm: realm, Signers: []auth.Signer{s}, Logger: logger})
			if err == nil {
				in++
				fmt.Fprintf(&told, "%+v\n", session.Details())
				session.Close()
				session.Wait()
			}
			fmt.Fprintf(&told, "%v %+v %s %v %+v\n", err, err, s, s, s)
		}
	}
	if in != len(signers) {
		t.Errorf("%d logins succeeded, want %d", in, len(signers))
	}
	proofs := d.proofs()
	for name, text := range map[string]string{"the router's log": d.log.String(), "the clients' log": clients.String(), "an error": told.String()} {
		for _, secret := range append(secrets(t), proofs...) {
			if strings.Contains(text, secret) {
				t.Errorf("%s holds %q", name, secret)
			}
		}
	}
	if log := d.log.String(); !strings.Contains(log, "authentication denied") || !strings.Contains(log, "session joined") {
		t.Errorf("the router's log does not tell of the logins:\n%s", log)
	}
}

func wrongSigners() []auth.Signer {
	return []auth.Signer{
		auth.TicketSigner{AuthID: "tim", Ticket: "a mistyped ticket"},
		auth.TicketSigner{AuthID: "theo", Ticket: "a mistyped ticket"},
		auth.CRASigner{AuthID: "carl", Secret: "a mistyped secret"},
		auth.CRASigner{AuthID: "carla", Secret: "a mistyped secret"},
		auth.SCRAMSigner{AuthID: "sam", Password: "a mistyped password"},
		auth.SCRAMSigner{AuthID: "sam", Password: "\x01 cannot be prepared"},
		auth.CryptosignSigner{AuthID: "kim", Key: privateKey("eve")},
		auth.TicketSigner{AuthID: "nobody", Ticket: "a ticket of nobody"},
	}
}

// secrets are what must not be told.
func secrets(t *testing.T) []string {
	t.Helper()
	list := []string{
		ticketSigner.Ticket, hashedSigner.Ticket, craSigner.Secret, saltedSigner.Secret, scramSigner.Password,
		"a mistyped", "cannot be prepared", "a ticket of nobody",
	}
	forms := func(b []byte) {
		list = append(list, hex.EncodeToString(b), strings.ToUpper(hex.EncodeToString(b)), base64.StdEncoding.EncodeToString(b), fmt.Sprint(b))
	}
	for _, name := range []string{"kim", "ken", "eve"} {
		forms(privateKey(name)[:32])
	}
	salted, err := auth.NewCRASecret(saltedSigner.Secret, "salt", 100, 32)
	if err != nil {
		t.Fatal(err)
	}
	list = append(list, string(salted.Key))
	v, err := auth.NewSCRAMVerifier(scramSigner.Password, cheap)
	if err != nil {
		t.Fatal(err)
	}
	forms(v.StoredKey)
	forms(v.ServerKey)
	return list
}

// proofs logs everybody in once more, and returns what they showed.
func (d *door) proofs() (list []string) {
	d.t.Helper()
	for _, s := range signers {
		for _, spoiled := range []bool{false, true} {
			v := d.visit("")
			l := v.begin(s)
			answer := l.sign(d.t, v.challenged(l.hello))
			if spoiled {
				answer.Signature += "0"
			}
			list = append(list, answer.Signature)
			v.send(answer)
			v.receive()
			v.conn.Close()
		}
	}
	return list
}

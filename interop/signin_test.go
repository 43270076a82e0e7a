//go:build interop

package interop_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
)

// login is one try to join, as the programs signin.py and signin.js read it.
type login struct {
	URL        string `json:"url"`
	Serializer string `json:"serializer"`
	Realm      string `json:"realm"`
	CA         string `json:"ca,omitempty"` // file

	Method         string `json:"method"`
	AuthID         string `json:"authid,omitempty"`
	Secret         string `json:"secret,omitempty"`      // the ticket, secret or password
	PrivateKey     string `json:"private_key,omitempty"` // hexadecimal
	ChannelBinding string `json:"channel_binding,omitempty"`
	TLS12          bool   `json:"tls_1_2,omitempty"` // nothing newer
	Certificate    string `json:"certificate,omitempty"`
	CertificateKey string `json:"certificate_key,omitempty"` // file
}

// ending is what became of an attempt: one of the fields is set.
type ending struct {
	Joined  *joinReport  `json:"joined"`
	Refused *leaveReport `json:"refused"`
	Failed  string       `json:"failed"`
}

func (e ending) String() string {
	switch {
	case e.Joined != nil:
		return fmt.Sprintf("joined as %q with role %q by %s", e.Joined.AuthID, e.Joined.AuthRole, e.Joined.AuthMethod)
	case e.Refused != nil:
		return fmt.Sprintf("refused: %s (%s)", e.Refused.Reason, e.Refused.Message)
	}
	return "failed: " + e.Failed
}

// expectation is an attempt and what should become of it.
type expectation struct {
	what string
	try  login
	// authID is who the client becomes (empty: whoever), refusal the reason why
	// it does not, or unable.
	authID, refusal string
	// extra is what the client is told besides, or part of it.
	extra map[string]any
}

func (e expectation) check(got ending) error {
	switch {
	case e.refusal == unable && got.Joined == nil:
		return nil
	case e.refusal != "" && got.Refused != nil && got.Refused.Reason == e.refusal:
		return nil
	case e.refusal != "":
		return fmt.Errorf("%s: got %v, want refused: %s", e.what, got, e.refusal)
	case got.Joined == nil || got.Joined.AuthMethod != e.try.Method || got.Joined.AuthRole != roleBy(e.try.Method):
		return fmt.Errorf("%s: got %v, want joined with role %q by %s", e.what, got, roleBy(e.try.Method), e.try.Method)
	case e.authID != "" && got.Joined.AuthID != e.authID:
		return fmt.Errorf("%s: got %v, want authid %q", e.what, got, e.authID)
	}
	return contains(got.Joined.AuthExtra, e.extra)
}

func roleBy(method string) string {
	if method == "anonymous" {
		return "anonymous"
	}
	return "user"
}

const (
	denied = "wamp.error.authentication_denied"
	unable = "by the client itself, by TLS, or by the router"
)

// method is a column of the sign-in matrix.
type method struct {
	name string
	// unable says why a client cannot sign in like this, or nothing.
	unable func(v variant) string
	// expectations are attempts with good and bad credentials. What goes for all
	// of a row, such as the URL, is filled in later, where it is empty.
	expectations []expectation
}

// TestSignIn lets every client sign in by every method that it has, with good
// credentials and with bad ones.
func TestSignIn(t *testing.T) {
	t.Parallel()
	r, people := startSignInRouter(t)
	fillSignIn(t, r, "A cell is signing in with good credentials, and being refused with bad ones.",
		signInRows(), methodsOf(r, people))
}

// fillSignIn fills and prints a matrix.
func fillSignIn(t *testing.T, r *router, title string, rows []variant, methods []method) {
	t.Helper()
	var columns []string
	for _, m := range methods {
		columns = append(columns, m.name)
	}
	m := newMatrix(title, rows, columns)
	able := make(map[variant][]method)
	for _, v := range m.rows { // before they run at once, for footnotes in order
		able[v] = m.able(v, methods)
	}
	t.Run("rows", func(t *testing.T) {
		for _, v := range m.rows {
			t.Run(v.word(), func(t *testing.T) {
				t.Parallel()
				fillSignInRow(t, r, m, v, able[v])
			})
		}
	})
	m.print(t)
}

// signInRows are each client over each transport, in one serializer each.
func signInRows() []variant {
	speaks := map[string]string{"tcp": "json", "tls": "msgpack", "unix": "cbor"}
	var rows []variant
	for _, k := range kinds {
		for _, transport := range transports {
			v := variant{k, transport, speaks[transport]}
			if k == javascript {
				v.serializer = "json"
			}
			rows = append(rows, v)
		}
	}
	return rows
}

// able returns the methods that a client has, and notes why not the others.
func (m *matrix) able(v variant, methods []method) []method {
	var able []method
	for _, by := range methods {
		reason := v.unable()
		if reason == "" {
			reason = by.unable(v)
		}
		if reason != "" {
			m.unable(v, by.name, reason)
			continue
		}
		able = append(able, by)
	}
	return able
}

// fillSignInRow has one program make all attempts of a row, since starting it
// takes longer than they do.
func fillSignInRow(t *testing.T, r *router, m *matrix, v variant, methods []method) {
	var tries []login
	for _, by := range methods {
		for _, e := range by.expectations {
			tries = append(tries, e.try.over(r, v))
		}
	}
	if len(tries) == 0 {
		return
	}
	endings := signIn(deadline(t), t, v.kind, tries)
	for _, by := range methods {
		cell(t, m, v, by.name, func() error {
			var errs []error
			for _, e := range by.expectations {
				errs = append(errs, e.check(endings[0]))
				endings = endings[1:]
			}
			return errors.Join(errs...)
		})
	}
}

// over fills in how v connects.
func (a login) over(r *router, v variant) login {
	if a.URL == "" {
		a.URL = r.url(v.transport)
	}
	if v.transport == "tls" {
		a.CA = r.ca
	}
	a.Serializer, a.Realm = v.serializer, "realm1"
	return a
}

// methodsOf lists the columns.
func methodsOf(r *router, p *people) []method {
	certificate := func(what, file, asks, authID, refusal string) expectation {
		return expectation{what: what, authID: authID, refusal: refusal, try: login{
			URL: r.url("mutual"), Method: "tls", AuthID: asks,
			Certificate: filepath.Join(p.dir, file+".pem"), CertificateKey: filepath.Join(p.dir, file+".key"),
		}}
	}
	autobahnSCRAM := p.bySecret("scram", "otto")
	// A stranger may be asked for PBKDF2, as rosa would be. With that Autobahn
	// fails: it takes the salt's text for its octets, and then checks types.
	autobahnSCRAM[len(autobahnSCRAM)-1].refusal = unable
	return []method{
		{"anonymous", anybody, []expectation{{what: "nothing", try: login{Method: "anonymous"}}}},
		{"ticket", anybody, p.bySecret("ticket", "tina", "hugo")},
		{"cra", anybody, p.bySecret("wampcra", "paul")},
		{"cra salted", anybody, p.bySecret("wampcra", "sally", "sam")},
		{"wamp-scram", only("Autobahn has SCRAM in its own dialect, if at all", goClient), p.bySecret("wamp-scram", "rosa", "ines")},
		{"scram", only("only Autobahn|Python has this dialect of SCRAM, and that with Argon2id alone", twisted, asyncio), autobahnSCRAM},
		{"scram bound", overTLS(only("Autobahn binds SCRAM to no channel", goClient)), slices.Concat(
			p.bound("tls-exporter", false), p.bound("tls-unique", true), p.bound("tls-server-end-point", false))},
		{"key", anybody, p.byKey(func(*login) {})},
		{"key unique", overTLS(only("Autobahn|JS binds keys to no channel", twisted, asyncio, goClient)),
			append(p.byKey(func(a *login) { a.ChannelBinding, a.TLS12 = "tls-unique", true }),
				expectation{what: "a binding that TLS 1.3 does not have", try: login{
					Method: "cryptosign", AuthID: "kira", PrivateKey: p.key, ChannelBinding: "tls-unique",
				}, refusal: unable})},
		{"key exporter", overTLS(only("Autobahn has no tls-exporter", goClient)),
			p.byKey(func(a *login) { a.ChannelBinding = "tls-exporter" })},
		{"certificate", overTLS(anybody), []expectation{
			certificate("the certificate of carl", "certificates/carl", "", "carl", ""),
			certificate("the certificate of carl, with his name", "certificates/carl", "carl", "carl", ""),
			certificate("the certificate of carl for another", "certificates/carl", "nobody", "", denied),
			certificate("the certificate of nobody", "certificates/stranger", "", "", denied),
			certificate("a certificate by another authority", "forged/carl", "", "", unable),
		}},
		{"peercred", overUnix, []expectation{
			{what: "the process", try: login{Method: "peercred"}, authID: "pete"},
			{what: "the process, with a name", try: login{Method: "peercred", AuthID: "pete"}, authID: "pete"},
			{what: "the process for another", try: login{Method: "peercred", AuthID: "nobody"}, refusal: denied},
		}},
	}
}

func anybody(variant) string { return "" }

func only(reason string, these ...kind) func(variant) string {
	return func(v variant) string {
		if slices.Contains(these, v.kind) {
			return ""
		}
		return reason
	}
}

func overTLS(also func(variant) string) func(variant) string {
	return func(v variant) string {
		if v.transport != "tls" {
			return "it needs TLS"
		}
		return also(v)
	}
}

func overUnix(v variant) string {
	if v.transport != "unix" {
		return "it needs a Unix socket"
	}
	return ""
}

package config

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// TLSAuth is authentication by client certificates. Either the Principals of the
// file may log in, and Others, or Dynamic knows them.
type TLSAuth struct {
	Place
	Principals []TLSPrincipal
	Others     *OtherCertificates
	Dynamic    *Dynamic

	defaultRole string
}

// TLSPrincipal is who may log in with certain certificates. All that is set must
// fit; something is set.
type TLSPrincipal struct {
	Place
	AuthID     string
	Role       string // "" cannot join
	SHA1       []byte // fingerprint of the certificate
	SHA256     []byte // fingerprint of the certificate
	Subject    string // as RFC 2253 writes it
	CommonName string
	SAN        string // "dns:…", "email:…", "uri:…" or "ip:…"
}

// OtherCertificates are those that are no principal's. Each may log in under the
// name that stands in it.
type OtherCertificates struct {
	Place
	Role   string
	AuthID string // "common_name", "dns", "email" or "uri"
}

var tlsAuthVariants = variants[TLSAuth]{
	name:    "tlsAuth",
	title:   "Authentication by client certificates",
	noun:    "authentication",
	objects: []variant[TLSAuth]{{name: "static", object: &tlsAuthStatic}, {name: "dynamic", object: &tlsAuthDynamic}},
	hints:   map[string]string{"function": pythonHint},
}

var tlsAuthStatic = object[TLSAuth]{
	name:    "tlsAuthStatic",
	title:   "Static authentication by client certificates",
	lenient: true,
	fields: []field[TLSAuth]{
		typeOnly[TLSAuth]("static"),
		{
			key: "principals", def: "{}",
			is: into(principals(tlsPrincipal.form(), func(p *TLSPrincipal, authid string) { p.AuthID = authid }),
				func(a *TLSAuth) *[]TLSPrincipal { return &a.Principals }),
			doc: "Who may log in. A client whose certificate is that of several principals must say which it is.",
		},
		{
			key: "others", added: true, absent: "they are refused",
			is:  into(pointer(otherCertificates.form()), func(a *TLSAuth) **OtherCertificates { return &a.Others }),
			doc: "What becomes of clients with a certificate that is no principal's, but signed by one of `ca_certificates`.",
		},
		defaultRoleField(func(a *TLSAuth) *string { return &a.defaultRole }),
	},
	finish: func(c *checker, v *value, a *TLSAuth) {
		for i := range a.Principals {
			c.completeRole(a.Principals[i].Place, &a.Principals[i].Role, a.defaultRole)
		}
		if v.get("principals") == nil && v.get("others") == nil {
			c.fail(MissingKey, v.position(), `add "principals", "others" or both`, "nothing says who may log in")
		}
	},
}

var tlsAuthDynamic = object[TLSAuth]{
	name:    "tlsAuthDynamic",
	title:   "Dynamic authentication by client certificates",
	lenient: true,
	begin:   beginDynamic(func(a *TLSAuth) **Dynamic { return &a.Dynamic }),
	fields:  dynamicFields(func(a *TLSAuth) *Dynamic { return a.Dynamic }),
	finish:  finishDynamic(func(a *TLSAuth) *Dynamic { return a.Dynamic }),
}

// The keys of a principal that say which certificates are its.
var certificateKeys = []string{"certificate-sha1", "certificate-sha256", "subject", "common_name", "san"}

var tlsPrincipal = object[TLSPrincipal]{
	name:    "tlsPrincipal",
	title:   "Principal with a client certificate",
	lenient: true,
	fields: []field[TLSPrincipal]{
		{
			key: "certificate-sha1", absent: "any",
			is:  into(fingerprint(sha1.Size), func(p *TLSPrincipal) *[]byte { return &p.SHA1 }),
			doc: "The certificate's SHA-1 fingerprint. Prefer `certificate-sha256`.",
		},
		{
			key: "certificate-sha256", added: true, absent: "any",
			is:  into(fingerprint(sha256.Size), func(p *TLSPrincipal) *[]byte { return &p.SHA256 }),
			doc: "The certificate's SHA-256 fingerprint, as `openssl x509 -noout -fingerprint -sha256` prints it.",
		},
		{
			key: "subject", added: true, absent: "any",
			is:  into(anyText, func(p *TLSPrincipal) *string { return &p.Subject }),
			doc: "The certificate's subject, such as `CN=alice,O=Example`, as `openssl x509 -noout -subject -nameopt RFC2253` prints it.",
		},
		{
			key: "common_name", added: true, absent: "any",
			is:  into(anyText, func(p *TLSPrincipal) *string { return &p.CommonName }),
			doc: "The common name of the certificate's subject.",
		},
		{
			key: "san", added: true, absent: "any",
			is:  into(alternativeName, func(p *TLSPrincipal) *string { return &p.SAN }),
			doc: "One of the certificate's alternative names, such as `dns:alice.example.com`.",
		},
		roleField(func(p *TLSPrincipal) *string { return &p.Role }),
	},
	finish: func(c *checker, v *value, _ *TLSPrincipal) {
		for _, key := range certificateKeys {
			if v.get(key) != nil {
				return
			}
		}
		c.fail(MissingKey, v.position(), "add "+joinWords(quoteAll(certificateKeys)), "nothing says which certificates are those of the principal")
	},
}

var otherCertificates = object[OtherCertificates]{
	name:  "otherCertificates",
	title: "Other client certificates",
	fields: []field[OtherCertificates]{
		{
			key: "role", required: true, added: true,
			is: into(clientRole, func(o *OtherCertificates) *string { return &o.Role }), doc: "The role that they get.",
		},
		{
			key: "authid", added: true, def: `"common_name"`,
			is:  into(nameInCertificate, func(o *OtherCertificates) *string { return &o.AuthID }),
			doc: "Which name in the certificate is their authid: the subject's common name, or the first alternative name of a kind. Those who lack it are refused, and those whose name is a principal's.",
		},
	},
}

var nameInCertificate = oneOf(
	word[string]{"common_name", "common_name"}, word[string]{"dns", "dns"}, word[string]{"email", "email"}, word[string]{"uri", "uri"},
)

// fingerprint is so many octets as hex digits, with or without colons.
func fingerprint(size int) form[[]byte] {
	f := octets(size, size)
	f.words += ", with or without colons"
	f.schema = schema{"type": "string", "pattern": "^[0-9a-fA-F:]+$"}
	f.read = func(c *checker, v *value) ([]byte, bool) {
		if v.kind != isText {
			c.wrongType(v, f.words, "")
			return nil, false
		}
		b, err := hex.DecodeString(strings.ReplaceAll(v.text, ":", ""))
		if err != nil || len(b) != size {
			c.fail(BadValue, v.position(), "", "must be %s, is %s", f.words, v)
			return nil, false
		}
		return b, true
	}
	return f
}

// alternativeName is a subject alternative name with its kind.
var alternativeName = anyText.then(func(c *checker, v *value, name string) (string, bool) {
	kind, rest, _ := strings.Cut(name, ":")
	switch {
	case rest == "":
	case kind == "dns":
		return strings.ToLower(name), true
	case kind == "email", kind == "uri", kind == "ip":
		return name, true
	}
	c.fail(BadValue, v.position(), `such as "dns:alice.example.com"`, `must begin with "dns:", "email:", "uri:" or "ip:", is %s`, v)
	return "", false
})

package auth

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// TLS admits clients by the certificate that they presented when they connected,
// which the transport has verified (section 4.6). A Directory finds it in
// Query.Transport; CertificateAccounts does.
type TLS struct {
	Directory Directory
}

// Method returns MethodTLS.
func (TLS) Method() string { return MethodTLS }

// Begin decides without a challenge.
func (t TLS) Begin(ctx context.Context, req *Request) (Step, error) {
	if ClientCertificate(req.Transport) == nil {
		return Step{}, Deny(errors.New("the client presented no certificate that was verified"))
	}
	return grantAtOnce(ctx, t.Directory, req.query(MethodTLS))
}

// ClientCertificate returns the certificate by which a peer has proved itself to
// the listening side, or nil.
func ClientCertificate(info *transport.Info) *x509.Certificate {
	if info == nil || info.TLS == nil || len(info.TLS.VerifiedChains) == 0 || len(info.TLS.PeerCertificates) == 0 {
		return nil
	}
	return info.TLS.PeerCertificates[0]
}

// certificateDetails describes a certificate for dynamic authenticators, in the
// words that authenticators for Crossbar.io know, and "san" (see
// CertificateMatch.Name) and "subject_dn" besides.
func certificateDetails(c *x509.Certificate) wamp.Dict {
	const layout = "20060102150405Z"
	sum1, sum256 := sha1.Sum(c.Raw), sha256.Sum256(c.Raw)
	san := []any{}
	for _, name := range slices.Sorted(maps.Keys(names(c))) {
		san = append(san, name)
	}
	return wamp.Dict{
		"sha1": colons(sum1[:]), "sha256": colons(sum256[:]), "serial": c.SerialNumber.String(),
		"subject": nameDetails(c.Subject), "subject_dn": c.Subject.String(), "san": san,
		"issuer":     nameDetails(c.Issuer),
		"not_before": c.NotBefore.UTC().Format(layout), "not_after": c.NotAfter.UTC().Format(layout),
	}
}

// nameDetails has the first value of each kind, under OpenSSL's short name.
func nameDetails(n pkix.Name) wamp.Dict {
	d := wamp.Dict{}
	if n.CommonName != "" {
		d["cn"] = n.CommonName
	}
	for key, values := range map[string][]string{
		"o": n.Organization, "ou": n.OrganizationalUnit, "c": n.Country, "st": n.Province, "l": n.Locality,
	} {
		if len(values) > 0 {
			d[key] = values[0]
		}
	}
	return d
}

// colons is a fingerprint as OpenSSL and Crossbar.io write it.
func colons(sum []byte) string {
	pairs := make([]string, len(sum))
	for i, b := range sum {
		pairs[i] = strings.ToUpper(hex.EncodeToString([]byte{b}))
	}
	return strings.Join(pairs, ":")
}

// names returns the subject alternative names of a certificate, such as
// "dns:example.com", "email:…", "uri:…" and "ip:…".
func names(c *x509.Certificate) map[string]bool {
	set := map[string]bool{}
	for _, n := range c.DNSNames {
		set["dns:"+strings.ToLower(n)] = true
	}
	for _, n := range c.EmailAddresses {
		set["email:"+n] = true
	}
	for _, n := range c.URIs {
		set["uri:"+n.String()] = true
	}
	for _, n := range c.IPAddresses {
		set["ip:"+n.String()] = true
	}
	return set
}

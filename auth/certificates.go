package auth

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
)

// CertificateMatch says which certificates are a principal's. All fields that
// are set must match; at least one must be set.
type CertificateMatch struct {
	SHA1       []byte // fingerprint, 20 octets
	SHA256     []byte // fingerprint, 32 octets
	Subject    string // the distinguished name in the form of RFC 2253
	CommonName string // of the subject
	Name       string // an alternative name, "dns:…", "email:…", "uri:…" or "ip:…"
}

func (m *CertificateMatch) empty() bool {
	return len(m.SHA1) == 0 && len(m.SHA256) == 0 && m.Subject == "" && m.CommonName == "" && m.Name == ""
}

func (m *CertificateMatch) matches(c *x509.Certificate) bool {
	sum1, sum256 := sha1.Sum(c.Raw), sha256.Sum256(c.Raw)
	return !m.empty() &&
		(len(m.SHA1) == 0 || slices.Equal(m.SHA1, sum1[:])) &&
		(len(m.SHA256) == 0 || slices.Equal(m.SHA256, sum256[:])) &&
		(m.Subject == "" || m.Subject == c.Subject.String()) &&
		(m.CommonName == "" || m.CommonName == c.Subject.CommonName) &&
		(m.Name == "" || names(c)[m.Name])
}

// CertificateAccounts is a Directory of accounts that are found by the client's
// certificate. It is immutable and safe for concurrent use.
type CertificateAccounts struct {
	entries []certificateEntry
	others  func(c *x509.Certificate) *Account // may be nil
}

type certificateEntry struct {
	match   CertificateMatch
	account *Account
}

// Add adds an account, before the directory is used. It must have an AuthID.
func (a *CertificateAccounts) Add(match CertificateMatch, account *Account) error {
	if match.empty() {
		return fmt.Errorf("auth: nothing says which certificates are those of %q", account.AuthID)
	}
	a.entries = append(a.entries, certificateEntry{match, account})
	return nil
}

// AdmitOthers admits verified certificates that fit no account as well, before
// the directory is used. Each is an account of its own: like the model, with
// an authid that the certificate names, which must not be that of an account
// that was added.
func (a *CertificateAccounts) AdmitOthers(model Account, authID CertificateName) {
	a.others = func(c *x509.Certificate) *Account {
		account := model
		if account.AuthID = authID.of(c); account.AuthID == "" || a.has(account.AuthID) {
			return nil
		}
		return &account
	}
}

func (a *CertificateAccounts) has(authID string) bool {
	return slices.ContainsFunc(a.entries, func(e certificateEntry) bool { return e.account.AuthID == authID })
}

// CertificateName is a name in a certificate.
type CertificateName string

// The names that an authid can be taken from. Of alternative names, the first
// of its kind counts.
const (
	NameCommon CertificateName = "common_name"
	NameDNS    CertificateName = "dns"
	NameEmail  CertificateName = "email"
	NameURI    CertificateName = "uri"
)

func (n CertificateName) of(c *x509.Certificate) string {
	switch {
	case n == NameCommon:
		return c.Subject.CommonName
	case n == NameDNS && len(c.DNSNames) > 0:
		return strings.ToLower(c.DNSNames[0])
	case n == NameEmail && len(c.EmailAddresses) > 0:
		return c.EmailAddresses[0]
	case n == NameURI && len(c.URIs) > 0:
		return c.URIs[0].String()
	}
	return ""
}

// Account returns the account whose match fits the certificate: the one with
// the query's authid or, without one, the only one.
func (a *CertificateAccounts) Account(_ context.Context, q *Query) (*Account, error) {
	c := ClientCertificate(q.Transport)
	if c == nil {
		return nil, ErrUnknown
	}
	var found *Account
	for _, e := range a.entries {
		switch {
		case q.AuthID != "" && q.AuthID != e.account.AuthID, !e.match.matches(c):
		case found != nil && found.AuthID != e.account.AuthID:
			return nil, fmt.Errorf("%w: the certificate of %q is that of several principals, and the client does not say which it is", ErrUnknown, c.Subject)
		default:
			found = e.account
		}
	}
	if found == nil && a.others != nil {
		found = a.others(c)
	}
	if found == nil || q.AuthID != "" && q.AuthID != found.AuthID {
		return nil, fmt.Errorf("%w: the certificate of %q", ErrUnknown, c.Subject)
	}
	return found, nil
}

package node

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/junctorio/junctor/internal/config"
)

// tlsConfig reads the files of a listening TLS object. Now is what certificates
// are judged by.
func tlsConfig(cfg *config.TLSListen, now time.Time) (*tls.Config, config.Findings) {
	var findings config.Findings
	pair, fs := keyPair(cfg, now)
	findings = append(findings, fs...)
	out := &tls.Config{
		MinVersion:   tls.VersionTLS12,
		CipherSuites: cfg.CipherSuites,
		Certificates: []tls.Certificate{pair},
	}
	if cfg.CACertificates != nil {
		pool, fs := authorities(cfg, cfg.CACertificates)
		findings = append(findings, fs...)
		out.ClientCAs, out.ClientAuth = pool, tls.RequireAndVerifyClientCert
		if cfg.OptionalClients {
			out.ClientAuth = tls.VerifyClientCertIfGiven
		}
	}
	return out, findings
}

// keyPair reads the certificate with what is sent after it, and its key.
func keyPair(cfg *config.TLSListen, now time.Time) (tls.Certificate, config.Findings) {
	var (
		pair     tls.Certificate
		findings config.Findings
	)
	read := func(file string, steps ...any) []*x509.Certificate {
		certs, err := readCertificates(file)
		if err != nil {
			findings = append(findings, cfg.At(steps...).Problem("", "%v", err))
		}
		return certs
	}
	chain := read(cfg.Certificate, "certificate")
	for i, file := range cfg.ChainCertificates {
		chain = append(chain, read(file, "chain_certificates", i)...)
	}
	key, err := readKey(cfg.Key)
	if err != nil {
		findings = append(findings, cfg.At("key").Problem("", "%v", err))
	}
	if findings.HasErrors() {
		return pair, findings
	}
	if !belongTogether(chain[0], key) {
		findings = append(findings, cfg.At("key").Problem("", "the key %s is not that of the certificate %s", cfg.Key, cfg.Certificate))
	}
	findings = append(findings, judgeChain(cfg, chain, now)...)
	findings = append(findings, judgeCiphers(cfg, chain[0])...)
	for _, c := range chain {
		pair.Certificate = append(pair.Certificate, c.Raw)
	}
	pair.PrivateKey, pair.Leaf = key, chain[0]
	return pair, findings
}

// judgeChain warns of certificates that clients will refuse.
func judgeChain(cfg *config.TLSListen, chain []*x509.Certificate, now time.Time) config.Findings {
	var findings config.Findings
	at := cfg.At("certificate")
	for i, c := range chain {
		switch {
		case now.After(c.NotAfter):
			findings = append(findings, at.Doubt("renew it",
				"the certificate of %q expired on %s", c.Subject.CommonName, c.NotAfter.UTC().Format(time.DateOnly)))
		case now.Before(c.NotBefore):
			findings = append(findings, at.Doubt("check this machine's clock",
				"the certificate of %q is not valid before %s", c.Subject.CommonName, c.NotBefore.UTC().Format(time.DateOnly)))
		}
		switch {
		case i == 0:
		case c.Equal(chain[i-1]):
			findings = append(findings, at.Doubt("remove one of the two", "the certificate of %q stands twice in the chain", c.Subject.CommonName))
		case chain[i-1].CheckSignatureFrom(c) != nil:
			findings = append(findings, at.Doubt("first the certificate, then each one that signed the one before",
				"the chain is broken: %q has not signed %q", c.Subject.CommonName, chain[i-1].Subject.CommonName))
		}
	}
	return findings
}

// judgeCiphers warns of cipher suites that leave TLS 1.3 alone to clients. A
// suite is for one kind of key; Ed25519 counts as ECDSA here.
func judgeCiphers(cfg *config.TLSListen, leaf *x509.Certificate) config.Findings {
	_, isRSA := leaf.PublicKey.(*rsa.PublicKey)
	fits := func(suite uint16) bool { return strings.Contains(tls.CipherSuiteName(suite), "_ECDSA_") != isRSA }
	if len(cfg.CipherSuites) == 0 || slices.ContainsFunc(cfg.CipherSuites, fits) {
		return nil
	}
	return config.Findings{cfg.At("ciphers").Doubt("add one, or leave the key out for Go's choice",
		"no cipher suite is for the certificate's %v key: clients without TLS 1.3 cannot connect", leaf.PublicKeyAlgorithm)}
}

// authorities reads the files of ca_certificates of a TLS object.
func authorities(cfg interface{ At(...any) config.Position }, files []string) (*x509.CertPool, config.Findings) {
	var findings config.Findings
	pool := x509.NewCertPool()
	for i, file := range files {
		certs, err := readCertificates(file)
		if err != nil {
			findings = append(findings, cfg.At("ca_certificates", i).Problem("", "%v", err))
		}
		for _, c := range certs {
			pool.AddCert(c)
		}
	}
	return pool, findings
}

// readCertificates reads a PEM file of at least one certificate.
func readCertificates(file string) ([]*x509.Certificate, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, plain(err)
	}
	var certs []*x509.Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: certificate %d: %w", file, len(certs)+1, err)
		}
		certs = append(certs, c)
	}
	if len(certs) == 0 {
		return nil, fmt.Errorf("%s: no certificate in PEM form", file)
	}
	return certs, nil
}

// readKey reads a PEM file with a private key that is not encrypted.
func readKey(file string) (crypto.PrivateKey, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, plain(err)
	}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		switch {
		case block.Type == "ENCRYPTED PRIVATE KEY", block.Headers["DEK-Info"] != "":
			return nil, fmt.Errorf("%s: the key is encrypted; junctor needs it without a passphrase", file)
		case bytes.HasSuffix([]byte(block.Type), []byte("PRIVATE KEY")):
			key, err := parseKey(block.Bytes)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			return key, nil
		}
	}
	return nil, fmt.Errorf("%s: no private key in PEM form", file)
}

func parseKey(der []byte) (crypto.PrivateKey, error) {
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key, nil
	}
	return nil, errors.New("the key is in none of the forms PKCS #8, PKCS #1 and SEC 1")
}

func belongTogether(cert *x509.Certificate, key crypto.PrivateKey) bool {
	signer, ok := key.(crypto.Signer)
	if !ok {
		return false
	}
	public, ok := signer.Public().(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(cert.PublicKey)
}

// plain drops the name of the system call from an error of package os.
func plain(err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return fmt.Errorf("%s: %w", pe.Path, pe.Err)
	}
	return err
}

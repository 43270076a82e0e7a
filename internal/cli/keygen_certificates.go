package cli

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/junctorio/junctor/internal/config"
)

func (a *app) certificatesCommand() *cobra.Command {
	var servers, clients []string
	var role string
	var days int
	cmd := &cobra.Command{
		Use:   "ca [DIR]",
		Short: "Make an authority for development, and certificates",
		Long: `Make a certificate authority for development and tests, and certificates that
it signs: one for a router, and one for each client.

They go to DIR (default: certificates). An authority that is there already signs
further certificates; no file is overwritten. Private keys are readable by their
owner alone, and none has a passphrase. Do not let production trust this
authority.`,
		Example: `  junctor keygen ca
  junctor keygen ca --server router.example.com --client alice --client bob
  junctor call com.example.hello -u rss://localhost:8082 --tls-ca certificates/ca.pem`,
		Args: atMostOneFile,
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&servers, "server", nil, "a name or address of the router (default: localhost, 127.0.0.1 and ::1, unless there is a certificate of it)")
	flags.StringSliceVar(&clients, "client", nil, "the authid of a client; may be given more than once")
	flags.StringVar(&role, "role", "user", "the role of the clients, in the configuration that is printed")
	flags.IntVar(&days, "days", 365, "how long the certificates are valid")
	out := a.outputFlags(cmd)
	out.textByDefault(cmd)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		p, err := out.printer()
		if err != nil {
			return err
		}
		if days < 1 || days > 3650 {
			return usagef("--days %d: want 1 to 3650", days)
		}
		c := &certificates{p: p, dir: "certificates", until: time.Now().AddDate(0, 0, days), role: role}
		if len(args) == 1 {
			c.dir = args[0]
		}
		return c.make(servers, clients)
	}
	return cmd
}

// certificates makes an authority and what it signs.
type certificates struct {
	p     *printer
	dir   string
	until time.Time
	role  string

	authority *x509.Certificate
	key       *ecdsa.PrivateKey // the authority's
	made      []string          // files
}

func (c *certificates) make(servers, clients []string) error {
	for _, client := range clients {
		if client == "" || client == "ca" || client == "server" || client[0] == '.' || strings.ContainsAny(client, `/\`) {
			return usagef("--client %s: no good name for a file", quote(client))
		}
	}
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return err
	}
	if err := c.openAuthority(); err != nil {
		return err
	}
	if err := c.server(servers); err != nil {
		return err
	}
	principals := make(map[string]any)
	for _, client := range clients {
		cert, err := c.issue(client, &x509.Certificate{
			Subject: pkix.Name{CommonName: client}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		})
		if err != nil {
			return err
		}
		principals[client] = map[string]any{"certificate-sha256": fingerprint(cert), "role": c.role}
	}
	c.print(principals)
	return nil
}

// openAuthority reads the authority of the directory, or makes it.
func (c *certificates) openAuthority() error {
	pemText, err := config.Secret{File: c.path("ca.pem")}.Octets()
	if errors.Is(err, fs.ErrNotExist) {
		return c.newAuthority()
	}
	if err != nil {
		return err
	}
	keyText, err := config.Secret{File: c.path("ca.key")}.Octets()
	if err != nil {
		return err
	}
	certBlock, _ := pem.Decode(pemText)
	keyBlock, _ := pem.Decode(keyText)
	if certBlock == nil || keyBlock == nil {
		return fmt.Errorf("%s and ca.key are no authority that this program has made", c.path("ca.pem"))
	}
	if c.authority, err = x509.ParseCertificate(certBlock.Bytes); err != nil {
		return fmt.Errorf("%s: %w", c.path("ca.pem"), err)
	}
	key, err := x509.ParsePKCS8PrivateKey(keyBlock.Bytes)
	if err != nil {
		return fmt.Errorf("%s: %w", c.path("ca.key"), err)
	}
	var ok bool
	if c.key, ok = key.(*ecdsa.PrivateKey); !ok || !c.key.PublicKey.Equal(c.authority.PublicKey) {
		return fmt.Errorf("%s is not the key of %s", c.path("ca.key"), c.path("ca.pem"))
	}
	if c.authority.NotAfter.Before(c.until) {
		c.until = c.authority.NotAfter // what is signed does not outlive who signed
	}
	return nil
}

func (c *certificates) newAuthority() error {
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "junctor development authority"},
		IsCA:    true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	var err error
	c.authority, c.key, err = c.write("ca", template)
	return err
}

// server makes the router's certificate. Without names it is for this machine,
// and one that is there already will do.
func (c *certificates) server(names []string) error {
	if len(names) == 0 {
		if _, err := os.Stat(c.path("server.pem")); err == nil {
			return nil
		}
		names = []string{"localhost", "127.0.0.1", "::1"}
	}
	template := &x509.Certificate{Subject: pkix.Name{CommonName: names[0]}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	for _, name := range names {
		if addr, err := netip.ParseAddr(name); err == nil {
			template.IPAddresses = append(template.IPAddresses, addr.AsSlice())
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	_, err := c.issue("server", template)
	return err
}

// issue makes a certificate that the authority signs.
func (c *certificates) issue(name string, template *x509.Certificate) (*x509.Certificate, error) {
	template.KeyUsage = x509.KeyUsageDigitalSignature
	cert, _, err := c.write(name, template)
	return cert, err
}

// write makes a key and its certificate, signed by the authority or, as long as
// there is none, by itself, and writes both.
func (c *certificates) write(name string, template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)); err != nil {
		return nil, nil, err
	}
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), c.until // for clocks that are slow
	parent, signer := template, key
	if c.authority != nil {
		parent, signer = c.authority, c.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		return nil, nil, fmt.Errorf("certificate of %s: %w", name, err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, nil, err
	}
	return cert, key, c.save(name, der, key)
}

func (c *certificates) save(name string, der []byte, key *ecdsa.PrivateKey) error {
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	keyFile, certFile := c.path(name+".key"), c.path(name+".pem")
	if err := writeNew(keyFile, pemText("PRIVATE KEY", keyDER), 0o600); err != nil {
		return err
	}
	if err := writeNew(certFile, pemText("CERTIFICATE", der), 0o644); err != nil {
		return errors.Join(err, os.Remove(keyFile)) // half a pair is of no use
	}
	c.made = append(c.made, keyFile, certFile)
	return nil
}

func pemText(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func (c *certificates) path(name string) string { return filepath.Join(c.dir, name) }

// print prints what was made, and what a router needs of it.
func (c *certificates) print(principals map[string]any) {
	endpoint := map[string]any{"certificate": c.path("server.pem"), "key": c.path("server.key")}
	made := map[string]any{"files": c.made, "tls": endpoint}
	if len(principals) > 0 {
		endpoint["ca_certificates"] = []string{c.path("ca.pem")}
		made["auth"] = map[string]any{"tls": map[string]any{"type": "static", "principals": principals}}
	}
	if c.p.json {
		c.p.line(made)
		return
	}
	for _, file := range c.made {
		c.p.text("%s", file)
	}
	tls, _ := json.MarshalIndent(map[string]any{"tls": endpoint}, "", "  ") // of maps and strings
	c.p.text("\nFor the transport's \"endpoint\" in the router's configuration:\n%s", tls)
	if len(principals) > 0 {
		auth, _ := json.MarshalIndent(made["auth"], "", "  ")
		c.p.text("\nFor the transport's \"auth\":\n%s", auth)
	}
	c.p.text("\nClients trust the router by %s.", c.path("ca.pem"))
}

// fingerprint is a certificate's SHA-256 as openssl writes it.
func fingerprint(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	pairs := make([]string, len(sum))
	for i, b := range sum {
		pairs[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(pairs, ":")
}

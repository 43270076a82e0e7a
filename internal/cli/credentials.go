package cli

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/internal/config"
	"github.com/junctorio/junctor/transport"
)

// credentialFlags are the flags that say how to sign in. No secret is a flag:
// every process of a machine can read the arguments of all others.
type credentialFlags struct {
	methods      string
	ticketFile   string
	secretFile   string
	passwordFile string
	keyFile      string
	routerKey    string
	binding      string
}

func (f *credentialFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.methods, "auth", "", "the authentication methods to offer, such as cryptosign,ticket (JUNCTOR_AUTH; default: all that there are credentials for, else anonymous)")
	flags.StringVar(&f.ticketFile, "ticket-file", "", "log in with the ticket in this file, - is standard input (JUNCTOR_TICKET, JUNCTOR_TICKET_FILE)")
	flags.StringVar(&f.secretFile, "secret-file", "", "log in by WAMP-CRA with the secret in this file (JUNCTOR_SECRET, JUNCTOR_SECRET_FILE)")
	flags.StringVar(&f.passwordFile, "password-file", "", "log in by WAMP-SCRAM with the password in this file (JUNCTOR_PASSWORD, JUNCTOR_PASSWORD_FILE)")
	flags.StringVar(&f.keyFile, "private-key", "", "log in by cryptosign with the Ed25519 key in this file (WAMP_PRIVATE_KEY, JUNCTOR_PRIVATE_KEY_FILE)")
	flags.StringVar(&f.routerKey, "router-key", "", "with --private-key: the public key that the router must prove to have (JUNCTOR_ROUTER_KEY)")
	flags.StringVar(&f.binding, "channel-binding", "", "tie the login by cryptosign or WAMP-SCRAM to the TLS connection: tls-exporter, tls-unique or tls-server-end-point (JUNCTOR_CHANNEL_BINDING)")
}

// methodFlag is a method as --auth names it.
type methodFlag struct {
	name string
	// signer returns the credentials; nil if there are none, which lack says
	// how to give.
	signer func(*clientFlags, transport.Address) (auth.Signer, error)
	lack   string
}

// methodFlags are the methods, the strongest first: in this order they are
// offered by default.
var methodFlags = []methodFlag{
	{"tls", (*clientFlags).tlsSigner, "give --tls-cert and --tls-key, and a URL with TLS"},
	{"peercred", (*clientFlags).processSigner, "the URL must be that of a Unix socket, and the method named with --auth"},
	{"cryptosign", (*clientFlags).cryptosignSigner, "give --private-key, or WAMP_PRIVATE_KEY"},
	{"scram", (*clientFlags).scramSigner, "give --password-file, or JUNCTOR_PASSWORD"},
	{"wampcra", (*clientFlags).craSigner, "give --secret-file, or JUNCTOR_SECRET"},
	{"ticket", (*clientFlags).ticketSigner, "give --ticket-file, or JUNCTOR_TICKET"},
	{"anonymous", (*clientFlags).anonymousSigner, ""},
}

// signers returns the credentials to offer; none is to join as anonymous.
func (f *clientFlags) signers(router transport.Address) ([]auth.Signer, error) {
	c := &f.credentials
	f.fall(&c.methods, "JUNCTOR_AUTH", "")
	f.fall(&c.routerKey, "JUNCTOR_ROUTER_KEY", "")
	f.fall(&c.binding, "JUNCTOR_CHANNEL_BINDING", "")
	if c.methods != "" {
		return f.namedSigners(router, strings.Split(c.methods, ","))
	}
	var all []auth.Signer
	for _, m := range methodFlags {
		if m.name == "peercred" || m.name == "anonymous" {
			continue // need nothing, so that nothing says whether they are wanted
		}
		signer, err := m.signer(f, router)
		if err != nil {
			return nil, err
		}
		if signer != nil {
			all = append(all, signer)
		}
	}
	if len(all) == 1 && all[0].Method() == auth.MethodTLS {
		all = append(all, auth.AnonymousSigner{}) // a certificate may be for the connection alone
	}
	return all, nil
}

// namedSigners returns the credentials for --auth.
func (f *clientFlags) namedSigners(router transport.Address, names []string) ([]auth.Signer, error) {
	var all []auth.Signer
	for i, name := range names {
		name = strings.TrimPrefix(strings.ToLower(strings.TrimSpace(name)), "wamp-")
		at := slices.IndexFunc(methodFlags, func(m methodFlag) bool { return m.name == name })
		if at < 0 {
			return nil, usagef("--auth %s: want one or more of %s, with commas between", quote(names[i]), strings.Join(methodNames(), ", "))
		}
		signer, err := methodFlags[at].signer(f, router)
		switch {
		case err != nil:
			return nil, err
		case signer == nil:
			return nil, usagef("--auth %s: no credentials for it; %s", name, methodFlags[at].lack)
		case slices.ContainsFunc(all, func(s auth.Signer) bool { return s.Method() == signer.Method() }):
			return nil, usagef("--auth %s: the method is given twice", name)
		}
		all = append(all, signer)
	}
	return all, nil
}

func methodNames() []string {
	var names []string
	for _, m := range methodFlags {
		names = append(names, m.name)
	}
	return names
}

func (f *clientFlags) anonymousSigner(transport.Address) (auth.Signer, error) {
	return auth.AnonymousSigner{}, nil
}

func (f *clientFlags) tlsSigner(router transport.Address) (auth.Signer, error) {
	if !router.TLS || f.certFile == "" {
		return nil, nil
	}
	return auth.CertificateSigner{}, nil
}

func (f *clientFlags) processSigner(router transport.Address) (auth.Signer, error) {
	if router.Network != "unix" {
		return nil, nil
	}
	return auth.ProcessSigner{}, nil
}

func (f *clientFlags) ticketSigner(transport.Address) (auth.Signer, error) {
	ticket, err := f.secret(f.credentials.ticketFile, "--ticket-file", "JUNCTOR_TICKET")
	if ticket == "" || err != nil {
		return nil, err
	}
	return auth.TicketSigner{AuthID: f.authID, Ticket: ticket}, f.needAuthID("a ticket")
}

func (f *clientFlags) craSigner(transport.Address) (auth.Signer, error) {
	secret, err := f.secret(f.credentials.secretFile, "--secret-file", "JUNCTOR_SECRET")
	if secret == "" || err != nil {
		return nil, err
	}
	return auth.CRASigner{AuthID: f.authID, Secret: secret}, f.needAuthID("WAMP-CRA")
}

func (f *clientFlags) scramSigner(router transport.Address) (auth.Signer, error) {
	password, err := f.secret(f.credentials.passwordFile, "--password-file", "JUNCTOR_PASSWORD")
	if password == "" || err != nil {
		return nil, err
	}
	if err := f.needAuthID("WAMP-SCRAM"); err != nil {
		return nil, err
	}
	return auth.SCRAMSigner{AuthID: f.authID, Password: password, ChannelBinding: f.credentials.binding}, f.needBinding(router)
}

func (f *clientFlags) cryptosignSigner(router transport.Address) (auth.Signer, error) {
	text, err := f.privateKey()
	if text == nil || err != nil {
		return nil, err
	}
	c := &f.credentials
	signer := auth.CryptosignSigner{AuthID: f.authID, ChannelBinding: c.binding}
	if signer.Key, err = auth.ParsePrivateKey(text); err != nil {
		return nil, fmt.Errorf("%s: %w", cmp.Or(c.keyFile, "WAMP_PRIVATE_KEY"), err)
	}
	if c.routerKey != "" {
		var key ed25519.PublicKey
		if key, err = auth.ParsePublicKey(c.routerKey); err != nil {
			return nil, usagef("--router-key: %v", err)
		}
		signer.RouterKey = key
	}
	return signer, f.needBinding(router)
}

func (f *clientFlags) needAuthID(what string) error {
	if f.authID == "" {
		return usagef("%s belongs to somebody: say to whom with --authid, or JUNCTOR_AUTHID", what)
	}
	return nil
}

func (f *clientFlags) needBinding(router transport.Address) error {
	switch b := f.credentials.binding; {
	case b == "":
		return nil
	case b != auth.BindTLSExporter && b != auth.BindTLSUnique && b != auth.BindTLSServerEndPoint:
		return usagef("--channel-binding %s: want %s, %s or %s", quote(b), auth.BindTLSExporter, auth.BindTLSUnique, auth.BindTLSServerEndPoint)
	case !router.TLS:
		return usagef("--channel-binding needs a URL with TLS, such as rss://host:8082; got %s", f.url)
	}
	return nil
}

// secret returns the secret in a file, else that of the environment, in a
// variable itself or in the file that variable_FILE names; "" if there is none.
func (f *clientFlags) secret(file, flag, variable string) (string, error) {
	if file == "" {
		if secret := f.app.env.Getenv(variable); secret != "" {
			return secret, nil
		}
		if file = f.app.env.Getenv(variable + "_FILE"); file == "" {
			return "", nil
		}
		flag = variable + "_FILE"
	}
	secret, err := f.readSecret(file)
	if err != nil {
		return "", fmt.Errorf("%s: %w", flag, err)
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(secret), "\n"), "\r")
	if text == "" {
		return "", fmt.Errorf("%s: %s is empty", flag, file)
	}
	return text, nil
}

// privateKey returns the private key as it is in its file or in the environment;
// nil if there is none.
func (f *clientFlags) privateKey() ([]byte, error) {
	c := &f.credentials
	if c.keyFile == "" {
		if text := f.app.env.Getenv("WAMP_PRIVATE_KEY"); text != "" {
			return []byte(text), nil
		}
		if c.keyFile = f.app.env.Getenv("JUNCTOR_PRIVATE_KEY_FILE"); c.keyFile == "" {
			return nil, nil
		}
	}
	if auth.LooksPublic(c.keyFile) {
		return nil, usagef("--private-key: %s is the public key; give the private one", c.keyFile)
	}
	text, err := f.readSecret(c.keyFile)
	if err != nil {
		return nil, fmt.Errorf("--private-key: %w", err)
	}
	return text, nil
}

// readSecret reads a file with a secret, or standard input.
func (f *clientFlags) readSecret(file string) ([]byte, error) {
	if file != "-" {
		return config.Secret{File: file}.Octets()
	}
	secret, err := io.ReadAll(io.LimitReader(f.app.env.Stdin, maxSecret+1))
	switch {
	case err != nil:
		return nil, err
	case len(secret) > maxSecret:
		return nil, fmt.Errorf("more than %d octets in standard input", maxSecret)
	case len(bytes.TrimSpace(secret)) == 0:
		return nil, errors.New("nothing in standard input")
	}
	return secret, nil
}

// maxSecret bounds a secret from standard input, in octets.
const maxSecret = 1 << 16

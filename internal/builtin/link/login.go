package link

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/junctorio/junctor/auth"
)

// login is how to sign in to the upstream realm, with the keys that a
// connecting transport has. A nil *login is to join as anonymous.
type login struct {
	TLS        *namedLogin      `json:"tls"`
	Cryptosign *cryptosignLogin `json:"cryptosign"`
	SCRAM      *scramLogin      `json:"scram"`
	WAMPCRA    *craLogin        `json:"wampcra"`
	Ticket     *ticketLogin     `json:"ticket"`
}

type namedLogin struct {
	AuthID string `json:"authid"`
}

type cryptosignLogin struct {
	AuthID         string `json:"authid"`
	Key            string `json:"key"` // a file
	ChannelBinding string `json:"channel_binding"`
	RouterKey      string `json:"router_key"`
}

type scramLogin struct {
	AuthID         string `json:"authid"`
	Password       secret `json:"password"`
	ChannelBinding string `json:"channel_binding"`
}

type craLogin struct {
	AuthID string `json:"authid"`
	Secret secret `json:"secret"`
}

type ticketLogin struct {
	AuthID string `json:"authid"`
	Ticket secret `json:"ticket"`
}

// secret is a string, or the file that holds it.
type secret struct{ text, file string }

// UnmarshalJSON reads a string or {"file": "PATH"}. What it is stands in no error.
func (s *secret) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &s.text) == nil && s.text != "" {
		return nil
	}
	var in map[string]string
	if err := json.Unmarshal(data, &in); err != nil || len(in) != 1 || in["file"] == "" {
		return errors.New(`want a string, or {"file": "PATH"}`)
	}
	s.file = in["file"]
	return nil
}

// read returns the secret, of a file without the end of its line.
func (s secret) read(dir string) (string, error) {
	if s.file == "" {
		if s.text == "" {
			return "", errors.New("is required")
		}
		return s.text, nil
	}
	text, err := os.ReadFile(absolute(dir, s.file))
	if err != nil {
		return "", err
	}
	found := strings.TrimRight(string(text), "\r\n")
	if found == "" {
		return "", fmt.Errorf("%s is empty", s.file)
	}
	return found, nil
}

// signers returns the credentials, the strongest first. Files are relative to
// dir; that of a ticket is read at each login.
func (l *login) signers(dir string) ([]auth.Signer, error) {
	if l == nil {
		return nil, nil
	}
	var all []auth.Signer
	if t := l.TLS; t != nil {
		all = append(all, auth.CertificateSigner{AuthID: t.AuthID})
	}
	if c := l.Cryptosign; c != nil {
		s, err := c.signer(dir)
		if err != nil {
			return nil, fmt.Errorf("auth.cryptosign.%w", err)
		}
		all = append(all, s)
	}
	if c := l.SCRAM; c != nil {
		password, err := c.Password.read(dir)
		if err != nil {
			return nil, fmt.Errorf("auth.scram.password: %w", err)
		}
		all = append(all, auth.SCRAMSigner{AuthID: c.AuthID, Password: password, ChannelBinding: c.ChannelBinding})
	}
	if c := l.WAMPCRA; c != nil {
		shared, err := c.Secret.read(dir)
		if err != nil {
			return nil, fmt.Errorf("auth.wampcra.secret: %w", err)
		}
		all = append(all, auth.CRASigner{AuthID: c.AuthID, Secret: shared})
	}
	if t := l.Ticket; t != nil {
		if _, err := t.Ticket.read(dir); err != nil {
			return nil, fmt.Errorf("auth.ticket.ticket: %w", err)
		}
		all = append(all, auth.TicketSigner{AuthID: t.AuthID, Fetch: func(context.Context) (string, error) { return t.Ticket.read(dir) }})
	}
	return all, nil
}

func (c *cryptosignLogin) signer(dir string) (s auth.CryptosignSigner, err error) {
	s.AuthID, s.ChannelBinding = c.AuthID, c.ChannelBinding
	file, err := os.ReadFile(absolute(dir, c.Key))
	if err != nil {
		return s, fmt.Errorf("key: %w", err)
	}
	if s.Key, err = auth.ParsePrivateKey(file); err != nil {
		return s, fmt.Errorf("key: %s: %w", c.Key, err)
	}
	if c.RouterKey != "" {
		var key ed25519.PublicKey
		if key, err = auth.ParsePublicKey(c.RouterKey); err != nil {
			return s, fmt.Errorf("router_key: %w", err)
		}
		s.RouterKey = key
	}
	return s, nil
}

// check finds what no file has to be read for.
func (l *login) check(withTLS bool) error {
	if l == nil {
		return nil
	}
	type identity struct{ method, authID string }
	var all []identity
	if c := l.SCRAM; c != nil {
		all = append(all, identity{"scram", c.AuthID})
	}
	if c := l.WAMPCRA; c != nil {
		all = append(all, identity{"wampcra", c.AuthID})
	}
	if t := l.Ticket; t != nil {
		all = append(all, identity{"ticket", t.AuthID})
	}
	for _, i := range all {
		if i.authID == "" {
			return fmt.Errorf("auth.%s.authid: is required", i.method)
		}
	}
	if c := l.Cryptosign; c != nil && c.Key == "" {
		return errors.New("auth.cryptosign.key: is required")
	}
	if l.TLS != nil && !withTLS {
		return errors.New("auth.tls: there is no tls.certificate to log in with")
	}
	return nil
}

package node

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/internal/config"
)

// signers are the credentials of a connecting transport, the strongest first:
// the router takes the first method that it has (AUTH-1). Files are read, that
// of a ticket once more at each login.
func signers(cfg *config.ConnectAuth) ([]auth.Signer, config.Findings) {
	var s signerList
	if t := cfg.TLS; t != nil {
		s.add(auth.CertificateSigner{AuthID: t.AuthID})
	}
	if p := cfg.PeerCred; p != nil {
		s.add(auth.ProcessSigner{AuthID: p.AuthID})
	}
	s.addCryptosign(cfg.Cryptosign)
	if p := cfg.SCRAM; p != nil {
		s.add(auth.SCRAMSigner{
			AuthID: p.AuthID, Password: s.read(p.Password, p.At("password")), ChannelBinding: p.ChannelBinding,
		})
	}
	if c := cfg.WAMPCRA; c != nil {
		s.add(auth.CRASigner{AuthID: c.AuthID, Secret: s.read(c.Secret, c.At("secret"))})
	}
	if t := cfg.Ticket; t != nil {
		s.read(t.Ticket, t.At("ticket"))
		s.add(auth.TicketSigner{AuthID: t.AuthID, Fetch: func(context.Context) (string, error) { return t.Ticket.Read() }})
	}
	if a := cfg.Anonymous; a != nil && len(s.signers) > 0 {
		s.add(auth.AnonymousSigner{AuthID: a.AuthID})
	}
	return s.signers, s.findings
}

// signerList collects signers, and what is wrong with their files.
type signerList struct {
	signers  []auth.Signer
	findings config.Findings
}

func (s *signerList) add(signer auth.Signer) { s.signers = append(s.signers, signer) }

func (s *signerList) problem(at config.Position, err error) {
	s.findings = append(s.findings, at.Problem("", "%v", err))
}

func (s *signerList) read(secret config.Secret, at config.Position) string {
	text, err := secret.Read()
	if err != nil {
		s.problem(at, err)
	}
	return text
}

func (s *signerList) addCryptosign(cfg *config.CryptosignCredentials) {
	if cfg == nil {
		return
	}
	signer := auth.CryptosignSigner{AuthID: cfg.AuthID, ChannelBinding: cfg.ChannelBinding, BindingOptional: cfg.BindingOptional}
	var err error
	if signer.Key, err = privateKey(cfg.Key); err != nil {
		s.problem(cfg.At("key"), err)
	}
	if cfg.RouterKey != "" {
		if signer.RouterKey, err = auth.ParsePublicKey(cfg.RouterKey); err != nil {
			s.problem(cfg.At("router_key"), err)
		}
	}
	s.add(signer)
}

var errPublicKey = errors.New("this is the file of a public key; name the private one")

// privateKey reads an Ed25519 key.
func privateKey(secret config.Secret) (ed25519.PrivateKey, error) {
	if auth.LooksPublic(secret.File) {
		return nil, errPublicKey
	}
	data, err := secret.Octets()
	if err != nil {
		return nil, err
	}
	key, err := auth.ParsePrivateKey(data)
	if err != nil && secret.File != "" {
		err = fmt.Errorf("%s: %w", secret.File, err)
	}
	return key, err
}

package node

import (
	"crypto/ed25519"
	"fmt"
	"os"
	"os/user"
	"slices"
	"strconv"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/internal/config"
)

// scram is the method as specified, if there is anybody who can use it.
func (w *routerWorker) scram(cfg *config.Auth) (auth.Authenticator, config.Findings) {
	dir, findings := w.scramDirectory(cfg.SCRAM, auth.KDFArgon2id)
	for _, p := range principalsOf(cfg.SCRAM) {
		v := scramVerifier(p)
		if cost := v.Cost(); cost.KDF != auth.KDFLegacyArgon2id && cost.Check() != nil {
			findings = append(findings, p.At("iterations").Doubt(`see "junctor keygen"`,
				"clients refuse what is too weak, or too much work: %v", cost.Check()))
		}
	}
	if dir == nil {
		return nil, findings
	}
	return auth.SCRAM{Directory: dir}, findings
}

// legacySCRAM is the dialect of Autobahn, if there is anybody who can use it.
func (w *routerWorker) legacySCRAM(cfg *config.Auth) (auth.Authenticator, config.Findings) {
	dir, _ := w.scramDirectory(cfg.SCRAM, auth.KDFLegacyArgon2id) // scram has told
	if dir == nil {
		return nil, nil
	}
	return auth.LegacySCRAM{Directory: dir}, nil
}

func principalsOf(c *config.SCRAM) []config.SCRAMPrincipal {
	if c == nil {
		return nil
	}
	return c.Principals
}

// scramDirectory is those whose keys were made as a dialect wants it: by pbkdf2
// or by its form of Argon2id. It is nil if there are none.
func (w *routerWorker) scramDirectory(c *config.SCRAM, argon string) (auth.Directory, config.Findings) {
	if c == nil {
		return nil, nil
	}
	if c.Dynamic != nil {
		return w.dynamic(c.Dynamic), nil
	}
	var accounts []*auth.Account
	var findings config.Findings
	for _, p := range c.Principals {
		authID, err := auth.SCRAMAuthID(p.AuthID)
		if err != nil {
			findings = append(findings, p.At().Problem("", "%v", err))
		}
		if err == nil && (p.KDF == argon || p.KDF == auth.KDFPBKDF2) {
			accounts = append(accounts, &auth.Account{AuthID: authID, Role: p.Role, Provider: "static", SCRAM: scramVerifier(p)})
		}
	}
	if len(accounts) == 0 {
		return nil, findings
	}
	dir, fs := directoryOf(c.Place, accounts)
	if findings = append(findings, fs...); dir == nil {
		return nil, findings
	}
	return dir, findings
}

func scramVerifier(p config.SCRAMPrincipal) *auth.SCRAMVerifier {
	return &auth.SCRAMVerifier{
		KDF: p.KDF, Salt: p.Salt, Iterations: p.Iterations, Memory: p.Memory,
		StoredKey: p.StoredKey, ServerKey: p.ServerKey,
	}
}

func (w *routerWorker) cryptosign(cfg *config.Auth) (auth.Authenticator, config.Findings) {
	c := cfg.Cryptosign
	if c == nil {
		return nil, nil
	}
	key, findings := routerKey(c)
	if c.Dynamic != nil {
		return auth.Cryptosign{Directory: w.dynamic(c.Dynamic), Key: key}, findings
	}
	var accounts []*auth.Account
	for _, p := range c.Principals {
		accounts = append(accounts, &auth.Account{AuthID: p.AuthID, Role: p.Role, Realm: p.Realm, Provider: "static", Keys: p.Keys})
		if holds(p.Keys, key) {
			findings = append(findings, p.At("authorized_keys").Problem(`"junctor keygen" makes another one`,
				"one of the keys is the router's own (router_key), with which it signs what clients send: whoever connects could log in with it"))
		}
	}
	dir, err := auth.NewKeyedAccounts(accounts...)
	if err != nil {
		return nil, append(findings, c.At().Problem("", "%v", err))
	}
	return auth.Cryptosign{Directory: dir, Key: key}, findings
}

// holds reports whether a key is one of the public keys.
func holds(keys []ed25519.PublicKey, key ed25519.PrivateKey) bool {
	return key != nil && slices.ContainsFunc(keys, func(k ed25519.PublicKey) bool { return k.Equal(key.Public()) })
}

// routerKey reads what the router proves itself with.
func routerKey(c *config.Cryptosign) (ed25519.PrivateKey, config.Findings) {
	if c.RouterKey == "" {
		return nil, nil
	}
	if auth.LooksPublic(c.RouterKey) {
		return nil, config.Findings{c.At("router_key").Problem("", "%v", errPublicKey)}
	}
	data, err := os.ReadFile(c.RouterKey)
	if err != nil {
		return nil, config.Findings{c.At("router_key").Problem(`"junctor keygen" makes one`, "%v", plain(err))}
	}
	key, err := auth.ParsePrivateKey(data)
	if err != nil {
		return nil, config.Findings{c.At("router_key").Problem("", "%s: %v", c.RouterKey, err)}
	}
	return key, nil
}

func (w *routerWorker) certificates(cfg *config.Auth) (auth.Authenticator, config.Findings) {
	c := cfg.TLS
	if c == nil {
		return nil, nil
	}
	if c.Dynamic != nil {
		return auth.TLS{Directory: w.dynamic(c.Dynamic)}, nil
	}
	var findings config.Findings
	dir := new(auth.CertificateAccounts)
	for _, p := range c.Principals {
		match := auth.CertificateMatch{SHA1: p.SHA1, SHA256: p.SHA256, Subject: p.Subject, CommonName: p.CommonName, Name: p.SAN}
		if err := dir.Add(match, &auth.Account{AuthID: p.AuthID, Role: p.Role, Provider: "static"}); err != nil {
			findings = append(findings, p.At().Problem("", "%v", err))
		}
	}
	if o := c.Others; o != nil {
		dir.AdmitOthers(auth.Account{Role: o.Role, Provider: "static"}, auth.CertificateName(o.AuthID))
	}
	return auth.TLS{Directory: dir}, findings
}

func (w *routerWorker) peerCred(cfg *config.Auth) (auth.Authenticator, config.Findings) {
	c := cfg.PeerCred
	if c == nil {
		return nil, nil
	}
	if c.Dynamic != nil {
		return auth.PeerCred{Directory: w.dynamic(c.Dynamic)}, nil
	}
	var rules auth.PeerRules
	var findings config.Findings
	for _, r := range c.Rules {
		rule := auth.PeerRule{Program: r.Program, Account: auth.Account{AuthID: r.AuthID, Role: r.Role, Provider: "static"}}
		var err error
		if rule.UID, err = accountNumber(r.User, userNumber); err != nil {
			findings = append(findings, r.At("user").Problem("", "%v", err))
		}
		if rule.GID, err = accountNumber(r.Group, groupNumber); err != nil {
			findings = append(findings, r.At("group").Problem("", "%v", err))
		}
		rules = append(rules, rule)
	}
	return auth.PeerCred{Directory: rules}, findings
}

// accountNumber is the number of a user or group, which is given by number or by
// name; nil where it is not given.
func accountNumber(given string, lookUp func(name string) (string, error)) (*uint32, error) {
	if given == "" {
		return nil, nil
	}
	text := given
	if _, err := strconv.ParseUint(given, 10, 32); err != nil {
		if text, err = lookUp(given); err != nil {
			return nil, err
		}
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("%q has no number from 0 to 4294967295", given)
	}
	number := uint32(n)
	return &number, nil
}

func userNumber(name string) (string, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return "", fmt.Errorf("there is no user %q on this machine", name)
	}
	return u.Uid, nil
}

func groupNumber(name string) (string, error) {
	g, err := user.LookupGroup(name)
	if err != nil {
		return "", fmt.Errorf("there is no group %q on this machine", name)
	}
	return g.Gid, nil
}

package node

import (
	"cmp"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/internal/config"
)

// methodBuilders make what is configured of each authentication method. They
// return nil for a method that is not, and what is wrong with one that is.
var methodBuilders = []func(w *routerWorker, cfg *config.Auth) (auth.Authenticator, config.Findings){
	(*routerWorker).anonymous,
	(*routerWorker).ticket,
	(*routerWorker).wampcra,
	(*routerWorker).scram,
	(*routerWorker).legacySCRAM,
	(*routerWorker).cryptosign,
	(*routerWorker).certificates,
	(*routerWorker).peerCred,
}

// methods are what clients of a transport may authenticate with. The empty Set
// admits nobody.
func (w *routerWorker) methods(cfg *config.Auth) (auth.Set, config.Findings) {
	var set auth.Set
	var findings config.Findings
	for _, build := range methodBuilders {
		method, fs := build(w, cfg)
		findings = append(findings, fs...)
		if method != nil {
			set = append(set, method)
		}
	}
	return set, findings
}

func (w *routerWorker) anonymous(cfg *config.Auth) (auth.Authenticator, config.Findings) {
	a := cfg.Anonymous
	if a == nil {
		return nil, nil
	}
	if a.Dynamic != nil {
		return auth.Anybody{Directory: w.dynamic(a.Dynamic)}, nil
	}
	return auth.Anonymous{Role: cmp.Or(a.Role, auth.DefaultRole), AuthID: a.AuthID}, nil
}

func (w *routerWorker) wampcra(cfg *config.Auth) (auth.Authenticator, config.Findings) {
	c := cfg.WAMPCRA
	if c == nil {
		return nil, nil
	}
	if c.Dynamic != nil {
		return auth.CRA{Directory: w.dynamic(c.Dynamic)}, nil
	}
	var accounts []*auth.Account
	var findings config.Findings
	for _, u := range c.Users {
		secret, problem := craSecret(u)
		if problem != nil {
			findings = append(findings, *problem)
			continue
		}
		accounts = append(accounts, &auth.Account{AuthID: u.AuthID, Role: u.Role, CRA: secret})
	}
	directory, fs := directoryOf(c.Place, accounts)
	return auth.CRA{Directory: directory}, append(findings, fs...)
}

func craSecret(u config.CRAUser) (*auth.CRASecret, *config.Finding) {
	text, err := u.Secret.Read()
	if err != nil {
		f := u.At("secret").Problem("", "%v", err)
		return nil, &f
	}
	secret, err := auth.ReadCRASecret(text, u.Salt, u.Iterations, u.KeyLen, u.Derived)
	if err != nil {
		f := u.At("secret").Problem(`see "junctor keygen"`, "%v", err)
		return nil, &f
	}
	return secret, nil
}

// directoryOf is the accounts that stand in the file.
func directoryOf(at config.Place, accounts []*auth.Account) (*auth.Accounts, config.Findings) {
	directory, err := auth.NewAccounts(accounts...)
	if err != nil {
		return nil, config.Findings{at.At().Problem("", "%v", err)}
	}
	return directory, nil
}

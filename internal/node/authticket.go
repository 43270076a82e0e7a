package node

import (
	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/internal/config"
)

func (w *routerWorker) ticket(cfg *config.Auth) (auth.Authenticator, config.Findings) {
	t := cfg.Ticket
	if t == nil {
		return nil, nil
	}
	method := auth.Ticket{Cleartext: t.Cleartext}
	var findings config.Findings
	switch {
	case t.Dynamic != nil:
		method.Verifier = w.dynamic(t.Dynamic)
	case t.Tokens != nil:
		method.Verifier, findings = w.tokens(t.Tokens)
	default:
		method.Verifier, findings = tickets(t)
	}
	return method, findings
}

// tickets are those that stand in the file. The program keeps their hashes only.
func tickets(cfg *config.Ticket) (auth.TicketVerifier, config.Findings) {
	var holders []auth.TicketHolder
	var findings config.Findings
	for _, p := range cfg.Principals {
		hash := p.Hash
		if p.Ticket != (config.Secret{}) {
			text, err := p.Ticket.Read()
			if err != nil {
				findings = append(findings, p.At("ticket").Problem("", "%v", err))
			}
			hash = auth.HashRandomTicket(text)
		}
		holders = append(holders, auth.TicketHolder{Account: &auth.Account{AuthID: p.AuthID, Role: p.Role}, Hash: hash})
	}
	verifier, err := auth.NewTickets(holders...)
	if err != nil {
		findings = append(findings, cfg.At().Problem("", "%v", err))
	}
	return verifier, findings
}

// tokens are those that somebody else issues.
func (w *routerWorker) tokens(cfg *config.Tokens) (auth.TicketVerifier, config.Findings) {
	keys, err := auth.OpenKeyFile(cfg.KeyFile, func(err error) {
		w.log.Warn("the keys of tokens could not be read again; those from before count on", "err", err)
	})
	if err != nil {
		return nil, config.Findings{cfg.At("jwks").Problem("", "%v", plain(err))}
	}
	verifier, err := auth.NewTokens(auth.TokenRules{
		Issuer: cfg.Issuer, Audience: cfg.Audience, Algorithms: cfg.Algorithms, Leeway: cfg.Leeway,
		AuthIDClaim: cfg.AuthIDClaim, RoleClaim: cfg.RoleClaim, Roles: cfg.Roles, Role: cfg.Role, RealmClaim: cfg.RealmClaim,
	}, keys)
	if err != nil {
		return nil, config.Findings{cfg.At().Problem("", "%v", err)}
	}
	return verifier, nil
}

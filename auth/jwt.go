package auth

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// maxToken bounds a JSON Web Token, in octets.
const maxToken = 16 << 10

// TokenAlgorithms are the signatures of tokens that are accepted: those whose
// keys can be published.
func TokenAlgorithms() []string {
	return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
}

// TokenRules say which tokens are accepted, and what their claims mean. Claims
// are at the top level of a token, with these very names.
type TokenRules struct {
	Issuer     string        // required: the claim iss
	Audience   string        // required: the claim aud, or one of those there
	Algorithms []string      // some of TokenAlgorithms; empty: all
	Leeway     time.Duration // by how much clocks may differ

	AuthIDClaim string            // the claim with the authid; empty: "sub"
	RoleClaim   string            // the claim with the role, or a list; empty: the token says nothing of it
	Roles       map[string]string // role by what stands in RoleClaim; nil: the same word
	Role        string            // where RoleClaim leads to none; empty: such tokens are refused
	RealmClaim  string            // the claim with the realm, or a list; empty: a token is for all realms
}

// Tokens is a TicketVerifier of JSON Web Tokens that somebody else has issued
// and signed. A session ends when its token does. It is safe for concurrent
// use.
type Tokens struct {
	rules      TokenRules
	algorithms []jose.SignatureAlgorithm
	keys       *KeyFile
}

// NewTokens returns a TicketVerifier for tokens that are signed with one of the
// keys.
func NewTokens(rules TokenRules, keys *KeyFile) (*Tokens, error) {
	if rules.Issuer == "" || rules.Audience == "" {
		return nil, errors.New("auth: tokens: issuer and audience are required")
	}
	if rules.RoleClaim == "" && rules.Role == "" {
		return nil, errors.New("auth: tokens: neither a role nor a claim that has it is given")
	}
	if rules.AuthIDClaim == "" {
		rules.AuthIDClaim = "sub"
	}
	if len(rules.Algorithms) == 0 {
		rules.Algorithms = TokenAlgorithms()
	}
	t := &Tokens{rules: rules, keys: keys}
	t.rules.Roles = maps.Clone(rules.Roles)
	for _, name := range rules.Algorithms {
		if !slices.Contains(TokenAlgorithms(), name) {
			return nil, fmt.Errorf("auth: tokens: the algorithm %q is not for tokens that others sign", name)
		}
		t.algorithms = append(t.algorithms, jose.SignatureAlgorithm(name))
	}
	return t, nil
}

// VerifyTicket takes the ticket for a token. A client that names an authid must
// have a token for that one.
func (t *Tokens) VerifyTicket(_ context.Context, q *Query, ticket string) (*Account, error) {
	keys, err := t.keys.Keys()
	if err != nil {
		return nil, err
	}
	account, err := t.account(q, ticket, keys, time.Now())
	if err != nil {
		return nil, &rejection{fmt.Errorf("token: %w", err)}
	}
	return account, nil
}

// account judges a token; the error is for the log.
func (t *Tokens) account(q *Query, ticket string, keys *jose.JSONWebKeySet, now time.Time) (*Account, error) {
	if len(ticket) > maxToken {
		return nil, fmt.Errorf("longer than %d octets", maxToken)
	}
	token, err := jwt.ParseSigned(ticket, t.algorithms)
	if err != nil {
		return nil, fmt.Errorf("unreadable, or of an algorithm that is not accepted: %w", err)
	}
	var standard jwt.Claims
	claims := map[string]any{}
	if err := verify(token, keys, &standard, &claims); err != nil {
		return nil, err
	}
	expected := jwt.Expected{Issuer: t.rules.Issuer, AnyAudience: jwt.Audience{t.rules.Audience}, Time: now}
	if err := standard.ValidateWithLeeway(expected, t.rules.Leeway); err != nil {
		return nil, err
	}
	if standard.Expiry == nil {
		return nil, errors.New("it has no claim exp, and would be good for ever")
	}
	account := &Account{Provider: "jwt", Expires: standard.Expiry.Time().Add(t.rules.Leeway)}
	return account, t.rules.apply(account, q, claims)
}

// verify checks the signature with the key that the token names, or else with
// all that there are.
func verify(token *jwt.JSONWebToken, keys *jose.JSONWebKeySet, claims ...any) error {
	if len(token.Headers) != 1 {
		return errors.New("it must have one signature")
	}
	header := token.Headers[0]
	candidates := keys.Keys
	if header.KeyID != "" {
		candidates = keys.Key(header.KeyID)
	}
	for _, key := range candidates {
		if key.Algorithm != "" && key.Algorithm != header.Algorithm {
			continue
		}
		if token.Claims(key.Key, claims...) == nil {
			return nil
		}
	}
	return errors.New("no key verifies the signature")
}

// apply reads who the holder is. Principals are compared before the realm is, as
// for all other methods.
func (r *TokenRules) apply(a *Account, q *Query, claims map[string]any) error {
	a.AuthID, _ = claims[r.AuthIDClaim].(string)
	switch {
	case a.AuthID == "":
		return fmt.Errorf("it has no claim %s that is a string", r.AuthIDClaim)
	case q.AuthID != "" && q.AuthID != a.AuthID:
		return errors.New("it is for another authid than the client asks for")
	case r.RealmClaim != "" && !slices.Contains(words(claims[r.RealmClaim]), string(q.Realm)):
		return fmt.Errorf("it is not for the realm %.128q", q.Realm)
	}
	if a.Role = r.role(claims); a.Role == "" {
		return errors.New("it leads to no role")
	}
	return nil
}

// role returns the role that a token leads to; empty if to none.
func (r *TokenRules) role(claims map[string]any) string {
	if r.RoleClaim != "" {
		for _, word := range words(claims[r.RoleClaim]) {
			if r.Roles == nil {
				return word
			}
			if role := r.Roles[word]; role != "" {
				return role
			}
		}
	}
	return r.Role
}

// words returns a claim that is a string or a list of strings.
func words(claim any) []string {
	switch claim := claim.(type) {
	case string:
		return []string{claim}
	case []any:
		var list []string
		for _, item := range claim {
			if s, ok := item.(string); ok {
				list = append(list, s)
			}
		}
		return list
	}
	return nil
}

package auth

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
)

// Accounts is a Directory of accounts that are known beforehand. It is
// immutable and safe for concurrent use.
type Accounts struct {
	byID   map[string]*Account
	decoys decoys
}

// NewAccounts returns a Directory of the given accounts, which must have
// AuthIDs, each its own. The Accounts keeps them: they must not be changed.
func NewAccounts(accounts ...*Account) (*Accounts, error) {
	a := &Accounts{byID: make(map[string]*Account, len(accounts))}
	for _, account := range accounts {
		if account.AuthID == "" {
			return nil, errors.New("auth: an account has no authid")
		}
		if a.byID[account.AuthID] != nil {
			return nil, fmt.Errorf("auth: two accounts have the authid %q", account.AuthID)
		}
		a.byID[account.AuthID] = account
	}
	a.decoys.models = slices.SortedFunc(slices.Values(accounts), func(x, y *Account) int { return cmp.Compare(x.AuthID, y.AuthID) })
	a.decoys.key = keyOf(a.decoys.models)
	return a, nil
}

// keyOf derives the key of decoys from secrets that nobody else knows, so that
// a router that is restarted makes up the same ones.
func keyOf(accounts []*Account) []byte {
	h, secret := hmac.New(sha256.New, []byte("decoys")), false
	for _, a := range accounts {
		switch {
		case a.CRA != nil:
			h.Write(a.CRA.Key)
			secret = true
		case a.SCRAM != nil:
			h.Write(a.SCRAM.StoredKey)
			secret = true
		}
	}
	if !secret {
		return newDecoyKey()
	}
	return h.Sum(nil)
}

// Account returns the account with the query's authid.
func (a *Accounts) Account(_ context.Context, q *Query) (*Account, error) {
	if account := a.byID[q.AuthID]; account != nil {
		return account, nil
	}
	return nil, ErrUnknown
}

func (a *Accounts) decoy(q *Query) *Account { return a.decoys.account(q) }

// deceiver is a Directory that knows what its accounts look like.
type deceiver interface{ decoy(q *Query) *Account }

// strangers makes up accounts for directories that are no deceivers.
var strangers = decoys{key: newDecoyKey()}

// lookUp asks a directory for a principal. For one that does not exist it
// returns an account that is made up, with the ErrUnknown that the client must
// not notice before it has answered the challenge (AUTH-5); any other error ends
// the attempt at once. So it does for one that cannot prove itself by the
// method. Making one up takes a moment, and so is done for all.
func lookUp(ctx context.Context, dir Directory, q *Query) (account *Account, unknown, err error) {
	var made *Account
	if d, ok := dir.(deceiver); ok {
		made = d.decoy(q)
	} else {
		made = strangers.account(q)
	}
	account, err = dir.Account(ctx, q)
	switch {
	case errors.Is(err, ErrUnknown):
		return made, err, nil
	case err != nil:
		return nil, nil, err
	case account == nil:
		return nil, nil, fmt.Errorf("%s: the directory has neither an account nor an error", q.Method)
	case !account.provableBy(q.Method):
		return made, fmt.Errorf("%w to %s: the account has no credentials for it", ErrUnknown, q.Method), nil
	}
	return account, nil, nil
}

// query is what a Directory is asked for the client.
func (r *Request) query(method string) *Query {
	return &Query{
		Realm: r.Hello.Realm, AuthID: r.Hello.AuthID, AuthRole: r.Hello.AuthRole, Method: method,
		Extra: r.Hello.AuthExtra, Session: r.Session, Transport: r.Transport,
	}
}

// grant admits the principal that the account is of.
func (a *Account) grant(q *Query) *Grant {
	g := &Grant{Realm: a.Realm, Extra: a.Extra, Expires: a.Expires}
	g.Principal.AuthID = cmp.Or(a.AuthID, q.AuthID)
	if g.Principal.AuthID == "" {
		g.Principal.AuthID = randomAuthID()
	}
	g.Principal.AuthRole = a.Role
	g.Principal.AuthMethod = q.Method
	g.Principal.AuthProvider = cmp.Or(a.Provider, "static")
	return g
}

// grantAtOnce is for methods without a challenge: the directory alone decides.
func grantAtOnce(ctx context.Context, dir Directory, q *Query) (Step, error) {
	account, err := dir.Account(ctx, q)
	switch {
	case errors.Is(err, ErrUnknown):
		return Step{}, Deny(err)
	case err != nil:
		return Step{}, err
	case account == nil:
		return Step{}, fmt.Errorf("%s: the directory has neither an account nor an error", q.Method)
	}
	return Step{Grant: account.grant(q)}, nil
}

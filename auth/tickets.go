package auth

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"slices"
)

// TicketHolder is somebody whose ticket is known beforehand, by its hash.
type TicketHolder struct {
	Account *Account
	Hash    TicketHash
}

// Tickets is a TicketVerifier of tickets that are known beforehand. It is
// immutable and safe for concurrent use. A few tickets are checked at a time,
// where hashing takes memory; the others wait.
type Tickets struct {
	holders []TicketHolder // by authid
	decoys  decoys
}

// hashing is what may compute hashes that take memory: half as many as there are
// processors, in the whole process, however many Tickets there are. The others
// serve those who have joined, whoever guesses.
var hashing = make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))

// NewTickets returns a TicketVerifier for the given holders, whose accounts
// must have AuthIDs, each its own.
func NewTickets(holders ...TicketHolder) (*Tickets, error) {
	t := &Tickets{holders: slices.Clone(holders)}
	slices.SortFunc(t.holders, func(x, y TicketHolder) int { return cmp.Compare(x.Account.AuthID, y.Account.AuthID) })
	for i, h := range t.holders {
		if h.Account.AuthID == "" {
			return nil, errors.New("auth: the holder of a ticket has no authid")
		}
		if i > 0 && t.holders[i-1].Account.AuthID == h.Account.AuthID {
			return nil, fmt.Errorf("auth: two tickets are for the authid %q", h.Account.AuthID)
		}
	}
	t.decoys.key = newDecoyKey()
	return t, nil
}

// VerifyTicket checks the ticket of the query's authid. Where nobody has that
// authid it checks somebody's, always the same one's: it takes as long (AUTH-5).
func (t *Tickets) VerifyTicket(ctx context.Context, q *Query, ticket string) (*Account, error) {
	if len(t.holders) == 0 {
		return nil, ErrUnknown
	}
	i, known := slices.BinarySearchFunc(t.holders, q.AuthID, func(h TicketHolder, authid string) int {
		return cmp.Compare(h.Account.AuthID, authid)
	})
	other := int(binary.BigEndian.Uint64(t.decoys.octets("model", q.AuthID, 8)) % uint64(len(t.holders)))
	if !known {
		i = other
	}
	holder := t.holders[i]
	right, err := matches(ctx, holder.Hash, ticket)
	switch {
	case err != nil:
		return nil, err
	case !known:
		return nil, ErrUnknown
	case !right:
		return nil, &rejection{errWrongProof}
	}
	return holder.Account, nil
}

// matches is TicketHash.Matches, when it is its turn.
func matches(ctx context.Context, h TicketHash, ticket string) (bool, error) {
	if h.cost.Memory == 0 {
		return h.Matches(ticket), nil
	}
	select {
	case hashing <- struct{}{}:
		defer func() { <-hashing }()
		return h.Matches(ticket), nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

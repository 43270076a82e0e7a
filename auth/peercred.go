package auth

import (
	"context"
	"fmt"
	"os/user"
	"strconv"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// MethodPeerCred is the name of authentication by the process at the other end
// of a Unix socket, for which the system vouches. It is junctor's own.
const MethodPeerCred = "peercred"

// PeerCred admits clients of Unix sockets by their process. A Directory finds it
// in Query.Transport; PeerRules does.
type PeerCred struct {
	Directory Directory
}

// Method returns MethodPeerCred.
func (PeerCred) Method() string { return MethodPeerCred }

// Begin decides without a challenge. Where the transport is no Unix socket, or
// the system does not tell who is there, nobody gets in.
func (p PeerCred) Begin(ctx context.Context, req *Request) (Step, error) {
	if req.Transport == nil || req.Transport.Process == nil {
		return Step{}, &wamp.Abort{
			Reason:  wamp.ErrAuthenticationDenied,
			Message: MethodPeerCred + ": this connection does not tell who is at its other end; a Unix socket does on most systems",
		}
	}
	return grantAtOnce(ctx, p.Directory, req.query(MethodPeerCred))
}

// processDetails describes the peer for dynamic authenticators.
func processDetails(p *transport.Process) wamp.Dict {
	groups := make([]any, len(p.Groups))
	for i, gid := range p.Groups {
		groups[i] = int64(gid)
	}
	d := wamp.Dict{"uid": int64(p.UID), "gid": int64(p.GID), "groups": groups, "pid": nil}
	if p.PID > 0 {
		d["pid"] = int64(p.PID)
	}
	return d
}

// PeerRule admits processes. All conditions that are set must hold; without any,
// the rule is for every process that can connect.
type PeerRule struct {
	UID     *uint32
	GID     *uint32 // effective or supplementary
	Program string  // path of the program's file; see transport.Process.Program

	// Account is what the process becomes. An empty AuthID stands for the name of
	// the process's user, or "uid:" and its number where it has none.
	Account Account
}

func (r *PeerRule) fits(p *transport.Process) (bool, error) {
	switch {
	case r.UID != nil && *r.UID != p.UID, r.GID != nil && !p.In(*r.GID):
		return false, nil
	case r.Program == "":
		return true, nil
	}
	program, err := p.Program()
	return err == nil && program == r.Program, err
}

// PeerRules is a Directory that finds accounts by the client's process. The first
// rule that fits counts; for a client that asks for an authid, the first that
// gives it that. PeerRules are safe for concurrent use if they are not changed.
type PeerRules []PeerRule

// Account returns the account of the query's process.
func (rules PeerRules) Account(_ context.Context, q *Query) (*Account, error) {
	if q.Transport == nil || q.Transport.Process == nil {
		return nil, ErrUnknown
	}
	p := q.Transport.Process
	var unseen error // why a rule could not be judged
	for i := range rules {
		fits, err := rules[i].fits(p)
		if err != nil {
			unseen = err
		}
		if !fits {
			continue
		}
		account := rules[i].Account
		if account.AuthID == "" {
			account.AuthID = userName(p.UID)
		}
		if q.AuthID == "" || q.AuthID == account.AuthID {
			return &account, nil
		}
	}
	if unseen != nil {
		return nil, fmt.Errorf("%w: no rule for user %d and group %d: %w", ErrUnknown, p.UID, p.GID, unseen)
	}
	return nil, fmt.Errorf("%w: no rule for user %d and group %d", ErrUnknown, p.UID, p.GID)
}

func userName(uid uint32) string {
	number := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(number); err == nil && u.Username != "" {
		return u.Username
	}
	return "uid:" + number
}

package auth

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// DefaultDynamicTimeout is the default of Dynamic.Timeout.
const DefaultDynamicTimeout = 5 * time.Second

// Dynamic is a Directory and TicketVerifier that asks an authenticator: a
// procedure with Crossbar.io's signature (section 4.7). It is called with the
// realm, the authid, and a dictionary of details; it answers with the role, or
// with a dictionary of the properties of the principal, or refuses with an
// error. What is no such answer, or comes too late, is a technical failure: the
// client is refused (AUTH-5).
//
// The fields must not be changed once it is in use.
type Dynamic struct {
	// Call calls the authenticator for a client of the realm and returns its
	// first result. Errors of the procedure are *wamp.Error. It must return soon
	// after ctx ends, and be safe for concurrent use.
	Call func(ctx context.Context, realm wamp.URI, args ...any) (any, error)

	// Timeout bounds each call. Default DefaultDynamicTimeout.
	Timeout time.Duration

	// DefaultRole is the role where the answer names none; empty: that is a
	// failure.
	DefaultRole string

	model atomic.Pointer[Account] // the first one that there was: what decoys look like
}

// Account asks for a client that said HELLO.
func (d *Dynamic) Account(ctx context.Context, q *Query) (*Account, error) {
	a, err := d.ask(ctx, q, details(q))
	if err == nil && !a.provableBy(q.Method) {
		return nil, fmt.Errorf("the authenticator's answer: no credentials for %s", q.Method)
	}
	if err == nil {
		d.model.CompareAndSwap(nil, a)
	}
	return a, err
}

// VerifyTicket asks for a client that sent its ticket.
func (d *Dynamic) VerifyTicket(ctx context.Context, q *Query, ticket string) (*Account, error) {
	with := details(q)
	with["ticket"] = ticket
	return d.ask(ctx, q, with)
}

func (d *Dynamic) decoy(q *Query) *Account {
	if model := d.model.Load(); model != nil {
		shaped := decoys{key: strangers.key, models: []*Account{model}}
		return shaped.account(q)
	}
	made := strangers.account(q)
	made.Provider = providerDynamic
	return made
}

// providerDynamic is WELCOME.Details.authprovider of those whom an
// authenticator knows.
const providerDynamic = "dynamic"

func (d *Dynamic) ask(ctx context.Context, q *Query, details wamp.Dict) (*Account, error) {
	timeout := d.Timeout
	if timeout == 0 {
		timeout = DefaultDynamicTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var authid any
	if q.AuthID != "" {
		authid = q.AuthID
	}
	got, err := d.Call(ctx, q.Realm, string(q.Realm), authid, details)
	if err != nil {
		if refused(err) {
			return nil, &rejection{fmt.Errorf("the authenticator refused: %w", bare(err))}
		}
		return nil, fmt.Errorf("authenticator: %w", bare(err))
	}
	a, err := accountOf(got, q.Method, d.DefaultRole)
	if err != nil && !errors.Is(err, ErrUnknown) {
		return nil, fmt.Errorf("the authenticator's answer: %w", err)
	}
	return a, err
}

// refusals are the errors of WAMP with which an authenticator refuses. All
// others come from routers and client libraries, and mean that it failed.
var refusals = []wamp.ErrorURI{
	wamp.ErrNotAuthorized, wamp.ErrAuthenticationDenied,
	"wamp.error.authorization_denied", "wamp.error.no_such_principal",
}

// refused tells an authenticator's refusal from its failure.
func refused(err error) bool {
	var e *wamp.Error
	if !errors.As(err, &e) {
		return false
	}
	for _, uri := range refusals {
		if e.URI == uri {
			return true
		}
	}
	for _, reserved := range []string{"wamp.", "crossbar.", "junctor."} {
		if strings.HasPrefix(string(e.URI), reserved) {
			return false
		}
	}
	return true
}

// bare leaves out what an authenticator says besides the URI of its error: many
// quote the ticket, which must not come into the log.
func bare(err error) error {
	var e *wamp.Error
	if errors.As(err, &e) {
		return e.URI
	}
	return err
}

// details is the third argument of an authenticator.
func details(q *Query) wamp.Dict {
	d := wamp.Dict{
		"session":    int64(q.Session),
		"authmethod": q.Method,
		"authid":     q.AuthID,
		"authrole":   nil,
		"authextra":  q.Extra,
		"transport":  TransportDetails(q.Transport),
	}
	if q.AuthID == "" {
		d["authid"] = nil
	}
	if q.AuthRole != "" {
		d["authrole"] = q.AuthRole
	}
	if q.Extra == nil {
		d["authextra"] = nil
	}
	return d
}

// TransportDetails describes a client's connection in the words that
// authenticators for Crossbar.io know, without what only matters to Python.
func TransportDetails(t *transport.Info) wamp.Dict {
	if t == nil {
		return wamp.Dict{}
	}
	d := wamp.Dict{
		"type":               t.Transport,
		"protocol":           "wamp.2." + t.Serializer.String(),
		"channel_framing":    t.Transport,
		"channel_serializer": t.Serializer.String(),
		"channel_type":       "memory",
		"is_server":          true,
		"is_secure":          t.TLS != nil,
		"peer":               nil,
	}
	switch addr := t.RemoteAddr.(type) {
	case *net.TCPAddr:
		d["channel_type"], d["peer"] = "tcp", "tcp4:"+addr.String()
		if addr.IP.To4() == nil {
			d["peer"] = "tcp6:" + addr.String()
		}
	case *net.UnixAddr:
		d["channel_type"], d["peer"] = "unix", "unix"
	}
	if t.TLS != nil {
		d["channel_type"] = "tls"
	}
	if c := ClientCertificate(t); c != nil {
		d["peer_cert"] = certificateDetails(c)
	}
	if t.Process != nil {
		d["process"] = processDetails(t.Process)
	}
	return d
}

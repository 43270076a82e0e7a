package auth

import (
	"context"
	"crypto/rand"
)

// MethodAnonymous is the name of the method that asks for no proof.
const MethodAnonymous = "anonymous"

// DefaultRole is the role of anonymous sessions for which none is configured.
const DefaultRole = "anonymous"

// Anonymous admits everybody without proof. The client's authid is ignored.
type Anonymous struct {
	Role   string // empty: DefaultRole
	AuthID string // empty: a random one for each session
}

// Method returns MethodAnonymous.
func (a Anonymous) Method() string { return MethodAnonymous }

// Begin grants the role at once.
func (a Anonymous) Begin(context.Context, *Request) (Step, error) {
	g := &Grant{}
	g.Principal.AuthRole = a.Role
	if a.Role == "" {
		g.Principal.AuthRole = DefaultRole
	}
	g.Principal.AuthID = a.AuthID
	if a.AuthID == "" {
		g.Principal.AuthID = randomAuthID()
	}
	g.Principal.AuthMethod = MethodAnonymous
	g.Principal.AuthProvider = "static"
	return Step{Grant: g}, nil
}

// Anybody is the method that asks for no proof, where a Directory decides who
// may join and as whom. The client's authid is ignored: the Directory is asked
// for a random one, and may name another.
type Anybody struct{ Directory Directory }

// Method returns MethodAnonymous.
func (Anybody) Method() string { return MethodAnonymous }

// Begin asks the Directory.
func (a Anybody) Begin(ctx context.Context, req *Request) (Step, error) {
	q := req.query(MethodAnonymous)
	q.AuthID = randomAuthID()
	return grantAtOnce(ctx, a.Directory, q)
}

// randomAuthID returns an authid in the shape that Crossbar.io gives to
// anonymous sessions: six groups of four characters, 120 random bits.
func randomAuthID() string {
	text := rand.Text() // at least 26 characters of base32
	b := make([]byte, 0, 29)
	for i := range 24 {
		if i > 0 && i%4 == 0 {
			b = append(b, '-')
		}
		b = append(b, text[i])
	}
	return string(b)
}

package auth

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"
)

// decoys makes up the accounts of principals that do not exist, so that their
// challenges look like everybody's (AUTH-5, SCR-8): in the shape of one of the
// models, always the same for the same authid, and not to be foretold.
type decoys struct {
	key    []byte     // secret
	models []*Account // may be empty
}

// newDecoyKey returns a key that lasts as long as the process.
func newDecoyKey() []byte {
	key := make([]byte, sha256.Size)
	rand.Read(key) // never fails
	return key
}

// octets returns n octets, at most 8160, that belong to the authid.
func (d *decoys) octets(purpose, authid string, n int) []byte {
	out, err := hkdf.Expand(sha256.New, d.key, purpose+"\x00"+authid, n)
	if err != nil {
		panic(err) // n is a length of salts and keys
	}
	return out
}

// account makes up the account that is asked for.
func (d *decoys) account(q *Query) *Account {
	authid, model := q.AuthID, d.model(q)
	made := &Account{AuthID: authid, Role: model.Role, Provider: model.Provider}
	if c := model.CRA; c != nil {
		made.CRA = &CRASecret{
			Key:  d.octets("wampcra key", authid, sha256.Size),
			Salt: d.text(c.Salt, authid), Iterations: c.Iterations, KeyLen: c.KeyLen,
		}
	}
	if s := model.SCRAM; s != nil {
		made.SCRAM = &SCRAMVerifier{
			KDF: s.KDF, Iterations: s.Iterations, Memory: s.Memory,
			Salt:      d.octets("wamp-scram salt", authid, len(s.Salt)),
			StoredKey: d.octets("wamp-scram stored key", authid, sha256.Size),
			ServerKey: d.octets("wamp-scram server key", authid, sha256.Size),
		}
	}
	return made
}

// model is what the account that is asked for is made like: one that can prove
// itself by the same method, as those that exist.
func (d *decoys) model(q *Query) *Account {
	first := 0
	if n := uint64(len(d.models)); n > 0 {
		first = int(binary.BigEndian.Uint64(d.octets("model", q.AuthID, 8)) % n)
	}
	for i := range d.models {
		if model := d.models[(first+i)%len(d.models)]; model.provableBy(q.Method) {
			return model
		}
	}
	return standardModel
}

// standardModel is the shape of decoys where there is nobody to take it from.
var standardModel = &Account{
	Role: "user", Provider: "static",
	CRA:   &CRASecret{},
	SCRAM: &SCRAMVerifier{KDF: KDFArgon2id, Iterations: 2, Memory: 64 << 10, Salt: make([]byte, 16)},
}

// text makes up a text that looks like the given one: base64 of as many
// octets, else one with letters where that has letters.
func (d *decoys) text(like, authid string) string {
	if b, err := base64.StdEncoding.DecodeString(like); err == nil && len(b) > 0 {
		return base64.StdEncoding.EncodeToString(d.octets("salt", authid, min(len(b), 255)))
	}
	like = like[:min(len(like), 255)]
	random := d.octets("salt", authid, len(like))
	var b strings.Builder
	for i := range len(like) {
		b.WriteByte(similar(like[i], random[i]))
	}
	return b.String()
}

// similar returns a character of the same class as c.
func similar(c, random byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return '0' + random%10
	case 'a' <= c && c <= 'z':
		return 'a' + random%26
	case 'A' <= c && c <= 'Z':
		return 'A' + random%26
	default:
		return c
	}
}

package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// What HashTicket makes a ticket cost to try: about 20 ms and 19 MiB.
const (
	ticketIterations = 2
	ticketMemory     = 19 << 10 // KiB
	ticketSaltLen    = 16       // octets
	ticketHashLen    = 32       // octets
)

// TicketHash is what a ticket is checked with that the router need not know.
// The ticket cannot be had from it. As text it is in the PHC form:
//
//	$argon2id$v=19$m=19456,t=2,p=1$SALT$HASH   of tickets that people choose
//	$sha256$SALT$HASH                          of NewTicket's, which nobody can guess
//
// with salt and hash in base64 without padding.
type TicketHash struct {
	cost SCRAMCost // KDF is KDFArgon2id, or empty for SHA-256
	hash []byte
}

// NewTicket returns a random ticket of 130 bits.
func NewTicket() string { return rand.Text() }

// HashTicket returns the hash of a ticket that somebody has chosen, so that it
// takes long to guess.
func HashTicket(ticket string) TicketHash {
	return hashTicket(ticket, SCRAMCost{KDF: KDFArgon2id, Salt: ticketSalt(), Iterations: ticketIterations, Memory: ticketMemory})
}

// HashRandomTicket returns the hash of a ticket that NewTicket has made, which
// is checked at no cost.
func HashRandomTicket(ticket string) TicketHash {
	return hashTicket(ticket, SCRAMCost{Salt: ticketSalt()})
}

func ticketSalt() []byte {
	salt := make([]byte, ticketSaltLen)
	_, _ = rand.Read(salt) // never fails
	return salt
}

func hashTicket(ticket string, cost SCRAMCost) TicketHash {
	if cost.KDF == "" {
		sum := sha256.Sum256(append([]byte(ticket), cost.Salt...))
		return TicketHash{cost, sum[:]}
	}
	return TicketHash{cost, argon2.IDKey([]byte(ticket), cost.Salt, uint32(cost.Iterations), uint32(cost.Memory), 1, ticketHashLen)}
}

// Matches reports whether ticket is the one that was hashed, in a time that
// does not depend on it.
func (h TicketHash) Matches(ticket string) bool {
	return subtle.ConstantTimeCompare(hashTicket(ticket, h.cost).hash, h.hash) == 1
}

// String returns the text that ParseTicketHash reads.
func (h TicketHash) String() string {
	b64 := base64.RawStdEncoding.EncodeToString
	if h.cost.KDF == "" {
		return "$sha256$" + b64(h.cost.Salt) + "$" + b64(h.hash)
	}
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=1$%s$%s", argon2.Version, h.cost.Memory, h.cost.Iterations, b64(h.cost.Salt), b64(h.hash))
}

// ParseTicketHash reads a hash. What checking tickets with it costs is bounded
// as for WAMP-SCRAM.
func ParseTicketHash(text string) (TicketHash, error) {
	h, err := parseTicketHash(text)
	if err != nil {
		return TicketHash{}, fmt.Errorf("no hash of a ticket as \"junctor keygen ticket\" makes it: %w", err)
	}
	return h, nil
}

func parseTicketHash(text string) (h TicketHash, err error) {
	parts := strings.Split(text, "$")
	switch {
	case len(parts) == 4 && parts[0] == "" && parts[1] == "sha256":
		parts = parts[2:]
	case len(parts) == 6 && parts[0] == "" && parts[1] == "argon2id":
		if h.cost, err = parseArgon2(parts[2], parts[3]); err != nil {
			return h, err
		}
		parts = parts[4:]
	default:
		return h, errors.New("want $argon2id$v=19$m=…,t=…,p=1$salt$hash or $sha256$salt$hash")
	}
	var err2 error
	h.cost.Salt, err = base64.RawStdEncoding.DecodeString(parts[0])
	h.hash, err2 = base64.RawStdEncoding.DecodeString(parts[1])
	if err != nil || err2 != nil {
		return h, errors.New("salt or hash is not base64 without padding")
	}
	if len(h.hash) != ticketHashLen {
		return h, fmt.Errorf("a hash of %d octets; want %d", len(h.hash), ticketHashLen)
	}
	if h.cost.KDF != "" {
		err = h.cost.Check()
	}
	return h, err
}

// parseArgon2 reads the version and the parameters of an Argon2 hash.
func parseArgon2(version, parameters string) (SCRAMCost, error) {
	cost := SCRAMCost{KDF: KDFArgon2id}
	if version != fmt.Sprintf("v=%d", argon2.Version) {
		return cost, fmt.Errorf("%.20q is another version of argon2id; want v=%d", version, argon2.Version)
	}
	var threads int
	if n, err := fmt.Sscanf(parameters, "m=%d,t=%d,p=%d", &cost.Memory, &cost.Iterations, &threads); err != nil || n != 3 ||
		parameters != fmt.Sprintf("m=%d,t=%d,p=%d", cost.Memory, cost.Iterations, threads) {
		return cost, fmt.Errorf("%.40q are no parameters of argon2id; want m=…,t=…,p=1", parameters)
	}
	if threads != 1 {
		return cost, fmt.Errorf("p=%d is not supported; want p=1", threads)
	}
	return cost, nil
}

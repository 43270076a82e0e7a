package auth_test

import (
	"strings"
	"testing"

	"github.com/junctorio/junctor/auth"
)

func TestTicketHash(t *testing.T) {
	t.Parallel()
	for name, hash := range map[string]func(string) auth.TicketHash{
		"$argon2id$v=19$m=19456,t=2,p=1$": auth.HashTicket,
		"$sha256$":                        auth.HashRandomTicket,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := hash("sesame").String()
			if !strings.HasPrefix(text, name) {
				t.Errorf("got %s", text)
			}
			h, err := auth.ParseTicketHash(text)
			if err != nil {
				t.Fatal(err)
			}
			if h.String() != text {
				t.Errorf("read and written again it is %s, want %s", h, text)
			}
			if !h.Matches("sesame") {
				t.Error("the ticket does not match")
			}
			if h.Matches("sesam") || h.Matches("") {
				t.Error("another ticket matches")
			}
			if hash("sesame").String() == text {
				t.Error("the same ticket gives the same hash twice")
			}
		})
	}
}

// The tests of the reference implementation of Argon2 have this value.
func TestTicketHashOfOthers(t *testing.T) {
	t.Parallel()
	h, err := auth.ParseTicketHash("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	if err != nil || !h.Matches("password") {
		t.Errorf("it does not match the password: %v", err)
	}
}

func TestParseTicketHashRefuses(t *testing.T) {
	t.Parallel()
	const hash = "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	for name, text := range map[string]string{
		"nothing":               "",
		"a ticket":              "sesame",
		"an unknown hash":       "$md5$c2FsdA$" + hash,
		"a version before":      "$argon2id$v=16$m=65536,t=2,p=1$c29tZXNhbHQ$" + hash,
		"another Argon2":        "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$" + hash,
		"several threads":       "$argon2id$v=19$m=65536,t=2,p=4$c29tZXNhbHQ$" + hash,
		"parameters missing":    "$argon2id$v=19$m=65536,t=2$c29tZXNhbHQ$" + hash,
		"parameters and more":   "$argon2id$v=19$m=65536,t=2,p=1,x=2$c29tZXNhbHQ$" + hash,
		"memory without bounds": "$argon2id$v=19$m=99999999,t=2,p=1$c29tZXNhbHQ$" + hash,
		"no memory":             "$argon2id$v=19$m=8,t=2,p=1$c29tZXNhbHQ$" + hash,
		"no salt":               "$argon2id$v=19$m=65536,t=2,p=1$$" + hash,
		"a hash too short":      "$sha256$c2FsdA$" + hash[:20],
		"no base64":             "$sha256$c2FsdA$*",
		"a part too many":       "$sha256$c2FsdA$" + hash + "$",
	} {
		if h, err := auth.ParseTicketHash(text); err == nil {
			t.Errorf("%s: got %s", name, h)
		}
	}
}

func TestNewTicket(t *testing.T) {
	t.Parallel()
	if a, b := auth.NewTicket(), auth.NewTicket(); a == b || len(a) < 26 {
		t.Errorf("got %q and %q", a, b)
	}
}

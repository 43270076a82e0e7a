package cli

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/spf13/cobra"

	"github.com/junctorio/junctor/auth"
)

// principalFlags say whose credentials are made.
type principalFlags struct {
	authID string
	role   string
}

func (f *principalFlags) addRole(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.role, "role", "user", "the role of the principal, in the configuration that is printed")
}

// print prints the configuration of the principal for a router. In JSON it is
// part of made.
func (f *principalFlags) print(p *printer, made map[string]any, method, list string, principal map[string]any) {
	principal["role"] = f.role
	configuration := map[string]any{method: map[string]any{"type": "static", list: map[string]any{f.authID: principal}}}
	if p.json {
		made["auth"] = configuration
		p.line(made)
		return
	}
	text, _ := json.MarshalIndent(configuration, "", "  ") // of maps and strings
	p.text("\nFor the transport's \"auth\" in the router's configuration:\n%s", text)
}

// secretFlags are the flags of commands that make something of a secret.
type secretFlags struct {
	app  *app
	who  principalFlags
	from string
	out  string
}

// secretCommand returns a command that makes credentials of a secret. What it
// is called is also the ending of the file that a new secret goes to.
func (a *app) secretCommand(method, what, details string, make func(p *printer, f *secretFlags, secret string, random bool) error) *cobra.Command {
	f := &secretFlags{app: a}
	cmd := &cobra.Command{
		Use:   method + " AUTHID",
		Short: "Make " + what,
		Long: "Make " + what + ".\n\n" + details + `

A random secret is made, and written to the file AUTHID.secret, which only its
owner can read and which is not overwritten. With --from, one that exists is
used.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return usagef("whose? The authid must be the one argument")
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&f.from, "from", "", "the file with the secret, - is standard input")
	cmd.Flags().StringVar(&f.out, "out", "", "the file for a new secret (default: AUTHID.secret)")
	f.who.addRole(cmd)
	out := a.outputFlags(cmd)
	out.textByDefault(cmd)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		p, err := out.printer()
		if err != nil {
			return err
		}
		f.who.authID = args[0]
		secret, random, err := f.secret()
		if err != nil {
			return err
		}
		return make(p, f, secret, random)
	}
	return cmd
}

// secret returns the secret that exists, or a new one, which is nowhere yet.
func (f *secretFlags) secret() (secret string, random bool, err error) {
	if f.from == "" {
		if f.out == "" {
			f.out = f.who.authID + ".secret"
			if strings.ContainsAny(f.who.authID, `/\`) || strings.HasPrefix(f.who.authID, ".") {
				return "", false, usagef("the authid is no good name for a file; name one with --out")
			}
		}
		return auth.NewTicket(), true, nil
	}
	if f.out != "" {
		return "", false, usagef("--out is for a new secret, and --from names one that exists")
	}
	flags := clientFlags{app: f.app}
	secret, err = flags.secret(f.from, "--from", "")
	return secret, false, err
}

// done writes a new secret to its file, and prints the principal.
func (f *secretFlags) done(p *printer, secret string, random bool, method, list string, principal map[string]any) error {
	made := make(map[string]any)
	if random {
		if err := writeNew(f.out, secret+"\n", 0o600); err != nil {
			return err
		}
		made["secret_file"] = f.out
		p.text("secret: %s (for the client alone)", f.out)
	}
	f.who.print(p, made, method, list, principal)
	return nil
}

func (a *app) ticketCommand() *cobra.Command {
	return a.secretCommand("ticket", "a ticket and its hash", `The router is told the hash, from which the ticket cannot be had. The client
shows the ticket: it needs TLS, or a socket that stays on the machine.`,
		func(p *printer, f *secretFlags, secret string, random bool) error {
			hash := auth.HashTicket
			if random {
				hash = auth.HashRandomTicket // nobody can guess it, so that checking may be cheap
			}
			return f.done(p, secret, random, "ticket", "principals", map[string]any{"ticket_hash": hash(secret).String()})
		})
}

func (a *app) craCommand() *cobra.Command {
	var iterations, keyLen int
	cmd := a.secretCommand("wampcra", "a salted secret for WAMP-CRA", `The router is told a key that is derived from the secret. Whoever gets hold of
that key can sign in with it, but does not know the secret.`,
		func(p *printer, f *secretFlags, secret string, random bool) error {
			salt := rand.Text()
			derived, err := auth.NewCRASecret(secret, salt, iterations, keyLen)
			if err != nil {
				return &usageError{err.Error()}
			}
			return f.done(p, secret, random, "wampcra", "users", map[string]any{
				"secret": string(derived.Key), "derived": true, "salt": salt, "iterations": derived.Iterations, "keylen": derived.KeyLen,
			})
		})
	cmd.Flags().IntVar(&iterations, "iterations", 100_000, "how often the secret is hashed, by the client too")
	cmd.Flags().IntVar(&keyLen, "keylen", auth.DefaultCRAKeyLen, "the length of the key in octets, 16 to 64")
	return cmd
}

func (a *app) scramCommand() *cobra.Command {
	var cost auth.SCRAMCost
	cmd := a.secretCommand("scram", "a salted password for WAMP-SCRAM", `The router is told keys that are derived from the password, which let it check
clients and prove itself, but not sign in anywhere. Clients that are Autobahn
need --kdf argon2id-13.`,
		func(p *printer, f *secretFlags, secret string, random bool) error {
			verifier, err := f.verifier(secret, cost)
			if err != nil {
				return err
			}
			principal := map[string]any{
				"kdf": verifier.KDF, "iterations": verifier.Iterations, "memory": verifier.Memory,
				"salt":       hex.EncodeToString(verifier.Salt),
				"stored-key": hex.EncodeToString(verifier.StoredKey), "server-key": hex.EncodeToString(verifier.ServerKey),
			}
			return f.done(p, secret, random, "scram", "principals", principal)
		})
	cmd.Flags().StringVar(&cost.KDF, "kdf", auth.KDFArgon2id, "how keys are derived: argon2id13, pbkdf2, or argon2id-13 for Autobahn")
	cmd.Flags().IntVar(&cost.Iterations, "iterations", 0, "how often (default: 3, pbkdf2 600000)")
	cmd.Flags().IntVar(&cost.Memory, "memory", 0, "with how much memory, in KiB (default: 65536, pbkdf2 none)")
	return cmd
}

// verifier derives the keys of a password, at a cost that clients bear.
func (f *secretFlags) verifier(password string, cost auth.SCRAMCost) (*auth.SCRAMVerifier, error) {
	slow := cost.KDF == auth.KDFPBKDF2
	switch {
	case slow && cost.Memory != 0:
		return nil, usagef("--memory: pbkdf2 needs none")
	case slow && cost.Iterations == 0:
		cost.Iterations = 600_000
	case !slow && cost.Iterations == 0:
		cost.Iterations = 3
	}
	if !slow && cost.Memory == 0 {
		cost.Memory = 64 << 10
	}
	cost.Salt = make([]byte, 16)
	_, _ = rand.Read(cost.Salt) // never fails
	verifier, err := auth.NewSCRAMVerifier(password, cost)
	if err != nil {
		return nil, &usageError{err.Error()}
	}
	return verifier, nil
}

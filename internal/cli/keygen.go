package cli

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"
)

func (a *app) keygenCommand() *cobra.Command {
	var who principalFlags
	cmd := &cobra.Command{
		Use:   "keygen [FILE]",
		Short: "Make keys, tickets, salted passwords and certificates",
		Long: `Make an Ed25519 key pair for cryptosign authentication; the commands below
make credentials for other methods.

The private key goes to FILE (default: junctor.key), as 64 hexadecimal digits,
readable by its owner alone; the public key, which the router is told, goes to
FILE.pub and is printed. Files that exist are never overwritten.`,
		Example: `  junctor keygen
  junctor keygen device17.key --authid device17 --role device`,
		Args: atMostOneFile,
	}
	cmd.Flags().StringVar(&who.authID, "authid", "", "whose key it is: print the configuration for the router too")
	who.addRole(cmd)
	out := a.outputFlags(cmd)
	out.textByDefault(cmd)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		p, err := out.printer()
		if err != nil {
			return err
		}
		path := "junctor.key"
		if len(args) == 1 {
			path = args[0]
		}
		return keygen(p, path, who)
	}
	cmd.AddCommand(a.ticketCommand(), a.craCommand(), a.scramCommand(), a.certificatesCommand())
	return cmd
}

func atMostOneFile(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usagef("unexpected argument %q after the file", args[1])
	}
	return nil
}

func keygen(p *printer, path string, who principalFlags) error {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	publicHex := hex.EncodeToString(public)
	if err := writeNew(path, hex.EncodeToString(private.Seed())+"\n", 0o600); err != nil {
		return err
	}
	if err := writeNew(path+".pub", publicHex+"\n", 0o644); err != nil {
		return errors.Join(err, os.Remove(path)) // half a pair is of no use
	}
	made := map[string]any{"private_key_file": path, "public_key_file": path + ".pub", "public_key": publicHex}
	p.text("private key: %s (keep it secret)\npublic key:  %s.pub\n%s", path, path, publicHex)
	if who.authID != "" {
		who.print(p, made, "cryptosign", "principals", map[string]any{"authorized_keys": []string{publicHex}})
		return nil
	}
	if p.json {
		p.line(made)
	}
	return nil
}

// writeNew creates a file. One that exists is left alone.
func writeNew(path, text string, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists; it is not overwritten", path)
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

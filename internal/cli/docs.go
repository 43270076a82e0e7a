package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// Reference returns docs/cli.md: every command with what its --help says, and
// the exit codes and environment variables.
func Reference() string {
	var b strings.Builder
	b.WriteString("# Command reference\n\n" +
		"This page is made from the program by `go test ./internal/cli -update`; do not edit it.\n")
	root := newRoot(Env{})
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, cmd := range commands(root) {
		fmt.Fprintf(&b, "\n## %s\n\n```\n%s```\n", cmd.CommandPath(), help(cmd))
	}
	b.WriteString("\n## Exit codes\n\n| code | meaning |\n|---|---|\n")
	for _, e := range exitCodes {
		fmt.Fprintf(&b, "| %d | %s |\n", e.code, e.meaning)
	}
	b.WriteString("\n## Environment\n\n| variable | meaning |\n|---|---|\n")
	for _, v := range variables {
		fmt.Fprintf(&b, "| `%s` | %s |\n", v.name, v.meaning)
	}
	return b.String()
}

// variables are the environment variables that are read.
var variables = []struct{ name, meaning string }{
	{"JUNCTOR_URL", "the router of the client commands, unless `--url` is given"},
	{"JUNCTOR_REALM", "the realm of the client commands and of `dev`, unless `--realm` is given"},
	{"JUNCTOR_AUTHID", "the identity to ask for, unless `--authid` is given"},
	{"JUNCTOR_AUTH", "the authentication methods to offer, unless `--auth` is given"},
	{"JUNCTOR_TICKET", "the ticket to log in with, unless `--ticket-file` is given; `JUNCTOR_TICKET_FILE` is a file that holds it"},
	{"JUNCTOR_SECRET", "the secret for WAMP-CRA, unless `--secret-file` is given; `JUNCTOR_SECRET_FILE` is a file that holds it"},
	{"JUNCTOR_PASSWORD", "the password for WAMP-SCRAM, unless `--password-file` is given; `JUNCTOR_PASSWORD_FILE` is a file that holds it"},
	{"WAMP_PRIVATE_KEY", "the private key for cryptosign, 64 hexadecimal digits, unless `--private-key` is given; `JUNCTOR_PRIVATE_KEY_FILE` is a file that holds it"},
	{"JUNCTOR_ROUTER_KEY", "the router's public key, unless `--router-key` is given"},
	{"JUNCTOR_CHANNEL_BINDING", "the channel binding, unless `--channel-binding` is given"},
	{"JUNCTOR_SERIALIZER", "the serializer, unless `--serializer` is given"},
	{"JUNCTOR_TLS_CA", "trusted authorities, unless `--tls-ca` is given"},
	{"JUNCTOR_TLS_CERT", "the client certificate, unless `--tls-cert` is given"},
	{"JUNCTOR_TLS_KEY", "its private key, unless `--tls-key` is given"},
	{"CROSSBAR_DIR", "the node directory of `start` and `check`, unless `--cbdir` is given"},
	{"XDG_RUNTIME_DIR", "where `dev` puts its Unix socket"},
	{"NO_COLOR", "if not empty, nothing is printed in colour"},
}

// commands returns the tree in reading order, without cobra's own commands.
func commands(root *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{root}
	for _, c := range root.Commands() {
		if c.Name() != "help" && c.Name() != "completion" {
			all = append(all, commands(c)...)
		}
	}
	return all
}

// help returns what --help prints for a command.
func help(cmd *cobra.Command) string {
	var b strings.Builder
	cmd.SetOut(&b)
	cmd.InitDefaultHelpFlag()
	_ = cmd.Help() // cannot fail writing to memory
	return b.String()
}

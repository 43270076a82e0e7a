// Package cli is the command line: one file per command, and beside them what
// commands share.
//
//	cli.go      the tree of commands, Env and Run
//	exit.go     exit codes, and which error ends in which
//	session.go  flags of the client verbs, connecting
//	value.go    arguments on the command line as WAMP values
//	options.go  WAMP options given as -o name=value
//	output.go   what is printed, for people or as JSON lines
//	logging.go  --loglevel and --logformat
//	docs.go     docs/cli.md, made from the tree
//
// A command touches the process only through Env, so that tests run every
// command in this process and concurrently.
package cli

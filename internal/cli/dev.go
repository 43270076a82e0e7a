package cli

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/junctorio/junctor/internal/config"
	"github.com/junctorio/junctor/internal/node"
	"github.com/junctorio/junctor/wamp"
)

const (
	devPort     = 8081
	devLastPort = 8180
	devSize     = 16 << 20 // the largest message that every client can be told
)

func (a *app) devCommand() *cobra.Command {
	var (
		logs   logFlags
		realm  string
		port   int
		socket string
		after  float64
	)
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Run a router for development, without any file",
		Long: `Run a router for development, without any file: RawSocket on loopback TCP and
on a Unix socket of this user, one realm, and everybody who can connect may do
everything. It prints its URLs and what to type next; with --json, a line:
{"urls":[…],"realm":…}. A signal (Ctrl-C) ends it in order.`,
		Example: `  junctor dev
  junctor dev --port 9000 --realm com.example.lab
  junctor dev --port 0 --socket none --json`,
		Args: noArguments,
	}
	logs.add(cmd, "info")
	out := a.outputFlags(cmd)
	flags := cmd.Flags()
	flags.StringVarP(&realm, "realm", "r", "", "the realm (JUNCTOR_REALM; default "+defaultRealm+")")
	flags.IntVarP(&port, "port", "p", devPort, fmt.Sprintf("the TCP port; the default is the first free one from %d to %d; 0 lets the system choose", devPort, devLastPort))
	flags.StringVar(&socket, "socket", "", "the path of the Unix socket, or none (default junctor/junctor.sock in $XDG_RUNTIME_DIR, else in a new temporary directory)")
	flags.Float64Var(&after, "shutdownafter", 0, "end in order after this many seconds (0: go on)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if after < 0 {
			return usagef("--shutdownafter must not be negative")
		}
		p, err := out.printer()
		if err != nil {
			return err
		}
		log, err := logs.logger(a.env.Stderr)
		if err != nil {
			return err
		}
		realm = cmp.Or(realm, a.env.Getenv("JUNCTOR_REALM"), defaultRealm)
		local := localNode{realm: wamp.URI(realm), size: devSize}
		if local.ports, err = devPorts(port, flags.Changed("port")); err != nil {
			return err
		}
		remove, err := a.devSocket(&local, socket)
		if err != nil {
			return err
		}
		defer remove()
		n, err := local.open(node.Options{Logger: log, Agent: a.agent()})
		if err != nil {
			return err
		}
		a.welcome(p, n, local.realm)
		ctx, cancel := runFor(cmd.Context(), seconds(after))
		defer cancel()
		return ended(ctx, n.Run(ctx), log)
	}
	return cmd
}

func devPorts(port int, chosen bool) (config.PortRange, error) {
	switch {
	case port < 0 || port > 65535:
		return config.PortRange{}, usagef("--port %d: want 0 to 65535", port)
	case chosen:
		return config.PortRange{Low: port, High: port}, nil
	}
	return config.PortRange{Low: devPort, High: devLastPort}, nil
}

func (a *app) devSocket(local *localNode, socket string) (remove func(), err error) {
	remove = func() {}
	switch socket {
	case "none":
	case "":
		local.socket, remove, err = a.socketPath()
	default:
		local.socket = socket
	}
	return remove, err
}

// welcome prints where the router is and what to do next.
func (a *app) welcome(p *printer, n *node.Node, realm wamp.URI) {
	var urls []string
	for _, e := range n.Endpoints() {
		urls = append(urls, e.URL)
	}
	if p.json {
		p.line(map[string]any{"urls": urls, "realm": realm})
		return
	}
	flags := "" // where the client commands would not come here by themselves
	if urls[0] != cmp.Or(a.env.Getenv("JUNCTOR_URL"), defaultURL) {
		flags += " --url " + urls[0]
	}
	if string(realm) != cmp.Or(a.env.Getenv("JUNCTOR_REALM"), defaultRealm) {
		flags += " --realm " + string(realm)
	}
	p.text(`A router for development: whoever can connect may do everything.

  %s
  realm %s

Next, each in a terminal of its own:

  junctor register%[3]s com.example.hello --reply '"hi"'
  junctor call%[3]s com.example.hello world

  junctor subscribe%[3]s com.example.news
  junctor publish%[3]s com.example.news "it works"

Ctrl-C ends it.`, strings.Join(urls, "\n  "), realm, flags)
}

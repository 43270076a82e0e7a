package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/junctorio/junctor/internal/config"
	"github.com/junctorio/junctor/internal/node"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/wamp"
)

func (a *app) authzCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "authz",
		Short: "Look into what a configuration allows",
		Args:  knownCommand,

		SuggestionsMinimumDistance: 2,
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	cmd.AddCommand(a.explainCommand())
	return cmd
}

// explainFlags are a request that may or may not be allowed.
type explainFlags struct {
	realm, role, action, uri, match string
}

func (a *app) explainCommand() *cobra.Command {
	var (
		files configFlags
		asked explainFlags
	)
	cmd := &cobra.Command{
		Use:   "explain",
		Short: "Say whether a role may do something, and which rule decides",
		Long: `Say whether a role may do something, which permission of the configuration
decides that, and why the others that speak of the URI do not. No router is
asked. Where an authorizer decides, it says which procedure that is.

` + configHelp + `

The exit code is 0 if the request is allowed or an authorizer decides, 5 if it
is denied.`,
		Example: `  junctor authz explain --realm realm1 --role anonymous --action call --uri com.example.add
  junctor authz explain -c config.yaml --realm realm1 --role user --action subscribe --uri com.example. --match prefix`,
		Args: noArguments,
	}
	files.add(a, cmd)
	asked.add(cmd)
	out := a.outputFlags(cmd)
	out.textByDefault(cmd)
	cmd.RunE = func(*cobra.Command, []string) error {
		p, err := out.printer()
		if err != nil {
			return err
		}
		q, err := asked.question()
		if err != nil {
			return err
		}
		cfg, findings, err := files.load()
		if err != nil {
			return err
		}
		if err := findings.Err(); err != nil {
			return &exitError{ExitConfig, err}
		}
		return explain(p, cfg, q)
	}
	return cmd
}

func (f *explainFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.realm, "realm", "", "the realm")
	flags.StringVar(&f.role, "role", "anonymous", "the role of the session")
	flags.StringVar(&f.action, "action", "", "call, register, publish or subscribe")
	flags.StringVar(&f.uri, "uri", "", "the procedure or topic, or a pattern of them")
	flags.StringVar(&f.match, "match", "exact", "what --uri is for register and subscribe: "+matchWords)
}

func (f *explainFlags) question() (node.Question, error) {
	q := node.Question{Realm: wamp.URI(f.realm), Role: f.role, URI: wamp.URI(f.uri)}
	var ok bool
	if f.realm == "" {
		return q, usagef("--realm is missing: in which realm?")
	}
	if q.Action, ok = router.ParseAction(f.action); !ok {
		return q, usagef("--action %s: want call, register, publish or subscribe", quote(f.action))
	}
	if q.Match, ok = wamp.ParseMatch(f.match); !ok {
		return q, usagef("--match %s: want %s", quote(f.match), matchWords)
	}
	patterns := q.Action == router.ActionRegister || q.Action == router.ActionSubscribe
	switch {
	case q.Match != wamp.MatchExact && !patterns:
		return q, usagef("--match %s: to %s takes a URI, not a pattern", f.match, f.action)
	case f.uri == "" && q.Match == wamp.MatchExact:
		return q, usagef("--uri is missing: which one?")
	}
	return q, nil
}

// explain prints what each router that has the realm says.
func explain(p *printer, cfg *config.Node, q node.Question) error {
	rulings, err := node.Explain(cfg, q)
	if err != nil {
		return usagef("--realm: %v", err)
	}
	denied := false
	for _, r := range rulings {
		denied = denied || !r.Allowed && r.Asks == ""
		if p.json {
			p.line(lineOf(q, r))
			continue
		}
		if len(rulings) > 1 {
			p.text("worker %s:", r.Worker)
		}
		p.text("%s", rulingText(q, r))
	}
	if denied {
		return &exitError{code: ExitDenied}
	}
	return nil
}

// rulingText is a ruling for people.
func rulingText(q node.Question, r node.Ruling) string {
	var b strings.Builder
	what := fmt.Sprintf("%s may %s %s", quote(q.Role), q.Action, quote(string(q.URI)))
	if q.Match != wamp.MatchExact {
		what += fmt.Sprintf(" (%s)", q.Match)
	}
	switch {
	case r.Asks != "":
		fmt.Fprintf(&b, "asks: whether %s, the procedure %s decides", what, r.Asks)
		return b.String()
	case r.Allowed:
		fmt.Fprintf(&b, "allowed: %s", what)
	default:
		fmt.Fprintf(&b, "denied: %s", strings.Replace(what, " may ", " may not ", 1))
	}
	if r.Disclosed {
		b.WriteString("; who does it is disclosed")
	}
	if r.By != nil {
		fmt.Fprintf(&b, "\nby %s", permissionText(*r.By))
	}
	fmt.Fprintf(&b, "\nbecause %s", r.Why)
	for _, other := range r.Others {
		fmt.Fprintf(&b, "\nnot by %s\n    %s", permissionText(other), other.Why)
	}
	return b.String()
}

// ruleText is a permission with its place in the file.
func permissionText(r node.Permission) string {
	allow := "allows nothing"
	if len(r.Allow) > 0 {
		allow = "allows " + strings.Join(r.Allow, ", ")
	}
	return fmt.Sprintf("%s: %s %s %s", r.At, r.Match, quote(string(r.URI)), allow)
}

// rulingLine is a ruling as a line of JSON.
type rulingLine struct {
	Worker     string           `json:"worker"`
	Realm      wamp.URI         `json:"realm"`
	Role       string           `json:"role"`
	Action     string           `json:"action"`
	URI        wamp.URI         `json:"uri"`
	Match      string           `json:"match"`
	Result     string           `json:"result"` // "allowed", "denied" or "asks"
	Authorizer wamp.URI         `json:"authorizer,omitempty"`
	Disclosed  bool             `json:"disclosed"`
	Why        string           `json:"why"`
	By         *permissionLine  `json:"by,omitempty"`
	Others     []permissionLine `json:"others"`
}

// permissionLine is a permission in it.
type permissionLine struct {
	File   string   `json:"file"`
	Line   int      `json:"line,omitempty"`
	Column int      `json:"column,omitempty"`
	Path   string   `json:"path"`
	URI    wamp.URI `json:"uri"`
	Match  string   `json:"match"`
	Allow  []string `json:"allow"`
	Why    string   `json:"why,omitempty"` // it does not decide
}

func lineOf(q node.Question, r node.Ruling) rulingLine {
	l := rulingLine{
		Worker: r.Worker, Realm: q.Realm, Role: q.Role, Action: q.Action.String(), URI: q.URI, Match: q.Match.String(),
		Result: "denied", Authorizer: r.Asks, Disclosed: r.Disclosed, Why: r.Why, Others: []permissionLine{},
	}
	switch {
	case r.Asks != "":
		l.Result = "asks"
	case r.Allowed:
		l.Result = "allowed"
	}
	if r.By != nil {
		by := permissionLineOf(*r.By)
		l.By = &by
	}
	for _, other := range r.Others {
		l.Others = append(l.Others, permissionLineOf(other))
	}
	return l
}

func permissionLineOf(r node.Permission) permissionLine {
	return permissionLine{r.At.File, r.At.Line, r.At.Column, r.At.Path, r.URI, r.Match.String(), r.Allow, r.Why}
}

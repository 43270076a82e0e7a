package dialogue_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/internal/dialogue"
	"github.com/junctorio/junctor/internal/history/memory"
	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

var update = flag.Bool("update", false, "rewrite docs/features.md")

const featuresPage = root + "/docs/features.md"

// rulesOf are the families of rules, or the rules, that say what a feature is.
var rulesOf = map[string][]string{
	"progressive_call_results":      {"PCR"},
	"progressive_call_invocations":  {"PCI"},
	"call_timeout":                  {"TMO"},
	"call_canceling":                {"CAN"},
	"caller_identification":         {"CID"},
	"call_trustlevels":              {"TRL-1"},
	"pattern_based_registration":    {"PREG"},
	"shared_registration":           {"SHR"},
	"sharded_registration":          {"SHD-1"},
	"registration_revocation":       {"REV-1", "REV-2", "REV-3", "REV-4"},
	"call_reroute":                  {"RER"},
	"registration_meta_api":         {"RM", "META"},
	"subscriber_blackwhite_listing": {"BWL"},
	"publisher_exclusion":           {"PEX"},
	"publisher_identification":      {"PID"},
	"publication_trustlevels":       {"TRL-2"},
	"pattern_based_subscription":    {"PSUB"},
	"shareded_subscriptions":        {"SHD-2"},
	"subscription_revocation":       {"REV-5"},
	"event_retention":               {"RET"},
	"event_history":                 {"HIS"},
	"subscription_meta_api":         {"SUM", "META"},
	"session_meta_api":              {"SM", "META"},
	"testament_meta_api":            {"TES"},
	"payload_passthru_mode":         {"PPT"},
	"reflection":                    {"REF"},
}

// absent are the flags that nobody announces, and why.
var absent = map[string]string{
	"sharded_registration":   "[not defined](decisions/0009-sharded-registrations.md)",
	"shareded_subscriptions": "[not defined](decisions/0009-sharded-registrations.md)",
	"reflection":             "not defined",
}

// feature is a row of the table in section 3.0 of docs/rules.md.
type feature struct {
	name, flag string
	roles      []wamp.Role // that announce it according to the specification
	rules      []string
}

// row matches what the specification names; what only others do has no flag
// of its own in the second column.
var words, row = regexp.MustCompile("[a-z]+"), regexp.MustCompile("^\\| ([^|]+) \\| (?:`roles[^`]*\\.)?`?([a-z_]+)`[^|]*\\| [^|]* \\| ([^|]*) \\|$")

func readFeatures(t *testing.T) []feature {
	t.Helper()
	text, sections := readRules(t)
	_, text, _ = strings.Cut(text, "\n### 3.0 ")
	text, _, _ = strings.Cut(text, "\n### ")
	var features []feature
	for line := range strings.Lines(text) {
		m := row.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		f := feature{name: m[1], flag: m[2]}
		for _, word := range words.FindAllString(m[3], -1) {
			if role, ok := wamp.ParseRole(word); ok {
				f.roles = append(f.roles, role)
			}
		}
		if strings.HasPrefix(m[3], "all six") {
			f.roles = allRoles
		}
		for _, s := range sections {
			for _, rule := range s.rules {
				family, _, _ := strings.Cut(rule, "-")
				if slices.Contains(rulesOf[f.flag], family) || slices.Contains(rulesOf[f.flag], rule) {
					f.rules = append(f.rules, rule)
				}
			}
		}
		features = append(features, f)
	}
	return features
}

var allRoles = []wamp.Role{
	wamp.RolePublisher, wamp.RoleSubscriber, wamp.RoleCaller, wamp.RoleCallee, wamp.RoleBroker, wamp.RoleDealer,
}

// announcements are what WELCOME and HELLO say.
type announcements struct {
	full    wamp.Roles // a realm that has all there is
	usual   wamp.Roles // a realm without an event store
	private wamp.Roles // a realm without a meta API
	client  wamp.Roles
}

func announced(t *testing.T) announcements {
	t.Helper()
	store, err := memory.New(memory.Config{Topics: []memory.Topic{{URI: "com.", Match: wamp.MatchPrefix, Limit: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	return announcements{
		full:    welcomeOf(t, router.RealmConfig{Events: store}),
		usual:   welcomeOf(t, router.RealmConfig{}),
		private: welcomeOf(t, router.RealmConfig{NoMetaAPI: true}),
		client:  helloOf(t),
	}
}

// has reports whether the role announces the flag.
func has(roles *wamp.Roles, r wamp.Role, flag string) bool {
	f, ok := wamp.ParseFeature(flag)
	return ok && roles.HasFeature(r, f)
}

// welcomeOf returns what a router announces to who joins a realm.
func welcomeOf(t *testing.T, cfg router.RealmConfig) wamp.Roles {
	t.Helper()
	r := router.New(router.Options{})
	defer r.Close()
	cfg.Name = dialogue.Realm
	cfg.Roles = []router.Role{{Name: "anonymous"}}
	if _, err := r.AddRealm(cfg); err != nil {
		t.Fatal(err)
	}
	mine, theirs := inproc.Pair(serializer.JSON.Number())
	attached := make(chan error, 1)
	go func() {
		attached <- r.Attach(context.Background(), theirs, router.Access{Methods: auth.Set{auth.Anonymous{}}})
	}()
	frame := []byte(`[1,"` + dialogue.Realm + `",{"roles":{"caller":{}}}]`)
	if err := mine.Write([][]byte{mine.AppendHeader(nil, len(frame)), frame}); err != nil {
		t.Fatal(err)
	}
	welcome, ok := first(t, mine).(*wamp.Welcome)
	if !ok {
		t.Fatal("no WELCOME")
	}
	roles := welcome.Roles
	mine.Close()
	<-attached
	return roles
}

// helloOf returns what the Go client announces.
func helloOf(t *testing.T) wamp.Roles {
	t.Helper()
	mine, theirs := inproc.Pair(serializer.JSON.Number())
	joined := make(chan error, 1)
	go func() {
		_, err := client.Join(context.Background(), mine, client.Options{Realm: dialogue.Realm})
		joined <- err
	}()
	hello, ok := first(t, theirs).(*wamp.Hello)
	if !ok {
		t.Fatal("no HELLO")
	}
	roles := hello.Roles
	theirs.Close()
	if err := <-joined; err == nil {
		t.Error("joined a connection that was closed")
	}
	return roles
}

// first returns the first message that comes.
func first(t *testing.T, conn transport.Conn) wamp.Message {
	t.Helper()
	for {
		frames, _, err := conn.Read(nil)
		if len(frames) > 0 {
			m, err := serializer.NewDecoder(serializer.JSON).Decode(frames[0])
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestAnnouncementsAreTrue is FEA-1: what is announced has rules, all of which
// are shown, and is announced by the roles that the specification names, on the
// router's and on the client's side.
func TestAnnouncementsAreTrue(t *testing.T) {
	t.Parallel()
	says, about, features := announced(t), cited(t), readFeatures(t)
	for _, f := range features {
		if len(f.rules) == 0 || len(scriptsOf(about, f.rules)) == 0 {
			t.Errorf("%s: rules %v have %d dialogues, want some of both", f.flag, f.rules, len(scriptsOf(about, f.rules)))
		}
		for _, r := range allRoles {
			roles := &says.client
			if r == wamp.RoleBroker || r == wamp.RoleDealer {
				roles = &says.full
			}
			want := slices.Contains(f.roles, r) && absent[f.flag] == ""
			if got := has(roles, r, f.flag); got != want {
				t.Errorf("%s: announced by %v: %v, want %v", f.flag, r, got, want)
			}
		}
	}
	known := func(flag string) bool {
		return slices.ContainsFunc(features, func(f feature) bool { return f.flag == flag })
	}
	for flag := range rulesOf {
		if !known(flag) {
			t.Errorf("docs/rules.md has no feature %s", flag)
		}
	}
	for _, roles := range []*wamp.Roles{&says.full, &says.client} {
		for r := range roles.All {
			for f := range roles.Features(r) {
				if !known(f.String()) {
					t.Errorf("%v announces %v, which docs/rules.md does not have", r, f)
				}
			}
		}
	}
}

// scriptsOf returns the dialogues about some rules, each once, by name.
func scriptsOf(about map[string][]*dialogue.Script, rules []string) []*dialogue.Script {
	var scripts []*dialogue.Script
	for _, rule := range rules {
		scripts = append(scripts, about[rule]...)
	}
	slices.SortFunc(scripts, func(a, b *dialogue.Script) int { return strings.Compare(a.Name, b.Name) })
	return slices.Compact(scripts)
}

func TestFeaturesPageIsCurrent(t *testing.T) {
	t.Parallel()
	got := page(t)
	if *update {
		if err := os.WriteFile(featuresPage, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(featuresPage)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s is stale (-file +tests); go test ./internal/dialogue -update writes it anew\n%s",
			filepath.Base(featuresPage), diff)
	}
}

const preamble = `# Features

<!-- Written by the tests of internal/dialogue: go test ./internal/dialogue -update -->

What junctor has of WAMP's advanced profile. The rules are those of [rules.md](rules.md), the announcements are taken
from the WELCOME of a running router and the HELLO of the Go client, and the dialogues are the scripts that the tests
play. A test fails if a feature is announced without dialogues, or has dialogues and is not announced, or if a rule has
neither a dialogue nor a reason.

Each dialogue is played on the pure core, on a router in process, and on a router over Unix sockets, TCP and TLS, in
JSON, MessagePack and CBOR; on the first two also among clients of different serializers. Those marked ° are about what
surrounds the core and are played on the router only; those marked ′ let time pass and are played on a fake clock, not
over sockets.
`

func page(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(preamble)
	says, about := announced(t), cited(t)
	b.WriteString("\n| feature | flag | announced by the router | by the Go client | rules | dialogues |\n|---|---|---|---|---|---|\n")
	for _, f := range readFeatures(t) {
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s | %s | %s |\n", f.name, f.flag,
			says.ofRouter(f.flag), says.ofClient(f.flag), strings.Join(f.rules, " "), links(scriptsOf(about, f.rules)))
	}
	b.WriteString("\nThe names of the flags are the specification's, with its mistakes of spelling.\n")
	_, sections := readRules(t)
	for _, s := range sections {
		if len(s.rules) > 0 && slices.Contains(protocol, s.chapter) {
			s.write(&b, about)
		}
	}
	return b.String()
}

func (a *announcements) ofRouter(flag string) string {
	if why := absent[flag]; why != "" {
		return "no: " + why
	}
	var cells []string
	for r := range a.full.All {
		switch {
		case !has(&a.full, r, flag):
		case !has(&a.usual, r, flag):
			cells = append(cells, r.String()+", where there is an event store")
		case !has(&a.private, r, flag):
			cells = append(cells, r.String()+", unless the meta API is turned off")
		default:
			cells = append(cells, r.String())
		}
	}
	return strings.Join(cells, "; ")
}

func (a *announcements) ofClient(flag string) string {
	var cells []string
	for r := range a.client.All {
		if has(&a.client, r, flag) {
			cells = append(cells, r.String())
		}
	}
	return strings.Join(cells, ", ")
}

// write writes what shows the rules of a section.
func (s *section) write(b *strings.Builder, about map[string][]*dialogue.Script) {
	fmt.Fprintf(b, "\n## %s\n\n| rule | shown by |\n|---|---|\n", s.title)
	for _, rule := range s.rules {
		fmt.Fprintf(b, "| %s | ", rule)
		if e, ok := elsewhere[rule]; ok {
			b.WriteString(e.String())
		} else {
			b.WriteString(links(about[rule]))
		}
		b.WriteString(" |\n")
	}
}

func (s shown) String() string {
	if s.test == "" {
		return s.why
	}
	return fmt.Sprintf("%s: `%s` in [%s](../%s)", s.why, s.test, s.dir, s.dir)
}

func links(scripts []*dialogue.Script) string {
	list := make([]string, len(scripts))
	for i, s := range scripts {
		list[i] = fmt.Sprintf("[%s](../internal/dialogue/testdata/%s.txt)", s.Name, s.Name)
		if s.NeedsRouter() {
			list[i] += "°"
		}
		if s.Timed {
			list[i] += "′"
		}
	}
	return strings.Join(list, ", ")
}

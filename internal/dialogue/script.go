package dialogue

import (
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/junctorio/junctor/wamp"
)

// Script is a parsed dialogue.
type Script struct {
	Name    string // the file's name without .txt
	Rules   string // the first comment: the rules it is about, and what they ask
	Options Options
	Timed   bool // whether it lets time pass

	stops bool // whether the router is shut down

	// Permissions are what anonymous sessions may do; none means everything.
	Permissions []Permission

	steps []step
}

// NeedsRouter reports whether the script is about what surrounds the pure core
// of a router: who is let in, what is allowed, and what a realm tells of itself.
func (s *Script) NeedsRouter() bool {
	o := &s.Options
	return s.stops || o.Authentication || o.Authorizer || o.AnotherRealm || o.MetaAPI || len(s.Permissions) > 0
}

// Options are how the realm of a script is configured.
type Options struct {
	StrictURIs       bool // URIs are checked strictly (URI-1)
	StrictRequestIDs bool // request IDs are checked (ID-4)
	RefuseDisclosure bool // nobody may disclose anybody (CID-3, PID-2)
	History          bool // 5 events of com.example and 5 of com.other.ahead are stored
	MetaAPI          bool // there is a meta API; most scripts do without its events
	AnotherRealm     bool // there is a realm2 besides, configured in the same way
	Authentication   bool // clients may also log in as Secret, Salt and Key say
	LoginRequired    bool // the same, and nobody is anonymous
	Authorizer       bool // what is allowed is decided as Authorize says
	CallTimeouts     bool // calls that name no timeout have CallTimeout, and none may have more than MaxCallTimeout
	CallQueue        bool // one call may wait for each registration whose callees are all busy
}

// The timeouts of realms with the option call_timeouts.
const (
	CallTimeout    = time.Second
	MaxCallTimeout = 2 * time.Second
)

// What realms with the option authentication know. Everybody gets the role
// "anonymous", for which Permissions are. By ticket, three more can log in: max,
// whose role is missing, mia, who belongs to realm2, and eva, for [Expiry].
const (
	Secret = "sesame" // of joe (ticket, wampcra), of sue (wampcra and wamp-scram, both salted), and of the three
	Salt   = "pepper" // of sue's secret, with Rounds and KeyLength where it is for wampcra
	Rounds = 1000

	KeyLength = 32

	Expiry = time.Minute // from the start of the router

	// Key is the Ed25519 public key of kim (cryptosign), in hexadecimal. Its
	// seed is that of the first test of RFC 8032.
	Key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"

	// RouterSeed is the seed of the router's own key, that of the second test.
	RouterSeed = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"
)

// Authorize is what realms with the option authorizer decide, and how long
// that takes: nothing below com.example.denied is allowed, what is below
// com.example.slow takes a second, and below com.example.broken nothing is
// decided.
func Authorize(u wamp.URI) (allow bool, after time.Duration, err error) {
	below := func(prefix string) bool { return strings.HasPrefix(string(u), prefix) }
	if below("com.example.slow") {
		after = time.Second
	}
	if below("com.example.broken") {
		err = errBroken
	}
	return !below("com.example.denied"), after, err
}

var errBroken = errors.New("broken as agreed")

// Permission is what anonymous sessions may do with the URIs that it matches.
type Permission struct {
	URI   wamp.URI
	Match wamp.Match

	Call, Register, Publish, Subscribe bool

	DiscloseCaller, DisclosePublisher bool

	TrustLevel *int // nil: none
}

// step is one line that does something.
type step struct {
	line int
	text string
	do   func(*run) error
}

// syntaxError says what is wrong in a script.
type syntaxError struct {
	name string
	line int
	err  error
}

func (e *syntaxError) Error() string { return fmt.Sprintf("%s.txt:%d: %v", e.name, e.line, e.err) }
func (e *syntaxError) Unwrap() error { return e.err }

// Parse parses a script. Its error names the script and the line.
func Parse(name, text string) (*Script, error) {
	s := &Script{Name: name}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if comment, ok := strings.CutPrefix(line, "#"); ok {
			if s.Rules == "" {
				s.Rules = strings.TrimSpace(comment)
			}
			continue
		}
		if line == "" {
			continue
		}
		if err := s.parseLine(i+1, line); err != nil {
			return nil, &syntaxError{name, i + 1, err}
		}
	}
	return s, nil
}

// talk is a line that sends or receives.
var talk = regexp.MustCompile(`^([a-z][a-z0-9_]*)\s*([<>])\s*(.*)$`)

func (s *Script) parseLine(number int, line string) (err error) {
	next := step{line: number, text: line}
	switch m := talk.FindStringSubmatch(line); {
	case m != nil && m[2] == ">":
		next.do, err = parseSend(m[1], m[3])
	case m != nil:
		next.do, err = parseReceive(m[1], m[3])
	default:
		next.do, err = s.parseCommand(strings.Fields(line))
	}
	if next.do != nil {
		s.steps = append(s.steps, next)
	}
	return err
}

func parseSend(name, what string) (func(*run) error, error) {
	if digits, ok := strings.CutPrefix(what, "octets "); ok {
		octets, err := hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
		if err != nil {
			return nil, err
		}
		return func(r *run) error { return r.sendOctets(name, octets) }, nil
	}
	m, err := parseMessage(what)
	if err != nil {
		return nil, err
	}
	return func(r *run) error { return r.send(name, m) }, nil
}

func parseReceive(name, what string) (func(*run) error, error) {
	switch what {
	case "nothing":
		return func(r *run) error { return r.wantNothing(name) }, nil
	case "closed":
		return func(r *run) error { return r.wantClosed(name) }, nil
	}
	m, err := parseMessage(what)
	if err != nil {
		return nil, err
	}
	return func(r *run) error { return r.want(name, m) }, nil
}

func (s *Script) parseCommand(words []string) (func(*run) error, error) {
	command, words := words[0], words[1:]
	switch command {
	case "realm":
		return nil, s.parseOptions(words)
	case "permission":
		return nil, s.parsePermission(words)
	case "after":
		return s.parseAfter(words)
	case "shutdown":
		s.stops = true
		return parseShutdown(words)
	}
	if len(words) == 0 {
		return nil, fmt.Errorf("%s: whom?", command)
	}
	name, words := words[0], words[1:]
	switch {
	case command == "join":
		return parseJoin(name, words)
	case len(words) > 0:
		return nil, fmt.Errorf("%s %s: unexpected %q", command, name, words[0])
	case command == "connect":
		return func(r *run) error { return r.connect(name) }, nil
	case command == "leave":
		return func(r *run) error { return r.leave(name) }, nil
	case command == "drop":
		return func(r *run) error { return r.drop(name) }, nil
	}
	return nil, fmt.Errorf("unknown command %q", command)
}

func (s *Script) parseOptions(words []string) error {
	if len(s.steps) > 0 {
		return fmt.Errorf("realm comes before all else")
	}
	for _, word := range words {
		switch word {
		case "strict_uris":
			s.Options.StrictURIs = true
		case "strict_request_ids":
			s.Options.StrictRequestIDs = true
		case "refuse_disclosure":
			s.Options.RefuseDisclosure = true
		case "meta_api":
			s.Options.MetaAPI = true
		case "another_realm":
			s.Options.AnotherRealm = true
		case "authentication":
			s.Options.Authentication = true
		case "login_required":
			s.Options.Authentication, s.Options.LoginRequired = true, true
		case "call_timeouts":
			s.Options.CallTimeouts = true
		case "call_queue":
			s.Options.CallQueue = true
		case "authorizer":
			s.Options.Authorizer = true
		case "event_history":
			s.Options.History, s.Options.MetaAPI = true, true
		default:
			return fmt.Errorf("unknown realm option %q", word)
		}
	}
	return nil
}

func (s *Script) parsePermission(words []string) error {
	switch {
	case len(s.steps) > 0:
		return fmt.Errorf("permissions come before all else")
	case len(words) < 2:
		return fmt.Errorf("permission: want a URI, how it matches, and what is allowed")
	}
	match, ok := wamp.ParseMatch(words[1])
	if !ok {
		return fmt.Errorf("permission: %q is no way to match", words[1])
	}
	p := Permission{URI: wamp.URI(words[0]), Match: match}
	for _, word := range words[2:] {
		if err := p.set(word); err != nil {
			return err
		}
	}
	s.Permissions = append(s.Permissions, p)
	return nil
}

func (p *Permission) set(word string) error {
	switch name, value, _ := strings.Cut(word, "="); name {
	case "call":
		p.Call = true
	case "register":
		p.Register = true
	case "publish":
		p.Publish = true
	case "subscribe":
		p.Subscribe = true
	case "disclose_caller":
		p.DiscloseCaller = true
	case "disclose_publisher":
		p.DisclosePublisher = true
	case "trustlevel":
		level, err := strconv.Atoi(value)
		p.TrustLevel = &level
		return err
	default:
		return fmt.Errorf("permission: unknown word %q", word)
	}
	return nil
}

func (s *Script) parseAfter(words []string) (func(*run) error, error) {
	d, err := time.ParseDuration(strings.Join(words, ""))
	if err != nil {
		return nil, err
	}
	s.Timed = true
	return func(r *run) error {
		r.target.Advance(d)
		return nil
	}, nil
}

func parseShutdown(words []string) (func(*run) error, error) {
	if len(words) > 0 {
		return nil, fmt.Errorf("shutdown: unexpected %q", words[0])
	}
	return (*run).shutdown, nil
}

// clientRoles are the roles that join announces.
var clientRoles = []wamp.Role{wamp.RolePublisher, wamp.RoleSubscriber, wamp.RoleCaller, wamp.RoleCallee}

func parseJoin(name string, features []string) (func(*run) error, error) {
	roles := wamp.Dict{}
	for _, r := range clientRoles {
		roles[r.String()] = wamp.Dict{"features": wamp.Dict{}}
	}
	for _, word := range features {
		role, flag, _ := strings.Cut(word, ".")
		r, knownRole := wamp.ParseRole(role)
		_, knownFlag := wamp.ParseFeature(flag)
		if !knownRole || !slices.Contains(clientRoles, r) || !knownFlag {
			return nil, fmt.Errorf("join %s: %q is no feature of a client's role", name, word)
		}
		roles[role].(wamp.Dict)["features"].(wamp.Dict)[flag] = true
	}
	return func(r *run) error { return r.join(name, roles) }, nil
}

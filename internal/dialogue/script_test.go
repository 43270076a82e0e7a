package dialogue_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/internal/dialogue"
	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/wamp"
)

func TestParseErrorsNameTheLine(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		line string
		want string
	}{
		{"unknown command", "jion alice", `unknown command "jion"`},
		{"nobody named", "join", "join: whom?"},
		{"a word too many", "leave alice bob", `unexpected "bob"`},
		{"unknown feature", "join alice callee.no_such_feature", "callee.no_such_feature"},
		{"feature of a router's role", "join alice dealer.call_timeout", "dealer.call_timeout"},
		{"unknown realm option", "realm strict", `"strict"`},
		{"a permission for nothing", "permission com.", "how it matches"},
		{"a permission that matches in no way", "permission com. suffix call", `"suffix"`},
		{"a permission for an unknown action", "permission com. prefix sing", `"sing"`},
		{"a trust level that is no number", "permission com. prefix trustlevel=high", "high"},
		{"unknown function", `alice> [5, rot13("a")]`, `"rot13"`},
		{"a function of too little", `alice> [5, cra("a")]`, "1 arguments, want 2"},
		{"a function that does not end", `alice> [5, cra("a", "b"]`, `")"`},
		{"shutting down somebody", "shutdown alice", `unexpected "alice"`},
		{"no duration", "after lunch", "lunch"},
		{"odd octets", "alice> octets 5b3", "odd"},
		{"a message that is no list", `alice> {"a": 1}`, "a message is a list"},
		{"a list that does not end", "alice> [1, 2", `"]"`},
		{"a dictionary that does not end", `alice> [{"a": 1]`, `"}"`},
		{"a key without colon", `alice> [{"a" 1}]`, `":"`},
		{"a key without quotes", `alice> [{a: 1}]`, "string"},
		{"a string that does not end", `alice> ["a]`, "string"},
		{"a word that means nothing", "alice< [yes]", "yes"},
		{"a variable without name", "alice< [$]", "name"},
		{"elision that is not last", "alice< [..., 1]", "comes last"},
		{"more after the message", "alice< [1] [2]", "follows"},
	}
	for _, tt := range tests {
		_, err := dialogue.Parse("script", "# a comment\n\n"+tt.line+"\n")
		if err == nil || !strings.Contains(err.Error(), "script.txt:3: ") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error is %v, want script.txt:3 and %s", tt.name, err, tt.want)
		}
	}
	for _, line := range []string{"realm strict_uris", "permission com. prefix call"} {
		if _, err := dialogue.Parse("script", "join alice\n"+line+"\n"); err == nil {
			t.Errorf("%s after join was accepted", line)
		}
	}
}

func TestParseReadsWhatAScriptNeeds(t *testing.T) {
	t.Parallel()
	s, err := dialogue.Parse("name", "# X-1: rule\n# more\nrealm strict_uris refuse_disclosure strict_request_ids\nafter 1s\n")
	if err != nil {
		t.Fatal(err)
	}
	want := dialogue.Options{StrictURIs: true, RefuseDisclosure: true, StrictRequestIDs: true}
	if s.Name != "name" || s.Rules != "X-1: rule" || s.Options != want || !s.Timed {
		t.Errorf("got %+v", s)
	}
}

func TestParseReadsPermissions(t *testing.T) {
	t.Parallel()
	s, err := dialogue.Parse("name", "permission com. prefix call subscribe disclose_caller\npermission a..b wildcard register publish disclose_publisher trustlevel=3\n")
	if err != nil {
		t.Fatal(err)
	}
	level := 3
	want := []dialogue.Permission{
		{URI: "com.", Match: wamp.MatchPrefix, Call: true, Subscribe: true, DiscloseCaller: true},
		{URI: "a..b", Match: wamp.MatchWildcard, Register: true, Publish: true, DisclosePublisher: true, TrustLevel: &level},
	}
	if diff := cmp.Diff(want, s.Permissions); diff != "" || !s.NeedsRouter() {
		t.Errorf("needs a router: %v; -want +got\n%s", s.NeedsRouter(), diff)
	}
}

// A runner that finds no fault with anything would make every dialogue pass.
func TestRunFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	const subscribed = "join alice\nalice> [32, 1, {}, \"a\"]\nalice< [33, 1, $sub]\n"
	tests := []struct {
		name   string
		script string
		line   string // where it goes wrong
		want   string
	}{
		{"another message", "join alice\nalice> [32, 1, {}, \"a\"]\nalice< [35, 1]", ":3:", "elements"},
		{"another value", "join alice\nalice> [32, 1, {}, \"a\"]\nalice< [33, 2, _]", ":3:", "the message[1] is 1, want 2"},
		{"another type", "join alice\nalice> [32, 1, {}, \"a\"]\nalice< [33, \"1\", _]", ":3:", "message[1]"},
		{"another value of a variable", subscribed + "alice> [32, 2, {}, \"b\"]\nalice< [33, 2, $sub]", ":5:", "message[2]"},
		{"too few elements", "join alice\nalice> [32, 1, {}, \"a\"]\nalice< [33, 1]", ":3:", "3 elements, want 2"},
		{"too many elements", "join alice\nalice> [32, 1, {}, \"a\"]\nalice< [33, 1, _, _, ...]", ":3:", "3 elements, want 4"},
		{"a key that is missing", "join alice\nalice> [48, 1, {}, \"a\"]\nalice< [8, 48, 1, {\"key\": _}, _, _]", ":3:", `no key "key"`},
		{
			"a key that is not expected", "connect alice\nalice> [1, \"realm1\", {\"roles\": {\"caller\": {}}}]\nalice< [2, _, {}]",
			":3:", "unexpected key",
		},
		{"no list", "join alice\nalice> [48, 1, {}, \"a\"]\nalice< [8, 48, 1, [], _, _]", ":3:", "want a list"},
		{"no dictionary", "join alice\nalice> [48, 1, {}, \"a\"]\nalice< [8, 48, 1, {}, {}, _]", ":3:", "want a dictionary"},
		{"nothing comes", "join alice\nalice< [33, 1, _]", ":2:", dialogue.ErrNothing.Error()},
		{"something comes", "join alice\nalice> [32, 1, {}, \"a\"]\nalice< nothing", ":3:", "want nothing"},
		{"something is left", "join alice\nalice> [32, 1, {}, \"a\"]", "at the end: alice", "want nothing"},
		{"something is left for who leaves", "join alice\nalice> [32, 1, {}, \"a\"]\nleave alice", ":3:", "left without receiving"},
		{"something is left for who drops out", "join alice\nalice> [32, 1, {}, \"a\"]\ndrop alice", ":3:", "left without receiving"},
		{
			"something comes from others", subscribed + "join bob\nbob> [16, 1, {}, \"a\"]\nalice< nothing",
			":6:", "want nothing",
		},
		{"the connection is open", "join alice\nalice< closed", ":2:", dialogue.ErrNothing.Error()},
		{"the connection is not closed yet", "join alice\nalice> [99]\nalice< closed", ":3:", "want the connection to be closed"},
		{"the connection is closed", "join alice\nalice> [99]\nalice< [3, ...]\nalice< [3, ...]", ":4:", "EOF"},
		{"an abort instead", "join alice\nalice> [99]", "at the end", "want nothing"},
		{"no time", "join alice\nalice> [32, 1, {}, \"a\"]\nalice< [33, 1, timestamp]", ":3:", "want a time in UTC"},
		{"a time that is sent", "join alice\nalice> [32, timestamp, {}, \"a\"]", ":2:", "cannot be sent"},
		{"a proof of what is not there", "join alice\nalice> [5, cra(\"a\", $challenge)]", ":2:", "$challenge has no value"},
		{"a proof of the wrong types", "join alice\nalice> [5, cra(\"a\", 1)]", ":2:", "cra cannot be computed"},
		{"another proof", "join alice\nalice> [48, 1, {}, \"a\"]\nalice< [8, 48, 1, {}, cra(\"a\", \"b\"), ...]", ":3:", "message[4]"},
		{"a router that cannot be shut down", "join alice\nshutdown", ":2:", "cannot be shut down"},
		{"a variable without value", "join alice\nalice> [32, 1, {}, $topic]", ":2:", "$topic has no value"},
		{"an elision that is sent", "join alice\nalice> [32, 1, {...}, \"a\"]", ":2:", "cannot be sent"},
		{"a wildcard that is sent", "join alice\nalice> [32, _, {}, \"a\"]", ":2:", "cannot be sent"},
		{"nobody of that name", "alice> [32, 1, {}, \"a\"]", ":1:", "alice is not connected"},
		{"gone", "join alice\nleave alice\nalice< nothing", ":3:", "alice is not connected"},
	}
	for _, tt := range tests {
		for _, ser := range serializer.All() {
			s, err := dialogue.Parse("script", tt.script)
			if err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
			err = s.Run(newCore(t, s.Options, ser))
			if err == nil || !strings.Contains(err.Error(), tt.line) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s, %v: error is %v, want %s and %s", tt.name, ser, err, tt.line, tt.want)
			}
		}
	}
}

func TestANameMayBeUsedAgain(t *testing.T) {
	t.Parallel()
	s, err := dialogue.Parse("script", `
join alice
alice> [32, 1, {}, "a"]
alice< [33, 1, $first]
leave alice
join alice
join bob
alice> [32, 1, {}, "a"]
alice< [33, 1, $second]
bob> [16, 1, {"disclose_me": true, "eligible": [$alice]}, "a"]
alice< [36, $second, _, {"publisher": $bob, ...}]
drop alice
join alice
`)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(newCore(t, s.Options, serializer.JSON)); err != nil {
		t.Error(err)
	}
}

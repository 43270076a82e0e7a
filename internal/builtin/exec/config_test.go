package exec_test

import (
	"encoding/json"
	"testing"

	"github.com/junctorio/junctor/component"
	"github.com/junctorio/junctor/internal/builtin/exec"
)

func TestFindingsInTheConfiguration(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, extra, want string }{
		{"nothing", ``, "extra: neither procedures nor topics to serve"},
		{"unknown key", `{"procedures":[{"comand":["a"]}]}`, "extra.procedures[0].comand: unknown key; known are command, concurrency, env, grace, invoke, match, max_line, mode, restart, timeout, uri, workdir"},
		{"no URI", `{"procedures":[{"command":["a"]}]}`, "extra.procedures[0].uri: is required"},
		{"bad URI", `{"topics":[{"uri":"a..b","command":["a"]}]}`, `extra.topics[0].uri: "a..b" is no valid URI to match by exact`},
		{"no command", `{"procedures":[{"uri":"a.b"}]}`, "extra.procedures[0].command: is required: a list of the program and its arguments"},
		{"bad match", `{"procedures":[{"uri":"a.b","match":"regex"}]}`, `extra.procedures[0].match: want exact, prefix or wildcard, got "regex"`},
		{"bad invoke", `{"procedures":[{"uri":"a.b","invoke":1}]}`, `extra.procedures[0].invoke: want single, roundrobin, random, first, last or leastpending, got 1`},
		{"bad mode", `{"procedures":[{"uri":"a.b","mode":"once"}]}`, `extra.procedures[0].mode: want "per-call" or "long-lived", got "once"`},
		{"bad timeout", `{"procedures":[{"uri":"a.b","timeout":"soon"}]}`, `extra.procedures[0].timeout: want a number of seconds or a duration such as "250ms", got "soon"`},
		{"negative timeout", `{"procedures":[{"uri":"a.b","timeout":-1}]}`, `extra.procedures[0].timeout: want 0 to 315360000 seconds, got -1`},
		{"too much concurrency", `{"procedures":[{"uri":"a.b","command":["a"],"concurrency":2000}]}`, "extra.procedures[0].concurrency: want 1 to 1024, got 2000"},
		{"negative line", `{"procedures":[{"uri":"a.b","command":["a"],"max_line":-1}]}`, "extra.procedures[0].max_line: want 1 to 1073741824 octets, got -1"},
		{"concurrency of a topic", `{"topics":[{"concurrency":2}]}`, "extra.topics[0].concurrency: unknown key; known are command, env, grace, match, max_line, mode, restart, timeout, uri, workdir"},
		{"timeout of a long-lived topic", `{"topics":[{"uri":"a.b","command":["a"],"mode":"long-lived","timeout":1}]}`, "extra.topics[0].timeout: a long-lived process does not say when it is done with an event"},
		{"restart per call", `{"procedures":[{"uri":"a.b","command":["a"],"restart":{}}]}`, `extra.procedures[0].restart: is for mode "long-lived"; a process per call is never started again`},
		{"restart upside down", `{"procedures":[{"uri":"a.b","command":["a"],"mode":"long-lived","restart":{"initial":2,"max":1}}]}`, "extra.procedures[0].restart: max 1s is shorter than initial 2s"},
		{"variable with =", `{"procedures":[{"uri":"a.b","command":["a"],"env":{"a=b":""}}]}`, `extra.procedures[0].env: "a=b" cannot be a variable of the environment`},
		{"NUL in the command", `{"procedures":[{"uri":"a.b","command":["a\u0000"]}]}`, "extra.procedures[0].command: no part of it, nor workdir, can contain the character NUL"},
		{"the same twice", `{"procedures":[{"uri":"a.b","command":["a"]},{"uri":"a.b","command":["a"]}]}`, "extra.procedures[1].uri: a.b is that of procedures[0] already"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := exec.New(component.Config{Extra: json.RawMessage(tt.extra)})
			if err == nil || err.Error() != tt.want {
				t.Errorf("got error %v, want %s", err, tt.want)
			}
		})
	}
}

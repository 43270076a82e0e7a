package transport_test

import (
	"testing"
	"time"

	"github.com/junctorio/junctor/transport"
)

func TestKeepAliveDefaults(t *testing.T) {
	t.Parallel()
	defaults := transport.KeepAlive{Interval: 20 * time.Second, Timeout: 10 * time.Second, Attempts: 2}
	given := transport.KeepAlive{Mode: transport.KeepAliveNever, Interval: 1, Timeout: 2, Attempts: 3}
	for _, test := range []struct{ give, want transport.KeepAlive }{
		{transport.KeepAlive{}, defaults},
		{given, given},
	} {
		if got, err := test.give.Complete(); err != nil || got != test.want {
			t.Errorf("%+v becomes %+v, %v, want %+v", test.give, got, err, test.want)
		}
	}
	if got := defaults.Silence(); got != 40*time.Second {
		t.Errorf("a silent peer is given up on after %v, want 40s", got)
	}
}

func TestKeepAliveSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]transport.KeepAlive{
		"an unknown mode":                {Mode: 3},
		"a negative interval":            {Interval: -1},
		"a negative timeout":             {Timeout: -1},
		"a negative number of attempts":  {Attempts: -1},
		"all of it negative, but no use": {Mode: transport.KeepAliveNever, Interval: -1, Timeout: -1, Attempts: -1},
	} {
		if _, err := k.Complete(); err == nil {
			t.Errorf("%s: got no error for %+v", name, k)
		}
	}
}

// RS-26: no PING to who might break.
func TestWhoGetsPings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		mode                transport.KeepAliveMode
		toKnown, toStranger bool
	}{
		{transport.KeepAliveAuto, true, false},
		{transport.KeepAliveAlways, true, true},
		{transport.KeepAliveNever, false, false},
	} {
		k := transport.KeepAlive{Mode: test.mode}
		if k.Pings(true) != test.toKnown || k.Pings(false) != test.toStranger {
			t.Errorf("mode %v: got %v, %v", test.mode, k.Pings(true), k.Pings(false))
		}
	}
	for agent, want := range map[string]bool{
		"junctor": true, "junctor-go": true, "junctor/1.2": true,
		"": false, "AutobahnPython/25.12.2": false, "Crossbar.io": false, "not junctor": false,
	} {
		if got := transport.CopesWithPing(agent); got != want {
			t.Errorf("agent %q: got %v", agent, got)
		}
	}
}

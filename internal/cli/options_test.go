package cli_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/internal/cli"
	"github.com/junctorio/junctor/wamp"
)

func TestOptionsReachTheClient(t *testing.T) {
	t.Parallel()
	call, publish, subscribe, register, err := cli.ParseOptions(
		[]string{"timeout=1500", "disclose_me=true", "cancel=kill", "receive_progress=true", "rkey=a", "runmode=partition", "runon=all"},
		[]string{
			"acknowledge=true", "exclude_me=false", "disclose_me=true", "retain=true", "rkey=b", "exclude=[1,2]", "eligible=3",
			`exclude_authid=["a"]`, "eligible_authid=b", "exclude_authrole=[]", "eligible_authrole=c",
		},
		[]string{"match=prefix", "get_retained=true", "nkey=c"},
		[]string{"match=wildcard", "invoke=roundrobin", "disclose_caller=true", "force_reregister=true", "concurrency=4", "forward_timeout=true"},
	)
	if err != nil {
		t.Fatal(err)
	}
	if call.OnProgress == nil {
		t.Error("receive_progress is not asked for")
	}
	call.OnProgress = nil
	diff := func(name string, want, got any) {
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	diff("call", client.CallOptions{Timeout: 1500 * time.Millisecond, DiscloseMe: true, Cancel: wamp.CancelKill, Sharding: &wamp.Sharding{RKey: "a", RunMode: "partition", RunOn: "all"}}, call)
	diff("publish", client.PublishOptions{
		Acknowledge: true, IncludeMe: true, DiscloseMe: true, Retain: true, RKey: "b",
		Filter: &wamp.Filter{
			Exclude: []wamp.ID{1, 2}, Eligible: []wamp.ID{3}, ExcludeAuthID: []string{"a"},
			EligibleAuthID: []string{"b"}, ExcludeAuthRole: []string{}, EligibleAuthRole: []string{"c"},
		},
	}, publish)
	diff("subscribe", client.SubscribeOptions{Match: wamp.MatchPrefix, GetRetained: true, NKey: "c"}, subscribe)
	diff("register", client.RegisterOptions{
		Match: wamp.MatchWildcard, Invoke: wamp.InvokeRoundRobin, DiscloseCaller: true,
		ForceReregister: true, Concurrency: 4, ForwardTimeout: true,
	}, register)

	// An option that the client gains must be given a name here, or a flag.
	// Payload and Attributes are for programs that forward what they received.
	flags := []string{"Kwargs", "MaxHandlers", "TakeChunks", "OnProgress", "Payload", "Attributes"}
	for _, options := range []any{call, publish, subscribe, register} {
		v := reflect.ValueOf(options)
		for i := range v.NumField() {
			if name := v.Type().Field(i).Name; v.Field(i).IsZero() && !slices.Contains(flags, name) {
				t.Errorf("no option of the command line sets %v.%s", v.Type(), name)
			}
		}
	}
}

//go:build interop

package interop_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// scenario is something that two clients do with each other through the
// router: a column of the matrix. Each pair runs it twice, with roles changed.
type scenario struct {
	name string
	// needs is a role and a feature that the router must announce, or nothing.
	needs [2]string
	// unable says why a client of some kind cannot play a or b; empty: it can.
	unable func(a, b kind) string
	run    func(ctx context.Context, p pair) error
}

// pair is who plays a scenario, with URIs that nobody else uses.
type pair struct {
	a, b *client
	base string
}

func (p pair) uri(suffix string) string { return p.base + "." + suffix }

var scenarios = []scenario{
	{name: "args", run: echoes(everyKind, nil)},
	{name: "kwargs", run: echoes([]any{}, map[string]any{"all": everyKind, "name": "value"})},
	{name: "empty", run: echoes(nil, nil)},
	{name: "unicode", run: echoes(scripts, map[string]any{"scripts": scripts})},
	{name: "binary", run: echoes([]any{allOctets, []any{[]byte{}}}, map[string]any{"octets": allOctets})},
	{name: "1 MB", run: echoes([]any{strings.Repeat("é", 500_000), bytes.Repeat(allOctets, 2400)}, nil)},
	{name: "error", run: callFails},
	{name: "no such", run: callNobody},
	{name: "register", run: registerAndUnregister},
	{name: "event", run: eventArrives},
	{name: "order", run: eventsKeepOrder},
	{name: "acknowledge", run: publicationIsAcknowledged},
	{name: "exclude me", run: publisherIsExcluded},
	{name: "unsubscribe", run: eventsEnd},
	{
		name: "progress", needs: [2]string{"dealer", "progressive_call_results"},
		run: resultsComeInSteps,
	},
	{
		name: "disclose", needs: [2]string{"dealer", "caller_identification"},
		unable: func(a, _ kind) string {
			if a == twisted || a == asyncio {
				return "the caller is Autobahn|Python, which cannot ask for it"
			}
			return ""
		},
		run: callerIsDisclosed,
	},
	{
		name: "cancel", needs: [2]string{"dealer", "call_canceling"},
		unable: calleeCannotWait, run: callIsCancelled,
	},
	{
		name: "timeout", needs: [2]string{"dealer", "call_timeout"},
		unable: calleeCannotWait, run: callTimesOut,
	},
	{
		name: "pattern sub", needs: [2]string{"broker", "pattern_based_subscription"},
		run: patternsMatchTopics,
	},
	{
		name: "pattern reg", needs: [2]string{"dealer", "pattern_based_registration"},
		run: patternsMatchProcedures,
	},
	{
		name: "shared reg", needs: [2]string{"dealer", "shared_registration"},
		run: calleesTakeTurns,
	},
}

func calleeCannotWait(_, b kind) string {
	if b == javascript {
		return "the callee is Autobahn|JS, which does not know INTERRUPT"
	}
	return ""
}

// allScenarios are the columns, in their order.
var allScenarios = slices.Concat(scenarios, moreScenarios, apiScenarios)

// everyKind has a value of each kind that all serializers carry.
var everyKind = []any{
	int64(0), int64(-1), int64(127), int64(128), int64(-129), int64(65536), int64(1) << 40,
	int64(1)<<53 - 1, -(int64(1)<<53 - 1), 2.5, -0.125, true, false, nil, "", "text",
	[]any{int64(1), []any{"nested", []any{}}}, map[string]any{"key": map[string]any{"deep": int64(1)}},
}

// scripts are strings that go wrong when somebody counts or escapes otherwise
// than in UTF-8.
var scripts = []any{
	"Grüße", "日本語", "עברית", "👩‍👩‍👧 \U0001F9EA", "e\u0301", "line\nbreak\ttab", "quote\" back\\slash /",
	"nul\u0000inside", "\u2028\u2029", "\u007f\u0080\ufffd",
}

var allOctets = func() []byte {
	octets := make([]byte, 256)
	for i := range octets {
		octets[i] = byte(i)
	}
	return octets
}()

// echoes: what b gets from a and returns comes back as it was.
func echoes(args []any, kwargs map[string]any) func(context.Context, pair) error {
	return func(ctx context.Context, p pair) error {
		if err := p.b.register(ctx, p.uri("echo"), "echo", nil); err != nil {
			return err
		}
		got, err := p.a.call(ctx, p.uri("echo"), args, kwargs)
		if err != nil {
			return err
		}
		return errors.Join(
			same("args of the result", got.args, args),
			same("kwargs of the result", got.kwargs, kwargs),
			p.b.unregister(ctx, p.uri("echo")),
		)
	}
}

// callFails: a callee's error reaches the caller with its URI and values.
func callFails(ctx context.Context, p pair) error {
	if err := p.b.register(ctx, p.uri("fail"), "fail", nil); err != nil {
		return err
	}
	args, kwargs := []any{"reason", int64(7), []any{nil, true}}, map[string]any{"detail": "ünder"}
	_, err := p.a.call(ctx, p.uri("fail"), args, kwargs)
	refused, err := refusedWith(err, "com.example.error.refused")
	if err != nil {
		return err
	}
	return errors.Join(
		same("args of the error", refused.Args, args),
		same("kwargs of the error", refused.Kwargs, kwargs),
		p.b.unregister(ctx, p.uri("fail")),
	)
}

func callNobody(ctx context.Context, p pair) error {
	_, err := p.a.call(ctx, p.uri("nobody"), []any{int64(1)}, nil)
	_, err = refusedWith(err, "wamp.error.no_such_procedure")
	return err
}

// registerAndUnregister: a procedure has one callee, and none after UNREGISTERED.
func registerAndUnregister(ctx context.Context, p pair) error {
	uri := p.uri("procedure")
	if err := p.b.register(ctx, uri, "name", nil); err != nil {
		return err
	}
	_, err := refusedWith(p.a.register(ctx, uri, "name", nil), "wamp.error.procedure_already_exists")
	if err != nil {
		return err
	}
	if err := p.b.unregister(ctx, uri); err != nil {
		return err
	}
	_, err = p.a.call(ctx, uri, nil, nil)
	if _, err := refusedWith(err, "wamp.error.no_such_procedure"); err != nil {
		return err
	}
	if err := p.a.register(ctx, uri, "name", nil); err != nil {
		return fmt.Errorf("after the other let go of it: %w", err)
	}
	return p.a.unregister(ctx, uri)
}

// eventArrives: b gets what a published, without an acknowledgement.
func eventArrives(ctx context.Context, p pair) error {
	uri := p.uri("topic")
	if err := p.b.subscribe(ctx, uri, nil); err != nil {
		return err
	}
	kwargs := map[string]any{"octets": allOctets, "script": scripts}
	if _, err := p.a.publish(ctx, uri, everyKind, kwargs, nil); err != nil {
		return err
	}
	got, err := p.b.event(ctx, uri)
	if err != nil {
		return err
	}
	return errors.Join(
		same("args of the event", got.Args, everyKind),
		same("kwargs of the event", got.Kwargs, kwargs),
		p.b.unsubscribe(ctx, uri),
	)
}

// eventsKeepOrder: a burst arrives complete and in order (ORD-1).
func eventsKeepOrder(ctx context.Context, p pair) error {
	const count = 200
	uri := p.uri("burst")
	if err := p.b.subscribe(ctx, uri, nil); err != nil {
		return err
	}
	for i := range count {
		if _, err := p.a.publish(ctx, uri, []any{int64(i)}, nil, nil); err != nil {
			return err
		}
	}
	for i := range count {
		got, err := p.b.event(ctx, uri)
		if err != nil {
			return fmt.Errorf("after %d of %d events: %w", i, count, err)
		}
		if err := same("event", got.Args, []any{int64(i)}); err != nil {
			return err
		}
	}
	return p.b.unsubscribe(ctx, uri)
}

// publicationIsAcknowledged: PUBLISHED carries an ID, with and without
// subscribers.
func publicationIsAcknowledged(ctx context.Context, p pair) error {
	uri := p.uri("acknowledged")
	if err := acknowledged(ctx, p.a, uri); err != nil {
		return err
	}
	if err := p.b.subscribe(ctx, uri, nil); err != nil {
		return err
	}
	if err := acknowledged(ctx, p.a, uri); err != nil {
		return err
	}
	if _, err := p.b.event(ctx, uri); err != nil {
		return err
	}
	return p.b.unsubscribe(ctx, uri)
}

func acknowledged(ctx context.Context, c *client, uri string) error {
	id, err := c.publish(ctx, uri, []any{"hi"}, nil, &options{Acknowledge: true})
	if err == nil && (id == 0 || id > 1<<53) {
		err = fmt.Errorf("%s: publication ID %d, want 1 to 2^53", c.name, id)
	}
	return err
}

// publisherIsExcluded: a gets its own events only when it says so (PEX-1).
func publisherIsExcluded(ctx context.Context, p pair) error {
	uri := p.uri("own")
	for _, c := range []*client{p.a, p.b} {
		if err := c.subscribe(ctx, uri, nil); err != nil {
			return err
		}
	}
	included := false
	for i, opts := range []*options{nil, {ExcludeMe: &included}} {
		if _, err := p.a.publish(ctx, uri, []any{int64(i)}, nil, opts); err != nil {
			return err
		}
	}
	for _, want := range []struct {
		c *client
		i int
	}{{p.b, 0}, {p.b, 1}, {p.a, 1}} {
		got, err := want.c.event(ctx, uri)
		if err == nil {
			err = same(want.c.name+": event", got.Args, []any{int64(want.i)})
		}
		if err != nil {
			return err
		}
	}
	return errors.Join(p.a.unsubscribe(ctx, uri), p.b.unsubscribe(ctx, uri))
}

// eventsEnd: nothing arrives after UNSUBSCRIBED.
func eventsEnd(ctx context.Context, p pair) error {
	uri, marker := p.uri("ended"), p.uri("marker")
	if err := p.b.subscribe(ctx, uri, nil); err != nil {
		return err
	}
	if err := p.b.subscribe(ctx, marker, nil); err != nil {
		return err
	}
	if err := p.b.unsubscribe(ctx, uri); err != nil {
		return err
	}
	for _, topic := range []string{uri, marker} {
		if err := acknowledged(ctx, p.a, topic); err != nil {
			return err
		}
	}
	if _, err := p.b.event(ctx, marker); err != nil {
		return err
	}
	if late := len(p.b.reports().eventsOf(uri)); late > 0 {
		return fmt.Errorf("%s: %d events after UNSUBSCRIBED", p.b.name, late)
	}
	return p.b.unsubscribe(ctx, marker)
}

// resultsComeInSteps: progressive results arrive in order before the last one.
func resultsComeInSteps(ctx context.Context, p pair) error {
	uri := p.uri("progress")
	if err := p.b.register(ctx, uri, "progress", nil); err != nil {
		return err
	}
	got, err := p.a.do(ctx, command{
		Do: "call", URI: uri, Args: []any{int64(3)}, Options: &options{ReceiveProgress: true},
	})
	if err != nil {
		return p.a.explain(err, "call", uri)
	}
	want := []any{[]any{int64(0)}, []any{int64(1)}, []any{int64(2)}}
	return errors.Join(
		same("progressive results", got.progress, want),
		same("final result", got.args, []any{int64(3)}),
		p.b.unregister(ctx, uri),
	)
}

// callerIsDisclosed: b learns who calls when a wants it, and only then (CID-1).
func callerIsDisclosed(ctx context.Context, p pair) error {
	uri := p.uri("caller")
	if err := p.b.register(ctx, uri, "caller", nil); err != nil {
		return err
	}
	for _, disclose := range []bool{false, true} {
		got, err := p.a.do(ctx, command{Do: "call", URI: uri, Options: &options{DiscloseMe: disclose}})
		if err != nil {
			return p.a.explain(err, "call", uri)
		}
		want := []any{int64(0)}
		if disclose {
			want = []any{int64(p.a.welcome.Session)}
		}
		if err := same("caller as the callee sees it", got.args, want); err != nil {
			return err
		}
	}
	return p.b.unregister(ctx, uri)
}

// callIsCancelled: a's cancelling interrupts b, and ends the call.
func callIsCancelled(ctx context.Context, p pair) error {
	uri := p.uri("wait")
	if err := p.b.register(ctx, uri, "wait", nil); err != nil {
		return err
	}
	calling, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := p.a.call(calling, uri, nil, nil)
		ended <- err
	}()
	// b reports the call before it waits, so cancelling hits a running call.
	if _, err := p.b.event(ctx, uri); err != nil {
		return err
	}
	cancel()
	interruptions := p.b.reports().interruptionsOf(uri)
	if _, err := await(ctx, p.b.reports(), interruptions, p.b.name+" to be interrupted"); err != nil {
		return err
	}
	if err := <-ended; err == nil {
		return fmt.Errorf("%s: a cancelled call returned", p.a.name)
	}
	return p.b.unregister(ctx, uri)
}

// callTimesOut: the router ends a call after as many milliseconds as a says, and
// interrupts b (TMO-1).
func callTimesOut(ctx context.Context, p pair) error {
	uri := p.uri("slow")
	if err := p.b.register(ctx, uri, "wait", nil); err != nil {
		return err
	}
	_, err := p.a.do(ctx, command{Do: "call", URI: uri, Options: &options{Timeout: 100}})
	if _, err := refusedWith(err, "wamp.error.timeout"); err != nil {
		return p.a.explain(err, "call", uri)
	}
	interruptions := p.b.reports().interruptionsOf(uri)
	if _, err := await(ctx, p.b.reports(), interruptions, p.b.name+" to be interrupted"); err != nil {
		return err
	}
	return p.b.unregister(ctx, uri)
}

// patternsMatchTopics: prefix and wildcard subscriptions get the topic along
// with the event (PSUB-2).
func patternsMatchTopics(ctx context.Context, p pair) error {
	topic := p.uri("news.today.sport")
	patterns := map[string]string{p.uri("news"): "prefix", p.uri("news..sport"): "wildcard"}
	for uri, match := range patterns {
		if err := p.b.subscribe(ctx, uri, &options{Match: match}); err != nil {
			return err
		}
	}
	if _, err := p.a.publish(ctx, topic, []any{"goal"}, nil, nil); err != nil {
		return err
	}
	for uri := range patterns {
		got, err := p.b.event(ctx, uri)
		if err != nil {
			return err
		}
		if got.Topic != topic {
			return fmt.Errorf("%s: event of %s has topic %q, want %q", p.b.name, uri, got.Topic, topic)
		}
		if err := p.b.unsubscribe(ctx, uri); err != nil {
			return err
		}
	}
	return nil
}

// patternsMatchProcedures: a callee of a pattern is told what was called (PREG-6).
func patternsMatchProcedures(ctx context.Context, p pair) error {
	for pattern, match := range map[string]string{p.uri("add"): "prefix", p.uri("sub..two"): "wildcard"} {
		if err := p.b.register(ctx, pattern, "details", &options{Match: match}); err != nil {
			return err
		}
		procedure := strings.Replace(pattern, "..", ".one.", 1)
		if match == "prefix" {
			procedure += ".one"
		}
		got, err := p.a.call(ctx, procedure, nil, nil)
		if err != nil {
			return err
		}
		if err := same("result", got.args, []any{map[string]any{"procedure": procedure}}); err != nil {
			return err
		}
		if err := p.b.unregister(ctx, pattern); err != nil {
			return err
		}
	}
	return nil
}

// calleesTakeTurns: with roundrobin, both clients are called in turn.
func calleesTakeTurns(ctx context.Context, p pair) error {
	uri := p.uri("shared")
	for _, c := range []*client{p.a, p.b} {
		if err := c.register(ctx, uri, "name", &options{Invoke: "roundrobin"}); err != nil {
			return err
		}
	}
	answers := make(map[any]int)
	for range 4 {
		got, err := p.a.call(ctx, uri, nil, nil)
		if err != nil {
			return err
		}
		if len(got.args) == 1 {
			answers[got.args[0]]++
		}
	}
	return errors.Join(
		same("answers", answers, map[any]int{p.a.name: 2, p.b.name: 2}),
		p.a.unregister(ctx, uri), p.b.unregister(ctx, uri),
	)
}

// refusedWith returns err as a refusal, if it is one with this URI.
func refusedWith(err error, uri string) (*refusal, error) {
	var refused *refusal
	if errors.As(err, &refused) && refused.URI == uri {
		return refused, nil
	}
	return nil, fmt.Errorf("got %w, want %s", orSuccess(err), uri)
}

func orSuccess(err error) error {
	if err == nil {
		return errors.New("success")
	}
	return err
}

func same(what string, got, want any) error {
	if reflect.DeepEqual(got, want) { // cmp takes a second for a megabyte
		return nil
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		return fmt.Errorf("%s differs (-want +got):\n%.1000s", what, diff)
	}
	return nil
}

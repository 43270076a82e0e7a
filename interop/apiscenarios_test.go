//go:build interop

package interop_test

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/go-cmp/cmp"
)

// moreScenarios are columns of the matrix about what a router offers beyond the
// basic profile, and apiScenarios those about its meta API.
var moreScenarios = []scenario{
	{
		name: "force reg", needs: [2]string{"dealer", "registration_revocation"},
		run: procedureIsTakenOver,
	},
	{
		name: "publisher", needs: [2]string{"broker", "publisher_identification"},
		unable: func(a, _ kind) string {
			if a == twisted || a == asyncio {
				return "the publisher is Autobahn|Python, which cannot ask for it"
			}
			return ""
		},
		run: publisherIsDisclosed,
	},
	{
		name: "lists", needs: [2]string{"broker", "subscriber_blackwhite_listing"},
		run: listsChooseSubscribers,
	},
	{
		name: "retain", needs: [2]string{"broker", "event_retention"},
		run: eventIsRetained,
	},
	{
		name: "history", needs: [2]string{"broker", "event_history"},
		run: eventsAreKept,
	},
}

var apiScenarios = []scenario{
	{
		name: "sessions", needs: [2]string{"dealer", "session_meta_api"},
		run: sessionsAreToldOf,
	},
	{
		name: "regs", needs: [2]string{"dealer", "registration_meta_api"},
		run: registrationsAreToldOf,
	},
	{
		name: "subs", needs: [2]string{"broker", "subscription_meta_api"},
		run: subscriptionsAreToldOf,
	},
}

// procedureIsTakenOver: b takes a procedure away from a by force, and a gets it
// back when b lets go of it.
func procedureIsTakenOver(ctx context.Context, p pair) error {
	uri := p.uri("taken")
	for _, c := range []*client{p.a, p.b} {
		if err := c.register(ctx, uri, "name", &options{ForceReregister: true}); err != nil {
			return err
		}
		got, err := p.a.call(ctx, uri, nil, nil)
		if err != nil {
			return err
		}
		if err := same("callee", got.args, []any{c.name}); err != nil {
			return err
		}
	}
	if err := p.b.unregister(ctx, uri); err != nil {
		return err
	}
	return errors.Join(p.a.register(ctx, uri, "name", nil), p.a.unregister(ctx, uri))
}

// publisherIsDisclosed: b learns who publishes when a wants it, and only then
// (PID-1).
func publisherIsDisclosed(ctx context.Context, p pair) error {
	uri := p.uri("publisher")
	if err := p.b.subscribe(ctx, uri, nil); err != nil {
		return err
	}
	for _, disclose := range []bool{false, true} {
		if _, err := p.a.publish(ctx, uri, nil, nil, &options{DiscloseMe: disclose}); err != nil {
			return err
		}
		got, err := p.b.event(ctx, uri)
		if err != nil {
			return err
		}
		var want uint64
		if disclose {
			want = p.a.welcome.Session
		}
		if got.Publisher != want {
			return fmt.Errorf("%s: publisher %d, want %d", p.b.name, got.Publisher, want)
		}
	}
	return p.b.unsubscribe(ctx, uri)
}

// listsChooseSubscribers: a's lists say who gets an event (BWL-1).
func listsChooseSubscribers(ctx context.Context, p pair) error {
	uri, b := p.uri("lists"), p.b.welcome
	if err := p.b.subscribe(ctx, uri, nil); err != nil {
		return err
	}
	for _, published := range []struct {
		arrives bool
		opts    options
	}{
		{false, options{Exclude: []uint64{b.Session}}},
		{false, options{ExcludeAuthRole: []string{b.AuthRole}}},
		{false, options{Eligible: []uint64{p.a.welcome.Session}}},
		{true, options{Eligible: []uint64{p.a.welcome.Session, b.Session}}},
		{false, options{EligibleAuthID: []string{"somebody-else"}}},
		{true, options{EligibleAuthID: []string{b.AuthID}}},
	} {
		opts := published.opts
		opts.Acknowledge = true
		if _, err := p.a.publish(ctx, uri, []any{published.arrives}, nil, &opts); err != nil {
			return err
		}
		if !published.arrives {
			continue // if it did, it would be in the place of the next one
		}
		got, err := p.b.event(ctx, uri)
		if err != nil {
			return err
		}
		if err := same("event", got.Args, []any{true}); err != nil {
			return err
		}
	}
	return p.b.unsubscribe(ctx, uri)
}

// eventIsRetained: who subscribes later gets the last event if it asks for it
// (RET-2), from a pattern as well (RET-4).
func eventIsRetained(ctx context.Context, p pair) error {
	topic, pattern := p.uri("retained.topic"), p.uri("retained")
	for _, args := range [][]any{{"replaced"}, {"retained", allOctets}} {
		if _, err := p.a.publish(ctx, topic, args, nil, &options{Retain: true, Acknowledge: true}); err != nil {
			return err
		}
	}
	for uri, opts := range map[string]*options{
		topic: {GetRetained: true}, pattern: {GetRetained: true, Match: "prefix"},
	} {
		if err := p.b.subscribe(ctx, uri, opts); err != nil {
			return err
		}
		got, err := p.b.event(ctx, uri)
		if err != nil {
			return err
		}
		want := eventReport{Subscription: uri, Topic: topic, Args: []any{"retained", allOctets}, Retained: true}
		if err := same("retained event", got, want); err != nil {
			return err
		}
		if err := p.b.unsubscribe(ctx, uri); err != nil {
			return err
		}
	}
	return nil
}

// eventsAreKept: b reads what a published before anybody subscribed (HIS-1).
func eventsAreKept(ctx context.Context, p pair) error {
	topic := historyPrefix + p.base
	for i := range 3 {
		if _, err := p.a.publish(ctx, topic, []any{int64(i)}, nil, &options{Acknowledge: true}); err != nil {
			return err
		}
	}
	subscription, err := one[int64](p.b.call(ctx, "wamp.subscription.lookup",
		[]any{historyPrefix, map[string]any{"match": "prefix"}}, nil))
	if err != nil {
		return err
	}
	events, err := one[[]any](p.b.call(ctx, "wamp.subscription.get_events",
		[]any{subscription}, map[string]any{"topic": topic, "reverse": true, "limit": 2}))
	if err != nil {
		return err
	}
	var got []any
	for _, event := range events {
		got = append(got, as[map[string]any](event)["args"])
	}
	return same("args of the newest events", got, []any{[]any{int64(2)}, []any{int64(1)}})
}

// sessionsAreToldOf: a counts and lists the sessions and looks at b's.
func sessionsAreToldOf(ctx context.Context, p pair) error {
	count, err := one[int64](p.a.call(ctx, "wamp.session.count", nil, nil))
	if err != nil {
		return err
	}
	sessions, err := one[[]any](p.a.call(ctx, "wamp.session.list", []any{[]any{p.b.welcome.AuthRole}}, nil))
	if err != nil {
		return err
	}
	b := int64(p.b.welcome.Session)
	if count < 2 || !slices.Contains(sessions, any(b)) {
		return fmt.Errorf("%d sessions, and those of the role, %v, without %s's %d", count, sessions, p.b.name, b)
	}
	got, err := one[map[string]any](p.a.call(ctx, "wamp.session.get", []any{b}, nil))
	if err != nil {
		return err
	}
	_, missing := p.a.call(ctx, "wamp.session.get", []any{int64(12345)}, nil)
	_, missing = refusedWith(missing, "wamp.error.no_such_session")
	return errors.Join(missing, contains(got, map[string]any{
		"session": b, "authid": p.b.welcome.AuthID, "authrole": "anonymous", "authmethod": "anonymous",
	}))
}

// registrationsAreToldOf: a finds out what b has registered, and how.
func registrationsAreToldOf(ctx context.Context, p pair) error {
	uri := p.uri("registered")
	if err := p.b.register(ctx, uri, "name", &options{Invoke: "random", Match: "prefix"}); err != nil {
		return err
	}
	found, err := p.a.find(ctx, "registration", uri, uri+".more")
	if err != nil {
		return err
	}
	matched, err := one[int64](p.a.call(ctx, "wamp.registration.match", []any{uri + ".more"}, nil))
	if err == nil && matched != found.id {
		err = fmt.Errorf("wamp.registration.match found %d, want %d", matched, found.id)
	}
	return errors.Join(
		err,
		contains(found.details, map[string]any{"uri": uri, "match": "prefix", "invoke": "random", "id": found.id}),
		p.a.counts(ctx, "registration", "callees", found.id, p.b),
		p.b.unregister(ctx, uri),
	)
}

// subscriptionsAreToldOf: a finds out what b has subscribed to, and how.
func subscriptionsAreToldOf(ctx context.Context, p pair) error {
	uri := p.uri("subscribed")
	if err := p.b.subscribe(ctx, uri, &options{Match: "prefix"}); err != nil {
		return err
	}
	found, err := p.a.find(ctx, "subscription", uri, uri+".more")
	if err != nil {
		return err
	}
	matched, err := one[[]any](p.a.call(ctx, "wamp.subscription.match", []any{uri + ".more"}, nil))
	if err == nil && !slices.Contains(matched, any(found.id)) {
		err = fmt.Errorf("wamp.subscription.match found %v, without %d", matched, found.id)
	}
	return errors.Join(
		err,
		contains(found.details, map[string]any{"uri": uri, "match": "prefix", "id": found.id}),
		p.a.counts(ctx, "subscription", "subscribers", found.id, p.b),
		p.b.unsubscribe(ctx, uri),
	)
}

// found is a registration or subscription as the meta API describes it.
type found struct {
	id      int64
	details map[string]any
}

// find looks a prefix up, checks that the list has it, and gets its details.
func (c *client) find(ctx context.Context, what, prefix, uri string) (found, error) {
	id, err := one[int64](c.call(ctx, "wamp."+what+".lookup", []any{prefix, map[string]any{"match": "prefix"}}, nil))
	if err != nil {
		return found{}, err
	}
	lists, err := one[map[string]any](c.call(ctx, "wamp."+what+".list", nil, nil))
	if err != nil {
		return found{}, err
	}
	if !slices.Contains(as[[]any](lists["prefix"]), any(id)) {
		return found{}, fmt.Errorf("wamp.%s.list: %v, without %d", what, lists, id)
	}
	details, err := one[map[string]any](c.call(ctx, "wamp."+what+".get", []any{id}, nil))
	return found{id, details}, err
}

// counts checks that the meta API knows of one callee or subscriber.
func (c *client) counts(ctx context.Context, what, members string, id int64, member *client) error {
	list, err := one[[]any](c.call(ctx, "wamp."+what+".list_"+members, []any{id}, nil))
	if err != nil {
		return err
	}
	count, err := one[int64](c.call(ctx, "wamp."+what+".count_"+members, []any{id}, nil))
	return errors.Join(err, same("members", []any{list, count}, []any{[]any{int64(member.welcome.Session)}, int64(1)}))
}

// one is the lone value that a call led to.
func one[T any](out outcome, err error) (T, error) {
	var zero T
	if err != nil {
		return zero, err
	}
	if len(out.args) == 1 {
		if v, ok := out.args[0].(T); ok {
			return v, nil
		}
	}
	return zero, fmt.Errorf("result %v, want one %T", out.args, zero)
}

// contains checks that a dictionary has what is wanted, and perhaps more.
func contains(got, want map[string]any) error {
	var errs []error
	for key, value := range want {
		if !cmp.Equal(got[key], value) {
			errs = append(errs, fmt.Errorf("%s is %v, want %v", key, got[key], value))
		}
	}
	return errors.Join(errs...)
}
